"""JSON lines: one object a line, its keys the header, in the order in which they first occur.

Belongs here: objects to text cells. The file is read twice, because a key may occur for the first time in its last
line; nothing of it is kept in memory but a batch. The header counts as row 1, so line n of the file is row n + 1, as
in the workbook that a receipt makes of it. A line that is no object of plain values under different keys is a
misshapen row; a list or an object inside a cell is an error of that cell.
"""

from __future__ import annotations

import contextlib
import decimal
import json
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from orchestration.intake.readers.encoding import as_utf8
from orchestration.intake.readers.table import (
    HEAD_ROWS,
    NESTED,
    Document,
    MisshapenRow,
    Sheet,
    TextBatch,
    UnreadableError,
    column_names,
)
from orchestration.settings import Settings
from schemas import file_rules

KIND = "jsonl"
#: How such a file begins; a table of text would have doubled the quotes.
BEGINNING = re.compile(rb'\{\s*(?:\}|"(?:[^"\\]|\\.)*"\s*:)')
MOST_COLUMNS = 16_384
#: A row of five hundred columns takes a hundred kilobytes; parsing takes up to forty times as much memory.
LONGEST_LINE = 4 << 20
_BATCH_ROWS, _BATCH_CELLS = 20_000, 2_000_000
#: Characters of a broken line that are kept: what a cell of Excel holds.
_SHOWN = 32_767


_HALF_PAIR = re.compile("[\ud800-\udfff]")


class _BrokenLineError(Exception):
    """A line that is no row."""


@dataclass(frozen=True)
class _Source:
    """The file as UTF-8, where its first line begins, and its keys."""

    path: Path
    start: int
    keys: tuple[str, ...]
    exact: bool


@contextlib.contextmanager
def open_json_lines(settings: Settings, path: Path, *, exact: bool) -> Iterator[Document]:
    """Open a file of JSON lines. Raises UnreadableError where no line is an object, or there are too many keys."""
    settings.temporary.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="json-", dir=settings.temporary) as folder:
        utf8 = as_utf8(path, Path(folder) / "utf8.jsonl")
        source = _Source(utf8.path, utf8.mark, _keys(utf8.path, utf8.mark), exact)
        head = [list(source.keys), *_first_rows(source)]
        sheet = Sheet(KIND, head, len(source.keys), partial(_batches, source), numeric_cells=True)
        yield Document(KIND, [sheet], unsure=utf8.unsure)


def _lines(path: Path, start: int) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        file.seek(start)
        number = 0
        while line := file.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise UnreadableError(file_rules.FILE_LIMITS, f"line {number} is longer than {LONGEST_LINE >> 20} MB")
            yield number, line.strip(b" \t\r\n")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _BrokenLineError
    return found


def _no_number(_: str) -> Any:
    raise _BrokenLineError


# Numbers stay the text that they are: an identifier of eighteen digits keeps all of them.
_decode = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_int=decimal.Decimal,
    parse_float=decimal.Decimal,
    parse_constant=_no_number,
).decode


def _object(line: bytes) -> dict[str, Any] | None:
    """The object of a line; None where it is blank. Raises _BrokenLineError."""
    if not line:
        return None
    try:
        text = line.decode("utf-8")
        found = _decode(text)
    except (ValueError, RecursionError, decimal.DecimalException):
        raise _BrokenLineError from None
    # Half of a surrogate pair is no character, and a zero byte ends a text in the programs that read on.
    if not isinstance(found, dict) or ("\\u" in text and not _is_text(found)):
        raise _BrokenLineError
    return found


def _is_text(found: dict[str, Any]) -> bool:
    texts = [*found, *(value for value in found.values() if isinstance(value, str))]
    return not any("\x00" in each or _HALF_PAIR.search(each) for each in texts)


def _keys(path: Path, start: int) -> tuple[str, ...]:
    found: dict[str, None] = {}
    seen = False
    for _, line in _lines(path, start):
        try:
            row = _object(line)
        except _BrokenLineError:
            continue
        if row is not None:
            seen = True
            found |= dict.fromkeys(row)
            if len(found) > MOST_COLUMNS:
                raise UnreadableError(file_rules.FILE_LIMITS, f"more than {MOST_COLUMNS} keys: not a table")
    if not seen:
        raise UnreadableError(file_rules.FILE_UNREADABLE, "JSON, but no line of it is an object (one object a line)")
    if not found:
        raise UnreadableError(file_rules.FILE_EMPTY, "objects without any key")
    return tuple(found)


def _number(value: decimal.Decimal, *, exact: bool) -> str:
    text = format(value, "f") if -40 < (value.adjusted() if value else 0) < 40 else str(value)
    # Written as a number, so its dot is no thousands mark: see ``open_document``.
    return text + "0" if not exact and len(text.partition(".")[2]) == 3 else text


def _cell(value: Any, *, exact: bool) -> str | None:
    if isinstance(value, str):
        return value or None
    if value is None:
        return None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return _number(value, exact=exact) if isinstance(value, decimal.Decimal) else NESTED


def _rows(source: _Source) -> Iterator[tuple[int, list[str | None] | MisshapenRow]]:
    """Every line as a row; blank lines are rows without cells."""
    empty: list[str | None] = [None] * len(source.keys)
    for number, line in _lines(source.path, source.start):
        try:
            found = _object(line)
        except _BrokenLineError:
            shown = line.decode("utf-8", "replace")[:_SHOWN]
            # A row of one cell would have the right shape in a table of one column.
            cells = (shown,) if len(source.keys) > 1 else (shown, "")
            yield number + 1, MisshapenRow(number + 1, cells)
            continue
        if found is None:
            yield number + 1, empty
        else:
            yield number + 1, [_cell(found.get(key), exact=source.exact) for key in source.keys]


def _first_rows(source: _Source) -> list[list[str]]:
    first: list[list[str]] = []
    for _, row in _rows(source):
        first.append(list(row.cells) if isinstance(row, MisshapenRow) else [cell or "" for cell in row])
        if len(first) == HEAD_ROWS - 1:
            break
    return first


def _batches(source: _Source, width: int) -> Iterator[TextBatch]:
    """All rows, the header first, in a number of columns."""
    most = max(1, min(_BATCH_ROWS, _BATCH_CELLS // len(source.keys)))
    numbers, cells, misshapen = [1], [list[str | None](source.keys)], list[MisshapenRow]()
    for number, row in _rows(source):
        if isinstance(row, MisshapenRow):
            misshapen.append(row)
        else:
            numbers.append(number)
            cells.append(row)
        if len(cells) + len(misshapen) >= most:
            yield _batch(numbers, cells, misshapen, width)
            numbers, cells, misshapen = [], [], []
    yield _batch(numbers, cells, misshapen, width)


def _batch(numbers: list[int], cells: list[list[str | None]], misshapen: list[MisshapenRow], width: int) -> TextBatch:
    names = column_names(width)
    columns = list(zip(*cells, strict=True)) if cells else []
    columns = [*columns[:width], *[(None,) * len(cells)] * (width - len(columns))]
    frame = pl.DataFrame(dict(zip(names, columns, strict=True)), schema=dict.fromkeys(names, pl.String))
    return TextBatch(pl.Series("row", numbers, dtype=pl.Int64), frame, tuple(misshapen))
