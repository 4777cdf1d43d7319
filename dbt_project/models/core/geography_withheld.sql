with divided as (
    select distinct old_commune_key as commune_of_time_key
    from {{ ref('bridge_commune') }}
    where relation = 'part'
),

kinds as (
    select 'population' as weight_kind
    union all
    select 'area' as weight_kind
),

shared as (
    select distinct
        commune_of_time_key,
        weight_kind
    from {{ ref('geography_share') }}
    where relation = 'part'
),

withheld as (
    select
        divided.commune_of_time_key,
        kinds.weight_kind
    from divided
    cross join kinds
    left join shared
        on
            divided.commune_of_time_key = shared.commune_of_time_key
            and kinds.weight_kind = shared.weight_kind
    where shared.commune_of_time_key is null
)

select * from withheld
