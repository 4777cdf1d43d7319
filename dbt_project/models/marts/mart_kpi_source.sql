with kpi_periods as (
    select distinct
        kpi_id,
        period,
        period_end
    from {{ ref('mart_kpi') }}
),

datasets as (
    select
        kpi_id,
        dataset
    from {{ ref('kpi_dataset') }}
),

submissions as (
    select
        submission_id,
        dataset,
        unit,
        period,
        period_start,
        period_end,
        file_name,
        file_sha256,
        received_at,
        rows_accepted
    from {{ ref('fct_submission') }}
    where is_current
),

spans as (
    select
        kpi_periods.kpi_id,
        kpi_periods.period as kpi_period,
        datasets.dataset,
        {{ period_start('kpi_periods.period', 'kpi_periods.period_end') }} as kpi_period_start,
        kpi_periods.period_end as kpi_period_end
    from kpi_periods
    inner join datasets on kpi_periods.kpi_id = datasets.kpi_id
),

-- What a submission reports is part of a KPI's period where the two periods overlap.
sources as (
    select
        spans.kpi_id,
        spans.kpi_period as period,
        submissions.dataset,
        submissions.unit,
        submissions.period as submission_period,
        submissions.submission_id,
        submissions.file_name,
        submissions.file_sha256,
        submissions.received_at,
        submissions.rows_accepted
    from spans
    inner join submissions
        on
            spans.dataset = submissions.dataset
            and spans.kpi_period_start <= submissions.period_end
            and spans.kpi_period_end >= submissions.period_start
)

select
    kpi_id,
    period,
    dataset,
    unit,
    submission_period,
    submission_id,
    file_name,
    file_sha256,
    received_at,
    rows_accepted
from sources
order by kpi_id, period, dataset, unit, submission_period, submission_id
