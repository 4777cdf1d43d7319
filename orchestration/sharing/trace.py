"""From rows of a published table to the rows of the files that made them.

Belongs here: choosing rows and columns, and running the queries that name the facts behind them. Does not belong here:
those queries (``lineage/provenance.py``), what stands behind a fact (``trace_sources.py``), how it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from orchestration.lineage.columns import ColumnLineage
from orchestration.lineage.project import Relation, read_project
from orchestration.lineage.provenance import POINTER, Provenance
from orchestration.lineage.queries import ROWS, UntraceableError
from orchestration.settings import Settings
from orchestration.sharing.query import QueryError, literal, query, records

_SCHEMAS = ("core", "marts")
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "DECIMAL", "DOUBLE", "FLOAT")


@dataclass(frozen=True, order=True)
class Fact:
    """Where a value comes from: a row of a file, or the file as a whole (sheet '' and row 0).

    relation: the table in which that row stands as a fact.
    """

    relation: str
    submission_id: str
    source_sheet: str
    source_row: int


@dataclass(frozen=True)
class TracedColumn:
    """A column of a traced row, its value, and the facts behind it.

    note: why no row of a file stands behind it, '' otherwise; its facts are then the files as a whole, where known.
    """

    column: str
    value: Any
    facts: tuple[Fact, ...]
    note: str = ""


@dataclass(frozen=True)
class TracedRow:
    """A row of the table. ``values``: all its columns; ``columns``: those that were traced."""

    values: dict[str, Any]
    columns: list[TracedColumn]


@dataclass(frozen=True)
class Trace:
    """What was found. datasets: those that the table is made of at all."""

    relation: str
    rows: list[TracedRow]
    datasets: list[str]


def trace(settings: Settings, relation: str, where: str, *, limit: int, columns: Sequence[str] | None = None) -> Trace:
    """Trace the first ``limit`` rows that a condition selects.

    columns: by default every figure that was counted; where there is none, the row as a whole. Raises QueryError for
    a table or column that does not exist, and what ``query`` raises.
    """
    lineage = ColumnLineage(read_project(settings))
    declared = _declared(lineage, relation)
    key = list(declared.key or declared.columns)
    names = ", ".join(declared.columns)
    kinds = _types(settings, f"select {names} from {declared.full_name}")
    unknown = [each for each in columns or () if each not in declared.columns]
    if unknown:
        raise QueryError(f"{relation} has no column {', '.join(unknown)}; it has {names}")
    selected = f"select {names} from {declared.full_name} where ({where}) order by {', '.join(key)} limit {limit}"
    rows = records(settings, selected)
    condition = " or ".join(_same_row(row, key, kinds) for row in rows) or "false"
    provenance = Provenance(lineage, declared.full_name)
    figures = [] if provenance.pointers(declared.full_name) else _figures(settings, declared, kinds)
    wanted = list(columns or figures or [ROWS])
    facts = {column: _facts(settings, provenance, column, key, condition) for column in wanted}
    traced = []
    for row in rows:
        found = [_column(row, column, key, facts[column]) for column in wanted]
        traced.append(TracedRow(row, _with_files(settings, declared, row, found)))
    return Trace(declared.full_name, traced, _datasets(lineage, declared.full_name))


#: The facts behind a column by the key of the row, or why there can be none.
_Found = dict[tuple[Any, ...], tuple[Fact, ...]] | str


def _declared(lineage: ColumnLineage, relation: str) -> Relation:
    tables = {name: each for name, each in lineage.relations.items() if each.schema in _SCHEMAS and each.stored}
    if relation not in tables:
        raise QueryError(f"no table {relation!r}; name it as marts.… or core.…: {', '.join(sorted(tables))}")
    return tables[relation]


def _types(settings: Settings, sql: str) -> dict[str, str]:
    result = query(settings, f"{sql} limit 0")
    result.close()
    return dict(zip(result.columns, result.types, strict=True))


def _figures(settings: Settings, declared: Relation, kinds: dict[str, str]) -> list[str]:
    """The columns that hold numbers which were counted from several rows, in the order of the table."""
    counted = records(
        settings,
        f"select distinct column_name from ops.lineage_column where relation = {literal(declared.full_name)} "
        "and reach = 'origin' and how = 'aggregated'",
    )
    names = {each["column_name"] for each in counted}
    return [each for each in declared.columns if each in names and kinds[each].startswith(_NUMBERS)]


def _same_row(row: dict[str, Any], key: Iterable[str], kinds: dict[str, str]) -> str:
    return "(" + " and ".join(f"{name} is not distinct from {_value(row[name], kinds[name])}" for name in key) + ")"


def _value(value: Any, kind: str) -> str:
    """A value as SQL writes it."""
    if value is None:
        return "null"
    text = str(value).replace("'", "''")
    return f"cast('{text}' as {kind})"


def _facts(settings: Settings, provenance: Provenance, column: str, key: list[str], condition: str) -> _Found:
    try:
        sql = provenance.query(column, condition, beside=key)
    except UntraceableError as error:
        return f"not traceable: {error}"
    if sql is None:
        return "no fact stands behind it: it is declared, or describes the row"
    found: dict[tuple[Any, ...], tuple[Fact, ...]] = {}
    for row in query(settings, sql):
        found[tuple(row[:-1])] = tuple(sorted({_fact(pointer) for pointer in row[-1]}))
    return found


def _fact(pointer: dict[str, Any]) -> Fact:
    relation, submission, sheet, number = (pointer[name] for name in POINTER)
    return Fact(relation, submission, sheet or "", number or 0)


def _column(row: dict[str, Any], column: str, key: list[str], found: _Found) -> TracedColumn:
    value = None if column == ROWS else row[column]
    if isinstance(found, str):
        return TracedColumn(column, value, (), found)
    facts = found.get(tuple(row[name] for name in key))
    if facts is None:
        return TracedColumn(column, value, (), "the models were changed since this version was built: `kho run`")
    return TracedColumn(column, value, facts, "" if facts else "no row adds anything to it")


def _with_files(
    settings: Settings, declared: Relation, row: dict[str, Any], columns: list[TracedColumn]
) -> list[TracedColumn]:
    """Where no row stands behind a figure: the files in which its like is looked for, if the table's yml names them.

    ``meta.trace.files`` there: the table that lists them, and the columns by which its rows belong to this one's.
    """
    files = declared.meta.get("trace", {}).get("files")
    if files is None or all(each.facts for each in columns):
        return columns
    same = " and ".join(f"{name} = {literal(str(row[name]))}" for name in files["by"])
    sql = f"select distinct submission_id from {files['relation']} where {same} order by submission_id"
    looked_in = tuple(Fact(files["relation"], str(each["submission_id"]), "", 0) for each in records(settings, sql))
    return [each if each.facts else replace(each, facts=looked_in) for each in columns]


def _datasets(lineage: ColumnLineage, relation: str) -> list[str]:
    from schemas import datasets

    tables = set(lineage.bronze_tables(relation))
    return [path for path, each in datasets().items() if each.table in tables]
