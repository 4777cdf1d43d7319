with reported as (
    select
        citizen_key,
        period,
        cast(name_agreement_key as string) as value,
        submission_id,
        submission_sequence,
        source_sheet,
        source_row
    from {{ ref('fct_training_completion') }}
    where name_agreement_key is not null
),

{{ differs_from_register('name_agreement_key') }}

select * from differences
