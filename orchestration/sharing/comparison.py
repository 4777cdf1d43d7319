"""What two published versions show differently: tables, columns, rows as counts, values of KPIs.

Belongs here: comparing two files. Does not belong here: which versions there are (``publish.py``), layout. Rows are
counted and never shown, because a row of a fact is about one person; KPIs are not, and are shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import duckdb

from orchestration.sharing.extract import Described, described
from orchestration.sharing.versions import Published

_KPI = "marts.mart_kpi"
_KPI_KEY = ("kpi_id", "geography_level", "geography_code", "breakdown", "period")
#: A key is looked for among the first columns of a table, where models put it, up to so many.
_KEY_COLUMNS = 6


@dataclass(frozen=True)
class TableDifference:
    """One table of both versions. Where no key was found, a changed row counts as removed and added.

    columns_changed: how many rows of both differ in a column, by column.
    """

    table: str
    columns_added: list[str]
    columns_removed: list[str]
    rows_before: int
    rows_after: int
    key: list[str]
    added: int
    removed: int
    changed: int
    columns_changed: dict[str, int]

    @property
    def is_none(self) -> bool:
        """The two are the same."""
        return not (self.columns_added or self.columns_removed or self.added or self.removed or self.changed)


@dataclass(frozen=True)
class Comparison:
    """What ``after`` shows differently from ``before``; KPIs as rows with both values, null where there is none."""

    before: str
    after: str
    tables_added: list[str]
    tables_removed: list[str]
    tables: list[TableDifference]
    kpis: list[dict[str, Any]] = field(default_factory=list)


def compare(
    before: Published, after: Published, keys: Mapping[str, Sequence[str]] = MappingProxyType({})
) -> Comparison:
    """Compare two versions of one audience; tables without any difference are left out.

    keys: the columns that name a row, by schema.table, where they are declared; else they are looked for.
    """
    with duckdb.connect() as connection:
        for name, version in (("before", before), ("after", after)):
            path = str(version.path).replace("'", "''")
            connection.execute(f"attach '{path}' as {_quoted(name)} (read_only)")
        old, new = described(connection, "before"), described(connection, "after")
        both = [
            _compare_table(connection, name, old[name], new[name], keys) for name in sorted(old.keys() & new.keys())
        ]
        return Comparison(
            before=before.version,
            after=after.version,
            tables_added=sorted(new.keys() - old.keys()),
            tables_removed=sorted(old.keys() - new.keys()),
            tables=[each for each in both if not each.is_none],
            kpis=_kpis(connection) if _KPI in old.keys() & new.keys() else [],
        )


def _compare_table(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    old: Described,
    new: Described,
    keys: Mapping[str, Sequence[str]],
) -> TableDifference:
    old_types, new_types = ({each.name: each.type for each in table.columns} for table in (old, new))
    shared = [column for column in new_types if old_types.get(column) == new_types[column]]
    key = _key(connection, name, shared, keys.get(name, ()))
    counts = _counts(connection, name, key, shared) if key else _unkeyed_counts(connection, name, shared)
    return TableDifference(
        table=name,
        columns_added=[column for column in new_types if column not in shared],
        columns_removed=[column for column in old_types if column not in shared],
        rows_before=_number(connection, f"select count(*) from before.{name}"),
        rows_after=_number(connection, f"select count(*) from after.{name}"),
        key=key,
        **counts,
    )


def _key(
    connection: duckdb.DuckDBPyConnection, name: str, columns: Sequence[str], declared: Sequence[str]
) -> list[str]:
    """The declared key, or the fewest first columns, that name a row in both versions; none if there are no such."""
    known = [declared] if declared and set(declared) <= set(columns) else []
    for tried in (*known, *(columns[:length] for length in range(1, min(len(columns), _KEY_COLUMNS) + 1))):
        first = ", ".join(map(_quoted, tried))
        repeated = [
            _number(
                connection, f"select count(*) from (select 1 from {side}.{name} group by {first} having count(*) > 1)"
            )
            for side in ("before", "after")
        ]
        if not any(repeated):
            return list(tried)
    return []


def _counts(
    connection: duckdb.DuckDBPyConnection, name: str, key: Sequence[str], columns: Sequence[str]
) -> dict[str, Any]:
    others = [column for column in columns if column not in key]
    same = " and ".join(f"b.{_quoted(each)} is not distinct from a.{_quoted(each)}" for each in key)
    differs = [f"b.{_quoted(each)} is distinct from a.{_quoted(each)}" for each in others]
    by_column = "".join(f", count(*) filter ({each})" for each in differs)
    changed, *of_columns = connection.execute(
        f"select count(*) filter ({' or '.join(differs) or 'false'}){by_column} "
        f"from before.{name} as b join after.{name} as a on {same}"
    ).fetchall()[0]
    sides = {"added": ("after", "a", "before", "b"), "removed": ("before", "b", "after", "a")}
    alone = {
        what: _number(
            connection,
            f"select count(*) from {here}.{name} as {h} where not exists (from {there}.{name} as {t} where {same})",
        )
        for what, (here, h, there, t) in sides.items()
    }
    found = {column: count for column, count in zip(others, of_columns, strict=True) if count}
    return {**alone, "changed": changed, "columns_changed": found}


def _unkeyed_counts(connection: duckdb.DuckDBPyConnection, name: str, columns: Sequence[str]) -> dict[str, Any]:
    shown = ", ".join(map(_quoted, columns)) or "1"
    counts = {
        what: _number(
            connection,
            f"select count(*) from (select {shown} from {here}.{name} except all select {shown} from {there}.{name})",
        )
        for what, here, there in (("added", "after", "before"), ("removed", "before", "after"))
    }
    return {**counts, "changed": 0, "columns_changed": {}}


def _kpis(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    result = connection.execute(
        f"select {', '.join(_KPI_KEY)}, b.value as value_before, a.value as value "
        f"from before.{_KPI} as b full join after.{_KPI} as a using ({', '.join(_KPI_KEY)}) "
        f"where b.value is distinct from a.value order by all"
    )
    names = [name for name, *_ in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _number(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    (row,) = connection.execute(sql).fetchall()
    return int(row[0])


def _quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
