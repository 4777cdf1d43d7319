with officials as (
    select
        commune_of_time_key,
        period,
        sum(case when is_trained_in_it then 1 else 0 end) as trained
    from {{ ref('fct_official') }}
    where is_in_post and commune_of_time_key is not null
    group by commune_of_time_key, period
),

periods as (
    select distinct
        period,
        period_end
    from {{ ref('fct_official') }}
),

counted as (
    select
        communes.commune_key,
        communes.commune_of_time_key,
        'all' as breakdown,
        periods.period,
        periods.period_end,
        case when coalesce(officials.trained, 0) > 0 then 1 else 0 end as numerator,
        1 as denominator
    from {{ ref('int_commune_of_time') }} as communes
    inner join periods on communes.valid_from <= periods.period_end and communes.valid_to > periods.period_end
    left join officials
        on
            communes.commune_of_time_key = officials.commune_of_time_key
            and periods.period = officials.period
)

select * from counted
