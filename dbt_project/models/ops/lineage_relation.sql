with exported as (
    select
        relation,
        source_relation,
        dataset,
        is_direct
    from {{ source('bronze', 'lineage_relation') }}
)

select * from exported
