with facts as (
    select
        cast(null as string) as commune_key,
        'all' as breakdown,
        period,
        period_end,
        exchanged_between_levels as numerator,
        cast(null as bigint) as denominator
    from {{ ref('fct_document_month') }}
    where exchanged_between_levels is not null
)

select * from facts
