"""CSV, TSV and other delimited text: streamed block by block through pyarrow.csv, every cell as text.

Belongs here: cutting a file into blocks of complete records, strict quoting, rows whose number of cells differs.
pyarrow names such a row instead of padding or shifting it, which DuckDB's, pandas' and polars' readers do; that is
why it reads here. Its streaming reader is not used: one of its threads may outlive the read and abort the process at
exit (the handler of misshapen rows is a Python object).
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.csv as pa_csv

from orchestration.intake.arrow_series import series
from orchestration.intake.readers.dialect import find_dialect, stated_delimiter
from orchestration.intake.readers.encoding import SAMPLE_BYTES, as_utf8
from orchestration.intake.readers.table import Document, MisshapenRow, Sheet, TextBatch, UnreadableError, column_names
from orchestration.settings import Settings
from schemas import file_rules

SHEET = "csv"
#: As many rows as are checked at a time (120,000 of some 130 bytes): joining two blocks would copy every cell.
BLOCK_BYTES = 16 << 20
#: The first block is read twice, by those who look what the file is before those who read it.
FIRST_BLOCK_BYTES = 6 << 20
#: Rows of a block, at most a few times this where they stand unevenly: rows may be as short as a line's end.
MOST_BLOCK_ROWS = 500_000
#: A sheet of Excel has no more columns.
MOST_COLUMNS = 16_384
_QUOTE, _ZERO = b'"', b"\x00"
#: Most rows are shorter: the end of the last one is looked for among so many bytes first.
_LONG_ROW = 64 << 10
# Python's own limit of 128 KB holds for the whole process; here a cell ends with its block at the latest.
csv.field_size_limit(2 * BLOCK_BYTES)


@dataclass(frozen=True)
class _Source:
    """A UTF-8 file, where its first record begins, its delimiter and the number of cells that most rows have."""

    path: Path
    start: int
    delimiter: str
    width: int = 0


@dataclass
class _Parsed:
    """A block as cells, the numbers of its misshapen rows (from 1 in the block), and those rows."""

    cells: pl.DataFrame
    misshapen: list[MisshapenRow] = field(default_factory=list)

    @property
    def height(self) -> int:
        return self.cells.height + len(self.misshapen)


def _blocks(source: _Source) -> Iterator[tuple[pa.Buffer, bool]]:
    """The file in blocks of complete records, each with whether it holds quotes.

    The buffers are pyarrow's own, because the interpreter must not be needed to release them.
    """
    position = source.start
    with pa.OSFile(str(source.path)) as file:
        size = file.size()
        while position < size:
            file.seek(position)
            buffer = file.read_buffer(BLOCK_BYTES)
            if _count(buffer, _ZERO):
                raise _unreadable("binary zeros in a text file (half copied?)")
            left = size - position
            few = buffer.slice(0, _bytes_of_few_rows(buffer))
            if position == source.start:
                few = few.slice(0, min(few.size, FIRST_BLOCK_BYTES))
            cut, quoted, last = _cut(few, source.delimiter, left)
            if not cut and few.size < buffer.size:
                cut, quoted, last = _cut(buffer, source.delimiter, left)
            if not cut or (last and cut < left):
                raise _unreadable(
                    f"after line {_lines(source.path, position + cut)} of the text: "
                    "a quote without its end, text after a closing quote, or an endless row"
                )
            yield buffer.slice(0, cut), quoted
            position += cut


def _lines(path: Path, end: int) -> int:
    """How many lines end before a position."""
    with path.open("rb") as file:
        starts = range(0, end, BLOCK_BYTES)
        return sum(file.read(min(BLOCK_BYTES, end - start)).count(b"\n") for start in starts)


def _count(buffer: pa.Buffer, byte: bytes) -> int:
    """How often a byte stands in a block. A vector comparison: a tenth of ``bytes.count``, and nothing is copied."""
    codes = series(pa.Array.from_buffers(pa.uint8(), buffer.size, [None, buffer]))
    return int((codes == byte[0]).sum())


def _is_utf8(buffer: pa.Buffer) -> bool:
    """Whether a block is UTF-8. As one text: pyarrow's own check, a cell at a time, takes three times as long."""
    ends = pa.array([0, buffer.size], pa.int64()).buffers()[1]
    block = series(pa.Array.from_buffers(pa.large_binary(), 1, [None, ends, buffer]))
    try:
        block.cast(pl.String)
    except pl.exceptions.ComputeError:
        return False
    return True


