with facts as (
    select
        commune_key,
        commune_of_time_key,
        'all' as breakdown,
        period,
        period_end,
        case when mobile_coverage = 'none' then 1 else 0 end as numerator,
        1 as denominator
    from {{ ref('fct_village_connectivity') }}
    where is_very_difficult
)

select * from facts
