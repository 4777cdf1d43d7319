{# The rows of a bronze table that count now, with the facts of the submission that brought them. Every core model
   reads bronze through this macro, so that what counts is decided in one place: fct_submission. #}
{% macro current_rows(table) -%}
    select
        bronze_row.*,
        submission.position as submission_sequence,
        submission.unit,
        submission.period,
        submission.period_end,
        submission.is_newest_of_unit
    from {{ source('bronze', table) }} as bronze_row
    inner join {{ ref('fct_submission') }} as submission on bronze_row.submission_id = submission.submission_id
    where submission.is_current
{%- endmacro %}
