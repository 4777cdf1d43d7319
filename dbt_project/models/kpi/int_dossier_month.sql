with dossiers as (
    select
        commune_key,
        commune_of_time_key,
        received_date,
        due_date,
        finished_date,
        coalesce(status, 'in_progress') = 'in_progress' as is_open,
        period_end,
        is_online,
        is_on_time
    from {{ ref('fct_dossier') }}
),

-- A dossier counts as received in one month and as finished in another; both stand in one table by month.
events as (
    select
        commune_key,
        commune_of_time_key,
        received_date as event_date,
        1 as received,
        case when is_online then 1 else 0 end as received_online,
        0 as finished,
        0 as finished_on_time,
        case when finished_date is null and is_open and due_date < period_end then 1 else 0 end as late_open
    from dossiers
    union all
    select
        commune_key,
        commune_of_time_key,
        finished_date as event_date,
        0 as received,
        0 as received_online,
        1 as finished,
        case when is_on_time then 1 else 0 end as finished_on_time,
        0 as late_open
    from dossiers
    where is_on_time is not null
),

months as (
    select
        commune_key,
        commune_of_time_key,
        {{ month_label('event_date') }} as period,
        last_day(event_date) as period_end,
        cast(sum(received) as bigint) as received,
        cast(sum(received_online) as bigint) as received_online,
        cast(sum(finished) as bigint) as finished,
        cast(sum(finished_on_time) as bigint) as finished_on_time,
        cast(sum(late_open) as bigint) as late_open
    from events
    group by commune_key, commune_of_time_key, {{ month_label('event_date') }}, last_day(event_date)
)

select * from months
