with reported as (
    select
        citizen_key,
        commune_key,
        period,
        submission_id,
        submission_sequence,
        source_sheet,
        source_row
    from {{ ref('fct_official') }}
    where is_latest and is_in_post
),

{{ not_in_register() }}

select * from differences
