with previous_version as (
    select
        version,
        published_at
    from {{ source('bronze', 'previous_version') }}
)

select * from previous_version
