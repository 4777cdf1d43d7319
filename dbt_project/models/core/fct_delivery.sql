with obligations as (
    select
        dataset,
        department,
        unit,
        period,
        period_start,
        period_end,
        due_date,
        is_due
    from {{ ref('fct_obligation') }}
),

submissions as (
    select
        submission_id,
        sequence,
        dataset,
        unit,
        period,
        received_at,
        replays,
        position,
        verdict,
        rows_accepted,
        days_late,
        is_current
    from {{ ref('fct_submission') }}
),

-- A file that was judged again arrived when it arrived first.
taken_in as (
    select
        submissions.submission_id,
        submissions.dataset,
        submissions.unit,
        submissions.period,
        submissions.rows_accepted,
        submissions.days_late,
        submissions.is_current,
        coalesce(origins.received_at, submissions.received_at) as arrived_at,
        row_number() over (
            partition by submissions.dataset, submissions.unit, submissions.period
            order by submissions.position asc nulls last, submissions.sequence asc nulls last
        ) as arrival_rank,
        row_number() over (
            partition by submissions.dataset, submissions.unit, submissions.period
            order by
                submissions.is_current desc nulls last,
                submissions.position desc nulls last,
                submissions.sequence desc nulls last
        ) as standing_rank
    from submissions
    left join submissions as origins on submissions.replays = origins.submission_id
    where submissions.verdict in ('accepted', 'partly')
),

delivered as (
    select
        dataset,
        unit,
        period,
        max(case when arrival_rank = 1 then arrived_at end) as delivered_at,
        max(case when arrival_rank = 1 then days_late end) as days_late,
        max(case when standing_rank = 1 then submission_id end) as submission_id,
        cast(sum(case when is_current then rows_accepted else 0 end) as bigint) as accepted_rows
    from taken_in
    group by dataset, unit, period
),

met as (
    select
        obligations.dataset,
        obligations.department,
        obligations.unit,
        obligations.period,
        obligations.period_start,
        obligations.period_end,
        obligations.due_date,
        obligations.is_due,
        delivered.delivered_at,
        delivered.submission_id,
        delivered.accepted_rows,
        delivered.days_late,
        delivered.submission_id is not null as is_delivered,
        coalesce(delivered.days_late, 0) > 0 as is_late
    from obligations
    left join delivered
        on
            obligations.dataset = delivered.dataset
            and obligations.unit = delivered.unit
            and obligations.period = delivered.period
)

select * from met
