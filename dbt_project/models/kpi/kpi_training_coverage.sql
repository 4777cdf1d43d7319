with facts as (
    select
        commune_key,
        commune_of_time_key,
        'all' as breakdown,
        period,
        period_end,
        sum(case when is_completed then 1 else 0 end) as numerator,
        count(*) as denominator
    from {{ ref('fct_training_target') }}
    group by commune_key, commune_of_time_key, period, period_end
)

select * from facts
