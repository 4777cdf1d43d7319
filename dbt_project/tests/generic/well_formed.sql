{#
    Whether a table is what its description says: one row per key, and per each further one; the columns that are always
    filled; the values that a column may have (an empty cell is none of them, and no fault). A row says in `broken` what
    does not hold; one test for all of it, because each test of a build costs dbt more than what the test asks. Nulls of a
    key count as equal.
#}
{% test well_formed(model, key=[], further_keys=[], filled=[], values={}) %}
    {% set claims = [] %}
    {% for columns in [key] + further_keys if columns %}
        {% do claims.append("select '" ~ columns | join(', ') ~ " repeated' as broken, count(*) as occurrences from tested"
            ~ " group by " ~ columns | join(', ') ~ " having count(*) > 1") %}
    {% endfor %}
    {% for column in filled %}
        {% do claims.append("select '" ~ column ~ " is null' as broken, count(*) as occurrences from tested"
            ~ " where " ~ column ~ " is null having count(*) > 0") %}
    {% endfor %}
    {% for column, accepted in values.items() %}
        {% do claims.append("select '" ~ column ~ " has another value' as broken, count(*) as occurrences from tested"
            ~ " where " ~ column ~ " not in ('" ~ accepted | join("', '") ~ "') having count(*) > 0") %}
    {% endfor %}
    with tested as ({{ tested_rows(model) }})
    {{ claims | join("\nunion all\n") }}
{% endtest %}
