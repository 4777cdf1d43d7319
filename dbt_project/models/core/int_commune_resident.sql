{{ replaces_communes() }}

with counted as (
    select
        commune_key,
        cast(count(*) as bigint) as residents,
        cast(count(distinct household_key) as bigint) as households,
        cast(count(*) - count(household_key) as bigint) as residents_without_household,
        max(period_end) as period_end,
        max(submission_sequence) as submission_sequence
    from {{ ref('fct_resident') }}
    where is_latest and not is_deceased and commune_key is not null {{ of_communes_concerned('commune_key', 'and') }}
    group by commune_key
),

-- The first row of the newest file stands for all; a rank of every resident would be a sort of the whole register.
newest_residents as (
    select
        residents.commune_key,
        residents.submission_id,
        residents.source_sheet,
        min(residents.source_row) as source_row
    from {{ ref('fct_resident') }} as residents
    inner join counted
        on
            residents.commune_key = counted.commune_key
            and residents.submission_sequence = counted.submission_sequence
    where residents.is_latest and not residents.is_deceased
    group by residents.commune_key, residents.submission_id, residents.source_sheet
),

first_sheets as (
    select
        commune_key,
        min(source_sheet) as source_sheet
    from newest_residents
    group by commune_key
),

first_rows as (
    select
        newest_residents.commune_key,
        newest_residents.source_sheet,
        newest_residents.submission_id,
        newest_residents.source_row
    from newest_residents
    inner join first_sheets
        on
            newest_residents.commune_key = first_sheets.commune_key
            and newest_residents.source_sheet = first_sheets.source_sheet
),

communes as (
    select
        counted.commune_key,
        counted.residents,
        counted.households,
        counted.residents_without_household,
        counted.period_end,
        first_rows.submission_id as newest_submission_id,
        first_rows.source_sheet as first_source_sheet,
        first_rows.source_row as first_source_row
    from counted
    inner join first_rows on counted.commune_key = first_rows.commune_key
)

select * from communes
