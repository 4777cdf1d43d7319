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
