with found as (
    select
        difference_id,
        pair_id,
        commune_key,
        period,
        value_a,
        value_b,
        submission_id_a,
        source_sheet_a,
        source_row_a,
        submission_id_b,
        source_sheet_b,
        source_row_b
    from {{ ref('rec_difference') }}
),

pairs as (
    select
        pair_id,
        pair_name_vi,
        pair_name_en,
        dataset_a,
        dataset_b,
        compared,
        prevails,
        answering_department,
        answering_owner,
        legal_basis
    from {{ ref('rec_pair') }}
),

submissions as (
    select
        submission_id,
        file_name,
        received_at
    from {{ ref('fct_submission') }}
),

communes as (
    select
        commune_key,
        commune_code,
        commune_name
    from {{ ref('dim_commune') }}
    where is_present
),

decisions as (
    select
        difference_id,
        kind,
        why,
        who,
        decided_at
    from {{ ref('fct_difference_decision') }}
),

differences as (
    select
        found.difference_id,
        found.pair_id,
        pairs.pair_name_vi,
        pairs.pair_name_en,
        pairs.compared,
        communes.commune_code,
        communes.commune_name,
        found.period,
        pairs.dataset_a,
        found.value_a,
        found.submission_id_a,
        submissions_a.file_name as file_name_a,
        found.source_sheet_a,
        found.source_row_a,
        pairs.dataset_b,
        found.value_b,
        found.submission_id_b,
        submissions_b.file_name as file_name_b,
        found.source_sheet_b,
        found.source_row_b,
        case
            when submissions_b.received_at > submissions_a.received_at then submissions_b.received_at
            else submissions_a.received_at
        end as open_since,
        pairs.answering_department,
        pairs.answering_owner,
        pairs.legal_basis,
        pairs.prevails,
        case pairs.prevails
            when 'a' then found.value_a
            when 'b' then found.value_b
        end as chosen_value,
        decisions.kind as decision_kind,
        decisions.why as decision_why,
        decisions.who as decision_who,
        decisions.decided_at,
        -- What was said to be corrected and is found all the same is as open as before.
        coalesce(decisions.kind not in ('explained', 'accepted'), true) as is_open
    from found
    inner join pairs on found.pair_id = pairs.pair_id
    inner join submissions as submissions_a on found.submission_id_a = submissions_a.submission_id
    left join submissions as submissions_b on found.submission_id_b = submissions_b.submission_id
    left join communes on found.commune_key = communes.commune_key
    left join decisions on found.difference_id = decisions.difference_id
)

select * from differences
order by difference_id
