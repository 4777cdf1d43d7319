with villages as (
    select
        commune_key,
        commune_code,
        households,
        period,
        submission_id,
        source_sheet,
        source_row,
        row_number() over (
            partition by commune_key
            order by
                {{ newest_first() }}
        ) as row_rank
    from {{ ref('fct_village_connectivity') }}
    where is_latest
),

-- A commune of which some village's households are unknown has no sum. The first of its rows stands for all.
reported as (
    select
        commune_key,
        max(case when row_rank = 1 then commune_code end) as commune_code,
        max(case when row_rank = 1 then period end) as period,
        cast(sum(households) as bigint) as households,
        max(case when row_rank = 1 then submission_id end) as submission_id,
        max(case when row_rank = 1 then source_sheet end) as source_sheet,
        max(case when row_rank = 1 then source_row end) as source_row
    from villages
    where commune_key is not null
    group by commune_key
    having count(*) = count(households)
),

-- Each resident without a household number may live in a household of the others, or in one more.
registered as (
    select
        commune_key,
        households as least_households,
        households + residents_without_household as most_households,
        newest_submission_id as submission_id,
        first_source_sheet as source_sheet,
        first_source_row as source_row
    from {{ ref('int_commune_resident') }}
),

differences as (
    select
        reported.commune_code || '/' || reported.period as difference_key,
        reported.commune_key,
        reported.period,
        cast(reported.households as string) as value_a,
        cast(
            greatest(
                registered.least_households, least(registered.most_households, reported.households)
            ) as string
        ) as value_b,
        reported.submission_id as submission_id_a,
        reported.source_sheet as source_sheet_a,
        reported.source_row as source_row_a,
        registered.submission_id as submission_id_b,
        registered.source_sheet as source_sheet_b,
        registered.source_row as source_row_b
    from reported
    inner join registered on reported.commune_key = registered.commune_key
)

select * from differences
