-- Nothing of a commune gets lost or counts twice on the way to the geography of today. A weight that is missing, or
-- that is declared for a commune which holds no part, shows up here.
with shares as (
    select
        commune_of_time_key,
        weight_kind,
        sum(weight) as shared_weight
    from {{ ref('geography_share') }}
    group by commune_of_time_key, weight_kind
),

withheld as (
    select
        commune_of_time_key,
        weight_kind
    from {{ ref('geography_withheld') }}
),

declared as (
    select
        {{ commune_key('old_commune_code', 'old_valid_from') }} as commune_of_time_key,
        weight_kind,
        sum(weight) as declared_weight
    from {{ ref('commune_weight') }}
    group by {{ commune_key('old_commune_code', 'old_valid_from') }}, weight_kind
),

kinds as (
    select 'population' as weight_kind
    union all
    select 'area' as weight_kind
),

expected as (
    select
        dim_commune.commune_key as commune_of_time_key,
        kinds.weight_kind
    from {{ ref('dim_commune') }} as dim_commune
    cross join kinds
),

compared as (
    select
        expected.commune_of_time_key,
        expected.weight_kind,
        case when withheld.commune_of_time_key is null then 1 else 0 end as expected_weight,
        coalesce(shares.shared_weight, 0) as shared_weight,
        coalesce(declared.declared_weight, 1) as declared_weight
    from expected
    left join shares
        on
            expected.commune_of_time_key = shares.commune_of_time_key
            and expected.weight_kind = shares.weight_kind
    left join withheld
        on
            expected.commune_of_time_key = withheld.commune_of_time_key
            and expected.weight_kind = withheld.weight_kind
    left join declared
        on
            expected.commune_of_time_key = declared.commune_of_time_key
            and expected.weight_kind = declared.weight_kind
)

select
    commune_of_time_key,
    weight_kind,
    expected_weight,
    shared_weight,
    declared_weight
from compared
where shared_weight <> expected_weight or declared_weight <> 1
