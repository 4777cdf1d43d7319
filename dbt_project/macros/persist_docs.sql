{#- The descriptions of a relation and its columns in one statement. dbt's own macro asks which columns there are and makes
    two statements, which costs a twelfth of a build's CPU; that every column is described and no other is a test of this
    project (tests/test_dbt.py). -#}
{% macro duckdb__persist_docs(relation, model, for_relation, for_columns) %}
    {%- set comments %}
        {{ alter_relation_comment(relation, model.description) }}
        {%- for name, column in model.columns.items() %}
        comment on column {{ relation }}.{{ name }} is {{ duckdb_escape_comment(column.description) }};
        {%- endfor %}
    {%- endset %}
    {%- set written = run_query(comments) %}
{% endmacro %}
