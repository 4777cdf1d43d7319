-- What counts and lies outside the province, or nowhere, is missing from the communes of the marts: this says so.
{{ config(severity='warn') }}

with placed as (
    select
        'residents' as counted,
        commune_key,
        cast(count(*) as bigint) as counted_rows
    from {{ ref('fct_resident') }}
    where is_latest and not is_deceased
    group by commune_key
    union all
    select
        'parcels' as counted,
        commune_key,
        cast(count(*) as bigint) as counted_rows
    from {{ ref('fct_parcel_owner') }}
    where is_latest and owner_no = 1
    group by commune_key
    union all
    select
        'learners' as counted,
        commune_key,
        cast(count(*) as bigint) as counted_rows
    from {{ ref('int_learner') }}
    group by commune_key
),

overview as (
    select commune_key
    from {{ ref('mart_commune_overview') }}
)

select
    placed.counted,
    placed.commune_key,
    placed.counted_rows
from placed
left join overview on placed.commune_key = overview.commune_key
where overview.commune_key is null
