with periods as (
    select distinct
        period,
        period_end
    from {{ ref('fct_commune_connectivity') }}
),

-- The denominator is named: with the special zones, or without them.
scopes as (
    select 'with_special_zones' as breakdown
    union all
    select 'communes_and_wards' as breakdown
),

counted as (
    select
        communes.commune_key,
        communes.commune_of_time_key,
        scopes.breakdown,
        periods.period,
        periods.period_end,
        case when coalesce(reported.is_ready, false) then 1 else 0 end as numerator,
        1 as denominator
    from {{ ref('int_commune_of_time') }} as communes
    inner join periods on communes.valid_from <= periods.period_end and communes.valid_to > periods.period_end
    cross join scopes
    left join {{ ref('fct_commune_connectivity') }} as reported
        on
            communes.commune_of_time_key = reported.commune_of_time_key
            and periods.period = reported.period
    where scopes.breakdown = 'with_special_zones' or communes.commune_kind <> 'special_zone'
)

select * from counted
