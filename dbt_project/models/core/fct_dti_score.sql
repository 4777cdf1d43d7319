with submitted as (
    {{ current_rows('direction_dti_scores') }}
),

reports as (
    select
        unit_name,
        year,
        edition,
        indicator_code,
        indicator as indicator_name,
        max_score,
        score,
        period,
        period_end,
        unit,
        submission_id,
        submission_sequence,
        source_sheet,
        source_row,
        is_newest_of_unit,
        {{ report_rank(['unit_name', 'year', 'edition', 'indicator_code'], qualifier='') }} as report_rank,
        {{ report_count(['unit_name', 'year', 'edition', 'indicator_code'], qualifier='') }} as report_count
    from submitted
),

counted as (
    select
        unit_name,
        year,
        edition,
        indicator_code,
        indicator_name,
        max_score,
        score,
        period,
        period_end,
        unit,
        submission_id,
        submission_sequence,
        source_sheet,
        source_row,
        report_count,
        {{ is_latest_report(['unit_name', 'year', 'edition', 'indicator_code']) }} as is_latest
    from reports
    where report_rank = 1
)

select * from counted
