with present as (
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

provinces as (
    select distinct
        province_code,
        province_name
    from present
),

-- An old commune lies in one present province, even where it was divided.
located as (
    select distinct
        commune_successor.old_commune_code,
        commune_successor.old_valid_from,
        present.province_code
    from {{ ref('commune_successor') }} as commune_successor
    inner join present on commune_successor.commune_code = present.commune_code
),

old as (
    select
        old_commune.commune_code,
        old_commune.commune_name,
        case old_commune.commune_kind
            when 'commune' then substring(old_commune.commune_name, 4)
            when 'ward' then substring(old_commune.commune_name, 8)
            when 'township' then substring(old_commune.commune_name, 10)
        end as commune_bare_name,
        old_commune.commune_kind,
        old_commune.district_code,
        old_district.district_name,
        old_province.old_province_name,
        located.province_code,
        provinces.province_name,
        old_commune.valid_from,
        old_commune.valid_to
    from {{ ref('old_commune') }} as old_commune
    inner join located
        on
            old_commune.commune_code = located.old_commune_code
            and old_commune.valid_from = located.old_valid_from
    inner join provinces on located.province_code = provinces.province_code
    left join {{ ref('old_district') }} as old_district on old_commune.district_code = old_district.district_code
    left join {{ ref('old_province') }} as old_province
        on old_district.old_province_code = old_province.old_province_code
),

communes as (
    select
        commune_code,
        commune_name,
        commune_bare_name,
        commune_kind,
        cast(null as string) as district_code,
        cast(null as string) as district_name,
        cast(null as string) as old_province_name,
        province_code,
        province_name,
        valid_from,
        valid_to
    from present
    union all
    select
        commune_code,
        commune_name,
        commune_bare_name,
        commune_kind,
        district_code,
        district_name,
        old_province_name,
        province_code,
        province_name,
        valid_from,
        valid_to
    from old
),

keyed as (
    select
        {{ commune_key('commune_code', 'valid_from') }} as commune_key,
        commune_code,
        commune_name,
        commune_bare_name,
        commune_kind,
        district_code,
        district_name,
        old_province_name,
        province_code,
        province_name,
        valid_from,
        valid_to,
        valid_to = cast('9999-12-31' as date) as is_present
    from communes
)

select * from keyed
