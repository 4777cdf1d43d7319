with facts as (
    select
        commune_key,
        commune_of_time_key,
        'all' as breakdown,
        period,
        period_end,
        case when is_completed then 1 else 0 end as numerator,
        1 as denominator
    from {{ ref('fct_training_target') }}
)

select * from facts
