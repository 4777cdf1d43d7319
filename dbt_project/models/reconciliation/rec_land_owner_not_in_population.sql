with reported as (
    select
        owner_citizen_key as citizen_key,
        commune_key,
        period,
        submission_id,
        submission_sequence,
        source_sheet,
        source_row
    from {{ ref('fct_parcel_owner') }}
    where is_latest and owner_citizen_key is not null
),

{{ not_in_register() }}

select * from differences
