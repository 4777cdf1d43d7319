with reasons as (
    select
        submission_id,
        rule,
        dimension,
        cast(sum(case when severity = 'error' then finding_count else 0 end) as bigint) as error_count,
        cast(sum(case when severity = 'warning' then finding_count else 0 end) as bigint) as warning_count,
        max(rule_rows) as rule_rows
    from {{ ref('fct_submission_reason') }}
    group by submission_id, rule, dimension
),

submissions as (
    select
        submission_id,
        dataset,
        department,
        unit,
        period,
        file_name,
        verdict,
        is_current
    from {{ ref('fct_submission') }}
),

explained as (
    select
        submissions.submission_id,
        submissions.dataset,
        submissions.department,
        submissions.unit,
        submissions.period,
        submissions.file_name,
        submissions.verdict,
        submissions.is_current,
        reasons.rule,
        reasons.dimension,
        reasons.error_count,
        reasons.warning_count,
        reasons.rule_rows
    from reasons
    inner join submissions on reasons.submission_id = submissions.submission_id
)

select * from explained
order by dataset, period, unit, submission_id, rule
