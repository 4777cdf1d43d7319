with communes as (
    {{ communes_of_periods('fct_commune_connectivity') }}
),

-- The denominator is named: with the special zones, or without them.
scopes as (
    select
        'with_special_zones' as breakdown,
        true as has_special_zones
    union all
    select
        'communes_and_wards' as breakdown,
        false as has_special_zones
),

counted as (
    select
        communes.commune_key,
        communes.commune_of_time_key,
        scopes.breakdown,
        communes.period,
        communes.period_end,
        case when coalesce(reported.is_ready, false) then 1 else 0 end as numerator,
        1 as denominator
    from communes
    cross join scopes
    left join {{ ref('fct_commune_connectivity') }} as reported
        on
            communes.commune_of_time_key = reported.commune_of_time_key
            and communes.period = reported.period
    where scopes.has_special_zones or communes.commune_kind <> 'special_zone'
)

select * from counted
