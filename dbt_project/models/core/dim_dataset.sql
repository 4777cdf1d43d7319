with declared as (
    select
        dataset,
        department,
        title,
        grain,
        owner,
        load,
        cadence,
        due_day,
        lock_day,
        owed_by,
        owed_from,
        legal_basis,
        retention_years
    from {{ source('bronze', 'dataset') }}
)

select * from declared
