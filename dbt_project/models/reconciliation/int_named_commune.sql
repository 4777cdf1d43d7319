with names as (
    select {{ unit_form('unit_name') }} as unit_form
    from {{ ref('fct_official') }}
    union
    select {{ unit_form('agency') }} as unit_form
    from {{ ref('fct_dossier') }}
),

communes as (
    select
        commune_key,
        commune_code,
        lower(commune_name) as commune_form
    from {{ ref('dim_commune') }}
    where is_present and province_code = '{{ province_code() }}'
),

-- A unit is named after its commune at the end: UBND xã Bát Xát.
found as (
    select
        names.unit_form,
        communes.commune_key,
        communes.commune_code
    from names
    inner join communes on ' ' || names.unit_form like '% ' || communes.commune_form
),

unambiguous as (
    select
        unit_form,
        min(commune_key) as commune_key,
        min(commune_code) as commune_code
    from found
    group by unit_form
    having count(*) = 1
)

select * from unambiguous
