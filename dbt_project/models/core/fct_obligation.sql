with owed as (
    select
        dataset,
        department,
        unit,
        period,
        period_start,
        period_end,
        due_date,
        is_due
    from {{ source('bronze', 'obligation') }}
)

select * from owed
