"""Extracts: a DuckDB file with just the tables and columns of an audience, made of the warehouse.

Belongs here: copying what an audience may see, with types, comments and small figures withheld. Does not belong here:
what that is (``audiences.py``), which figures are small (``small_cells.py``), versions (``publish.py``).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import duckdb

from orchestration.sharing.audiences import SmallCells
from orchestration.sharing.small_cells import Row, withheld_places

#: Column of a relation with small cells: true in rows whose figures are withheld.
FLAG = "is_suppressed"
_FLAG_COMMENT = "True where the figures are withheld: they would tell of too few persons, or give such a figure away."
_SEPARATOR = "chr(31)"
_WITHHELD = '[{"group_key": "varchar", "place": "varchar"}]'


@dataclass(frozen=True)
class DescribedColumn:
    """A column as the database knows it."""

    name: str
    type: str
    comment: str


@dataclass(frozen=True)
class Described:
    """A table as the database knows it."""

    schema: str
    name: str
    comment: str
    columns: tuple[DescribedColumn, ...]


def extract(
    warehouse: Path,
    target: Path,
    relations: Mapping[str, tuple[str, ...]],
    *,
    small_cells: Mapping[str, SmallCells] = MappingProxyType({}),
    k: int = 1,
) -> None:
    """Write these columns of these relations (schema.table) to a DuckDB file, which may hold others already.

    small_cells: by relation, how its figures of fewer than k persons are withheld. Relations that the warehouse does
    not have are left out: it may have been built by earlier code.
    """
    with duckdb.connect() as connection:
        connection.execute("set threads = 2")
        connection.execute(f"attach {_literal(str(warehouse))} as source (read_only)")
        connection.execute(f"attach {_literal(str(target))} as target")
        connection.execute("begin")
        there = described(connection, "source")
        for relation, columns in relations.items():
            if table := there.get(relation):
                spec = small_cells.get(relation)
                sql = _guarded(connection, relation, columns, spec, k) if spec else _plain(relation, columns)
                connection.execute(f"create schema if not exists target.{_name(table.schema)}")
                connection.execute(f"create table target.{_name(table.schema)}.{_name(table.name)} as {sql}")
                _comment(connection, table, columns, flagged=spec is not None)
        connection.execute("commit")
        connection.execute("checkpoint target")
        connection.execute("detach target")


def described(connection: duckdb.DuckDBPyConnection, database: str) -> dict[str, Described]:
    """The tables and views of an attached database by schema.table, with types and comments."""
    tables = connection.execute(
        "select schema_name, table_name, comment from duckdb_tables() where database_name = $1 union all "
        "select schema_name, view_name, comment from duckdb_views() where database_name = $1 and not internal",
        [database],
    ).fetchall()
    columns: dict[tuple[str, str], list[DescribedColumn]] = defaultdict(list)
    for schema, table, *column in connection.execute(
        "select schema_name, table_name, column_name, data_type, coalesce(comment, '') from duckdb_columns() "
        "where database_name = $1 and not internal order by column_index",
        [database],
    ).fetchall():
        columns[schema, table].append(DescribedColumn(*column))
    return {
        f"{schema}.{table}": Described(schema, table, comment or "", tuple(columns[schema, table]))
        for schema, table, comment in tables
    }


def _plain(relation: str, columns: tuple[str, ...]) -> str:
    return f"select {', '.join(map(_name, columns))} from source.{relation}"


def _guarded(
    connection: duckdb.DuckDBPyConnection, relation: str, columns: tuple[str, ...], spec: SmallCells, k: int
) -> str:
    """The query of a relation whose small figures are null; what is withheld stands in a table of this connection."""
    withheld = withheld_places(_rows(connection, relation, spec), k=k)
    # As one text: the driver looks for modules that are not there at every value it is given, 0.4 ms a row.
    connection.execute(
        f"create or replace temp table withheld as select unnest(from_json($1, '{_WITHHELD}'), recursive := true)",
        [json.dumps([{"group_key": group, "place": place} for group, place in sorted(withheld)])],
    )
    figures = {*spec.counts, *spec.derived}
    shown = [
        f"case when withheld.place is null then own.{_name(each)} end as {_name(each)}"
        if each in figures
        else f"own.{_name(each)}"
        for each in columns
    ]
    derived = f"rowid as row_no, {_key(spec.group)} as group_key, coalesce({spec.where}, true) as is_guarded"
    return (
        f"select {', '.join(shown)}, withheld.place is not null as {FLAG} "
        f"from (select *, {derived} from source.{relation}) as own "
        f"left join withheld on own.is_guarded and own.group_key = withheld.group_key "
        f"and cast(own.{_name(spec.place)} as varchar) = withheld.place order by own.row_no"
    )


def _rows(connection: duckdb.DuckDBPyConnection, relation: str, spec: SmallCells) -> list[Row]:
    counts = [_name(each) for each in spec.counts]
    complements = [f"{_name(whole)} - {_name(part)}" for part, whole in spec.part_of.items()]
    found = connection.execute(
        f"select {_key(spec.group)}, {_key(tuple(map(_name, spec.slice)))}, cast({_name(spec.place)} as varchar), "
        f"coalesce({spec.total}, false), {', '.join([*counts, *complements])} "
        f"from source.{relation} where coalesce({spec.where}, true)"
    ).fetchall()
    return [Row(group, slice_, place, total, tuple(figures)) for group, slice_, place, total, *figures in found]


def _key(expressions: tuple[str, ...]) -> str:
    """One text that names a combination of values; NULL is a value like another."""
    parts = [f"coalesce(cast({each} as varchar), chr(30))" for each in expressions]
    return f"concat_ws({_SEPARATOR}, {', '.join(parts)})" if parts else "''"


def _comment(
    connection: duckdb.DuckDBPyConnection, table: Described, columns: tuple[str, ...], *, flagged: bool
) -> None:
    """Carry the descriptions over."""
    target = f"target.{_name(table.schema)}.{_name(table.name)}"
    if table.comment:
        connection.execute(f"comment on table {target} is {_literal(table.comment)}")
    texts = {each.name: each.comment for each in table.columns if each.name in columns}
    for column, text in (texts | ({FLAG: _FLAG_COMMENT} if flagged else {})).items():
        if text:
            connection.execute(f"comment on column {target}.{_name(column)} is {_literal(text)}")


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
