with reported as (
    select
        citizen_key,
        period,
        cast(sex as string) as value,
        submission_id,
        submission_sequence,
        source_sheet,
        source_row
    from {{ ref('fct_training_completion') }}
    where sex is not null
),

{{ differs_from_register('sex') }}

select * from differences
