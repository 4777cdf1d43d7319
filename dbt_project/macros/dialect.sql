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

{# Last day of the quarter or year of a date; date arithmetic differs between engines. #}
{% macro quarter_end(date_column) -%}
    last_day(make_date(
            cast(extract(year from {{ date_column }}) as int), cast(3 * extract(quarter from {{ date_column }}) as int), 1
        ))
{%- endmacro %}

{% macro year_end(date_column) -%}
    make_date(cast(extract(year from {{ date_column }}) as int), 12, 31)
{%- endmacro %}

{# The value of a KPI: its numerator, or the share in percent, rounded half up to 0, 1 or 2 decimals; engines want the
   number of decimals as a constant, and dividing whole numbers as floats is exact at the halves. #}
{% macro kpi_value(unit, decimals, numerator, denominator) -%}
    cast(
            case
                when {{ unit }} <> 'percent' then cast({{ numerator }} as double)
                {% for count in range(3) -%}
                when {{ decimals }} = {{ count }}
                    then round(cast({{ numerator }} * {{ 100 * 10 ** count }} as double) / nullif({{ denominator }}, 0)) / {{ 10 ** count }}
                {% endfor -%}
            end as decimal(24, 4)
        )
{%- endmacro %}
