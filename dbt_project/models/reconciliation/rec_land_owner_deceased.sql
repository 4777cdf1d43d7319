with owners as (
    select
        parcel_key || '/' || owner_citizen_key as difference_key,
        owner_citizen_key,
        commune_key,
        period,
        submission_id,
        source_sheet,
        source_row
    from {{ ref('fct_parcel_owner') }}
    where is_latest and owner_citizen_key is not null
),

-- Who died leaves the register after a while, so the last that it said counts.
ranked_residents as (
    select
        citizen_key,
        is_deceased,
        submission_id,
        source_sheet,
        source_row,
        row_number() over (
            partition by citizen_key
            order by is_latest desc nulls last, period_end desc nulls last, submission_sequence desc nulls last
        ) as resident_rank
    from {{ ref('int_compared_resident') }}
),

deceased as (
    select
        citizen_key,
        submission_id,
        source_sheet,
        source_row
    from ranked_residents
    where resident_rank = 1 and is_deceased
),

differences as (
    select
        owners.difference_key,
        owners.commune_key,
        owners.period,
        'owner' as value_a,
        'deceased' as value_b,
        owners.submission_id as submission_id_a,
        owners.source_sheet as source_sheet_a,
        owners.source_row as source_row_a,
        deceased.submission_id as submission_id_b,
        deceased.source_sheet as source_sheet_b,
        deceased.source_row as source_row_b
    from owners
    inner join deceased on owners.owner_citizen_key = deceased.citizen_key
)

select * from differences
