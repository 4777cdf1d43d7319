with submitted as (
    {{ current_rows('public_service_dossiers') }}
),

communes as (
    select
        commune_key,
        commune_code
    from {{ ref('dim_commune') }}
    where is_present
),

reports as (
    select
        submitted.dossier_code,
        submitted.procedure_code,
        submitted.agency,
        communes.commune_key,
        submitted.commune_of_time_key,
        submitted.commune as commune_code,
        submitted.channel,
        submitted.service_level,
        submitted.received_at as received_date,
        submitted.due_at as due_date,
        submitted.finished_at as finished_date,
        submitted.status,
        submitted.channel = 'online' as is_online,
        submitted.finished_at is not null as is_finished,
        case
            when submitted.finished_at is not null and submitted.due_at is not null
                then submitted.finished_at <= submitted.due_at
        end as is_on_time,
        submitted.period,
        submitted.period_end,
        submitted.unit,
        submitted.submission_id,
        submitted.submission_sequence,
        submitted.source_sheet,
        submitted.source_row,
        submitted.is_newest_of_unit,
        {{ report_rank(['submitted.dossier_code'], qualifier='submitted.', upsert=true) }} as report_rank,
        {{ report_count(['submitted.dossier_code'], qualifier='submitted.', upsert=true) }} as report_count
    from submitted
    left join communes on submitted.commune = communes.commune_code
),

counted as (
    select
        dossier_code,
        procedure_code,
        agency,
        commune_key,
        commune_of_time_key,
        commune_code,
        channel,
        service_level,
        received_date,
        due_date,
        finished_date,
        status,
        is_online,
        is_finished,
        is_on_time,
        period,
        period_end,
        unit,
        submission_id,
        submission_sequence,
        source_sheet,
        source_row,
        report_count
    from reports
    where report_rank = 1
)

select * from counted
