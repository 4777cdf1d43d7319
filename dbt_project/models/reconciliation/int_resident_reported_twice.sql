{{ replaces_persons() }}

-- rec_resident_reported_twice as a table: to find again who is reported twice would be to read the whole register of
-- bronze.
with counted as (
    select
        citizen_key,
        commune_key,
        period,
        unit,
        submission_id,
        source_sheet,
        source_row
    from {{ concerned('fct_resident') }}
    where is_latest and report_count > 1 {{ of_persons_concerned('citizen_key', 'and') }}
),

reports as (
    {{ concerned_rows('population_residents', 'citizen_key', reader='fct_resident', among='counted') }}
),

-- What a unit has corrected in a newer file is no longer its report.
others as (
    select
        counted.citizen_key,
        counted.commune_key,
        counted.period,
        counted.unit as unit_a,
        reports.unit as unit_b,
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

select * from others
