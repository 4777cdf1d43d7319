with facts as (
    select
        cast(null as string) as commune_key,
        task_group as breakdown,
        period,
        period_end,
        case when is_overdue then 1 else 0 end as numerator,
        1 as denominator
    from {{ ref('fct_task') }}
)

select * from facts
