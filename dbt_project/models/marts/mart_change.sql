with before as (
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
    from {{ ref('fct_previous_kpi') }}
),

now as (
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
    from {{ ref('mart_kpi') }}
),

previous_version as (
    select version as previous_version
    from {{ ref('dim_previous_version') }}
),

compared as (
    select
        coalesce(now.kpi_id, before.kpi_id) as kpi_id,
        coalesce(now.geography_level, before.geography_level) as geography_level,
        coalesce(now.geography_code, before.geography_code) as geography_code,
        coalesce(now.breakdown, before.breakdown) as breakdown,
        coalesce(now.period, before.period) as period,
        coalesce(now.period_end, before.period_end) as period_end,
        before.numerator as numerator_before,
        before.denominator as denominator_before,
        before.value as value_before,
        now.numerator,
        now.denominator,
        now.value,
        case
            when before.kpi_id is null then 'new'
            when now.kpi_id is null then 'gone'
            else 'changed'
        end as change,
        coalesce(before.numerator, -1) <> coalesce(now.numerator, -1)
        or coalesce(before.denominator, -1) <> coalesce(now.denominator, -1)
        or coalesce(before.value, -1) <> coalesce(now.value, -1) as is_other
    from now
    full outer join before
        on
            now.kpi_id = before.kpi_id
            and now.geography_level = before.geography_level
            and now.geography_code = before.geography_code
            and now.breakdown = before.breakdown
            and now.period = before.period
),

-- Without a version before there is nothing to compare with.
differing as (
    select
        previous_version.previous_version,
        compared.kpi_id,
        compared.geography_level,
        compared.geography_code,
        compared.breakdown,
        compared.period,
        {{ period_start('compared.period', 'compared.period_end') }} as period_start,
        compared.period_end,
        compared.numerator_before,
        compared.denominator_before,
        compared.value_before,
        compared.numerator,
        compared.denominator,
        compared.value,
        compared.change
    from compared
    cross join previous_version
    where compared.is_other or compared.change <> 'changed'
),

-- A submission explains a change if its rows began or ceased to count since.
turned as (
    select
        submissions.submission_id,
        submissions.dataset,
        submissions.unit,
        submissions.period_start,
        submissions.period_end,
        submissions.file_name,
        submissions.received_at,
        submissions.rows_accepted,
        case when submissions.is_current then 'counts now' else 'counts no longer' end as effect
    from {{ ref('fct_submission') }} as submissions
    left join {{ ref('fct_previous_submission') }} as previous
        on submissions.submission_id = previous.submission_id
    where submissions.is_current <> coalesce(previous.is_current, false)
),

explanations as (
    select
        datasets.kpi_id,
        turned.submission_id,
        turned.dataset,
        turned.unit,
        turned.period_start,
        turned.period_end,
        turned.file_name,
        turned.received_at,
        turned.rows_accepted,
        turned.effect
    from turned
    inner join {{ ref('kpi_dataset') }} as datasets on turned.dataset = datasets.dataset
),

explained as (
    select
        differing.previous_version,
        differing.kpi_id,
        differing.geography_level,
        differing.geography_code,
        differing.breakdown,
        differing.period,
        differing.change,
        differing.numerator_before,
        differing.denominator_before,
        differing.value_before,
        differing.numerator,
        differing.denominator,
        differing.value,
        explanations.dataset,
        explanations.submission_id,
        explanations.unit,
        explanations.file_name,
        explanations.received_at,
        explanations.rows_accepted,
        explanations.effect
    from differing
    left join explanations
        on
            differing.kpi_id = explanations.kpi_id
            and differing.period_start <= explanations.period_end
            and differing.period_end >= explanations.period_start
)

select
    previous_version,
    kpi_id,
    geography_level,
    geography_code,
    breakdown,
    period,
    change,
    numerator_before,
    denominator_before,
    value_before,
    numerator,
    denominator,
    value,
    dataset,
    submission_id,
    unit,
    file_name,
    received_at,
    rows_accepted,
    effect
from explained
order by kpi_id, geography_level, geography_code, breakdown, period, received_at, submission_id
