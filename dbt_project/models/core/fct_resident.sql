{{ replaces_persons(reads='population_residents') }}

with residents as (
    {{ concerned_rows('population_residents', 'citizen_key', reader='fct_resident') }}
),

communes as (
    select
        commune_key,
        commune_code
    from {{ ref('dim_commune') }}
    where is_present
),

-- Two units can report one person for the same period. A unit's newest file goes first, then the later submission.
reports as (
    select
        residents.citizen_key,
        residents.period,
        residents.period_end,
        residents.unit,
        communes.commune_key,
        residents.commune_of_time_key,
        residents.commune as commune_code,
        residents.village,
        residents.commune_of_time_key || '/' || residents.household_no as household_key,
        residents.relation_to_head,
        residents.sex,
        residents.birth_year,
        residents.name_agreement_key,
        coalesce(residents.residence_type, 'permanent') as residence_type,
        residents.death_year,
        residents.residence_type = 'deceased' or residents.death_year is not null as is_reported_dead,
        residents.as_of as as_of_date,
        residents.submission_id,
        residents.submission_sequence,
        residents.source_sheet,
        residents.source_row,
        residents.is_newest_of_unit,
        row_number() over (
            partition by residents.citizen_key, residents.period
            order by
                residents.is_newest_of_unit desc nulls last,
                residents.submission_sequence desc nulls last,
                residents.source_sheet asc nulls last,
                residents.source_row asc nulls last
        ) as report_rank,
        count(*) over (partition by residents.citizen_key, residents.period) as report_count
    from residents
    left join communes on residents.commune = communes.commune_code
),

-- A person counts where the newest period of those files places them.
persons as (
    select
        citizen_key,
        period,
        period_end,
        unit,
        commune_key,
        commune_of_time_key,
        commune_code,
        village,
        household_key,
        relation_to_head,
        sex,
        birth_year,
        name_agreement_key,
        residence_type,
        coalesce(is_reported_dead, false) as is_deceased,
        death_year,
        as_of_date,
        submission_id,
        submission_sequence,
        source_sheet,
        source_row,
        cast(report_count as bigint) as report_count,
        is_newest_of_unit
        and row_number() over (
            partition by citizen_key, is_newest_of_unit
            order by period_end desc nulls last, submission_sequence desc nulls last
        ) = 1 as is_latest
    from reports
    where report_rank = 1
)

select * from persons