def _bytes_of_few_rows(buffer: pa.Buffer) -> int:
    """How much of a block to take at a time: megabytes of line ends would be millions of rows, and gigabytes."""
    lines = max(_count(buffer, b"\n"), _count(buffer, b"\r"))
    return buffer.size * MOST_BLOCK_ROWS // lines if lines > MOST_BLOCK_ROWS else buffer.size


def _cut(data: pa.Buffer, delimiter: str, left: int) -> tuple[int, bool, bool]:
    """Length of the complete records at the start of a block, whether it holds quotes, whether it is the last one."""
    quoted, last = _count(data, _QUOTE) > 0, data.size >= left
    if not data.size:
        return 0, quoted, last
    return (_cut_quoted(data.to_pybytes(), delimiter, last) if quoted else _cut_plain(data, last)), quoted, last


def _cut_plain(data: pa.Buffer, last: bool) -> int:
    """Length of the complete records at the start of a block without quotes."""
    if last:
        return int(data.size)
    near_end = max(0, data.size - _LONG_ROW)
    end = data.slice(near_end).to_pybytes().rfind(b"\n") + 1
    if end:
        return near_end + end
    whole = data.to_pybytes()
    return whole.rfind(b"\n") + 1 or whole[:-1].rfind(b"\r") + 1


def _cut_quoted(data: bytes, delimiter: str, last: bool) -> int:
    """Length of the complete records at the start of a block; a quote is one at the beginning of a cell only."""
    text = data.decode("latin-1")  # a character a byte
    if last and not text.endswith(("\n", "\r")):
        text += "\n"
    elif not last and text.endswith("\r"):
        text = text[:-1]  # half of a line's end?
    mark = re.escape(delimiter)
    cell = rf'(?:"(?:[^"]|"")*"|[^"{mark}\r\n][^{mark}\r\n]*|)'
    records = rf"\A(?:{cell}(?:{mark}{cell})*(?:\r\n|\n|\r))*"
    return min(len(data), len(text) - len(pl.Series([text]).str.replace(records, "")[0]))


def _parse(buffer: pa.Buffer, delimiter: str, names: list[str], *, quoted: bool) -> _Parsed:
    """The cells of a block. Raises UnreadableError where its bytes are not UTF-8."""
    if not _is_utf8(buffer):
        raise _unreadable("text that is not UTF-8 in places")
    found: list[MisshapenRow] = []

    def keep(row: Any) -> str:
        if row.actual_columns <= MOST_COLUMNS:
            cells = next(csv.reader([row.text], delimiter=delimiter), [])
            found.append(MisshapenRow(row.number, tuple(cells)))
            return "skip"
        return "error"

    try:
        table = pa_csv.read_csv(
            pa.BufferReader(buffer),
            # Numbers of misshapen rows are known only without threads; parsing is a tenth of the intake's work.
            read_options=pa_csv.ReadOptions(column_names=names, block_size=buffer.size + 1, use_threads=False),
            parse_options=pa_csv.ParseOptions(
                delimiter=delimiter,
                quote_char='"' if quoted else False,
                newlines_in_values=quoted,
                ignore_empty_lines=False,
                invalid_row_handler=keep,
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types={name: pa.string() for name in names},
                check_utf8=False,
                strings_can_be_null=True,
                null_values=[""],
            ),
        )
    except pa.ArrowInvalid:
        # pyarrow's own message quotes the row.
        raise _unreadable("a row of too many cells") from None
    frame = pl.from_arrow(table, rechunk=False)
    assert isinstance(frame, pl.DataFrame)
    return _Parsed(frame, found)


