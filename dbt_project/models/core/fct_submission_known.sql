with spans as (
    select
        submission_id,
        known_from,
        known_to
    from {{ source('bronze', 'submission_known') }}
)

select * from spans
