with exported as (
    select
        relation,
        column_name,
        reach,
        source_relation,
        source_column,
        how,
        dataset,
        source_title
    from {{ source('bronze', 'lineage_column') }}
)

select * from exported
