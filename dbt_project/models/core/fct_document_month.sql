with submitted as (
    {{ current_rows('direction_documents') }}
),

reports as (
    select
        unit_name,
        issued,
        electronic,
        digitally_signed,
        exchanged_between_levels,
        period,
        period_end,
        unit,
        submission_id,
        submission_sequence,
        source_sheet,
        source_row,
        is_newest_of_unit,
        {{ report_rank(['unit_name'], qualifier='') }} as report_rank,
        {{ report_count(['unit_name'], qualifier='') }} as report_count
    from submitted
),

counted as (
    select
        unit_name,
        issued,
        electronic,
        digitally_signed,
        exchanged_between_levels,
        period,
        period_end,
        unit,
        submission_id,
        submission_sequence,
        source_sheet,
        source_row,
        report_count,
        {{ is_latest_report(['unit_name']) }} as is_latest
    from reports
    where report_rank = 1
)

select * from counted
