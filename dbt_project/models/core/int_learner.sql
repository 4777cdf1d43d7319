{{ replaces_persons() }}

-- Where persons with courses stand now: whoever counts them would look for each of them among all persons.
with learners as (
    select citizen_key
    from {{ ref('fct_training_completion') }}
    {{ of_persons_concerned('citizen_key') }}
),

placed as (
    select
        citizen_key,
        commune_key
    from {{ concerned('dim_person') }}
    where citizen_key in (select citizen_key from learners)
)

select * from placed
