{# Code of the province whose warehouse this is. #}
{% macro province_code() -%}
    {{ var('province', env_var('KHO_PROVINCE', '15')) }}
{%- endmacro %}
