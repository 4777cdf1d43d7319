with submitted as (
    {{ current_rows('direction_tasks') }}
),

reports as (
    select
        decision_no,
        task_no,
        task_group,
        title as task_title,
        lead_unit,
        support_units,
        due as due_date,
        status,
        updated as updated_date,
        evidence,
        status in ('done', 'done_in_substance') as is_done,
        status not in ('done', 'done_in_substance') and coalesce(due < period_end, false) as is_overdue,
        period,
        period_end,
        unit,
        submission_id,
        submission_sequence,
        source_sheet,
        source_row,
        is_newest_of_unit,
        {{ report_rank(['decision_no', 'task_no'], qualifier='') }} as report_rank,
        {{ report_count(['decision_no', 'task_no'], qualifier='') }} as report_count
    from submitted
),

counted as (
    select
        decision_no,
        task_no,
        task_group,
        task_title,
        lead_unit,
        support_units,
        due_date,
        status,
        updated_date,
        evidence,
        is_done,
        is_overdue,
        period,
        period_end,
        unit,
        submission_id,
        submission_sequence,
        source_sheet,
        source_row,
        report_count,
        {{ is_latest_report(['decision_no', 'task_no']) }} as is_latest
    from reports
    where report_rank = 1
)

select * from counted
