with parcels as (
    {{ current_rows('land_parcels') }}
),

communes as (
    select
        commune_key,
        commune_code
    from {{ ref('dim_commune') }}
    where is_present
),

land_types as (
    select
        land_type_code,
        land_class
    from {{ ref('land_type') }}
),

-- 'ONT 200+CLN 350' without areas is 'ONT+CLN'; between two plus signs every code can be found by its text.
written_types as (
    select distinct
        land_type,
        '+' || translate(land_type, '0123456789., ', '') || '+' as codes
    from parcels
),

classes as (
    select
        written_types.land_type,
        count(distinct case when land_types.land_class <> 'unknown' then land_types.land_class end) as known_classes,
        count(case when land_types.land_class = 'unknown' then 1 end) as unknown_codes,
        min(land_types.land_class) as any_class
    from written_types
    left join land_types on written_types.codes like '%+' || land_types.land_type_code || '+%'
    group by written_types.land_type
),

land_classes as (
    select
        land_type,
        case
            when known_classes > 1 then 'mixed'
            when known_classes = 1 and unknown_codes = 0 then any_class
            else 'unknown'
        end as land_class
    from classes
),

identified as (
    select
        parcels.owner_citizen_key,
        parcels.owner_name_agreement_key,
        parcels.owner_tax_code,
        parcels.owner_role,
        parcels.period,
        parcels.period_end,
        parcels.unit,
        communes.commune_key,
        parcels.commune_of_time_key,
        parcels.commune as commune_code,
        parcels.parcel_id,
        parcels.old_commune,
        parcels.map_sheet,
        parcels.parcel_no,
        parcels.area_m2,
        parcels.land_type,
        land_classes.land_class,
        parcels.use_term,
        parcels.certificate_date,
        parcels.submission_id,
        parcels.submission_sequence,
        parcels.source_sheet,
        parcels.source_row,
        parcels.is_newest_of_unit,
        case
            when parcels.parcel_id is not null then 'id:' || parcels.parcel_id
            else
                'map:' || coalesce(parcels.commune, parcels.commune_of_time_key) || '/' || lower(parcels.old_commune)
                || '/' || parcels.map_sheet || '/' || parcels.parcel_no
        end as parcel_key,
        case
            when parcels.owner_citizen_key is not null then 'person'
            when parcels.owner_tax_code is not null then 'organisation'
            when parcels.owner_name_key is not null then 'name'
            else 'unknown'
        end as owner_kind,
        coalesce(parcels.owner_citizen_key, parcels.owner_tax_code, parcels.owner_name_key, 'unknown') as owner_value
    from parcels
    left join communes on parcels.commune = communes.commune_code
    left join land_classes on parcels.land_type = land_classes.land_type
),

-- Two units, or two rows of one file, can report one owner of a parcel for the same period.
reports as (
    select
        parcel_key,
        owner_kind || ':' || owner_value as owner_key,
        owner_kind,
        owner_citizen_key,
        owner_name_agreement_key,
        owner_tax_code,
        owner_role,
        period,
        period_end,
        unit,
        commune_key,
        commune_of_time_key,
        commune_code,
        parcel_id,
        old_commune,
        map_sheet,
        parcel_no,
        area_m2,
        land_type,
        land_class,
        use_term,
        certificate_date,
        submission_id,
        submission_sequence,
        source_sheet,
        source_row,
        is_newest_of_unit,
        row_number() over (
            partition by parcel_key, owner_kind, owner_value, period
            order by
                is_newest_of_unit desc nulls last,
                submission_sequence desc nulls last,
                source_sheet asc nulls last,
                source_row asc nulls last
        ) as report_rank,
        count(*) over (partition by parcel_key, owner_kind, owner_value, period) as report_count
    from identified
),

-- A parcel counts as its newest period and then its newest submission describe it, with that submission's owners.
owners as (
    select
        parcel_key,
        owner_key,
        owner_kind,
        owner_citizen_key,
        owner_name_agreement_key,
        owner_tax_code,
        owner_role,
        period,
        period_end,
        unit,
        commune_key,
        commune_of_time_key,
        commune_code,
        parcel_id,
        old_commune,
        map_sheet,
        parcel_no,
        area_m2,
        land_type,
        land_class,
        use_term,
        certificate_date,
        submission_id,
        submission_sequence,
        source_sheet,
        source_row,
        cast(report_count as bigint) as report_count,
        cast(
            row_number() over (
                partition by parcel_key, period
                order by
                    is_newest_of_unit desc nulls last,
                    submission_sequence desc nulls last,
                    source_sheet asc nulls last,
                    source_row asc nulls last
            ) as bigint
        ) as owner_no,
        is_newest_of_unit
        and dense_rank() over (
            partition by parcel_key, is_newest_of_unit
            order by period_end desc nulls last, submission_sequence desc nulls last
        ) = 1 as is_latest
    from reports
    where report_rank = 1
)

select * from owners
