with deliveries as (
    select
        dataset,
        department,
        unit,
        period,
        period_start,
        period_end,
        due_date,
        delivered_at,
        submission_id,
        accepted_rows,
        days_late,
        is_delivered,
        is_late
    from {{ ref('fct_delivery') }}
),

datasets as (
    select
        dataset,
        title,
        owner
    from {{ ref('dim_dataset') }}
),

communes as (
    select
        commune_code,
        commune_name
    from {{ ref('dim_commune') }}
    where is_present
),

register as (
    select
        deliveries.dataset,
        datasets.title as dataset_title,
        deliveries.department,
        datasets.owner,
        deliveries.unit,
        coalesce(communes.commune_name, datasets.owner) as unit_name,
        deliveries.period,
        deliveries.period_start,
        deliveries.period_end,
        deliveries.due_date,
        deliveries.delivered_at,
        deliveries.submission_id,
        deliveries.accepted_rows,
        deliveries.days_late,
        deliveries.is_delivered,
        deliveries.is_late
    from deliveries
    inner join datasets on deliveries.dataset = datasets.dataset
    left join communes on deliveries.unit = communes.commune_code
)

select * from register
order by department, dataset, period, unit
