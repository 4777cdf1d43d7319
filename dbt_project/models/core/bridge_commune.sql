with successors as (
    select
        old_commune_code,
        old_valid_from,
        commune_code,
        relation
    from {{ ref('commune_successor') }}
),

present as (
    select
        commune_key,
        commune_code
    from {{ ref('dim_commune') }}
    where is_present
),

bridge as (
    select
        {{ commune_key('successors.old_commune_code', 'successors.old_valid_from') }} as old_commune_key,
        present.commune_key,
        successors.relation
    from successors
    inner join present on successors.commune_code = present.commune_code
)

select * from bridge
