"""Parquet as rows of text: every column in one canonical form, batch by batch.

Belongs here: what a value of each Arrow type looks like as text. Does not belong here: workbooks. The forms are those
of workbooks (``cells``): dates in ISO 8601, a dot for decimals, TRUE and FALSE. A column that has no single value in
a row (lists, structs, maps, bytes that are no text, durations) is shown as what a cast takes for an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from cells import NESTED, cell_text, number_text
from parts import RefusedError

BATCH_ROWS = 10_000
SHEET = "parquet"
MOST_COLUMNS = 16_384
#: Values that a batch may have: a file of very many columns is read in smaller batches.
BATCH_CELLS = 2_000_000
#: How much text a file may hold for each of its bytes, and what any may. Dictionaries and run lengths shrink real
#: tables to a fiftieth; a kilobyte may also say that it holds a billion equal rows.
MOST_INFLATION, SMALL_TEXT = 300, 256 << 20
#: The fraction of a second, without the zeros at its end.
_FRACTION = re.compile(r"(?:(\.[0-9]*[1-9])|\.)0*(?![0-9])")


def write_parquet(path: str, target: Path, *, exact: bool) -> dict[str, Any]:
    """Write a Parquet file as one Arrow file of text, its first row the column names; returns its index entry."""
    file = pq.ParquetFile(path, memory_map=False, pre_buffer=False)
    names = file.schema_arrow.names
    if not names:
        raise RefusedError("file.empty", "no columns")
    if len(names) > MOST_COLUMNS:
        raise RefusedError("file.limits", f"more than {MOST_COLUMNS} columns: not a table")
    schema = pa.schema([(f"c{position}", pa.string()) for position in range(len(names))])
    allowed = max(SMALL_TEXT, MOST_INFLATION * Path(path).stat().st_size)
    with pa.OSFile(str(target), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        writer.write_batch(pa.record_batch([pa.array([name], pa.string()) for name in names], schema=schema))
        for batch in file.iter_batches(max(1, min(BATCH_ROWS, BATCH_CELLS // len(names))), use_threads=False):
            _check(batch)
            columns = [_as_text(column, exact=exact) for column in batch.columns]
            allowed -= sum(column.nbytes for column in columns)
            if allowed < 0:
                raise RefusedError(
                    "file.limits", f"more than {MOST_INFLATION} times as much text as the file has bytes"
                )
            writer.write_batch(pa.record_batch(columns, schema=schema))
    return {"name": SHEET, "file": target.name, "left": 0, "width": len(names)}


def _check(batch: pa.RecordBatch) -> None:
    """Raise RefusedError where values are not what their column says: Parquet promises UTF-8, and nobody checks it."""
    try:
        batch.validate(full=True)
    except pa.ArrowInvalid:
        raise RefusedError(
            "file.unreadable", "values that are not of their column's type, or text not in UTF-8"
        ) from None


def _is_plain(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_plain(kind.value_type)
    return not (pa.types.is_nested(kind) or pa.types.is_duration(kind) or pa.types.is_interval(kind))


def _as_text(column: pa.Array, *, exact: bool) -> pa.Array:
    """A column as text; empty text is an empty cell, as everywhere."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    text = pa.array(list(_texts(column, exact=exact)), pa.string()) if _is_slow(column.type) else _cast(column)
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def _is_slow(kind: pa.DataType) -> bool:
    return not (
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_date(kind)
    )


def _cast(column: pa.Array) -> pa.Array:
    return pc.cast(column, pa.string())


def _texts(column: pa.Array, *, exact: bool) -> Iterator[str | None]:
    kind = column.type
    if pa.types.is_null(kind):
        yield from [None] * len(column)
    elif not _is_plain(kind):
        yield from (NESTED if value else None for value in column.is_valid().to_pylist())
    elif pa.types.is_float32(kind) or pa.types.is_float16(kind):
        # The shortest text that means the same number of this width: 0.1, not 0.100000001490116.
        yield from (text and number_text(float(text), exact=exact) for text in _cast(column).to_pylist())
    elif pa.types.is_timestamp(kind):
        yield from map(_moment, _cast(column).to_pylist())
    elif pa.types.is_time(kind):
        yield from (text and _FRACTION.sub(r"\1", text) for text in _cast(column).to_pylist())
    elif pa.types.is_decimal(kind):
        yield from (_decimal(text, exact=exact) for text in column.to_pylist())
    else:
        yield from (_value(value, exact=exact) for value in column.to_pylist())


def _moment(text: str | None) -> str | None:
    """Midnight is the day. With a time zone it stays a moment: which day it is depends on the place."""
    return text and _FRACTION.sub(r"\1", text).removesuffix(" 00:00:00")


def _decimal(value: Any, *, exact: bool) -> str | None:
    if value is None:
        return None
    text = format(value, "f")
    return text + "0" if not exact and len(text.partition(".")[2]) == 3 else text


def _value(value: Any, *, exact: bool) -> str | None:
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return NESTED
    return cell_text(value, exact=exact)
