with members as (
    select
        citizen_key,
        max(period) as period,
        max(period_end) as period_end,
        max(case when is_completed then 1 else 0 end) as is_trained
    from {{ ref('fct_training_completion') }}
    where person_group = 'digital_team'
    group by citizen_key
),

-- Reports carry each member on: all of them are counted as the newest report leaves them.
newest as (
    select
        max(period) as period,
        max(period_end) as period_end
    from members
),

facts as (
    select
        persons.commune_key,
        'all' as breakdown,
        newest.period,
        newest.period_end,
        members.is_trained as numerator,
        1 as denominator
    from members
    cross join newest
    left join {{ ref('int_learner') }} as persons on members.citizen_key = persons.citizen_key
)

select * from facts
