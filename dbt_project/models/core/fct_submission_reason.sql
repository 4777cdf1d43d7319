with found as (
    select
        submission_id,
        rule,
        dimension,
        severity,
        column_name,
        column_title,
        finding_count,
        rule_rows
    from {{ source('bronze', 'submission_reason') }}
)

select * from found
