with facts as (
    select
        commune_key,
        commune_of_time_key,
        'all' as breakdown,
        period,
        period_end,
        late_open as numerator,
        cast(null as bigint) as denominator
    from {{ ref('int_dossier_month') }}
)

select * from facts
