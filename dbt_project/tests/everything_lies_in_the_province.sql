-- What counts and lies outside the province, or nowhere, is missing from the communes of the marts: this says so.
{{ config(severity='warn') }}

with placed as (
    select
        'residents' as counted,
        citizen_key as counted_key,
        commune_key
    from {{ ref('fct_resident') }}
    where is_latest and not is_deceased
    union all
    select
        'parcels' as counted,
        parcel_key as counted_key,
        commune_key
    from {{ ref('fct_parcel_owner') }}
    where is_latest and owner_no = 1
    union all
    select distinct
        'learners' as counted,
        fct_training_completion.citizen_key as counted_key,
        dim_person.commune_key
    from {{ ref('fct_training_completion') }}
    inner join {{ ref('dim_person') }} on fct_training_completion.citizen_key = dim_person.citizen_key
),

overview as (
    select commune_key
    from {{ ref('mart_commune_overview') }}
)

select
    placed.counted,
    placed.commune_key,
    cast(count(*) as bigint) as counted_rows
from placed
left join overview on placed.commune_key = overview.commune_key
where overview.commune_key is null
group by placed.counted, placed.commune_key
