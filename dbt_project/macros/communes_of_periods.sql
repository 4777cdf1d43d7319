{# The communes that stood on the last day of each period of a fact: the denominator of a KPI that counts communes. #}
{% macro communes_of_periods(fact) -%}
    select
        communes.commune_key,
        communes.commune_of_time_key,
        communes.commune_kind,
        period_spine.period,
        period_spine.period_end
    from {{ ref('int_commune_of_time') }} as communes
    inner join (
        select distinct
            period,
            period_end
        from {{ ref(fact) }}
    ) as period_spine
        on communes.valid_from <= period_spine.period_end and communes.valid_to > period_spine.period_end
{%- endmacro %}