def _batches(source: _Source, width: int) -> Iterator[TextBatch]:
    """All rows. One whose number of cells is not the file's usual one is misshapen; see ``_narrowed`` for ``width``."""
    own = max(source.width, width)
    names = column_names(own)
    first = 1
    for buffer, quoted in _blocks(source):
        parsed = _parse(buffer, source.delimiter, names, quoted=quoted)
        misshapen = [MisshapenRow(first - 1 + each.row, each.cells) for each in parsed.misshapen]
        rows = pl.int_range(first, first + parsed.height, dtype=pl.Int64, eager=True)
        if misshapen:
            rows = rows.filter(~rows.is_in([each.row for each in misshapen]))
        first += parsed.height
        batch = TextBatch(rows, parsed.cells, tuple(misshapen))
        yield batch if own == width else _narrowed(batch, width)


def _narrowed(batch: TextBatch, width: int) -> TextBatch:
    """A batch of a file whose rows have more cells than the table has columns.

    What stands beyond the table shifts its row. A row of exactly the table's width is right: Excel writes no
    delimiters after the last filled column of every sixteen rows.
    """
    names = batch.cells.columns
    beyond = batch.cells.select(pl.any_horizontal(pl.col(names[width:]).is_not_null()).alias("any"))["any"]
    misshapen = [each for each in batch.misshapen if len(each.cells) != width]
    misshapen += [
        MisshapenRow(number, tuple(cell or "" for cell in row))
        for number, row in zip(batch.rows.filter(beyond).to_list(), batch.cells.filter(beyond).iter_rows(), strict=True)
    ]
    rows, cells = batch.rows.filter(~beyond), batch.cells.filter(~beyond).select(names[:width])
    fitting = [each for each in batch.misshapen if len(each.cells) == width]
    if fitting:
        more = [[cell or None for cell in each.cells] for each in fitting]
        cells = pl.concat([cells, pl.DataFrame(more, schema=cells.schema, orient="row")])
        rows = rows.extend(pl.Series([each.row for each in fitting], dtype=pl.Int64))
        order = rows.arg_sort()
        rows, cells = rows.gather(order), cells[order]
    return TextBatch(rows, cells, tuple(sorted(misshapen, key=lambda each: each.row)))


def _unreadable(why: str) -> UnreadableError:
    return UnreadableError(file_rules.FILE_UNREADABLE, why)


def _source(path: Path, mark: int) -> tuple[_Source, list[list[str]]]:
    """Where and how the records of a UTF-8 file stand, and its first rows."""
    with path.open("rb") as file:
        file.seek(mark)
        try:
            text = codecs.getincrementaldecoder("utf-8")().decode(file.read(SAMPLE_BYTES))
        except UnicodeDecodeError:
            raise _unreadable("a mark of UTF-8, but bytes that are none") from None
    stated = stated_delimiter(text)
    if stated:
        mark, text = mark + stated[1], text[stated[1] :]
    if not text.strip():
        raise UnreadableError(file_rules.FILE_EMPTY, "nothing but spaces")
    dialect = find_dialect(text, stated[0] if stated else None)
    if dialect.width > MOST_COLUMNS:
        raise UnreadableError(file_rules.FILE_LIMITS, f"more than {MOST_COLUMNS} columns: not a table")
    return _Source(path, mark, dialect.delimiter, dialect.width), dialect.head


@contextlib.contextmanager
def open_text(settings: Settings, path: Path) -> Iterator[Document]:
    """Open a delimited text file. Raises UnreadableError where it is binary, wrongly quoted at once, or empty."""
    settings.temporary.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="text-", dir=settings.temporary) as folder:
        utf8 = as_utf8(path, Path(folder) / "utf8.csv")
        source, head = _source(utf8.path, utf8.mark)
        next(_blocks(source), None)  # broken quotes would hide the header, too: say what is really wrong
        yield Document(
            "csv", [Sheet(SHEET, head, source.width, lambda width: _batches(source, width))], unsure=utf8.unsure
        )
