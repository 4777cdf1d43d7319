-- Derived from the fct_*.yml by orchestration/lineage/derived.py; do not edit. A test fails when it is stale.
with facts as (
    select
        'core.fct_archive_fonds' as relation,
        coalesce(cast(fonds_code as string), '')
        || ' · ' || coalesce(cast(unit_name as string), '')
        || ' · ' || coalesce(cast(period as string), '') as record_key,
        submission_id,
        source_sheet,
        source_row
    from {{ in_this_file('fct_archive_fonds') }}
    union all
    select
        'core.fct_commune_connectivity' as relation,
        coalesce(cast(commune_of_time_key as string), '')
        || ' · ' || coalesce(cast(period as string), '') as record_key,
        submission_id,
        source_sheet,
        source_row
    from {{ in_this_file('fct_commune_connectivity') }}
    union all
    select
        'core.fct_digital_spending' as relation,
        coalesce(cast(unit_name as string), '')
        || ' · ' || coalesce(cast(year as string), '')
        || ' · ' || coalesce(cast(fund_source as string), '')
        || ' · ' || coalesce(cast(period as string), '') as record_key,
        submission_id,
        source_sheet,
        source_row
    from {{ in_this_file('fct_digital_spending') }}
    union all
    select
        'core.fct_document_month' as relation,
        coalesce(cast(unit_name as string), '')
        || ' · ' || coalesce(cast(period as string), '') as record_key,
        submission_id,
        source_sheet,
        source_row
    from {{ in_this_file('fct_document_month') }}
    union all
    select
        'core.fct_dossier' as relation,
        coalesce(cast(dossier_code as string), '') as record_key,
        submission_id,
        source_sheet,
        source_row
    from {{ in_this_file('fct_dossier') }}
    union all
    select
        'core.fct_dti_score' as relation,
        coalesce(cast(unit_name as string), '')
        || ' · ' || coalesce(cast(year as string), '')
        || ' · ' || coalesce(cast(edition as string), '')
        || ' · ' || coalesce(cast(indicator_code as string), '')
        || ' · ' || coalesce(cast(period as string), '') as record_key,
        submission_id,
        source_sheet,
        source_row
    from {{ in_this_file('fct_dti_score') }}
    union all
    select
        'core.fct_official' as relation,
        coalesce(cast(citizen_key as string), '')
        || ' · ' || coalesce(cast(unit_name as string), '')
        || ' · ' || coalesce(cast(position as string), '')
        || ' · ' || coalesce(cast(period as string), '') as record_key,
        submission_id,
        source_sheet,
        source_row
    from {{ in_this_file('fct_official') }}
    union all
    select
        'core.fct_parcel_owner' as relation,
        coalesce(cast(parcel_key as string), '')
        || ' · ' || coalesce(cast(owner_key as string), '')
        || ' · ' || coalesce(cast(period as string), '') as record_key,
        submission_id,
        source_sheet,
        source_row
    from {{ in_this_file('fct_parcel_owner') }}
    union all
    select
        'core.fct_resident' as relation,
        coalesce(cast(citizen_key as string), '')
        || ' · ' || coalesce(cast(period as string), '') as record_key,
        submission_id,
        source_sheet,
        source_row
    from {{ in_this_file('fct_resident') }}
    union all
    select
        'core.fct_task' as relation,
        coalesce(cast(decision_no as string), '')
        || ' · ' || coalesce(cast(task_no as string), '')
        || ' · ' || coalesce(cast(period as string), '') as record_key,
        submission_id,
        source_sheet,
        source_row
    from {{ in_this_file('fct_task') }}
    union all
    select
        'core.fct_training_completion' as relation,
        coalesce(cast(citizen_key as string), '')
        || ' · ' || coalesce(cast(course_name as string), '') as record_key,
        submission_id,
        source_sheet,
        source_row
    from {{ in_this_file('fct_training_completion') }}
    union all
    select
        'core.fct_village_connectivity' as relation,
        coalesce(cast(village_code as string), '')
        || ' · ' || coalesce(cast(period as string), '') as record_key,
        submission_id,
        source_sheet,
        source_row
    from {{ in_this_file('fct_village_connectivity') }}
),

submissions as (
    select
        submission_id,
        dataset,
        unit,
        period,
        file_name,
        file_sha256,
        received_at
    from {{ in_this_file('fct_submission') }}
),

located as (
    select
        facts.relation,
        facts.record_key,
        facts.submission_id,
        submissions.dataset,
        submissions.unit,
        submissions.period,
        submissions.file_name,
        submissions.file_sha256,
        submissions.received_at,
        facts.source_sheet,
        facts.source_row
    from facts
    inner join submissions on facts.submission_id = submissions.submission_id
)

select * from located
