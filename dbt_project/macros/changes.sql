{# How a build that follows a change replaces a part of a table. Every other build (dbt's --full-refresh) makes the table
   anew; both give the same rows.

   Rows of one person that follow from what is reported of that person alone: the persons concerned are those named in a
   submission that began or ceased to count, or counts otherwise. Rows of one commune that follow from its residents: the
   communes concerned are those in which these persons stood before or stand now. #}

{# What a model of either kind says of itself, in its first line. reads: a table of bronze that it leaves for others. #}
{% macro replaces_persons(reads=none) -%}
    {%- set hooks = ['{{ without_persons_concerned() }}'] -%}
    {%- if reads -%}
        {%- set hooks = hooks + ["{{ leave_concerned_rows('" ~ reads ~ "', 'citizen_key') }}"] -%}
    {%- endif -%}
    {{ config(materialized='incremental', incremental_strategy='append_concerned', pre_hook=hooks) }}
{%- endmacro %}

{% macro replaces_communes() -%}
    {{ config(materialized='incremental', incremental_strategy='append', pre_hook='{{ without_communes_concerned() }}') }}
{%- endmacro %}

{% macro without_persons_concerned() -%}
    {%- set rest = of_persons_concerned('citizen_key') -%}
    {%- if is_incremental() -%} delete from {{ this }} {{ rest }} {%- endif -%}
{%- endmacro %}

{% macro without_communes_concerned() -%}
    {%- set rest = of_communes_concerned('commune_key') -%}
    {%- if is_incremental() -%} delete from {{ this }} {{ rest }} {%- endif -%}
{%- endmacro %}

{# Narrows a step of such a model to what is concerned. keyword: and, after other conditions. #}
{% macro of_persons_concerned(column, keyword='where') -%}
    {%- set persons = source('bronze', 'changed_person') -%}
    {%- if is_incremental() -%}
        {{ keyword }} {{ column }} in (select citizen_key from {{ persons }})
    {%- endif -%}
{%- endmacro %}

{% macro of_communes_concerned(column, keyword='where') -%}
    {%- set persons, before = source('bronze', 'changed_person'), source('bronze', 'changed_commune') -%}
    {%- set now = concerned('fct_resident') -%}
    {%- if is_incremental() -%}
        {{ keyword }} {{ column }} in (
            select commune_key from {{ before }}
            union
            select commune_key from {{ now }} where citizen_key in (select citizen_key from {{ persons }})
        )
    {%- endif -%}
{%- endmacro %}

{# dbt's strategy append, which also leaves the new rows under `concerned`, a schema that the build makes before and removes
   afterwards: to find them again, what follows would search all persons (0.2 s for ten million). #}
{% macro get_incremental_append_concerned_sql(arg_dict) -%}
    {{ get_incremental_append_sql(arg_dict) }};
    create or replace table concerned.{{ arg_dict['target_relation'].identifier }} as select * from {{ arg_dict['temp_relation'] }}
{%- endmacro %}

{# Whether the model of a generic test is built by this build. #}
{% macro is_built() -%}
    {{ return(execute and model.attached_node in selected_resources) }}
{%- endmacro %}

{# Whether the build says, by a variable, that it follows a change, and a model replaces the persons concerned. #}
{% macro is_replaced(node) -%}
    {{ return(var('follows_a_change', false) and node and 'macro.kho.replaces_persons' in node.depends_on.macros) }}
{%- endmacro %}

{# Whether this build has left the new rows of such a model. #}
{% macro has_left_concerned(name) -%}
    {%- set node = graph.nodes.get('model.kho.' ~ name) if execute -%}
    {{ return(is_replaced(node) and node.unique_id in selected_resources) }}
{%- endmacro %}

{# A model that replaces persons, for a step that is narrowed to the persons concerned: where there are, only their rows. #}
{% macro concerned(name) -%}
    {%- set whole = ref(name) -%}
    {{ 'concerned.' ~ name if is_incremental() and has_left_concerned(name) else whole }}
{%- endmacro %}

{# What a generic test looks at: of a model that replaces persons, the rows of the persons concerned, because the last
   test has found the others good; of any other model all of them. #}
{% macro is_narrowed() -%}
    {{ return(is_replaced(graph.nodes.get(model.attached_node) if execute)) }}
{%- endmacro %}

{% macro tested_rows(tested) -%}
    {%- set persons = source('bronze', 'changed_person') -%}
    {%- set name = graph.nodes[model.attached_node].name if is_narrowed() -%}
    {%- if name and has_left_concerned(name) -%}
        select * from concerned.{{ name }}
    {%- else -%}
        select * from {{ tested }} {{ 'where citizen_key in (select citizen_key from ' ~ persons ~ ')' if is_narrowed() }}
    {%- endif -%}
{%- endmacro %}
