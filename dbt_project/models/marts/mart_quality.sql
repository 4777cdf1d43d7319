-- Several files count at once where they add to each other (upsert).
with measured as (
    select
        dataset,
        department,
        unit,
        period,
        cast(sum(data_rows) as bigint) as data_rows,
        cast(sum(accepted_rows) as bigint) as accepted_rows,
        cast(sum(duplicate_rows) as bigint) as duplicate_rows,
        cast(sum(cells) as bigint) as cells,
        cast(sum(filled_cells) as bigint) as filled_cells,
        cast(sum(mended_cells) as bigint) as mended_cells,
        cast(sum(unclean_cells) as bigint) as unclean_cells,
        cast(sum(inaccurate_rows) as bigint) as inaccurate_rows,
        cast(sum(inconsistent_rows) as bigint) as inconsistent_rows
    from {{ ref('fct_submission_quality') }}
    where is_current
    group by dataset, department, unit, period
),

-- What is not due yet and not delivered is neither in time nor late.
owed as (
    select
        dataset,
        department,
        unit,
        period,
        is_delivered,
        is_late
    from {{ ref('fct_delivery') }}
    where is_delivered or is_due
),

counted as (
    select
        dataset,
        department,
        unit,
        period,
        'accurate' as dimension,
        data_rows - inaccurate_rows as numerator,
        data_rows as denominator
    from measured
    union all
    select
        dataset,
        department,
        unit,
        period,
        'complete' as dimension,
        filled_cells as numerator,
        cells as denominator
    from measured
    union all
    select
        dataset,
        department,
        unit,
        period,
        'clean' as dimension,
        greatest(filled_cells - mended_cells - unclean_cells, 0) as numerator,
        filled_cells as denominator
    from measured
    union all
    select
        dataset,
        department,
        unit,
        period,
        'unified' as dimension,
        data_rows - inconsistent_rows as numerator,
        data_rows + duplicate_rows as denominator
    from measured
    union all
    select
        dataset,
        department,
        unit,
        period,
        'shared' as dimension,
        accepted_rows as numerator,
        data_rows as denominator
    from measured
    union all
    select
        dataset,
        department,
        unit,
        period,
        'live' as dimension,
        cast(case when is_delivered and not is_late then 1 else 0 end as bigint) as numerator,
        cast(1 as bigint) as denominator
    from owed
),

dimensions as (
    select
        dimension,
        dimension_no,
        title_vi,
        formula_vi,
        formula_en
    from {{ ref('dim_quality_dimension') }}
),

scored as (
    select
        counted.dataset,
        counted.department,
        counted.unit,
        counted.period,
        counted.dimension,
        dimensions.dimension_no,
        dimensions.title_vi as dimension_title,
        counted.numerator,
        counted.denominator,
        {{ percent('counted.numerator', 'counted.denominator') }} as score_percent,
        dimensions.formula_vi,
        dimensions.formula_en
    from counted
    inner join dimensions on counted.dimension = dimensions.dimension
)

select * from scored
order by dataset, period, unit, dimension_no
