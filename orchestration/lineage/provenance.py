"""The rows behind a value: a model's query rewritten so that it says, beside a column, which facts made it.

Belongs here: the rewriting, from the SQL of the models to SQL over the published tables. Does not belong here: reading
one SELECT (``queries``), running the rewritten query and what lies behind a fact (``sharing/trace.py``).

A relation that names its source row (submission, sheet, row), or at least its submission, is where a trace ends. Every
other model that is made of such relations is replaced by its own query, to which a list of pointers is added for each
column that is asked for: joined values bring the lists of both sides, an aggregate collects those of the rows that it
adds up. Dimensions say where facts belong and are no facts: a trace goes through one only when it is asked for itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from graphlib import TopologicalSorter
from types import NoneType

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.scope import Scope, build_scope

from orchestration.lineage.columns import ColumnLineage
from orchestration.lineage.queries import (
    ROWS,
    Part,
    UntraceableError,
    branches,
    counts_flags,
    is_grouped,
    is_model,
    parts,
    projection,
    relation_name,
    row_sources,
)

#: The fields of a pointer. source_sheet and source_row are null where only the submission is known.
POINTER = ("relation", "submission_id", "source_sheet", "source_row")
_SUBMISSION = "submission_id"
_SUFFIX = re.compile(rf"{_SUBMISSION}(\w*)")
_LIST = "facts_of_"
_DIALECT = "duckdb"


@dataclass
class _Step:
    """A relation that is replaced: its query, and the lists that were added to it, by column."""

    name: str
    query: exp.Query
    scope: Scope | None
    lists: dict[tuple[int, str], str | None] = field(default_factory=dict)


class Provenance:
    """Writes, for one relation, queries that name the facts behind its columns."""

    def __init__(self, lineage: ColumnLineage, relation: str) -> None:
        self._lineage, self._relation = lineage, relation
        self._relations = lineage.relations

    def query(self, column: str, where: str, *, beside: Sequence[str] = ()) -> str | None:
        """SQL that gives the pointers behind a column (``*``: behind the row) of the rows that a condition selects.

        Its last column ``facts`` is a list of structs; ``beside``: columns of the relation that come before it. None
        where no fact stands behind the column. Raises UntraceableError where the SQL does not say which they are.
        """
        rewriting = _Rewriting(self)
        found = rewriting.list_of(self._relation, column)
        if found is None:
            return None
        steps = ",\n".join(f"{name} as (\n{query.sql(_DIALECT)}\n)" for name, query in rewriting.ordered())
        wanted = ", ".join([*beside, f"{found} as facts"])
        return f"with {steps}\nselect {wanted} from {_step_name(self._relation)} as traced where {where}"

    @cache  # noqa: B019 - lives as long as its owner
    def pointers(self, relation: str) -> tuple[str, ...]:
        """SQL of the pointers that a row of a relation carries; none where it carries none."""
        columns = self._relations[relation].columns
        if relation.startswith("bronze."):
            return ()
        found = []
        for suffix in (match[1] for match in map(_SUFFIX.fullmatch, columns) if match):
            sheet, row = f"source_sheet{suffix}", f"source_row{suffix}"
            exact = sheet in columns and row in columns
            place = (sheet, row) if exact else ("cast(null as varchar)", "cast(null as bigint)")
            values = (f"'{relation}'", f"{_SUBMISSION}{suffix}", *place)
            pairs = ", ".join(f"{name} := {value}" for name, value in zip(POINTER, values, strict=True))
            found.append(
                (exact, f"case when {_SUBMISSION}{suffix} is not null then [struct_pack({pairs})] else [] end")
            )
        best = any(exact for exact, _ in found)
        return tuple(sql for exact, sql in found if exact == best)

    @cache  # noqa: B019
    def has_facts(self, relation: str) -> bool:
        """Whether facts stand behind a relation at all."""
        if self.pointers(relation):
            return True
        if not is_model(self._relations[relation]) or self._is_dimension(relation):
            return False
        return any(map(self.has_facts, self._lineage.sources(relation)))

    def _is_dimension(self, relation: str) -> bool:
        return relation != self._relation and self._relations[relation].name.startswith("dim_")


class _Rewriting:
    """One query being written."""

    def __init__(self, provenance: Provenance) -> None:
        self._provenance = provenance
        self._steps: dict[str, _Step] = {}

    def list_of(self, relation: str, column: str) -> str | None:
        """The name of the list behind a relation's column, added to its step; None where there is nothing behind it."""
        if not self._provenance.has_facts(relation):
            return None
        step = self._step(relation)
        if step.scope is None:
            return f"{_LIST}row"
        return self._list(step, step.scope, column)

    def _step(self, relation: str) -> _Step:
        if relation not in self._steps:
            pointers = self._provenance.pointers(relation)
            if pointers:
                listed = pointers[0] if len(pointers) == 1 else f"list_concat({', '.join(pointers)})"
                query = sqlglot.parse_one(f"select *, {listed} as {_LIST}row from {relation}", dialect=_DIALECT)
                assert isinstance(query, exp.Query)
                self._steps[relation] = _Step(relation, query, None)
            else:
                query = self._provenance._lineage.queries.query(relation).copy()
                self._steps[relation] = _Step(relation, query, build_scope(query))
        return self._steps[relation]

    def _list(self, step: _Step, scope: Scope, column: str) -> str | None:
        place = (id(scope.expression), column)
        if place not in step.lists:
            name = f"{_LIST}{'row' if column == ROWS else column}"
            found = [
                (select, self._facts(step, branch, select, inner)) for branch, select, inner in branches(scope, column)
            ]
            if any(facts for _, facts in found):
                _check_keeps_rows(scope.expression)
                # A union needs the list in each of its branches, at the same place and under the same name.
                for select, facts in found:
                    _spell_out_distinct(select)
                    select.select(f"{facts or '[]'} as {name}", copy=False, dialect=_DIALECT)
            step.lists[place] = name if any(facts for _, facts in found) else None
        return step.lists[place]

    def _facts(self, step: _Step, scope: Scope, select: exp.Select, column: str) -> str | None:
        """SQL of the list behind a column of a SELECT."""
        wanted = [Part((), rows=True)] if column == ROWS else list(parts(projection(select, column)))
        return _concatenated(self._part(step, scope, select, part) for part in wanted)

    def _part(self, step: _Step, scope: Scope, select: exp.Select, part: Part) -> str | None:
        if isinstance(part.around, exp.Window) and not part.is_rank:
            raise UntraceableError(f"{part.around.this.sql_name().lower()} looks at other rows than its own")
        # A rank belongs to its row; what it was ranked against is not behind it.
        places = [] if part.is_rank else [(each.table, each.name) for each in part.columns]
        places += [(alias, ROWS) for alias in row_sources(select)] if part.rows else []
        facts = _concatenated(self._source_list(step, scope, *place) for place in dict.fromkeys(places))
        if facts is None or not is_grouped(select):
            return facts
        return f"list_distinct(flatten(list({facts}){_counted(part)}))"

    def _source_list(self, step: _Step, scope: Scope, alias: str, column: str) -> str | None:
        source = scope.sources[alias]
        if isinstance(source, exp.Table):
            name = self.list_of(relation_name(source), column)
        else:
            name = self._list(step, source, column)
        return None if name is None else f"coalesce({alias}.{name}, [])"

    def ordered(self) -> Iterator[tuple[str, exp.Query]]:
        """The steps in an order in which each follows those that it reads, under the names by which they read it.

        A step on the way that is no table of its own is always among them.
        """
        above: dict[str, list[str]] = {}
        pending = list(self._steps)
        while pending:
            relation = pending.pop()
            step = self._step(relation)
            tables = [] if step.scope is None else [each for each in step.query.find_all(exp.Table) if each.db]
            above[relation] = []
            for table in tables:
                read = relation_name(table)
                if read in self._steps or not self._provenance._relations[read].stored:
                    if read not in above and read not in pending:
                        pending.append(read)
                    above[relation].append(read)
                    table.replace(_renamed(table, read))
        for relation in TopologicalSorter(above).static_order():
            yield _step_name(relation), self._steps[relation].query


