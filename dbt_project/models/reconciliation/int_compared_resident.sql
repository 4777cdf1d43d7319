{{ replaces_persons() }}

-- What other departments say is compared with these rows; looking for each of them among all residents would read the
-- register once a pair.
with persons as (
    select owner_citizen_key as citizen_key
    from {{ ref('fct_parcel_owner') }}
    where owner_citizen_key is not null {{ of_persons_concerned('owner_citizen_key', 'and') }}
    union
    select citizen_key
    from {{ ref('fct_training_completion') }}
    {{ of_persons_concerned('citizen_key') }}
    union
    select citizen_key
    from {{ ref('fct_official') }}
    {{ of_persons_concerned('citizen_key') }}
),

compared as (
    select
        citizen_key,
        commune_key,
        sex,
        birth_year,
        name_agreement_key,
        is_deceased,
        period_end,
        submission_id,
        submission_sequence,
        source_sheet,
        source_row,
        is_latest
    from {{ concerned('fct_resident') }}
    where citizen_key in (select citizen_key from persons)
)

select * from compared
