with facts as (
    select
        cast(null as string) as commune_key,
        edition || '/' || indicator_code as breakdown,
        period,
        period_end,
        score as numerator,
        max_score as denominator
    from {{ ref('fct_dti_score') }}
    where unit_name is null and indicator_code not like '%.%'
)

select * from facts
