with facts as (
    select
        cast(null as string) as commune_key,
        fund_source as breakdown,
        period,
        period_end,
        disbursed_vnd as numerator,
        planned_vnd as denominator
    from {{ ref('fct_digital_spending') }}
)

select * from facts
