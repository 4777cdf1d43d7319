with decisions as (
    select
        decision_id,
        difference_id,
        kind,
        why,
        who,
        decided_at,
        row_number() over (
            partition by difference_id
            order by decision_id desc nulls last
        ) as decision_rank
    from {{ source('bronze', 'difference_decision') }}
),

newest as (
    select
        difference_id,
        kind,
        why,
        who,
        decided_at
    from decisions
    where decision_rank = 1
)

select * from newest
