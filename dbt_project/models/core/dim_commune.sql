with communes as (
    select
        commune_code,
        commune_name,
        commune_bare_name,
        commune_kind,
        province_code,
        province_name,
        valid_from,
        valid_to
    from {{ ref('commune') }}
),

keyed as (
    select
        commune_code || '@' || cast(valid_from as string) as commune_key,
        commune_code,
        commune_name,
        commune_bare_name,
        commune_kind,
        province_code,
        province_name,
        valid_from,
        valid_to,
        valid_to = cast('9999-12-31' as date) as is_present
    from communes
)

select * from keyed
