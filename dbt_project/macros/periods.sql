{# Labels of calendar periods, as the ledger writes them: 2026-10, 2026Q4, 2026. #}
{% macro month_label(date_column) -%}
    cast(extract(year from {{ date_column }}) as string) || '-'
        || lpad(cast(extract(month from {{ date_column }}) as string), 2, '0')
{%- endmacro %}

{% macro quarter_label(date_column) -%}
    cast(extract(year from {{ date_column }}) as string) || 'Q' || cast(extract(quarter from {{ date_column }}) as string)
{%- endmacro %}

{% macro year_label(date_column) -%}
    cast(extract(year from {{ date_column }}) as string)
{%- endmacro %}
