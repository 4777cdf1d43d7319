with posts as (
    select
        commune_key,
        commune_of_time_key,
        period,
        period_end,
        is_digital_specialist,
        row_number() over (
            partition by citizen_key, period
            order by is_digital_specialist desc nulls last, unit_name asc nulls last
        ) as post_no
    from {{ ref('fct_official') }}
    where is_in_post
),

-- An official with two posts is one official.
officials as (
    select
        commune_key,
        commune_of_time_key,
        'all' as breakdown,
        period,
        period_end,
        case when is_digital_specialist then 1 else 0 end as numerator,
        1 as denominator
    from posts
    where post_no = 1
)

select * from officials
