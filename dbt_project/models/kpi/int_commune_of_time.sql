with wholes as (
    select
        commune_of_time_key,
        commune_key
    from {{ ref('geography_share') }}
    where not is_estimated and weight_kind = 'population'
),

communes as (
    select
        dim_commune.commune_key as commune_of_time_key,
        wholes.commune_key,
        dim_commune.commune_kind,
        dim_commune.valid_from,
        dim_commune.valid_to
    from {{ ref('dim_commune') }} as dim_commune
    left join wholes on dim_commune.commune_key = wholes.commune_of_time_key
    where dim_commune.province_code = '{{ province_code() }}'
)

select * from communes
