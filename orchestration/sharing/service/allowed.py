"""Which names a query over HTTP may use: the tables of its audience, and functions that only compute.

Belongs here: the allow-list, asked of the statement as DuckDB itself parsed it. Does not belong here: what a single
query is (``reader.py``), limits of time and size (``worker.py``).

Stricter than ``kho sql``, whose user can read the file anyway: nothing here tells of settings, paths, other databases.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb

from orchestration.sharing.reader import RefusedError, parsed

#: Table functions: generators, taking values apart, and what describes the tables of the file.
_TABLE_FUNCTIONS = frozenset(
    {
        "duckdb_columns",
        "duckdb_tables",
        "generate_series",
        "json_each",
        "json_tree",
        "range",
        "repeat",
        "repeat_row",
        "unnest",
    }
)
#: What describes the tables of the file: its own columns and comments, nothing of the machine.
_CATALOGUE = frozenset(
    {
        ("information_schema", "columns"),
        ("information_schema", "tables"),
        ("information_schema", "schemata"),
        ("", "duckdb_columns"),
        ("", "duckdb_tables"),
    }
)
#: Functions without side effects that still tell of the session or the machine instead of the data.
_TELLING = frozenset(
    {"current_setting", "getenv", "getvariable", "in_search_path", "txid_current", "version", "get_block_size"}
)
_TELLING_PREFIXES = ("pg_", "has_", "inet_", "__internal")
#: They have syntax of their own and stand in no list of functions.
_SYNTAX = frozenset({"unnest", "grouping", "grouping_id", "columns"})


def computing_functions(connection: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """The functions of this DuckDB that compute a value from values and do nothing else."""
    found = connection.execute(
        "select distinct lower(function_name) from duckdb_functions() "
        "where function_type in ('scalar', 'aggregate', 'macro') and not coalesce(has_side_effects, false)"
    ).fetchall()
    names = {name for (name,) in found if not name.startswith(_TELLING_PREFIXES)}
    return frozenset(names - _TELLING | _SYNTAX)


def check_names(
    connection: duckdb.DuckDBPyConnection, sql: str, relations: frozenset[str], functions: frozenset[str]
) -> None:
    """Raises RefusedError where a single query names anything but these relations (schema.table) and functions."""
    tree = parsed(connection, sql)
    steps = frozenset(entry["key"].lower() for node in _nodes(tree) if "map" in node for entry in node["map"])
    in_from = {id(node["function"]) for node in _nodes(tree) if node.get("type") == "TABLE_FUNCTION"}
    for node in _nodes(tree):
        if node.get("type") == "BASE_TABLE":
            _check_table(node, relations, steps)
        elif node.get("type") == "SHOW_REF" and not node.get("query"):
            raise RefusedError("SHOW is not allowed here; information_schema.tables lists the tables")
        elif "function_name" in node:
            name = str(node["function_name"]).lower()
            if name not in (_TABLE_FUNCTIONS if id(node) in in_from else functions):
                raise RefusedError(f"the function {name} is not allowed in a query")


def _check_table(node: dict[str, Any], relations: frozenset[str], steps: frozenset[str]) -> None:
    catalog, schema, table = (str(node.get(key, "")).lower() for key in ("catalog_name", "schema_name", "table_name"))
    is_step = not catalog and not schema and table in steps
    is_published = not catalog and f"{schema}.{table}" in relations
    if not (is_step or is_published or (not catalog and (schema, table) in _CATALOGUE)):
        name = ".".join(filter(None, (catalog, schema, table)))
        raise RefusedError(f"there is no table {name} here; information_schema.tables lists those that there are")


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Every dictionary of a parsed statement."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
