with present as (
    select
        commune_key,
        commune_code
    from {{ ref('dim_commune') }}
    where is_present
),

kinds as (
    select 'population' as weight_kind
    union all
    select 'area' as weight_kind
),

-- What is or became one present commune as a whole is certain, by whatever it is weighed.
wholes as (
    select
        commune_key as commune_of_time_key,
        commune_key,
        'present' as relation
    from present
    union all
    select
        old_commune_key as commune_of_time_key,
        commune_key,
        relation
    from {{ ref('bridge_commune') }}
    where relation = 'whole'
),

parts as (
    select
        {{ commune_key('declared.old_commune_code', 'declared.old_valid_from') }} as commune_of_time_key,
        present.commune_key,
        declared.weight_kind,
        declared.weight
    from {{ ref('commune_weight') }} as declared
    inner join present on declared.commune_code = present.commune_code
),

shares as (
    select
        wholes.commune_of_time_key,
        wholes.commune_key,
        kinds.weight_kind,
        cast(1 as decimal(5, 4)) as weight,
        wholes.relation,
        false as is_estimated
    from wholes
    cross join kinds
    union all
    select
        parts.commune_of_time_key,
        parts.commune_key,
        parts.weight_kind,
        cast(parts.weight as decimal(5, 4)) as weight,
        bridge.relation,
        true as is_estimated
    from parts
    inner join {{ ref('bridge_commune') }} as bridge
        on
            parts.commune_of_time_key = bridge.old_commune_key
            and parts.commune_key = bridge.commune_key
    where bridge.relation = 'part'
)

select * from shares
