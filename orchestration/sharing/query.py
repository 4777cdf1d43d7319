"""SQL on the current published version: run a query within a time limit, and write its rows.

Belongs here: what ``kho sql`` does between the statement and the output. Does not belong here: which statements are
allowed (``reader.py``). Imports nothing heavier than DuckDB, because it runs in every ``kho sql``.

Rows are streamed: neither a query's result nor its output is ever held in memory as a whole, except for a table,
which needs the widths of its columns and therefore shows the first rows only.
"""

from __future__ import annotations

import csv
import datetime
import decimal
import itertools
import json
import math
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, TextIO, get_args

import duckdb

from orchestration.settings import Settings
from orchestration.sharing.reader import RefusedError, open_read_only, single_query
from orchestration.sharing.versions import SHARED, current

__all__ = [
    "FORMATS",
    "NothingPublishedError",
    "QueryError",
    "QueryTimeoutError",
    "Result",
    "literal",
    "query",
    "records",
    "render",
]

Format = Literal["table", "csv", "json"]
FORMATS: tuple[str, ...] = get_args(Format)
#: Rows that the table format shows at most.
TABLE_ROWS = 1000
_BATCH_ROWS = 10_000
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UBIGINT", "DECIMAL", "DOUBLE", "FLOAT")


class QueryError(RuntimeError):
    """The query was refused or failed; the message says why."""


class QueryTimeoutError(QueryError):
    """The query used up its time."""


class NothingPublishedError(QueryError):
    """There is no published version yet."""


class Result:
    """Rows of a query, read once: iterate over it. It closes itself at the end; leave early with ``close()``."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, sql: str, *, timeout: float) -> None:
        self._connection = connection
        self._limit = self._left = timeout
        self._timed_out = False
        with self._limited():
            connection.execute(single_query(connection, sql))
            description = connection.description or []
        self.columns: tuple[str, ...] = tuple(name for name, *_ in description)
        self.types: tuple[str, ...] = tuple(str(kind) for _, kind, *_ in description)

    @contextmanager
    def _limited(self) -> Iterator[None]:
        """Interrupt DuckDB when the time is used up. Only its own time counts, not that of whoever reads the rows."""
        timer = threading.Timer(max(self._left, 0), self._interrupt)
        timer.daemon = True
        began = time.monotonic()
        timer.start()
        try:
            yield
        except (duckdb.Error, RefusedError) as error:
            self.close()
            if self._timed_out:
                raise QueryTimeoutError(f"the query took longer than {self._limit:g} seconds and was stopped") from None
            raise QueryError(str(error)) from None
        finally:
            timer.cancel()
            self._left -= time.monotonic() - began

    def _interrupt(self) -> None:
        self._timed_out = True
        self._connection.interrupt()

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        while batch := self._fetch():
            yield from batch
        self.close()

    def _fetch(self) -> list[tuple[Any, ...]]:
        with self._limited():
            return self._connection.fetchmany(_BATCH_ROWS)

    def arrow(self, rows: int) -> Iterator[Any]:
        """The same as Arrow: its schema first, then record batches of up to ``rows`` rows."""
        with self._limited():
            reader = self._connection.fetch_record_batch(rows)
        yield reader.schema
        while True:
            with self._limited():
                batch = next(iter(reader), None)
            if batch is None:
                break
            yield batch
        self.close()

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()


def query(settings: Settings, sql: str, *, timeout: float | None = None, audience: str = SHARED) -> Result:
    """Run one SELECT on the current version. Raises QueryError, QueryTimeoutError or NothingPublishedError."""
    connection = _open_current(settings, audience)
    return Result(connection, sql, timeout=settings.sql_seconds if timeout is None else timeout)


def records(settings: Settings, sql: str) -> list[dict[str, Any]]:
    """The rows of a SELECT on the current version, by column name. Raises what ``query`` raises."""
    result = query(settings, sql)
    return [dict(zip(result.columns, row, strict=True)) for row in result]


def literal(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def _open_current(settings: Settings, audience: str) -> duckdb.DuckDBPyConnection:
    for last in (False, False, True):
        version = current(settings, audience=audience)
        if version is None:
            raise NothingPublishedError(
                f"nothing is published yet for {audience}; `kho run` takes in the files and publishes them"
            )
        try:
            return open_read_only(version.path)
        except duckdb.IOException:
            # Between reading its name and opening it, a version may have been succeeded and removed.
            if last or version.path.exists():
                raise
    raise AssertionError("unreachable")


def render(result: Result, form: Format, stream: TextIO) -> int:
    """Write the rows as a table, CSV or JSON; returns their number.

    CSV: a header line, NULL as an empty field. JSON: a list of objects, decimals as numbers. In both, dates and times
    are ISO 8601, and lists and structs are JSON.
    """
    return {"table": _table, "csv": _csv, "json": _json}[form](result, stream)


def _plain(value: Any) -> Any:
    """A value as JSON knows it."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.hex() if isinstance(value, bytes) else str(value)


def _text(value: Any) -> str:
    """A value as text: decimals with all their digits, lists and structs as JSON."""
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    plain = str(value) if isinstance(value, float | uuid.UUID) else _plain(value)
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def _distinct(names: tuple[str, ...]) -> list[str]:
    """Column names of which no two are equal, so that no column overwrites another in a JSON object."""
    found: list[str] = []
    for name in names:
        candidates = itertools.chain([name], (f"{name}_{number}" for number in itertools.count(2)))
        found.append(next(each for each in candidates if each not in found))
    return found


def _json(result: Result, stream: TextIO) -> int:
    names = _distinct(result.columns)
    count = 0
    stream.write("[")
    for row in result:
        record = dict(zip(names, map(_plain, row), strict=True))
        stream.write(("," if count else "") + "\n" + json.dumps(record, ensure_ascii=False))
        count += 1
    stream.write("\n]\n" if count else "]\n")
    return count


def _csv(result: Result, stream: TextIO) -> int:
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(result.columns)
    count = 0
    for row in result:
        writer.writerow("" if value is None else _text(value) for value in row)
        count += 1
    return count


def _table(result: Result, stream: TextIO) -> int:
    def cell(value: Any) -> str:
        text = "NULL" if value is None else _text(value)
        return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)

    rows = [[cell(value) for value in row] for row in itertools.islice(result, TABLE_ROWS + 1)]
    more = len(rows) > TABLE_ROWS
    rows = rows[:TABLE_ROWS]
    result.close()
    widths = [max(map(len, column)) for column in zip(result.columns, *rows, strict=True)]
    right = [kind.startswith(_NUMBERS) for kind in result.types]

    def line(cells: list[str]) -> str:
        aligned = (
            text.rjust(width) if numeric else text.ljust(width)
            for text, width, numeric in zip(cells, widths, right, strict=True)
        )
        return "  ".join(aligned).rstrip() + "\n"

    stream.write(line(list(result.columns)))
    stream.write("  ".join("─" * width for width in widths) + "\n")
    stream.writelines(map(line, rows))
    shown = f"({len(rows)} row{'' if len(rows) == 1 else 's'})"
    stream.write(f"(first {TABLE_ROWS} rows; --format csv or json gives all)\n" if more else shown + "\n")
    return len(rows)
