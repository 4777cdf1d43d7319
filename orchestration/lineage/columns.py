"""Column lineage: which columns a column is made of, step by step and down to the departments' own columns.

Belongs here: following columns through the models. Does not belong here: reading one SELECT (``queries``), rows
(``provenance``), how it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from sqlglot import exp
from sqlglot.optimizer.scope import Scope, build_scope

from orchestration.lineage.project import BRONZE, Project
from orchestration.lineage.queries import (
    ROWS,
    Part,
    Queries,
    branches,
    is_model,
    parts,
    projection,
    relation_name,
    row_sources,
)

How = Literal["copied", "computed", "aggregated"]
_ORDER: tuple[How, ...] = ("copied", "computed", "aggregated")


@dataclass(frozen=True, order=True)
class Source:
    """A column (or ``*``, its rows) of a relation, and how another column is made of it.

    how: copied as it is, computed with other values of a row, or aggregated over rows.
    """

    relation: str
    column: str
    how: How


class ColumnLineage:
    """The column lineage of a project."""

    def __init__(self, project: Project) -> None:
        self.relations = project.relations
        self.queries = Queries(project)

    @cache  # noqa: B019 - lives as long as the lineage
    def direct(self, relation: str, column: str) -> tuple[Source, ...]:
        """What a model's column is made of in the relations that the model reads; nothing for other relations."""
        if not is_model(self.relations[relation]):
            return ()
        return _strongest(_Walk(self._scope(relation)).sources(column))

    @cache  # noqa: B019
    def _scope(self, relation: str) -> Scope:
        scope = build_scope(self.queries.query(relation))
        assert scope is not None
        return scope

    @cache  # noqa: B019
    def origins(self, relation: str, column: str) -> tuple[Source, ...]:
        """What a column is made of in the bronze tables and seeds, through all models between."""
        if not is_model(self.relations[relation]):
            return ()
        found: list[Source] = []
        for each in self.direct(relation, column):
            if not is_model(self.relations[each.relation]):
                found.append(each)
                continue
            further = self._rows(each.relation) if each.column == ROWS else self.origins(each.relation, each.column)
            found += [Source(one.relation, one.column, _stronger(one.how, each.how)) for one in further]
        return _strongest(found)

    @cache  # noqa: B019
    def _rows(self, relation: str) -> tuple[Source, ...]:
        """The bronze tables and seeds whose rows a model's rows are."""
        found: list[Source] = []
        for each in _Walk(self._scope(relation)).sources(ROWS):
            model = is_model(self.relations[each.relation])
            found += self._rows(each.relation) if model and each.column == ROWS else [each] if not model else []
        return _strongest(found)

    def sources(self, relation: str) -> tuple[str, ...]:
        """The relations that a model reads itself, sorted."""
        return self.queries.sources(relation)

    @cache  # noqa: B019
    def all_sources(self, relation: str) -> frozenset[str]:
        """The relations that a model is made of, through all models between."""
        direct = self.sources(relation)
        return frozenset(direct).union(*(self.all_sources(each) for each in direct))

    def bronze_tables(self, relation: str) -> list[str]:
        """The names of the bronze tables that a model is made of, sorted."""
        return sorted(each.partition(".")[2] for each in self.all_sources(relation) if each.startswith(f"{BRONZE}."))


class _Walk:
    """One model's query, walked from an output column to the tables that it reads."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def sources(self, column: str, scope: Scope | None = None) -> list[Source]:
        scope = scope or self._scope
        return [found for each in branches(scope, column) for found in self._of_select(*each)]

    def _of_select(self, scope: Scope, select: exp.Select, column: str) -> Iterator[Source]:
        if column == ROWS:
            for alias in row_sources(select):
                yield from self._of_source(scope, alias, ROWS)
            return
        expression = projection(select, column)
        for part in parts(expression):
            places = [(each.table, each.name) for each in part.columns]
            if part.rows and not places:
                places = [(alias, ROWS) for alias in row_sources(select)]
            for place in places:
                for each in self._of_source(scope, *place):
                    yield Source(each.relation, each.column, _stronger(each.how, _how(expression, part)))

    def _of_source(self, scope: Scope, alias: str, column: str) -> list[Source]:
        source = scope.sources[alias]
        if isinstance(source, exp.Table):
            return [Source(relation_name(source), column, "copied")]
        return self.sources(column, source)


def _how(expression: exp.Expr, part: Part) -> How:
    if part.around is not None and not part.is_rank:
        return "aggregated"
    while isinstance(expression, exp.Cast | exp.Paren):
        expression = expression.this
    return "copied" if isinstance(expression, exp.Column) else "computed"


def _stronger(one: How, other: How) -> How:
    return _ORDER[max(_ORDER.index(one), _ORDER.index(other))]


def _strongest(found: Iterable[Source]) -> tuple[Source, ...]:
    """One source for each column: where it is used in several ways, the one furthest from a copy."""
    best: dict[tuple[str, str], How] = {}
    for each in found:
        place = (each.relation, each.column)
        best[place] = _stronger(best.get(place, "copied"), each.how)
    return tuple(sorted(Source(relation, column, how) for (relation, column), how in best.items()))
