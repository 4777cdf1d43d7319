-- A fact without a present commune is one of a commune that was divided since; nothing else loses its place.
with facts as (
    select
        'fct_resident' as fact,
        commune_key,
        commune_of_time_key
    from {{ ref('fct_resident') }}
    union all
    select
        'fct_parcel_owner' as fact,
        commune_key,
        commune_of_time_key
    from {{ ref('fct_parcel_owner') }}
    union all
    select
        'fct_commune_connectivity' as fact,
        commune_key,
        commune_of_time_key
    from {{ ref('fct_commune_connectivity') }}
    union all
    select
        'fct_village_connectivity' as fact,
        commune_key,
        commune_of_time_key
    from {{ ref('fct_village_connectivity') }}
),

divided as (
    select distinct old_commune_key
    from {{ ref('bridge_commune') }}
    where relation = 'part'
)

select
    facts.fact,
    facts.commune_of_time_key,
    cast(count(*) as bigint) as facts_there
from facts
left join divided on facts.commune_of_time_key = divided.old_commune_key
where facts.commune_key is null and divided.old_commune_key is null
group by facts.fact, facts.commune_of_time_key
