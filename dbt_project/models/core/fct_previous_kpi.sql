with previous_kpi as (
    select
        kpi_id,
        geography_level,
        geography_code,
        breakdown,
        period,
        period_end,
        numerator,
        denominator,
        value
    from {{ source('bronze', 'previous_kpi') }}
)

select * from previous_kpi
