{% set post = ['submitted.citizen_key', 'submitted.unit_name', 'submitted.position'] %}

with submitted as (
    {{ current_rows('home_affairs_staffing') }}
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
        submitted.citizen_key,
        submitted.name_agreement_key,
        submitted.unit_name,
        communes.commune_key,
        submitted.commune_of_time_key,
        submitted.commune as commune_code,
        submitted.position,
        submitted.trained_in_it as is_trained_in_it,
        submitted.qualification,
        submitted.digital_specialist as is_digital_specialist,
        submitted.full_time as engagement,
        submitted.contract,
        submitted.from_date,
        submitted.to_date,
        submitted.to_date is null or submitted.to_date > submitted.period_end as is_in_post,
        submitted.period,
        submitted.period_end,
        submitted.unit,
        submitted.submission_id,
        submitted.submission_sequence,
        submitted.source_sheet,
        submitted.source_row,
        submitted.is_newest_of_unit,
        {{ report_rank(post, qualifier='submitted.') }} as report_rank,
        {{ report_count(post, qualifier='submitted.') }} as report_count
    from submitted
    left join communes on submitted.commune = communes.commune_code
),

counted as (
    select
        citizen_key,
        name_agreement_key,
        unit_name,
        commune_key,
        commune_of_time_key,
        commune_code,
        position,
        is_trained_in_it,
        qualification,
        is_digital_specialist,
        engagement,
        contract,
        from_date,
        to_date,
        is_in_post,
        period,
        period_end,
        unit,
        submission_id,
        submission_sequence,
        source_sheet,
        source_row,
        report_count,
        {{ is_latest_report(['citizen_key', 'unit_name', 'position']) }} as is_latest
    from reports
    where report_rank = 1
)

select * from counted
