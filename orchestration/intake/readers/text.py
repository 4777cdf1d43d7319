"""CSV, TSV and other delimited text: streamed through pyarrow.csv, every cell as text.

Belongs here: encoding, delimiter, rows whose number of cells differs. pyarrow names such a row instead of padding or
shifting it, which DuckDB's, pandas' and polars' readers do; that is why it reads here.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.csv as pa_csv

from orchestration.intake.readers.table import (
    HEAD_ROWS,
    Document,
    MisshapenRow,
    Sheet,
    TextBatch,
    UnreadableError,
    column_names,
)
from orchestration.settings import Settings
from schemas import file_rules

SHEET = "csv"
DELIMITERS = ";,\t|"
SAMPLE_BYTES = 1 << 20
#: Arrow reads up to 32 blocks ahead, so this decides the memory that reading takes: 64 MB.
BLOCK_BYTES = 2 << 20
BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True)
class Dialect:
    """How a text file separates its cells."""

    delimiter: str
    quoted: bool


def _encoding(sample: bytes, *, whole: bool) -> tuple[str, int]:
    """The encoding of a sample and the length of its byte-order mark."""
    for mark, name in BOMS:
        if sample.startswith(mark):
            return name, len(mark)
    if b"\x00" in sample:
        half = len(sample) // 2 or 1
        if sample[1::2].count(0) > 0.4 * half:
            return "utf-16-le", 0
        raise UnreadableError(file_rules.FILE_UNREADABLE, "binary zeros in a text file: not a table, or half copied")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample, final=whole)
    except UnicodeDecodeError:
        return "cp1258", 0
    return "utf-8", 0


def _transcode(path: Path, target: Path, encoding: str, mark: int) -> None:
    """Write the file as UTF-8 NFC (Windows-1258 keeps tone marks as separate characters)."""
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as source, target.open("w", encoding="utf-8", newline="") as sink:
        source.seek(mark)
        carry = ""
        try:
            while block := source.read(1 << 20):
                text = carry + decoder.decode(block)
                cut = text.rfind("\n") + 1  # a combining mark may start the next block
                sink.write(unicodedata.normalize("NFC", text[:cut]))
                carry = text[cut:]
            sink.write(unicodedata.normalize("NFC", carry + decoder.decode(b"", final=True)))
        except UnicodeDecodeError as error:
            raise UnreadableError(
                file_rules.FILE_UNREADABLE, f"mixed or unknown text encoding: {error.reason}"
            ) from None


def _sample_rows(text: str, delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text), delimiter=delimiter):
            rows.append(row)
            if len(rows) > 4 * HEAD_ROWS:
                break
    except csv.Error:
        pass  # the sample may end inside a quoted cell; what was read before counts
    return rows


def _delimiter(text: str) -> str:
    """The delimiter under which most rows have the same, and the greatest, number of cells."""
    first = text.split("\n", 1)[0].strip().lower()
    if first.startswith("sep=") and len(first) == 5:
        return first[4]

    def score(delimiter: str) -> int:
        widths = Counter(len(row) for row in _sample_rows(text, delimiter) if len(row) > 1)
        return max(((width - 1) * count for width, count in widths.items()), default=0)

    return max(DELIMITERS, key=score)


def _contains(path: Path, byte: bytes) -> bool:
    """Whether a byte occurs in a file. Read, not mapped: pages of a map count as the process's memory."""
    with path.open("rb") as file:
        return any(byte in block for block in iter(lambda: file.read(1 << 20), b""))


def _numbers(first: int, count: int, skip: set[int]) -> list[int]:
    """``count`` record numbers from ``first``, leaving out the misshapen ones in ``skip``."""
    numbers: list[int] = []
    number = first
    while len(numbers) < count:
        if number not in skip:
            numbers.append(number)
        number += 1
    return numbers


