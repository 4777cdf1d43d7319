{#
    Whether what a column names is there: references is a list of {column, to, field}. An empty cell names nothing. A row
    says in `broken` which column does not hold.
#}
{% test refers(model, references) %}
    {% set claims = [] %}
    {% for each in references %}
        {% do claims.append(claim_that_it_is_there(each)) %}
    {% endfor %}
    with tested as ({{ tested_rows(model) }})
    {{ claims | join("\nunion all\n") }}
{% endtest %}
