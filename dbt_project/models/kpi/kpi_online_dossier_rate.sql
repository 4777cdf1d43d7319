with facts as (
    select
        commune_key,
        commune_of_time_key,
        'all' as breakdown,
        period,
        period_end,
        received_online as numerator,
        received as denominator
    from {{ ref('int_dossier_month') }}
)

select * from facts