def _check_keeps_rows(query: exp.Expr) -> None:
    """Other set operations than UNION ALL drop rows, and do not say which."""
    for each in query.find_all(exp.SetOperation) if isinstance(query, exp.SetOperation) else ():
        if not isinstance(each, exp.Union) or each.args.get("distinct"):
            raise UntraceableError("it is made by a set operation other than union all")


def _concatenated(lists: Iterable[str | None]) -> str | None:
    present = [each for each in lists if each]
    return f"list_concat({', '.join(present)})" if len(present) > 1 else next(iter(present), None)


def _counted(part: Part) -> str:
    """The filter of the rows that an aggregate adds up: those with a value, other than zero in a sum."""
    if not isinstance(part.around, exp.AggFunc) or isinstance(part.around.this, exp.Star | NoneType):
        return ""
    counted = part.around.this
    while isinstance(counted, exp.Distinct):
        counted = counted.expressions[0]
    value = counted.sql(_DIALECT)
    zero = f" and ({value}) <> 0" if counts_flags(part.around) else ""
    return f" filter (where ({value}) is not null{zero})"


def _spell_out_distinct(select: exp.Select) -> None:
    """DISTINCT as the same GROUP BY: beside the list of its facts no row would equal another."""
    if not select.args.get("distinct"):
        return
    values = [each.unalias() for each in select.expressions]
    if select.args.get("group") or any(each.find(exp.AggFunc) for each in values):
        raise UntraceableError("it is made distinct after it was aggregated")
    select.set("distinct", None)
    select.set("group", exp.Group(expressions=[each.copy() for each in values if not isinstance(each, exp.Literal)]))


def _step_name(relation: str) -> str:
    return "traced_" + relation.replace(".", "_")


def _renamed(table: exp.Table, relation: str) -> exp.Table:
    return exp.table_(_step_name(relation), alias=table.alias_or_name)
