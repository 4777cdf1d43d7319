with completions as (
    {{ current_rows('training_completions') }}
),

-- The newest submission wins, whichever period it reports.
reports as (
    select
        citizen_key,
        course_name,
        course_code,
        platform,
        person_group,
        work_unit,
        sex,
        birth_year,
        name_agreement_key,
        commune as reported_commune_code,
        commune_of_time_key as reported_commune_of_time_key,
        enrolled as enrolled_date,
        completed as completed_date,
        result,
        score,
        period,
        period_end,
        unit,
        submission_id,
        submission_sequence,
        source_sheet,
        source_row,
        min(period_end) over (partition by citizen_key, course_name) as first_period_end,
        max(period_end) over (partition by citizen_key, course_name) as last_period_end,
        count(*) over (partition by citizen_key, course_name) as report_count,
        row_number() over (
            partition by citizen_key, course_name
            order by
                submission_sequence desc nulls last,
                source_sheet asc nulls last,
                source_row asc nulls last
        ) as report_rank
    from completions
),

newest as (
    select
        citizen_key,
        course_name,
        course_code,
        platform,
        person_group,
        work_unit,
        sex,
        birth_year,
        name_agreement_key,
        reported_commune_code,
        reported_commune_of_time_key,
        enrolled_date,
        completed_date,
        result,
        score,
        coalesce(result = 'completed', completed_date is not null) as is_completed,
        period,
        period_end,
        first_period_end,
        last_period_end,
        unit,
        submission_id,
        submission_sequence,
        source_sheet,
        source_row,
        cast(report_count as bigint) as report_count
    from reports
    where report_rank = 1
)

select * from newest
