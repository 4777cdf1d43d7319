with facts as (
    select
        cast(null as string) as commune_key,
        'all' as breakdown,
        period,
        period_end,
        electronic as numerator,
        issued as denominator
    from {{ ref('fct_document_month') }}
)

select * from facts
