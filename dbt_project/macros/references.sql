{# What the generic test `refers` asks of one column: each value is there in another relation.

   each: {column, to, field}. Beside a few rows only what they name is looked at: a join with all persons would be made of
   all of them. Of persons who are not concerned by the change that a build follows, neither side has changed. #}
{% macro claim_that_it_is_there(each) -%}
    {%- set name = (each.to ~ '').split('.')[-1].strip('"') -%}
    {%- set of_persons = each.field == 'citizen_key' and has_left_concerned(name) -%}
    {%- set referring, referred = 'tested', each.to -%}
    {%- if is_narrowed() and not (of_persons and each.column == 'citizen_key') -%}
        {%- set among = ' where ' ~ each.field ~ ' in (select ' ~ each.column ~ ' from tested)' -%}
        {%- set referred = '(select ' ~ each.field ~ ' from ' ~ each.to ~ among ~ ')' -%}
    {%- elif of_persons and (is_narrowed() or not is_built()) -%}
        {%- set persons = '(select citizen_key from ' ~ source('bronze', 'changed_person') ~ ')' -%}
        {%- set referring = '(select * from tested where ' ~ each.column ~ ' in ' ~ persons ~ ')' -%}
        {%- set referred = 'concerned.' ~ name -%}
    {%- endif -%}
    select '{{ each.column }} leads nowhere' as broken, count(*) as occurrences
    from {{ referring }} as referring
    left join {{ referred }} as referred on referring.{{ each.column }} = referred.{{ each.field }}
    where referring.{{ each.column }} is not null and referred.{{ each.field }} is null
    having count(*) > 0
{%- endmacro %}
