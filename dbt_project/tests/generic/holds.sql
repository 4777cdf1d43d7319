{# Rows for which a condition is false. #}
{% test holds(model, condition) %}
    with tested as ({{ tested_rows(model) }})
    select *
    from tested
    where not ({{ condition }})
{% endtest %}
