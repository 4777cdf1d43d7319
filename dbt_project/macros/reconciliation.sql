{# What several pairs of the reconciliation register share. Each macro gives common table expressions, of which the last
   is called differences and has the columns of a pair's model. Rows are ranked newest first: a department mends the
   first one and sees the next. #}

{# Whether two numbers, kept as text, lie further apart than so many percent of the larger one. #}
{% macro beyond_tolerance(value_a, value_b, percent) -%}
    abs(cast({{ value_a }} as decimal(24, 4)) - cast({{ value_b }} as decimal(24, 4))) * 100
    > {{ percent }} * greatest(cast({{ value_a }} as decimal(24, 4)), cast({{ value_b }} as decimal(24, 4)))
{%- endmacro %}

{# How names of units are compared: case, and the two ways of writing the people's committee, do not count. #}
{% macro unit_form(name) -%}
    replace(replace(lower(trim({{ name }})), 'ủy ban nhân dân', 'ubnd'), 'uỷ ban nhân dân', 'ubnd')
{%- endmacro %}

{% macro newest_first(qualifier='') -%}
    {{ qualifier }}submission_sequence desc nulls last,
                {{ qualifier }}source_sheet asc nulls last,
                {{ qualifier }}source_row asc nulls last
{%- endmacro %}

{# A row of one side against nothing on the other. #}
{% macro missing_on_the_other_side(missing, key, value) -%}
    select
        {{ key }} as difference_key,
        commune_key,
        period,
        {{ value }} as value_a,
        cast(null as string) as value_b,
        submission_id as submission_id_a,
        source_sheet as source_sheet_a,
        source_row as source_row_a,
        cast(null as string) as submission_id_b,
        cast(null as string) as source_sheet_b,
        cast(null as bigint) as source_row_b
    from {{ missing }}
    where row_rank = 1
{%- endmacro %}

{# Persons of the expression reported (citizen_key, commune_key, period and where the row stands) whom no current file of
   the register of residents names, in whatever period: who moved away or died was known. Where the register has no file
   of the commune that the row names, nobody is missing from it. #}
{% macro not_in_register() -%}
known as (
    select distinct citizen_key
    from {{ ref('int_compared_resident') }}
),

covered as (
    select distinct commune_key
    from {{ ref('fct_resident') }}
),

register as (
    select count(*) as residents
    from {{ ref('fct_resident') }}
),

missing as (
    select
        reported.citizen_key,
        reported.commune_key,
        reported.period,
        reported.submission_id,
        reported.source_sheet,
        reported.source_row,
        row_number() over (
            partition by reported.citizen_key
            order by
                {{ newest_first('reported.') }}
        ) as row_rank
    from reported
    cross join register
    left join known on reported.citizen_key = known.citizen_key
    left join covered on reported.commune_key = covered.commune_key
    where
        register.residents > 0
        and known.citizen_key is null
        and (reported.commune_key is null or covered.commune_key is not null)
),

differences as (
    {{ missing_on_the_other_side('missing', 'citizen_key', 'citizen_key') }}
)
{%- endmacro %}

{# Persons of the expression reported (citizen_key, period, value and where the row stands) of whom the register of
   residents has another value now. Rows without a value say nothing. #}
{% macro differs_from_register(column) -%}
residents as (
    select
        citizen_key,
        commune_key,
        cast({{ column }} as string) as value,
        submission_id,
        source_sheet,
        source_row
    from {{ ref('int_compared_resident') }}
    where is_latest and {{ column }} is not null
),

differing as (
    select
        reported.citizen_key,
        residents.commune_key,
        reported.period,
        reported.value as value_a,
        residents.value as value_b,
        reported.submission_id as submission_id_a,
        reported.source_sheet as source_sheet_a,
        reported.source_row as source_row_a,
        residents.submission_id as submission_id_b,
        residents.source_sheet as source_sheet_b,
        residents.source_row as source_row_b,
        row_number() over (
            partition by reported.citizen_key
            order by
                {{ newest_first('reported.') }}
        ) as row_rank
    from reported
    inner join residents on reported.citizen_key = residents.citizen_key
    where reported.value <> residents.value
),

differences as (
    select
        citizen_key as difference_key,
        commune_key,
        period,
        value_a,
        value_b,
        submission_id_a,
        source_sheet_a,
        source_row_a,
        submission_id_b,
        source_sheet_b,
        source_row_b
    from differing
    where row_rank = 1
)
{%- endmacro %}

{# Units of the expression reported (unit_name, commune_key, period and where the row stands) in which the personnel
   register has no official. Without any register no unit is missing from it. #}
{% macro not_in_staffing() -%}
staffed as (
    select distinct {{ unit_form('unit_name') }} as unit_form
    from {{ ref('fct_official') }}
    where is_latest
),

register as (
    select count(*) as units
    from staffed
),

units as (
    select
        unit_name,
        {{ unit_form('unit_name') }} as unit_form,
        commune_key,
        period,
        submission_id,
        submission_sequence,
        source_sheet,
        source_row
    from reported
    where unit_name is not null
),

missing as (
    select
        units.unit_name,
        units.unit_form,
        units.commune_key,
        units.period,
        units.submission_id,
        units.source_sheet,
        units.source_row,
        row_number() over (
            partition by units.unit_form
            order by
                {{ newest_first('units.') }}
        ) as row_rank
    from units
    cross join register
    left join staffed on units.unit_form = staffed.unit_form
    where register.units > 0 and staffed.unit_form is null
),

differences as (
    {{ missing_on_the_other_side('missing', 'unit_form', 'unit_name') }}
)
{%- endmacro %}
