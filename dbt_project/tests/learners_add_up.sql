-- Every learner counts once: in a commune of the province, or as unplaced on the province row.
with coverage as (
    select
        geography_level,
        learners,
        unplaced_learners,
        completions
    from {{ ref('mart_training_coverage') }}
),

persons as (
    select cast(count(distinct citizen_key) as bigint) as learners
    from {{ ref('fct_training_completion') }}
),

totals as (
    select
        sum(case when geography_level = 'commune' then learners else 0 end) as commune_learners,
        sum(case when geography_level = 'province' then learners else 0 end) as province_learners,
        sum(unplaced_learners) as unplaced_learners
    from coverage
)

select
    totals.commune_learners,
    totals.unplaced_learners,
    totals.province_learners,
    persons.learners
from totals
cross join persons
where
    totals.province_learners <> persons.learners
    or totals.commune_learners + totals.unplaced_learners <> persons.learners
