-- An old commune went whole into one present commune, or in parts into several; none went nowhere.
with old as (
    select commune_key
    from {{ ref('dim_commune') }}
    where not is_present
),

went as (
    select
        old_commune_key,
        count(*) as present_communes,
        sum(case when relation = 'whole' then 1 else 0 end) as wholes
    from {{ ref('bridge_commune') }}
    group by old_commune_key
)

select
    old.commune_key,
    went.present_communes,
    went.wholes
from old
left join went on old.commune_key = went.old_commune_key
where
    went.old_commune_key is null
    or (went.present_communes = 1 and went.wholes <> 1)
    or (went.present_communes > 1 and went.wholes <> 0)
