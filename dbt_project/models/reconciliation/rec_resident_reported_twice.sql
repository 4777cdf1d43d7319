with differences as (
    select
        citizen_key || '/' || unit_b as difference_key,
        commune_key,
        period,
        unit_a as value_a,
        unit_b as value_b,
        submission_id_a,
        source_sheet_a,
        source_row_a,
        submission_id_b,
        source_sheet_b,
        source_row_b
    from {{ ref('int_resident_reported_twice') }}
)

select * from differences
