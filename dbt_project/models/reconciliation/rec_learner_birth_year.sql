with reported as (
    select
        citizen_key,
        period,
        cast(birth_year as string) as value,
        submission_id,
        submission_sequence,
        source_sheet,
        source_row
    from {{ ref('fct_training_completion') }}
    where birth_year is not null
),

{{ differs_from_register('birth_year') }}

select * from differences
