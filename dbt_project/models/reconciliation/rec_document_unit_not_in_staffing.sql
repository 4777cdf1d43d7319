with reported as (
    select
        unit_name,
        cast(null as string) as commune_key,
        period,
        submission_id,
        submission_sequence,
        source_sheet,
        source_row
    from {{ ref('fct_document_month') }}
    where is_latest
),

{{ not_in_staffing() }}

select * from differences
