with previous_submission as (
    select
        submission_id,
        verdict,
        is_current
    from {{ source('bronze', 'previous_submission') }}
)

select * from previous_submission
