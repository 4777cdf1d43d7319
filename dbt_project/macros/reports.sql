{# Several current rows can report the same thing: two units, or two rows of one file. These macros say which one counts,
   in one place. keys: the columns that name the thing; qualifier: prefix of the facts that current_rows() adds. #}

{# 1 for the row that counts. For a dataset whose periods stand side by side, within each period the unit's newest file
   goes first, then the later submission; for one that is added to (upsert), the newest submission of all. #}
{% macro report_rank(keys, qualifier='', upsert=false) -%}
    row_number() over (
            partition by {{ keys | join(', ') }}{% if not upsert %}, {{ qualifier }}period{% endif %}

            order by
                {% if not upsert -%}
                {{ qualifier }}is_newest_of_unit desc nulls last,
                {% endif -%}
                {{ qualifier }}submission_sequence desc nulls last,
                {{ qualifier }}source_sheet asc nulls last,
                {{ qualifier }}source_row asc nulls last
        )
{%- endmacro %}

{# How many current rows report the same. #}
{% macro report_count(keys, qualifier='', upsert=false) -%}
    cast(
            count(*) over (partition by {{ keys | join(', ') }}{% if not upsert %}, {{ qualifier }}period{% endif %}) as bigint
        )
{%- endmacro %}

{# Whether a row that counts for its period is also the newest: what is so now. #}
{% macro is_latest_report(keys) -%}
    is_newest_of_unit
        and row_number() over (
            partition by {{ keys | join(', ') }}, is_newest_of_unit
            order by period_end desc nulls last, submission_sequence desc nulls last
        ) = 1
{%- endmacro %}