def _batches(path: Path, dialect: Dialect, width: int) -> Iterator[TextBatch]:
    names = column_names(width)
    found: list[MisshapenRow] = []

    def keep(row: Any) -> str:
        cells = next(csv.reader([row.text], delimiter=dialect.delimiter), [])
        found.append(MisshapenRow(row.number, tuple(cells)))
        return "skip"

    reader = _open(path, dialect, names, keep)
    skipped: set[int] = set()
    number = 1
    while True:
        try:
            block = reader.read_next_batch()
        except StopIteration:
            break
        except pa.ArrowInvalid as error:
            raise UnreadableError(file_rules.FILE_UNREADABLE, _without_values(error)) from None
        arrived, found[:] = tuple(found), []
        skipped.update(each.row for each in arrived)
        frame = pl.from_arrow(block, rechunk=False)
        assert isinstance(frame, pl.DataFrame)
        if skipped:
            rows = pl.Series("row", _numbers(number, frame.height, skipped), dtype=pl.Int64)
            number = int(rows[-1]) + 1 if frame.height else number
        else:
            rows = pl.int_range(number, number + frame.height, dtype=pl.Int64, eager=True)
            number += frame.height
        yield TextBatch(rows, frame, arrived)
    if found:
        yield TextBatch(
            pl.Series("row", [], dtype=pl.Int64), pl.DataFrame(schema=dict.fromkeys(names, pl.String)), tuple(found)
        )


def _open(path: Path, dialect: Dialect, names: list[str], keep: Any) -> pa_csv.CSVStreamingReader:
    try:
        return pa_csv.open_csv(
            path,
            # Row numbers of misshapen rows are known only without threads; parsing is a tenth of the intake's work.
            read_options=pa_csv.ReadOptions(column_names=names, block_size=BLOCK_BYTES, use_threads=False),
            parse_options=pa_csv.ParseOptions(
                delimiter=dialect.delimiter,
                quote_char='"' if dialect.quoted else False,
                newlines_in_values=dialect.quoted,
                ignore_empty_lines=False,
                invalid_row_handler=keep,
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types={name: pa.string() for name in names}, strings_can_be_null=True, null_values=[""]
            ),
        )
    except pa.ArrowInvalid as error:
        raise UnreadableError(file_rules.FILE_UNREADABLE, _without_values(error)) from None


def _without_values(error: Exception) -> str:
    """pyarrow's messages quote the row; keep what was wrong, drop what stood there."""
    text = str(error).split("\n", 1)[0]
    return text.split(": ", 1)[0] if "Row #" in text or "line" in text else text[:120].split("'", 1)[0].strip()


@contextlib.contextmanager
def open_text(settings: Settings, path: Path) -> Iterator[Document]:
    """Open a delimited text file. Raises UnreadableError where it is binary, cut inside a quoted cell, or empty."""
    size = path.stat().st_size
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
    encoding, mark = _encoding(sample, whole=size <= SAMPLE_BYTES)
    settings.temporary.mkdir(parents=True, exist_ok=True)
    utf8 = path
    made = settings.temporary / f"{path.name[:32]}.{id(sample):x}.utf8"
    try:
        if encoding != "utf-8":
            _transcode(path, made, encoding, mark)
            utf8 = made
        if _contains(utf8, b"\x00"):
            raise UnreadableError(file_rules.FILE_UNREADABLE, "binary zeros in a text file: half copied?")
        with utf8.open("rb") as file:
            text = codecs.getincrementaldecoder("utf-8-sig")().decode(file.read(SAMPLE_BYTES))
        if not text.strip():
            raise UnreadableError(file_rules.FILE_EMPTY, "nothing but spaces")
        dialect = Dialect(_delimiter(text), quoted=_contains(utf8, b'"'))
        head = _sample_rows(text, dialect.delimiter)[:HEAD_ROWS]
        width = max(
            Counter(len(row) for row in _sample_rows(text, dialect.delimiter)).items(),
            key=lambda each: (each[1], each[0]),
        )[0]
        yield Document("csv", [Sheet(SHEET, head, width, lambda wide: _batches(utf8, dialect, wide))])
    finally:
        made.unlink(missing_ok=True)
