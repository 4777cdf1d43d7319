with officials as (
    select
        {{ unit_form('unit_name') }} as unit_form,
        commune_key,
        commune_code,
        period,
        submission_id,
        submission_sequence,
        source_sheet,
        source_row
    from {{ ref('fct_official') }}
    where is_latest and commune_key is not null
),

named as (
    select
        unit_form,
        commune_key,
        commune_code
    from {{ ref('int_named_commune') }}
),

differing as (
    select
        officials.unit_form,
        officials.commune_key,
        officials.commune_code,
        named.commune_code as named_commune_code,
        officials.period,
        officials.submission_id,
        officials.source_sheet,
        officials.source_row,
        row_number() over (
            partition by officials.unit_form, officials.commune_code
            order by
                {{ newest_first('officials.') }}
        ) as row_rank
    from officials
    inner join named on officials.unit_form = named.unit_form
    where officials.commune_key <> named.commune_key
),

differences as (
    select
        unit_form || '/' || commune_code as difference_key,
        commune_key,
        period,
        commune_code as value_a,
        named_commune_code as value_b,
        submission_id as submission_id_a,
        source_sheet as source_sheet_a,
        source_row as source_row_a,
        submission_id as submission_id_b,
        source_sheet as source_sheet_b,
        source_row as source_row_b
    from differing
    where row_rank = 1
)

select * from differences
