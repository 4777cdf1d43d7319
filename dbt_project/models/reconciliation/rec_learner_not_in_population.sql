with communes as (
    select
        commune_key,
        commune_code
    from {{ ref('dim_commune') }}
    where is_present
),

reported as (
    select
        completions.citizen_key,
        communes.commune_key,
        completions.period,
        completions.submission_id,
        completions.submission_sequence,
        completions.source_sheet,
        completions.source_row
    from {{ ref('fct_training_completion') }} as completions
    left join communes on completions.reported_commune_code = communes.commune_code
),

{{ not_in_register() }}

select * from differences
