with counted as (
    select
        citizen_key,
        commune_key,
        period,
        unit,
        submission_id,
        source_sheet,
        source_row
    from {{ ref('fct_resident') }}
    where is_latest and report_count > 1
),

reports as (
    {{ current_rows('population_residents', among='counted') }}
),

-- What a unit has corrected in a newer file is no longer its report.
differences as (
    select
        counted.citizen_key || '/' || reports.unit as difference_key,
        counted.commune_key,
        counted.period,
        counted.unit as value_a,
        reports.unit as value_b,
        counted.submission_id as submission_id_a,
        counted.source_sheet as source_sheet_a,
        counted.source_row as source_row_a,
        reports.submission_id as submission_id_b,
        reports.source_sheet as source_sheet_b,
        reports.source_row as source_row_b
    from counted
    inner join reports
        on
            counted.citizen_key = reports.citizen_key
            and counted.period = reports.period
            and counted.unit <> reports.unit
    where reports.is_newest_of_unit
)

select * from differences
