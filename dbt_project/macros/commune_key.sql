{# The key of a commune at a time. The code alone names several communes through time. #}
{% macro commune_key(code, valid_from) -%}
    {{ code }} || '@' || cast({{ valid_from }} as string)
{%- endmacro %}
