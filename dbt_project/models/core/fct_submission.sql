with judged as (
    select
        submission_id,
        sequence,
        department,
        dataset,
        unit,
        period,
        period_start,
        period_end,
        load,
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
        position,
        days_late,
        is_current,
        coalesce(
            is_current
            and period_end = max(case when is_current then period_end end) over (partition by dataset, unit),
            false
        ) as is_newest_of_unit
    from {{ source('bronze', 'submission') }}
)

select * from judged
