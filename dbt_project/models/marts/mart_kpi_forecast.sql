with quarters as (
    select
        kpi.kpi_id,
        kpi.geography_level,
        kpi.geography_code,
        kpi.geography_name,
        kpi.breakdown,
        kpi.period_end,
        cast(kpi.value as double) as value,
        cast(4 * extract(year from kpi.period_end) + extract(quarter from kpi.period_end) as bigint) as quarter_number
    from {{ ref('mart_kpi') }} as kpi
    inner join {{ ref('kpi_definition') }} as definition on kpi.kpi_id = definition.kpi_id
    where definition.forecast and length(kpi.period) = 6 and kpi.value is not null
),

-- The least-squares line by its sums; the mean is taken off first, because the squares of quarter numbers are large.
centred as (
    select
        kpi_id,
        geography_level,
        geography_code,
        geography_name,
        breakdown,
        quarter_number,
        value,
        avg(cast(quarter_number as double)) over (
            partition by kpi_id, geography_level, geography_code, breakdown
        ) as mean_quarter,
        avg(value) over (partition by kpi_id, geography_level, geography_code, breakdown) as mean_value
    from quarters
),

summed as (
    select
        kpi_id,
        geography_level,
        geography_code,
        max(geography_name) as geography_name,
        breakdown,
        max(mean_quarter) as mean_quarter,
        max(mean_value) as mean_value,
        max(quarter_number) as last_quarter_number,
        cast(count(*) as bigint) as quarter_count,
        sum((quarter_number - mean_quarter) * (quarter_number - mean_quarter)) as spread_quarter,
        sum((value - mean_value) * (value - mean_value)) as spread_value,
        sum((quarter_number - mean_quarter) * (value - mean_value)) as spread_both
    from centred
    group by kpi_id, geography_level, geography_code, breakdown
),

-- A line through two points has no error that could be told; three quarters are the least.
fitted as (
    select
        kpi_id,
        geography_level,
        geography_code,
        geography_name,
        breakdown,
        mean_quarter,
        mean_value,
        last_quarter_number,
        quarter_count,
        spread_quarter,
        spread_both / spread_quarter as slope,
        sqrt(greatest(spread_value - spread_both * spread_both / spread_quarter, 0) / (quarter_count - 2)) as residual
    from summed
    where quarter_count >= 3
),

horizons as (
    select cast(1 as bigint) as quarters_ahead
    union all
    select cast(2 as bigint) as quarters_ahead
    union all
    select cast(3 as bigint) as quarters_ahead
    union all
    select cast(4 as bigint) as quarters_ahead
),

carried_on as (
    select
        fitted.kpi_id,
        fitted.geography_level,
        fitted.geography_code,
        fitted.geography_name,
        fitted.breakdown,
        horizons.quarters_ahead,
        fitted.last_quarter_number + horizons.quarters_ahead as quarter_number,
        fitted.quarter_count,
        fitted.slope,
        fitted.mean_value
        + fitted.slope * (fitted.last_quarter_number + horizons.quarters_ahead - fitted.mean_quarter) as value,
        coalesce(quantiles.quantile_975, 1.96) * fitted.residual * sqrt(
            1 + 1.0 / fitted.quarter_count
            + (fitted.last_quarter_number + horizons.quarters_ahead - fitted.mean_quarter)
            * (fitted.last_quarter_number + horizons.quarters_ahead - fitted.mean_quarter) / fitted.spread_quarter
        ) as margin
    from fitted
    cross join horizons
    left join {{ ref('student_t') }} as quantiles on fitted.quarter_count - 2 = quantiles.degrees_of_freedom
),

labelled as (
    select
        kpi_id,
        geography_level,
        geography_code,
        geography_name,
        breakdown,
        cast(cast(floor((quarter_number - 1) / 4) as bigint) as string) || 'Q'
        || cast(quarter_number - 4 * cast(floor((quarter_number - 1) / 4) as bigint) as string) as period,
        quarters_ahead,
        quarter_count,
        cast(round(slope, 2) as decimal(12, 2)) as slope_per_quarter,
        cast(round(value, 1) as decimal(12, 1)) as forecast,
        cast(round(value - margin, 1) as decimal(12, 1)) as forecast_low,
        cast(round(value + margin, 1) as decimal(12, 1)) as forecast_high
    from carried_on
)

select
    kpi_id,
    geography_level,
    geography_code,
    geography_name,
    breakdown,
    period,
    quarters_ahead,
    quarter_count,
    slope_per_quarter,
    forecast,
    forecast_low,
    forecast_high
from labelled
order by kpi_id, geography_level, geography_code, breakdown, quarters_ahead
