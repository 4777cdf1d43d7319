with submitted as (
    {{ current_rows('home_affairs_archives') }}
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
        submitted.fonds_code,
        submitted.unit_name,
        communes.commune_key,
        submitted.commune_of_time_key,
        submitted.commune as commune_code,
        submitted.files,
        submitted.pages,
        submitted.shelf_metres,
        submitted.files_digitised,
        submitted.pages_digitised,
        submitted.files_with_metadata,
        submitted.as_of as as_of_date,
        submitted.period,
        submitted.period_end,
        submitted.unit,
        submitted.submission_id,
        submitted.submission_sequence,
        submitted.source_sheet,
        submitted.source_row,
        submitted.is_newest_of_unit,
        {{ report_rank(['submitted.fonds_code', 'submitted.unit_name'], qualifier='submitted.') }} as report_rank,
        {{ report_count(['submitted.fonds_code', 'submitted.unit_name'], qualifier='submitted.') }} as report_count
    from submitted
    left join communes on submitted.commune = communes.commune_code
),

counted as (
    select
        fonds_code,
        unit_name,
        commune_key,
        commune_of_time_key,
        commune_code,
        files,
        pages,
        shelf_metres,
        files_digitised,
        pages_digitised,
        files_with_metadata,
        as_of_date,
        period,
        period_end,
        unit,
        submission_id,
        submission_sequence,
        source_sheet,
        source_row,
        report_count,
        {{ is_latest_report(['fonds_code', 'unit_name']) }} as is_latest
    from reports
    where report_rank = 1
)

select * from counted
