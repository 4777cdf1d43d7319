with facts as (
    select
        commune_key,
        commune_of_time_key,
        'all' as breakdown,
        period,
        period_end,
        finished_on_time as numerator,
        finished as denominator
    from {{ ref('int_dossier_month') }}
    where finished > 0
)

select * from facts
