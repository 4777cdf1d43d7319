with facts as (
    select
        commune_key,
        commune_of_time_key,
        'all' as breakdown,
        period,
        period_end,
        files_with_metadata as numerator,
        files_digitised as denominator
    from {{ ref('fct_archive_fonds') }}
    where files_with_metadata is not null and files_digitised is not null
)

select * from facts
