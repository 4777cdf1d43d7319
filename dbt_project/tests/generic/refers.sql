{#
    Whether what a column names is there: references is a list of {column, to, field}. An empty cell names nothing. A row
    says in `broken` which column does not hold.
#}
{% test refers(model, references) %}
    {% set claims = [] %}
    {% for each in references %}
        {# Beside a few rows, only what they name is looked at: a join with all persons would be made of all of them. #}
        {% set referred = "(select " ~ each.field ~ " from " ~ each.to ~ " where " ~ each.field ~ " in (select " ~ each.column
            ~ " from tested))" if is_narrowed() else each.to %}
        {% do claims.append("select '" ~ each.column ~ " leads nowhere' as broken, count(*) as occurrences from tested"
            ~ " as referring left join " ~ referred ~ " as referred on referring." ~ each.column ~ " = referred." ~ each.field
            ~ " where referring." ~ each.column ~ " is not null and referred." ~ each.field ~ " is null having count(*) > 0") %}
    {% endfor %}
    with tested as ({{ tested_rows(model) }})
    {{ claims | join("\nunion all\n") }}
{% endtest %}
