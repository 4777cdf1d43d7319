"""The models' SQL, taken apart: what every output column of every step is made of.

Belongs here: parsing, and the reading of one SELECT. Does not belong here: following columns through models
(``columns``) and finding the rows behind a value (``provenance``), which both build on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope
from sqlglot.schema import MappingSchema

from orchestration.lineage.project import Project, Relation

_DIALECT = "duckdb"
#: A relation whose alias ends like this says which combinations there are (periods, units); no value comes from it.
SPINE = "_spine"
#: Stands for a column where the rows of a relation are counted, not a value of theirs.
ROWS = "*"
_RANKS = (exp.RowNumber, exp.Rank, exp.DenseRank)


class UntraceableError(ValueError):
    """The SQL says less than which rows made a value; the message says why."""


@dataclass(frozen=True)
class Part:
    """One thing that a value is made of: columns of the step's sources, the mere presence of its rows, or both.

    around: the aggregate or window function that it stands in; None where the value belongs to a single row.
    """

    columns: tuple[exp.Column, ...]
    rows: bool
    around: exp.AggFunc | exp.Window | None = None

    @property
    def is_rank(self) -> bool:
        """It says how its row compares with others."""
        return isinstance(self.around, exp.Window) and isinstance(self.around.this, _RANKS)


class Queries:
    """The queries of a project's models, each parsed once; what is handed out must not be changed."""

    def __init__(self, project: Project) -> None:
        self.relations = project.relations

    @cached_property
    def _schema(self) -> MappingSchema:
        schema = MappingSchema(dialect=_DIALECT)
        for each in self.relations.values():
            schema.add_table(each.full_name, dict.fromkeys(each.columns, "unknown"))
        return schema

    @cache  # noqa: B019 - lives as long as the queries
    def _parsed(self, name: str) -> exp.Expr:
        sql = self.relations[name].sql
        assert sql is not None
        return sqlglot.parse_one(sql, dialect=_DIALECT)

    @cache  # noqa: B019
    def query(self, name: str) -> exp.Query:
        """A model's query with every column qualified and every star spelled out."""
        parsed = self._parsed(name).copy()
        qualified = qualify(parsed, schema=self._schema, dialect=_DIALECT, quote_identifiers=False, identify=False)
        assert isinstance(qualified, exp.Query)
        return qualified

    @cache  # noqa: B019
    def sources(self, name: str) -> tuple[str, ...]:
        """The relations that a model reads itself, sorted; none of other relations."""
        if not is_model(self.relations[name]):
            return ()
        tables = (table for table in self._parsed(name).find_all(exp.Table) if table.db)
        return tuple(sorted({relation_name(table) for table in tables}))


def relation_name(table: exp.Table) -> str:
    """``schema.name`` of a table in a query."""
    return f"{table.db}.{table.name}"


def is_model(relation: Relation) -> bool:
    """Whether a relation is made by SQL."""
    return relation.sql is not None


def is_grouped(select: exp.Select) -> bool:
    """Whether each row of a SELECT is made of several."""
    return bool(select.args.get("group") or select.args.get("distinct")) or any(
        next(_aggregates(each), None) for each in select.expressions
    )


def row_sources(select: exp.Select) -> list[str]:
    """The aliases of the sources without which a row of a SELECT would not be: not those of outer joins, no spine."""
    start = select.args.get("from_") or select.args.get("from")
    kept = [] if start is None else [start.this.alias_or_name]
    for join in select.args.get("joins") or []:
        kept += [] if join.side == "LEFT" else [join.this.alias_or_name]
    return [alias for alias in kept if not alias.endswith(SPINE)]


def branches(scope: Scope, column: str) -> Iterator[tuple[Scope, exp.Select, str]]:
    """The SELECTs that a query is the union of, each with its own name of an output column."""
    query = scope.expression
    if isinstance(query, exp.Select):
        yield scope, query, column
        return
    assert isinstance(query, exp.Query)
    place = None if column == ROWS else query.named_selects.index(column)
    for branch in scope.set_operation_scopes:
        assert isinstance(branch.expression, exp.Query)
        yield from branches(branch, column if place is None else branch.expression.named_selects[place])


def projection(select: exp.Select, column: str) -> exp.Expr:
    """The expression of an output column."""
    for each in select.expressions:
        if each.alias_or_name == column:
            return each.unalias()
    raise KeyError(column)


def parts(expression: exp.Expr) -> Iterator[Part]:
    """What a value is made of."""
    windows = [each for each in expression.find_all(exp.Window) if each.find_ancestor(exp.Window) is None]
    for window in windows:
        yield Part(_columns(window), rows=True, around=window)
    aggregates = list(_aggregates(expression))
    for aggregate in aggregates:
        counted = aggregate.this
        while isinstance(counted, exp.Distinct):
            counted = counted.expressions[0]
        everything = counted is None or isinstance(counted, exp.Star)
        yield Part(_columns(aggregate), rows=everything or _counts_rows(counted), around=aggregate)
    inside = {id(column) for each in (*windows, *aggregates) for column in each.find_all(exp.Column)}
    outside = tuple(each for each in expression.find_all(exp.Column) if id(each) not in inside)
    rows = not windows and not aggregates and _counts_rows(expression)
    if outside or rows:
        yield Part(outside, rows=rows)


def _columns(expression: exp.Expr | exp.AggFunc) -> tuple[exp.Column, ...]:
    return tuple(expression.find_all(exp.Column))


def _aggregates(expression: exp.Expr) -> Iterator[exp.AggFunc]:
    """The aggregates that make one row of several, which those of a window do not."""
    for each in expression.find_all(exp.AggFunc):
        if each.find_ancestor(exp.Window) is None:
            yield each


def _counts_rows(expression: exp.Expr) -> bool:
    """Whether a value is a number for each row, written as such: 1, or 1 and 0 by a condition."""
    while isinstance(expression, exp.Cast | exp.Paren):
        expression = expression.this
    if isinstance(expression, exp.Case):
        values = [*(each.args["true"] for each in expression.args["ifs"]), expression.args.get("default")]
        return any(isinstance(each, exp.Literal) and not each.is_string for each in values)
    return isinstance(expression, exp.Literal) and not expression.is_string


def counts_flags(aggregate: exp.AggFunc) -> bool:
    """Whether rows with zero add nothing to an aggregate: to every sum, and to the largest of 1 and 0."""
    return isinstance(aggregate, exp.Sum) or (isinstance(aggregate, exp.Max) and _counts_rows(aggregate.this))
