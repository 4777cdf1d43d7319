{{ replaces_persons() }}

with residents as (
    select
        citizen_key,
        commune_key,
        commune_of_time_key,
        commune_code,
        period,
        period_end,
        {{ year_of('period_end') }} - birth_year as age
    from {{ concerned('fct_resident') }}
    where is_latest and not is_deceased {{ of_persons_concerned('citizen_key', 'and') }}
),

completed_persons as (
    select distinct citizen_key
    from {{ ref('fct_training_completion') }}
    where is_completed
),

target as (
    select
        residents.citizen_key,
        residents.commune_key,
        residents.commune_of_time_key,
        residents.commune_code,
        residents.period,
        residents.period_end,
        residents.age,
        completed_persons.citizen_key is not null as is_completed
    from residents
    left join completed_persons on residents.citizen_key = completed_persons.citizen_key
    where residents.age >= {{ var('training_target_age') }}
)

select * from target
