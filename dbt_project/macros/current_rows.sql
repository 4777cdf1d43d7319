{# The rows of a bronze table that count now, with the facts of the submission that brought them. Every core model
   reads bronze through this macro, so that what counts is decided in one place: fct_submission. person: the column of
   the person, in a model that replaces the persons concerned. among: a step whose citizen_key names the persons of whom
   alone rows are wanted. #}
{% macro current_rows(table, person=none, among=none) -%}
    select
        bronze_row.*,
        submission.position as submission_sequence,
        submission.unit,
        submission.period,
        submission.period_end,
        submission.is_newest_of_unit
    from {{ source('bronze', table) }} as bronze_row
    inner join {{ ref('fct_submission') }} as submission on bronze_row.submission_id = submission.submission_id
    where submission.is_current {{ of_persons_concerned('bronze_row.' ~ person, 'and') if person }}
    {{ 'and bronze_row.citizen_key in (select citizen_key from ' ~ among ~ ')' if among }}
{%- endmacro %}

{# The same of the persons concerned by the change that a build follows. They are read once, by a hook of the first model
   that needs them, because each reading of a register of ten million rows costs a second. reader: that model. #}
{% macro leave_concerned_rows(table, person) -%}
    {%- set rows = current_rows(table, person=person) -%}
    {%- if is_incremental() and var('follows_a_change', false) -%}
        create or replace table concerned.{{ table }} as {{ rows }}
    {%- endif -%}
{%- endmacro %}

{% macro concerned_rows(table, person, reader, among=none) -%}
    {%- set rows = current_rows(table, person=person, among=among) -%}
    {{ 'select * from concerned.' ~ table if is_incremental() and has_left_concerned(reader) else rows }}
{%- endmacro %}
