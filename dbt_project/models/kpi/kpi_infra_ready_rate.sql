with periods as (
    select distinct
        period,
        period_end
    from {{ ref('fct_commune_connectivity') }}
),

-- The denominator is named: with the special zones, or without them.
scopes as (
    select
        commune_of_time_key,
        commune_key,
        valid_from,
        valid_to,
        'with_special_zones' as breakdown
    from {{ ref('int_commune_of_time') }}
    union all
    select
        commune_of_time_key,
        commune_key,
        valid_from,
        valid_to,
        'communes_and_wards' as breakdown
    from {{ ref('int_commune_of_time') }}
    where commune_kind <> 'special_zone'
),

counted as (
    select
        scopes.commune_key,
        scopes.commune_of_time_key,
        scopes.breakdown,
        periods.period,
        periods.period_end,
        case when coalesce(reported.is_ready, false) then 1 else 0 end as numerator,
        1 as denominator
    from scopes
    inner join periods on scopes.valid_from <= periods.period_end and scopes.valid_to > periods.period_end
    left join {{ ref('fct_commune_connectivity') }} as reported
        on
            scopes.commune_of_time_key = reported.commune_of_time_key
            and periods.period = reported.period
)

select * from counted
