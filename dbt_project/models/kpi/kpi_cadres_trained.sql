-- An official with two posts is one official.
with officials as (
    select
        citizen_key,
        period,
        max(period_end) as period_end,
        min(commune_key) as commune_key,
        min(commune_of_time_key) as commune_of_time_key
    from {{ ref('fct_official') }}
    where is_in_post
    group by citizen_key, period
),

-- The end of the first report's period where no day is given.
trained as (
    select
        citizen_key,
        min(coalesce(completed_date, first_period_end)) as trained_date
    from {{ ref('fct_training_completion') }}
    where is_completed
    group by citizen_key
),

facts as (
    select
        officials.commune_key,
        officials.commune_of_time_key,
        'all' as breakdown,
        officials.period,
        officials.period_end,
        case when trained.trained_date <= officials.period_end then 1 else 0 end as numerator,
        1 as denominator
    from officials
    left join trained on officials.citizen_key = trained.citizen_key
)

select * from facts
