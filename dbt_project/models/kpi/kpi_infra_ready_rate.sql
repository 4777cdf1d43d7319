with periods as (
    select distinct
        period,
        period_end
    from {{ ref('fct_commune_connectivity') }}
),

-- The denominator is named: with the special zones, or without them.
scopes as (
    select
        commune_key,
        'with_special_zones' as breakdown
    from {{ ref('dim_commune') }}
    where is_present and province_code = '{{ province_code() }}'
    union all
    select
        commune_key,
        'communes_and_wards' as breakdown
    from {{ ref('dim_commune') }}
    where is_present and province_code = '{{ province_code() }}' and commune_kind <> 'special_zone'
),

counted as (
    select
        scopes.commune_key,
        scopes.breakdown,
        periods.period,
        periods.period_end,
        case when coalesce(reported.is_ready, false) then 1 else 0 end as numerator,
        1 as denominator
    from scopes
    cross join periods
    left join {{ ref('fct_commune_connectivity') }} as reported
        on scopes.commune_key = reported.commune_key and periods.period = reported.period
)

select * from counted
