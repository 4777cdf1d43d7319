"""The KPIs: what each ``models/kpi/kpi_<id>.yml`` declares, and the models that gather them.

Belongs here: reading the declarations and the SQL text that follows from them. Does not belong here: what a KPI counts
(its model) and how values, targets and trends follow from the counts (``mart_kpi``). A KPI is one model with its yml;
nothing else has to be edited for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from orchestration.yaml_files import read_yaml
from schemas import datasets

_PREFIX = "kpi_"
_NOTE = (
    "-- Derived from the kpi_*.yml beside it by orchestration/building/kpis.py; do not edit. "
    "A test fails when it is stale.\n"
)
#: Names of the models that gather all KPIs' counts, their declarations, and the datasets that they are counted from.
MEASURE, DEFINITION, DATASET = "kpi_measure", "kpi_definition", "kpi_dataset"
#: What stands in braces, and the names in it: of models and bronze tables, handed to ref() or to any macro.
_JINJA, _NAME = re.compile(r"\{\{.*?\}\}", re.DOTALL), re.compile(r"'([a-z0-9_]+)'")
#: The column of a KPI's model with the commune of the time.
_OF_TIME = "commune_of_time_key"


@dataclass(frozen=True, kw_only=True)
class Kpi:
    """One KPI as declared.

    unit: percent (numerator over denominator) or count. decimals: 0 to 2. direction: up or down, where better is.
    adds_up_over_time: months may be summed to quarters and years (what happens), or not (what is so at a date).
    forecast: its quarters are carried on by a straight line (``mart_kpi_forecast``).
    spread_by: population or area, the weights by which counts of a commune that was divided since are spread over its
    parts. counts_persons: it counts persons, or things of which each belongs to one; open data withhold its small
    figures. of_time: the model names the commune of the time beside the present one (its yml lists the column).
    """

    id: str
    name_vi: str
    name_en: str
    unit: str
    decimals: int
    direction: str
    owner: str
    legal_basis: str
    numerator: str
    denominator: str
    target: float | None = None
    adds_up_over_time: bool = False
    forecast: bool = False
    spread_by: str = "population"
    counts_persons: bool = True
    of_time: bool = False

    def __post_init__(self) -> None:
        allowed = {"unit": ("percent", "count"), "direction": ("up", "down"), "decimals": (0, 1, 2)}
        for name, values in (allowed | {"spread_by": ("population", "area")}).items():
            if getattr(self, name) not in values:
                raise ValueError(f"KPI {self.id}: {name} is {getattr(self, name)!r}; it must be one of {values}")


def declared_kpis(folder: Path) -> list[Kpi]:
    """The KPIs whose declarations lie in ``folder``, by id. Raises ValueError or TypeError for one that is unsound."""
    found = []
    for file in sorted(folder.glob(f"{_PREFIX}*.yml")):
        if file.stem in (MEASURE, DEFINITION, DATASET):
            continue
        (model,) = read_yaml(file)["models"]
        if model["name"] != file.stem:
            raise ValueError(f"{file.name}: declares {model['name']}")
        of_time = any(column["name"] == _OF_TIME for column in model.get("columns", []))
        found.append(Kpi(id=file.stem.removeprefix(_PREFIX), of_time=of_time, **model["config"]["meta"]["kpi"]))
    return found


def _literal(value: object) -> str:
    if value is None:
        return "cast(null as decimal(24, 4))"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


def measure_sql(kpis: list[Kpi]) -> str:
    """All KPIs' counts in one table."""
    parts = [
        f"""select
    '{kpi.id}' as kpi_id,
    commune_key,
    {_OF_TIME if kpi.of_time else f"cast(null as string) as {_OF_TIME}"},
    breakdown,
    period,
    period_end,
    cast(numerator as decimal(24, 4)) as numerator,
    cast(denominator as decimal(24, 4)) as denominator
from {{{{ ref('{_PREFIX}{kpi.id}') }}}}"""
        for kpi in kpis
    ]
    return _NOTE + "\nunion all\n".join(parts) + "\n"


def definition_sql(kpis: list[Kpi]) -> str:
    """All KPIs' declarations in one table."""
    names = {"id": "kpi_id", "name_vi": "kpi_name_vi", "name_en": "kpi_name_en"}
    names |= {"numerator": "numerator_meaning", "denominator": "denominator_meaning"}
    parts = []
    for kpi in kpis:
        columns = []
        for each in (one for one in fields(Kpi) if one.name != "of_time"):
            value = _literal(getattr(kpi, each.name))
            if each.name == "target" and kpi.target is not None:
                value = f"cast({value} as decimal(24, 4))"
            columns.append(f"    {value} as {names.get(each.name, each.name)}")
        parts.append("select\n" + ",\n".join(columns))
    return _NOTE + "\nunion all\n".join(parts) + "\n"


def _datasets(model: str, models: Mapping[str, Path], paths: Mapping[str, str]) -> set[str]:
    """The datasets that a model is made of, through all models between. ``paths``: of a dataset by its table."""
    found: set[str] = set()
    for braces in _JINJA.findall(models[model].read_text(encoding="utf-8")):
        for name in _NAME.findall(braces):
            if name in paths:
                found.add(paths[name])
            elif name in models and name != model:
                found |= _datasets(name, models, paths)
    return found


def dataset_sql(kpis: list[Kpi], models: Path) -> str:
    """The datasets of every KPI in one table, as the SQL below ``models`` reads them."""
    files = {file.stem: file for file in models.rglob("*.sql")}
    paths = {declaration.table: path for path, declaration in datasets().items()}
    pairs = [(kpi.id, path) for kpi in kpis for path in sorted(_datasets(f"{_PREFIX}{kpi.id}", files, paths))]
    parts = [f"select\n    {_literal(kpi)} as kpi_id,\n    {_literal(path)} as dataset" for kpi, path in pairs]
    return _NOTE + "\nunion all\n".join(parts) + "\n"


def derived_files(folder: Path) -> dict[Path, str]:
    """The committed files that follow from the declarations, and their text; none where no KPI is declared."""
    kpis = declared_kpis(folder)
    if not kpis:
        return {}
    return {
        folder / f"{MEASURE}.sql": measure_sql(kpis),
        folder / f"{DEFINITION}.sql": definition_sql(kpis),
        folder / f"{DATASET}.sql": dataset_sql(kpis, folder.parent),
    }
