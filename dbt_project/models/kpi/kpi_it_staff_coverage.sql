with officials as (
    select
        commune_key,
        period,
        sum(case when is_trained_in_it then 1 else 0 end) as trained
    from {{ ref('fct_official') }}
    where is_in_post and commune_key is not null
    group by commune_key, period
),

periods as (
    select distinct
        period,
        period_end
    from {{ ref('fct_official') }}
),

communes as (
    select
        commune_key,
        commune_kind
    from {{ ref('dim_commune') }}
    where is_present and province_code = '{{ province_code() }}'
),

counted as (
    select
        communes.commune_key,
        'all' as breakdown,
        periods.period,
        periods.period_end,
        case when coalesce(officials.trained, 0) > 0 then 1 else 0 end as numerator,
        1 as denominator
    from communes
    cross join periods
    left join officials on communes.commune_key = officials.commune_key and periods.period = officials.period
)

select * from counted
