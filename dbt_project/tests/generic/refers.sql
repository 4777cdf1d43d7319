{#
    Whether what a column names is there: references is a list of {column, to, field}. An empty cell names nothing. A row
    says in `broken` which column does not hold.
#}
{% test refers(model, references) %}
    {% set claims = [] %}
    {% for each in references %}
        {% do claims.append("select '" ~ each.column ~ " leads nowhere' as broken, count(*) as occurrences from " ~ model
            ~ " as referring left join " ~ each.to ~ " as referred on referring." ~ each.column ~ " = referred." ~ each.field
            ~ " where referring." ~ each.column ~ " is not null and referred." ~ each.field ~ " is null having count(*) > 0") %}
    {% endfor %}
    {{ claims | join("\nunion all\n") }}
{% endtest %}
