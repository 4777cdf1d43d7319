with communes as (
    select
        commune_key,
        commune_code,
        commune_name,
        province_code,
        province_name
    from {{ ref('dim_commune') }}
    where province_code = '{{ province_code() }}' and is_present
),

target as (
    select
        commune_key,
        cast(sum(case when is_completed then 1 else 0 end) as bigint) as coverage_numerator,
        cast(count(*) as bigint) as coverage_denominator,
        max(period_end) as residents_period_end
    from {{ ref('fct_training_target') }}
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
        is_completed
    from {{ ref('fct_training_completion') }}
),

-- Every learner has one place, or none of this province's communes.
learners as (
    select
        courses.citizen_key,
        communes.commune_key,
        cast(count(*) as bigint) as enrolments,
        cast(sum(case when courses.is_completed then 1 else 0 end) as bigint) as completions
    from courses
    inner join persons on courses.citizen_key = persons.citizen_key
    left join communes on persons.commune_key = communes.commune_key
    group by courses.citizen_key, communes.commune_key
),

commune_learners as (
    select
        commune_key,
        cast(count(*) as bigint) as learners,
        cast(sum(enrolments) as bigint) as enrolments,
        cast(sum(completions) as bigint) as completions,
        cast(sum(case when completions > 0 then 1 else 0 end) as bigint) as completed_persons
    from learners
    where commune_key is not null
    group by commune_key
),

commune_rows as (
    select
        'commune' as geography_level,
        communes.commune_code as geography_code,
        communes.commune_name as geography_name,
        communes.commune_key,
        communes.province_code,
        communes.province_name,
        target.residents_period_end,
        coalesce(target.coverage_numerator, 0) as coverage_numerator,
        coalesce(target.coverage_denominator, 0) as coverage_denominator,
        coalesce(commune_learners.learners, 0) as learners,
        cast(0 as bigint) as unplaced_learners,
        coalesce(commune_learners.enrolments, 0) as enrolments,
        coalesce(commune_learners.completions, 0) as completions,
        coalesce(commune_learners.completed_persons, 0) as completed_persons
    from communes
    left join target on communes.commune_key = target.commune_key
    left join commune_learners on communes.commune_key = commune_learners.commune_key
),

all_learners as (
    select
        cast(count(*) as bigint) as learners,
        cast(coalesce(sum(case when commune_key is null then 1 else 0 end), 0) as bigint) as unplaced_learners,
        cast(coalesce(sum(enrolments), 0) as bigint) as enrolments,
        cast(coalesce(sum(completions), 0) as bigint) as completions,
        cast(coalesce(sum(case when completions > 0 then 1 else 0 end), 0) as bigint) as completed_persons
    from learners
),

-- Residents of a commune that was divided since have no present one; they count in the province.
unplaced_target as (
    select
        cast(coalesce(sum(coverage_numerator), 0) as bigint) as coverage_numerator,
        cast(coalesce(sum(coverage_denominator), 0) as bigint) as coverage_denominator,
        max(residents_period_end) as residents_period_end
    from target
    where commune_key is null
),

placed_target as (
    select
        province_code,
        max(province_name) as province_name,
        max(residents_period_end) as residents_period_end,
        cast(sum(coverage_numerator) as bigint) as coverage_numerator,
        cast(sum(coverage_denominator) as bigint) as coverage_denominator
    from commune_rows
    group by province_code
),

province as (
    select
        placed_target.province_code,
        placed_target.province_name,
        coalesce(placed_target.residents_period_end, unplaced_target.residents_period_end) as residents_period_end,
        placed_target.coverage_numerator + unplaced_target.coverage_numerator as coverage_numerator,
        placed_target.coverage_denominator + unplaced_target.coverage_denominator as coverage_denominator
    from placed_target
    cross join unplaced_target
),

province_row as (
    select
        'province' as geography_level,
        province.province_code as geography_code,
        province.province_name as geography_name,
        cast(null as string) as commune_key,
        province.province_code,
        province.province_name,
        province.residents_period_end,
        province.coverage_numerator,
        province.coverage_denominator,
        all_learners.learners,
        all_learners.unplaced_learners,
        all_learners.enrolments,
        all_learners.completions,
        all_learners.completed_persons
    from province
    cross join all_learners
),

every_row as (
    select * from commune_rows
    union all
    select * from province_row
),

coverage as (
    select
        geography_level,
        geography_code,
        geography_name,
        commune_key,
        province_code,
        residents_period_end,
        cast({{ var('training_target_age') }} as int) as target_age,
        coverage_numerator,
        coverage_denominator,
        {{ percent('coverage_numerator', 'coverage_denominator') }} as coverage_percent,
        learners,
        unplaced_learners,
        enrolments,
        completions,
        completed_persons
    from every_row
)

select * from coverage
order by geography_level, geography_code
