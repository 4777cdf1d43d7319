{# Labels of calendar periods, as the ledger writes them: 2026-10, 2026Q4, 2026. #}
{% macro month_label(date_column) -%}
    cast(extract(year from {{ date_column }}) as string) || '-'
        || lpad(cast(extract(month from {{ date_column }}) as string), 2, '0')
{%- endmacro %}

{% macro quarter_label(date_column) -%}
    cast(extract(year from {{ date_column }}) as string) || 'Q' || cast(extract(quarter from {{ date_column }}) as string)
{%- endmacro %}

{# The first day of a period, from its label and its last day. #}
{% macro period_start(label, period_end) -%}
    make_date(
            cast(extract(year from {{ period_end }}) as int),
            cast(
                case length({{ label }})
                    when 4 then 1
                    when 6 then 3 * extract(quarter from {{ period_end }}) - 2
                    else extract(month from {{ period_end }})
                end as int
            ),
            1
        )
{%- endmacro %}

{% macro year_label(date_column) -%}
    cast(extract(year from {{ date_column }}) as string)
{%- endmacro %}
