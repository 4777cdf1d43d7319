with parcels as (
    select
        parcel_key,
        period,
        period_end,
        min(commune_key) as commune_key,
        min(commune_of_time_key) as commune_of_time_key,
        max(case when owner_kind in ('person', 'organisation') then 1 else 0 end) as is_linked
    from {{ ref('fct_parcel_owner') }}
    where owner_kind <> 'unknown'
    group by parcel_key, period, period_end
),

facts as (
    select
        commune_key,
        commune_of_time_key,
        'all' as breakdown,
        period,
        period_end,
        is_linked as numerator,
        1 as denominator
    from parcels
)

select * from facts
