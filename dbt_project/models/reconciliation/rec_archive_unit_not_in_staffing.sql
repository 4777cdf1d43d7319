with reported as (
    select
        unit_name,
        commune_key,
        period,
        submission_id,
        submission_sequence,
        source_sheet,
        source_row
    from {{ ref('fct_archive_fonds') }}
    where is_latest
),

{{ not_in_staffing() }}

select * from differences
