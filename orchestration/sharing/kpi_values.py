"""The KPIs of a published version: which there are, and the values of one with the files that they were counted from.

Belongs here: the queries behind ``kho kpi``. Does not belong here: what a KPI counts (``dbt_project/models/kpi``) and
how it is shown (``console/kpi.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestration.settings import Settings
from orchestration.sharing.query import QueryError, literal, records

Row = dict[str, Any]

_DEFINITION = (
    "kpi_id, kpi_name_vi, kpi_name_en, unit, decimals, target, direction, owner, legal_basis, "
    "numerator_meaning, denominator_meaning"
)
_VALUE = (
    "geography_level, geography_code, geography_name, breakdown, period, numerator, denominator, value, unit, target, "
    "gap, missing_to_target, trend"
)
_SOURCE = "dataset, unit, submission_period, submission_id, file_name, received_at, rows_accepted"


@dataclass(frozen=True)
class KpiValues:
    """One KPI: its declaration, its values and the submissions behind them."""

    definition: Row
    values: list[Row]
    sources: list[Row] = field(default_factory=list)


def latest_values(settings: Settings) -> list[Row]:
    """The newest value of every KPI for the province, and of every KPI that has none yet its name.

    Where a KPI has periods of several lengths (month, quarter, year), the shortest is shown.
    """
    return records(
        settings,
        f"""
        with latest as (
            select kpi_id, {_VALUE},
                row_number() over (partition by kpi_id, breakdown order by length(period) desc, period) as place
            from marts.mart_kpi
            where geography_level = 'province' and is_latest
        )
        select definition.kpi_id, definition.kpi_name_vi, definition.kpi_name_en, latest.breakdown, latest.period,
            latest.numerator, latest.denominator, latest.value, definition.unit, definition.target
        from core.kpi_definition as definition
        left join latest on latest.kpi_id = definition.kpi_id and latest.place = 1
        order by definition.kpi_id, latest.breakdown
        """,
    )


def kpi_values(
    settings: Settings, kpi_id: str, *, commune: str | None = None, communes: bool = False, period: str | None = None
) -> KpiValues:
    """Values of a KPI for the province, for one commune (code or name), or for every commune.

    period: by default the newest one of each length. Raises QueryError, saying which KPIs, communes or periods there
    are, where one is unknown.
    """
    definitions = records(settings, f"select {_DEFINITION} from core.kpi_definition where kpi_id = {literal(kpi_id)}")
    if not definitions:
        known = [str(each["kpi_id"]) for each in records(settings, "select kpi_id from core.kpi_definition order by 1")]
        raise QueryError(f"no KPI {kpi_id!r}; there are: {', '.join(known)}")
    conditions = [f"kpi_id = {literal(kpi_id)}"]
    conditions.append(f"period = {literal(period)}" if period else "is_latest")
    if commune:
        conditions.append(f"geography_level = 'commune' and geography_code = {literal(_code(settings, commune))}")
    else:
        conditions.append(f"geography_level = '{'commune' if communes else 'province'}'")
    values = records(
        settings,
        f"select {_VALUE} from marts.mart_kpi where {' and '.join(conditions)} "
        "order by length(period) desc, period, breakdown, geography_name",
    )
    if not values and period:
        _refuse_period(settings, kpi_id, period)
    return KpiValues(definitions[0], values, _sources(settings, kpi_id, values))


def _code(settings: Settings, commune: str) -> str:
    found = records(
        settings,
        "select distinct commune_code, commune_name from core.dim_commune "
        f"where is_present and {literal(commune.casefold())} in (commune_code, lower(commune_name), "
        "lower(commune_bare_name)) and province_code in (select geography_code from marts.mart_kpi "
        "where geography_level = 'province')",
    )
    if len(found) == 1:
        return str(found[0]["commune_code"])
    names = ", ".join(f"{each['commune_name']} ({each['commune_code']})" for each in found)
    raise QueryError(f"several communes are called {commune!r}: {names}" if found else f"no commune {commune!r}")


def _refuse_period(settings: Settings, kpi_id: str, period: str) -> None:
    known = records(
        settings, f"select distinct period from marts.mart_kpi where kpi_id = {literal(kpi_id)} order by period"
    )
    told = ", ".join(str(each["period"]) for each in known)
    raise QueryError(f"{kpi_id} has no value for {period}; it has {told or 'none at all'}")


def _sources(settings: Settings, kpi_id: str, values: Sequence[Row]) -> list[Row]:
    periods = sorted({str(each["period"]) for each in values})
    if not periods:
        return []
    return records(
        settings,
        f"select distinct {_SOURCE} from marts.mart_kpi_source where kpi_id = {literal(kpi_id)} "
        f"and period in ({', '.join(map(literal, periods))}) order by dataset, submission_period, unit, received_at",
    )
