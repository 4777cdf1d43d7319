with submitted as (
    {{ current_rows('connectivity_communes') }}
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
        communes.commune_key,
        submitted.commune_of_time_key,
        submitted.commune as commune_code,
        submitted.special_network as has_special_network,
        submitted.bandwidth_mbps,
        submitted.scanners,
        submitted.computers,
        submitted.ready as is_ready,
        submitted.period,
        submitted.period_end,
        submitted.unit,
        submitted.submission_id,
        submitted.submission_sequence,
        submitted.source_sheet,
        submitted.source_row,
        submitted.is_newest_of_unit,
        {{ report_rank(['submitted.commune_of_time_key'], qualifier='submitted.') }} as report_rank,
        {{ report_count(['submitted.commune_of_time_key'], qualifier='submitted.') }} as report_count
    from submitted
    left join communes on submitted.commune = communes.commune_code
),

counted as (
    select
        commune_key,
        commune_of_time_key,
        commune_code,
        has_special_network,
        bandwidth_mbps,
        scanners,
        computers,
        is_ready,
        period,
        period_end,
        unit,
        submission_id,
        submission_sequence,
        source_sheet,
        source_row,
        report_count,
        {{ is_latest_report(['commune_of_time_key']) }} as is_latest
    from reports
    where report_rank = 1
)

select * from counted
