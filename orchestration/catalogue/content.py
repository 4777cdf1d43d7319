"""What the catalogue says of each dataset, table and KPI, gathered from the declarations, the SQL and the last version.

Belongs here: facts. Does not belong here: how a page looks (``site.py`` and its templates), formats of other programs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from orchestration.building.kpis import Kpi, declared_kpis
from orchestration.intake.wording import Explained, explain
from orchestration.lineage.columns import ColumnLineage, Source
from orchestration.lineage.project import BRONZE, Relation, read_project
from orchestration.settings import Settings
from orchestration.sharing.query import literal, records
from orchestration.sharing.versions import current
from schemas import Column, Declaration, datasets

#: Schemas whose tables analysts query.
SCHEMAS = ("marts", "core", "ops")


@dataclass(frozen=True)
class Quality:
    """One dimension of a dataset's quality in its newest period."""

    title: str
    period: str
    numerator: int
    denominator: int
    score_percent: Any


@dataclass(frozen=True)
class Origin:
    """A column that another one is made of. place: the page of its relation; title: its header in the files."""

    source: Source
    place: str
    label: str
    title: str


class Content:
    """All that the catalogue says of an installation; quality only where a version is published."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.lineage = ColumnLineage(read_project(settings))
        self._project = read_project(settings)

    @cached_property
    def datasets(self) -> list[Declaration]:
        """Every dataset, by path."""
        return list(datasets().values())

    @cached_property
    def tables(self) -> list[Relation]:
        """Every table that is published, marts first."""
        stored = [each for each in self.lineage.relations.values() if each.stored and each.schema in SCHEMAS]
        return sorted(stored, key=lambda each: (SCHEMAS.index(each.schema), each.name))

    @cached_property
    def kpis(self) -> list[Kpi]:
        """Every KPI, by id."""
        return declared_kpis(self._settings.dbt_project / "models" / "kpi")

    def rules(self, declaration: Declaration, column: Column) -> list[Explained]:
        """What is checked of a column's values, in words."""
        return [explain(declaration, rule, column.name) for rule in declaration.rule_ids(column.name)]

    def quality(self, declaration: Declaration) -> list[Quality]:
        """The six shares of a dataset in its newest period; none before anything is published."""
        if current(self._settings) is None:
            return []
        rows = records(
            self._settings,
            "select dimension_title as title, period, sum(numerator) as numerator, sum(denominator) as denominator, "
            "round(100.0 * sum(numerator) / nullif(sum(denominator), 0), 1) as score_percent from marts.mart_quality "
            f"where dataset = {literal(declaration.path)} and period = (select max(period) from marts.mart_quality "
            f"where dataset = {literal(declaration.path)}) group by dimension_no, dimension_title, period "
            "order by dimension_no",
        )
        return [Quality(**each) for each in rows]

    def made_of(self, table: Relation, column: str) -> list[Origin]:
        """The columns in the tables that a table reads."""
        return [self._origin(each) for each in self.lineage.direct(table.full_name, column)]

    def begins_in(self, table: Relation, column: str) -> list[Origin]:
        """The columns of the departments' files that a column is made of; what the ledger says is left out."""
        found = self.lineage.origins(table.full_name, column)
        return [self._origin(each) for each in found if each.relation in self._by_bronze]

    @cached_property
    def _by_bronze(self) -> dict[str, Declaration]:
        return {f"{BRONZE}.{each.table}": each for each in self.datasets}

    def _origin(self, source: Source) -> Origin:
        declaration = self._by_bronze.get(source.relation)
        if declaration is None:
            known = any(each.full_name == source.relation for each in self.tables)
            place = f"table-{source.relation.replace('.', '-')}.html" if known else ""
            return Origin(source, place, source.relation, "")
        titles = {each.name: each.title for each in declaration.warehouse_columns}
        return Origin(source, f"dataset-{declaration.table}.html", declaration.path, titles.get(source.column, ""))

    def sources(self, table: Relation) -> list[str]:
        """The published tables that a table reads, through steps that are no tables of their own."""
        found: set[str] = set()
        pending = list(self.lineage.sources(table.full_name))
        while pending:
            name = pending.pop()
            relation = self.lineage.relations[name]
            if relation.stored or relation.sql is None:
                found.add(name)
            else:
                pending += self.lineage.sources(name)
        return sorted(found)

    def datasets_of(self, relation: str) -> list[Declaration]:
        """The datasets that a table is made of."""
        tables = self.lineage.bronze_tables(relation)
        return [each for each in self.datasets if each.table in tables]

    def tables_of(self, declaration: Declaration) -> list[Relation]:
        """The published tables that are made of a dataset."""
        return [each for each in self.tables if declaration in self.datasets_of(each.full_name)]

    def examples(self, table: Relation) -> Sequence[str]:
        """Queries that read a table: those of the questions that it answers, or its first rows."""
        asked = [each["config"]["meta"].get("query") for each in self._project.exposures]
        found = [" ".join(query.split()) for query in asked if query and table.full_name in query]
        return found or [f"select * from {table.full_name} limit 10"]
