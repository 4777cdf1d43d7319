with submissions as (
    select
        submission_id,
        department,
        dataset,
        unit,
        period,
        file_name,
        file_sha256,
        received_at,
        verdict,
        rows_read,
        rows_accepted,
        rows_rejected,
        rows_ignored,
        superseded_by,
        replays,
        days_late
    from {{ ref('fct_submission') }}
)

select * from submissions
order by received_at, submission_id
