{# Expressions whose meaning or spelling differs between engines. Nothing else in this project may depend on one. #}

{# A share in percent with one decimal, rounded half up; null where there is nothing to count. Floating division of
   whole numbers is exact at the halves, and DuckDB and Spark divide decimals differently. #}
{% macro percent(numerator, denominator) -%}
    cast(round(cast({{ numerator }} * 1000 as double) / nullif({{ denominator }}, 0)) / 10 as decimal(5, 1))
{%- endmacro %}

{# The calendar year of a date; engines return int or bigint. #}
{% macro year_of(date_column) -%}
    cast(extract(year from {{ date_column }}) as int)
{%- endmacro %}

{# The value of the first row by rank that has one; rows without a value have no rank (engines differ in skipping
   nulls). #}
{% macro first_known(value, rank) -%}
    min_by({{ value }}, case when {{ value }} is not null then {{ rank }} end)
{%- endmacro %}
