with reported as (
    select
        owner_citizen_key as citizen_key,
        period,
        cast(owner_name_agreement_key as string) as value,
        submission_id,
        submission_sequence,
        source_sheet,
        source_row
    from {{ ref('fct_parcel_owner') }}
    where is_latest and owner_name_agreement_key is not null
),

{{ differs_from_register('name_agreement_key') }}

select * from differences
