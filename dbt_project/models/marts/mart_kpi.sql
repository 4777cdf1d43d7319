with measures as (
    select
        kpi_id,
        commune_key,
        commune_of_time_key,
        breakdown,
        period,
        period_end,
        numerator,
        denominator
    from {{ ref('kpi_measure') }}
),

definitions as (
    select
        kpi_id,
        kpi_name_vi,
        kpi_name_en,
        unit,
        decimals,
        target,
        direction,
        adds_up_over_time,
        spread_by,
        owner,
        legal_basis,
        numerator_meaning,
        denominator_meaning,
        counts_persons
    from {{ ref('kpi_definition') }}
),

communes as (
    select
        commune_key,
        commune_code,
        commune_name,
        province_code,
        province_name
    from {{ ref('dim_commune') }}
    where is_present and province_code = '{{ province_code() }}'
),

province as (
    select
        province_code,
        max(province_name) as province_name
    from communes
    group by province_code
),

-- What happens in a month adds up over the quarter and the year; what is so at a date does not.
spread as (
    select
        kpi_id,
        commune_key,
        commune_of_time_key,
        breakdown,
        period,
        period_end,
        numerator,
        denominator
    from measures
    union all
    select
        measures.kpi_id,
        measures.commune_key,
        measures.commune_of_time_key,
        measures.breakdown,
        {{ quarter_label('measures.period_end') }} as period,
        {{ quarter_end('measures.period_end') }} as period_end,
        measures.numerator,
        measures.denominator
    from measures
    inner join definitions on measures.kpi_id = definitions.kpi_id
    where definitions.adds_up_over_time
    union all
    select
        measures.kpi_id,
        measures.commune_key,
        measures.commune_of_time_key,
        measures.breakdown,
        {{ year_label('measures.period_end') }} as period,
        {{ year_end('measures.period_end') }} as period_end,
        measures.numerator,
        measures.denominator
    from measures
    inner join definitions on measures.kpi_id = definitions.kpi_id
    where definitions.adds_up_over_time
),

-- What belongs to a commune that was divided since is spread over its parts by their declared weights. Where none are
-- declared, it is withheld from the communes and counts in the province only.
placed as (
    select
        kpi_id,
        commune_key,
        breakdown,
        period,
        period_end,
        numerator,
        denominator,
        0 as is_estimated
    from spread
    where commune_key is not null
    union all
    select
        spread.kpi_id,
        shares.commune_key,
        spread.breakdown,
        spread.period,
        spread.period_end,
        spread.numerator * shares.weight as numerator,
        spread.denominator * shares.weight as denominator,
        1 as is_estimated
    from spread
    inner join definitions on spread.kpi_id = definitions.kpi_id
    inner join {{ ref('geography_share') }} as shares
        on
            spread.commune_of_time_key = shares.commune_of_time_key
            and definitions.spread_by = shares.weight_kind
    where spread.commune_key is null
),

geographies as (
    select
        placed.kpi_id,
        'commune' as geography_level,
        communes.commune_code as geography_code,
        communes.commune_name as geography_name,
        placed.breakdown,
        placed.period,
        placed.period_end,
        placed.numerator,
        placed.denominator,
        placed.is_estimated,
        cast(null as decimal(24, 4)) as withheld_numerator,
        cast(null as decimal(24, 4)) as withheld_denominator
    from placed
    inner join communes on placed.commune_key = communes.commune_key
    union all
    select
        spread.kpi_id,
        'province' as geography_level,
        province.province_code as geography_code,
        province.province_name as geography_name,
        spread.breakdown,
        spread.period,
        spread.period_end,
        spread.numerator,
        spread.denominator,
        0 as is_estimated,
        case when withheld.commune_of_time_key is null then 0 else spread.numerator end as withheld_numerator,
        case when withheld.commune_of_time_key is null then 0 else spread.denominator end as withheld_denominator
    from spread
    inner join definitions on spread.kpi_id = definitions.kpi_id
    left join {{ ref('geography_withheld') }} as withheld
        on
            spread.commune_of_time_key = withheld.commune_of_time_key
            and definitions.spread_by = withheld.weight_kind
    cross join province
),

summed as (
    select
        kpi_id,
        geography_level,
        geography_code,
        geography_name,
        breakdown,
        period,
        period_end,
        cast(sum(numerator) as decimal(24, 4)) as numerator,
        cast(sum(denominator) as decimal(24, 4)) as denominator,
        max(is_estimated) = 1 as is_estimated,
        cast(sum(withheld_numerator) as decimal(24, 4)) as withheld_numerator,
        cast(sum(case when denominator is not null then withheld_denominator end) as decimal(24, 4))
            as withheld_denominator
    from geographies
    group by kpi_id, geography_level, geography_code, geography_name, breakdown, period, period_end
),

valued as (
    select
        summed.kpi_id,
        definitions.kpi_name_vi,
        definitions.kpi_name_en,
        summed.geography_level,
        summed.geography_code,
        summed.geography_name,
        summed.breakdown,
        summed.period,
        summed.period_end,
        length(summed.period) as period_length,
        summed.numerator,
        summed.denominator,
        summed.is_estimated,
        summed.withheld_numerator,
        summed.withheld_denominator,
        {{ kpi_value('definitions.unit', 'definitions.decimals', 'summed.numerator', 'summed.denominator') }} as value,
        definitions.unit,
        definitions.target,
        definitions.direction,
        definitions.owner,
        definitions.legal_basis,
        definitions.numerator_meaning,
        definitions.denominator_meaning,
        definitions.counts_persons
    from summed
    inner join definitions on summed.kpi_id = definitions.kpi_id
),

trended as (
    select
        kpi_id,
        kpi_name_vi,
        kpi_name_en,
        geography_level,
        geography_code,
        geography_name,
        breakdown,
        period,
        period_end,
        numerator,
        denominator,
        is_estimated,
        withheld_numerator,
        withheld_denominator,
        value,
        unit,
        target,
        value - target as gap,
        case
            when unit = 'percent' and direction = 'up' and target is not null
                then greatest(ceil(denominator * target / 100) - numerator, 0)
        end as missing_to_target,
        direction,
        lag(value) over (
            partition by kpi_id, geography_level, geography_code, breakdown, period_length
            order by period_end asc nulls last
        ) as previous_value,
        row_number() over (
            partition by kpi_id, geography_level, geography_code, breakdown, period_length
            order by period_end desc nulls last
        ) = 1 as is_latest,
        owner,
        legal_basis,
        numerator_meaning,
        denominator_meaning,
        counts_persons
    from valued
)

select
    kpi_id,
    kpi_name_vi,
    kpi_name_en,
    geography_level,
    geography_code,
    geography_name,
    breakdown,
    period,
    period_end,
    numerator,
    denominator,
    is_estimated,
    withheld_numerator,
    withheld_denominator,
    value,
    unit,
    target,
    gap,
    cast(missing_to_target as bigint) as missing_to_target,
    direction,
    previous_value,
    value - previous_value as trend,
    is_latest,
    owner,
    legal_basis,
    numerator_meaning,
    denominator_meaning,
    counts_persons
from trended
order by kpi_id, geography_level, geography_code, breakdown, period
