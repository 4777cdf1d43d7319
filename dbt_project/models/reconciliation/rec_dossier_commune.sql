with dossiers as (
    select
        dossier_code,
        {{ unit_form('agency') }} as unit_form,
        commune_key,
        commune_code,
        period,
        submission_id,
        source_sheet,
        source_row
    from {{ ref('fct_dossier') }}
    where commune_key is not null
),

named as (
    select
        unit_form,
        commune_key,
        commune_code
    from {{ ref('int_named_commune') }}
),

differences as (
    select
        dossiers.dossier_code as difference_key,
        dossiers.commune_key,
        dossiers.period,
        dossiers.commune_code as value_a,
        named.commune_code as value_b,
        dossiers.submission_id as submission_id_a,
        dossiers.source_sheet as source_sheet_a,
        dossiers.source_row as source_row_a,
        dossiers.submission_id as submission_id_b,
        dossiers.source_sheet as source_sheet_b,
        dossiers.source_row as source_row_b
    from dossiers
    inner join named on dossiers.unit_form = named.unit_form
    where dossiers.commune_key <> named.commune_key
)

select * from differences
