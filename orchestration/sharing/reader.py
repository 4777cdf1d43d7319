"""Opening a DuckDB file so that SQL in it can neither write nor reach anything outside it.

Belongs here: the connection, and the judgement which statements are queries. Does not belong here: which file is
the published one (``publish.py``), time limits and formats (``query.py``).

Three walls, because each has a gap that the next one closes: the file is opened read-only; the configuration forbids
files, extensions and its own change; and only a single SELECT passes whose table functions are all known. The last
one matters: with the first two alone, ``explain analyze copy … to '<file>.wal'`` writes beside the database, and
``from enable_logging(storage = 'file')`` aborts the process (DuckDB 1.5.5).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb

_CONFIGURATION: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
    "python_enable_replacements": "false",  # a query must not read Python variables as tables
    "memory_limit": "2GB",
    "threads": "2",
    "temp_directory": "",  # beyond the memory limit a query fails; it does not spill to disk
    "lock_configuration": "true",
}

#: Table functions that a query may use: generators, taking values apart, and the catalogue of the file itself.
_TABLE_FUNCTIONS = frozenset(
    {
        "duckdb_columns",
        "duckdb_constraints",
        "duckdb_functions",
        "duckdb_schemas",
        "duckdb_tables",
        "duckdb_types",
        "duckdb_views",
        "generate_series",
        "json_each",
        "json_tree",
        "pragma_show",
        "pragma_table_info",
        "pragma_version",
        "range",
        "repeat",
        "repeat_row",
        "summary",
        "unnest",
    }
)


class RefusedError(ValueError):
    """The statement is not a query on the published tables."""


def open_read_only(file: Path, *, memory_mb: int | None = None) -> duckdb.DuckDBPyConnection:
    """A connection that reads ``file`` and nothing else; memory_mb: another limit than that of ``kho sql``."""
    limit: dict[str, str | bool | int | float | list[str]] = {"memory_limit": f"{memory_mb}MB"} if memory_mb else {}
    return duckdb.connect(file, read_only=True, config=_CONFIGURATION | limit)


def single_query(connection: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    """The one SELECT-like statement in ``sql``. Raises RefusedError for anything else, duckdb.Error if it is no SQL."""
    # The connection's own parser: that of the duckdb module would already open the files of IMPORT DATABASE.
    statements = connection.extract_statements(sql)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        kinds = ", ".join(each.type.name for each in statements) or "nothing"
        hint = "; PIVOT needs its values: PIVOT … ON column IN (…)" if "pivot" in sql.lower() else ""
        raise RefusedError(f"one SELECT statement is expected, this is: {kinds}{hint}")
    unknown = sorted(_table_functions(parsed(connection, statements[0].query)) - _TABLE_FUNCTIONS)
    if unknown:
        raise RefusedError(f"these functions are not allowed in a query: {', '.join(unknown)}")
    return statements[0]


def parsed(connection: duckdb.DuckDBPyConnection, query: str) -> Any:
    """A SELECT as DuckDB parsed it: nested dictionaries and lists. Raises RefusedError for any other statement."""
    found = connection.execute("select json_serialize_sql(?)", [query]).fetchone()
    try:
        tree = json.loads(found[0]) if found else {}
    except RecursionError:
        raise RefusedError("the statement is nested too deeply") from None
    if tree.get("error", True):
        raise RefusedError(
            f"only SELECT statements are allowed: {tree.get('error_message', 'this cannot be analysed')}"
        )
    return tree


def _table_functions(tree: Any) -> set[str]:
    """Names of the table functions anywhere in a parsed statement."""
    names = set()
    nodes = [tree]
    while nodes:
        node = nodes.pop()
        if isinstance(node, dict):
            if node.get("type") == "TABLE_FUNCTION":
                names.add(str(node["function"]["function_name"]).lower())
            nodes.extend(node.values())
        elif isinstance(node, list):
            nodes.extend(node)
    return names
