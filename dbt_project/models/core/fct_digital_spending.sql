with submitted as (
    {{ current_rows('finance_digital_spending') }}
),

reports as (
    select
        unit_name,
        year,
        fund_source,
        planned_vnd,
        disbursed_vnd,
        period,
        period_end,
        unit,
        submission_id,
        submission_sequence,
        source_sheet,
        source_row,
        is_newest_of_unit,
        {{ report_rank(['unit_name', 'year', 'fund_source'], qualifier='') }} as report_rank,
        {{ report_count(['unit_name', 'year', 'fund_source'], qualifier='') }} as report_count
    from submitted
),

counted as (
    select
        unit_name,
        year,
        fund_source,
        planned_vnd,
        disbursed_vnd,
        period,
        period_end,
        unit,
        submission_id,
        submission_sequence,
        source_sheet,
        source_row,
        report_count,
        {{ is_latest_report(['unit_name', 'year', 'fund_source']) }} as is_latest
    from reports
    where report_rank = 1
)

select * from counted
