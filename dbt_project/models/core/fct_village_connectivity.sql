with submitted as (
    {{ current_rows('connectivity_villages') }}
),

communes as (
    select
        commune_key,
        commune_code
    from {{ ref('dim_commune') }}
    where is_present
),

reports as (
    select
        submitted.village_code,
        submitted.village,
        communes.commune_key,
        submitted.commune_of_time_key,
        submitted.commune as commune_code,
        submitted.very_difficult as is_very_difficult,
        submitted.households,
        submitted.mobile_coverage,
        submitted.operators,
        submitted.period,
        submitted.period_end,
        submitted.unit,
        submitted.submission_id,
        submitted.submission_sequence,
        submitted.source_sheet,
        submitted.source_row,
        submitted.is_newest_of_unit,
        {{ report_rank(['submitted.village_code'], qualifier='submitted.') }} as report_rank,
        {{ report_count(['submitted.village_code'], qualifier='submitted.') }} as report_count
    from submitted
    left join communes on submitted.commune = communes.commune_code
),

counted as (
    select
        village_code,
        village,
        commune_key,
        commune_of_time_key,
        commune_code,
        is_very_difficult,
        households,
        mobile_coverage,
        operators,
        period,
        period_end,
        unit,
        submission_id,
        submission_sequence,
        source_sheet,
        source_row,
        report_count,
        {{ is_latest_report(['village_code']) }} as is_latest
    from reports
    where report_rank = 1
)

select * from counted
