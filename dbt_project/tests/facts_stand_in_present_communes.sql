-- A bare code names an old commune, too. A fact that reached one was joined by its code: its territory is wrong.
with facts as (
    select
        'fct_resident' as fact,
        commune_key
    from {{ ref('fct_resident') }}
    union all
    select
        'fct_parcel_owner' as fact,
        commune_key
    from {{ ref('fct_parcel_owner') }}
    union all
    select
        'dim_person' as fact,
        commune_key
    from {{ ref('dim_person') }}
    union all
    select
        'fct_training_target' as fact,
        commune_key
    from {{ ref('fct_training_target') }}
),

communes as (
    select
        commune_key,
        is_present
    from {{ ref('dim_commune') }}
)

select
    facts.fact,
    facts.commune_key,
    cast(count(*) as bigint) as facts_there
from facts
inner join communes on facts.commune_key = communes.commune_key
where not communes.is_present
group by facts.fact, facts.commune_key
