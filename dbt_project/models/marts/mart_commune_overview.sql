with communes as (
    select
        commune_key,
        commune_code,
        commune_name,
        commune_kind,
        province_code
    from {{ ref('dim_commune') }}
    where province_code = '{{ province_code() }}' and is_present
),

residents as (
    select
        commune_key,
        residents,
        households,
        period_end as residents_period_end
    from {{ ref('int_commune_resident') }}
),

parcel_owners as (
    select
        commune_key,
        period_end,
        owner_no,
        area_m2,
        land_class,
        case when owner_kind <> 'unknown' then owner_key end as known_owner_key
    from {{ ref('fct_parcel_owner') }}
    where is_latest
),

-- A parcel's area stands once for each owner; its first row alone counts.
parcels as (
    select
        commune_key,
        cast(count(*) as bigint) as parcels,
        cast(sum(area_m2) as decimal(24, 4)) as area_m2,
        cast(sum(case when land_class = 'agricultural' then area_m2 end) as decimal(24, 4)) as agricultural_area_m2,
        cast(sum(case when land_class = 'non_agricultural' then area_m2 end) as decimal(24, 4))
            as non_agricultural_area_m2,
        cast(sum(case when land_class = 'unused' then area_m2 end) as decimal(24, 4)) as unused_area_m2,
        cast(sum(case when land_class = 'mixed' then area_m2 end) as decimal(24, 4)) as mixed_area_m2,
        cast(sum(case when land_class = 'unknown' then area_m2 end) as decimal(24, 4)) as unknown_area_m2,
        max(period_end) as parcels_period_end
    from parcel_owners
    where owner_no = 1
    group by commune_key
),

owners as (
    select
        commune_key,
        cast(count(distinct known_owner_key) as bigint) as owners
    from parcel_owners
    group by commune_key
),

persons as (
    select
        citizen_key,
        commune_key
    from {{ ref('int_learner') }}
),

courses as (
    select
        citizen_key,
        period_end,
        is_completed
    from {{ ref('fct_training_completion') }}
),

learners as (
    select
        persons.commune_key,
        cast(count(distinct courses.citizen_key) as bigint) as learners,
        cast(sum(case when courses.is_completed then 1 else 0 end) as bigint) as completions,
        cast(count(distinct case when courses.is_completed then courses.citizen_key end) as bigint)
            as completed_persons,
        max(courses.period_end) as training_period_end
    from courses
    inner join persons on courses.citizen_key = persons.citizen_key
    group by persons.commune_key
),

coverage as (
    select
        commune_key,
        cast(sum(case when is_completed then 1 else 0 end) as bigint) as coverage_numerator,
        cast(count(*) as bigint) as coverage_denominator
    from {{ ref('fct_training_target') }}
    group by commune_key
),

overview as (
    select
        communes.commune_key,
        communes.commune_code,
        communes.commune_name,
        communes.commune_kind,
        communes.province_code,
        residents.residents_period_end,
        coalesce(residents.residents, 0) as residents,
        coalesce(residents.households, 0) as households,
        parcels.parcels_period_end,
        coalesce(parcels.parcels, 0) as parcels,
        coalesce(parcels.area_m2, 0) as area_m2,
        coalesce(parcels.agricultural_area_m2, 0) as agricultural_area_m2,
        coalesce(parcels.non_agricultural_area_m2, 0) as non_agricultural_area_m2,
        coalesce(parcels.unused_area_m2, 0) as unused_area_m2,
        coalesce(parcels.mixed_area_m2, 0) as mixed_area_m2,
        coalesce(parcels.unknown_area_m2, 0) as unknown_area_m2,
        coalesce(owners.owners, 0) as owners,
        learners.training_period_end,
        coalesce(learners.learners, 0) as learners,
        coalesce(learners.completions, 0) as completions,
        coalesce(learners.completed_persons, 0) as completed_persons,
        coalesce(coverage.coverage_numerator, 0) as coverage_numerator,
        coalesce(coverage.coverage_denominator, 0) as coverage_denominator,
        {{ percent('coverage.coverage_numerator', 'coverage.coverage_denominator') }} as coverage_percent
    from communes
    left join residents on communes.commune_key = residents.commune_key
    left join parcels on communes.commune_key = parcels.commune_key
    left join owners on communes.commune_key = owners.commune_key
    left join learners on communes.commune_key = learners.commune_key
    left join coverage on communes.commune_key = coverage.commune_key
)

select * from overview
order by commune_code
