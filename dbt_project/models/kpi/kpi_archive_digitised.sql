with facts as (
    select
        commune_key,
        commune_of_time_key,
        'all' as breakdown,
        period,
        period_end,
        pages_digitised as numerator,
        pages as denominator
    from {{ ref('fct_archive_fonds') }}
)

select * from facts
