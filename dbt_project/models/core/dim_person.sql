{{ replaces_persons() }}

with residents as (
    select
        citizen_key,
        period_end,
        commune_code,
        sex,
        birth_year,
        is_latest,
        submission_sequence
    from {{ concerned('fct_resident') }}
    {{ of_persons_concerned('citizen_key') }}
),

owners as (
    select
        owner_citizen_key as citizen_key,
        period_end
    from {{ ref('fct_parcel_owner') }}
    where owner_citizen_key is not null {{ of_persons_concerned('owner_citizen_key', 'and') }}
),

learners as (
    select
        citizen_key,
        first_period_end,
        last_period_end,
        reported_commune_code,
        sex,
        birth_year,
        submission_sequence,
        course_name
    from {{ ref('fct_training_completion') }}
    {{ of_persons_concerned('citizen_key') }}
),

communes as (
    select
        commune_key,
        commune_code
    from {{ ref('dim_commune') }}
    where is_present
),

sightings as (
    select
        citizen_key,
        period_end as first_seen_date,
        period_end as last_seen_date
    from residents
    union all
    select
        citizen_key,
        period_end as first_seen_date,
        period_end as last_seen_date
    from owners
    union all
    select
        citizen_key,
        first_period_end as first_seen_date,
        last_period_end as last_seen_date
    from learners
),

seen as (
    select
        citizen_key,
        min(first_seen_date) as first_seen_date,
        max(last_seen_date) as last_seen_date
    from sightings
    group by citizen_key
),

ranked_residents as (
    select
        citizen_key,
        sex,
        birth_year,
        case when is_latest then commune_code end as commune_code,
        row_number() over (
            partition by citizen_key
            order by is_latest desc nulls last, period_end desc nulls last, submission_sequence desc nulls last
        ) as resident_rank
    from residents
),

newest_residents as (
    select
        citizen_key,
        sex,
        birth_year,
        commune_code
    from ranked_residents
    where resident_rank = 1
),

ranked_learners as (
    select
        citizen_key,
        sex,
        birth_year,
        reported_commune_code,
        row_number() over (
            partition by citizen_key
            order by submission_sequence desc nulls last, course_name asc nulls last
        ) as learner_rank
    from learners
),

newest_learners as (
    select
        citizen_key,
        {{ first_known('sex', 'learner_rank') }} as sex,
        {{ first_known('birth_year', 'learner_rank') }} as birth_year,
        {{ first_known('reported_commune_code', 'learner_rank') }} as commune_code
    from ranked_learners
    group by citizen_key
),

described as (
    select
        seen.citizen_key,
        coalesce(newest_residents.sex, newest_learners.sex) as sex,
        coalesce(newest_residents.birth_year, newest_learners.birth_year) as birth_year,
        coalesce(newest_residents.commune_code, newest_learners.commune_code) as commune_code,
        seen.first_seen_date,
        seen.last_seen_date
    from seen
    left join newest_residents on seen.citizen_key = newest_residents.citizen_key
    left join newest_learners on seen.citizen_key = newest_learners.citizen_key
),

persons as (
    select
        described.citizen_key,
        described.sex,
        described.birth_year,
        communes.commune_key,
        described.commune_code,
        described.first_seen_date,
        described.last_seen_date
    from described
    left join communes on described.commune_code = communes.commune_code
)

select * from persons
