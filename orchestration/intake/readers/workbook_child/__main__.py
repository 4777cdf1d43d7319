"""The child process that reads one workbook: ``python -I workbook_child FILE FOLDER MEMORY_MB OUTPUT_MB SECONDS …``.

Writes FOLDER/index.json and one Arrow file per visible sheet; cells are text, numbers and dates in one canonical
form. On failure the last line on stderr is ``{"rule": …, "detail": …}`` (or ``{"errno": …}`` where the disk is full)
and the status is 1. What it writes is limited, too: one long text may stand in every cell. It imports nothing of kho
but its neighbour: it must start in a moment and survive what it reads, or die without taking anything along.
"""

from __future__ import annotations

import datetime
import errno
import json
import re
import resource
import sys
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import pyarrow as pa
import python_calamine as calamine
from parts import NOT_CALCULATED, Hidden, Package, RefusedError

CHUNK_ROWS = 10_000
STAMP_SHEET = "_kho"
#: More cells than this in one sheet are a far-away stray cell, not a table.
MOST_CELLS = 60_000_000
#: Digits that a number of Excel keeps.
DIGITS = 15
MOST_DOUBTS = 20
#: Name of the stream that holds an encrypted xlsx.
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_QUOTED = re.compile("[`'\"]")  # what a message quotes may be a value


def number_text(value: float, *, exact: bool) -> str:
    """A number as Excel shows it with 15 significant digits; scientific notation where digits are lost for good."""
    if abs(value) < 1e15 and value == int(value):
        return str(int(value))
    text = f"{value:.{DIGITS}g}"
    if "e" in text:
        if abs(value) >= 1:
            return text.replace("e", "E")
        text = f"{value:.20f}".rstrip("0")
    if not exact and "." in text and len(text.rpartition(".")[2]) == 3:
        text += "0"
    return text


def lost_digits(value: float) -> bool:
    """Whether a value is an integer of more digits than Excel keeps, the last of which are gone."""
    return abs(value) >= 1e15 and len(f"{value:.{DIGITS}g}".partition("e")[0].strip("-0").replace(".", "")) == DIGITS


def cell_text(value: Any, *, exact: bool) -> str | None:
    """The text of a cell; None where it is empty. Dates and times in ISO 8601."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return number_text(value, exact=exact)
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time(0)
        return value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="seconds")
    return None if value is None else str(value)


class SheetWriter:
    """Writes one sheet as text from its first row and column on, with what its package shows beside calamine."""

    def __init__(self, sheet: Any, name: str, hidden: Hidden, *, exact: bool) -> None:
        self._sheet, self._name, self._hidden, self._exact = sheet, name, hidden, exact
        self.left = sheet.start[1] if sheet.start else 0
        self.width = self.left + max(sheet.width, 1)
        self.doubts = [
            f"{name} row {row + 1}: a formula without a stored value"
            for row, cells in sorted(hidden.texts.items())
            if NOT_CALCULATED in cells.values()
        ]
        self._numbers: Counter[int] = Counter()
        self._lost: dict[int, list[int]] = {}
        if self.width * max(sheet.total_height, 1) > MOST_CELLS:
            size = f"{sheet.total_height} rows and {self.width} columns"
            raise RefusedError("file.limits", f"a sheet of {size}: delete stray far-away cells")

    def write(self, target: Path) -> None:
        """Write the sheet."""
        schema = pa.schema([(f"c{position}", pa.string()) for position in range(self.width)])
        with pa.OSFile(str(target), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
            chunk: list[list[str | None]] = []
            first = 0
            padding: list[str | None] = [None] * self.left
            for row in self._sheet.iter_rows() if self._sheet.start else ():
                chunk.append(padding + [cell_text(value, exact=self._exact) for value in row])
                if self._exact:
                    self._count_digits(first + len(chunk), row)
                if len(chunk) == CHUNK_ROWS:
                    self._write_chunk(writer, schema, first, chunk)
                    first += len(chunk)
                    chunk = []
            if chunk:
                self._write_chunk(writer, schema, first, chunk)
        for column, rows in self._lost.items():
            # A column of such numbers is one of identifiers; a single one among others is a result of arithmetic.
            if 2 * len(rows) >= self._numbers[column]:
                self.doubts.append(f"{self._name} row {rows[0]}: a number of which Excel lost digits")

    def _count_digits(self, number: int, row: list[Any]) -> None:
        for column, value in enumerate(row):
            if isinstance(value, float):
                self._numbers[column] += 1
                if lost_digits(value):
                    self._lost.setdefault(column, []).append(number)

    def _write_chunk(self, writer: Any, schema: pa.Schema, first: int, rows: list[list[str | None]]) -> None:
        if self._hidden.texts or self._hidden.digits:
            self._uncover(first, rows)
        arrays = [pa.array(cells, pa.string()) for cells in zip(*rows, strict=True)]
        writer.write_batch(pa.record_batch(arrays, schema=schema))

    def _uncover(self, first: int, rows: list[list[str | None]]) -> None:
        for position, row in enumerate(rows, start=first):
            for column, text in self._hidden.texts.get(position, {}).items():
                if column < len(row):
                    row[column] = text
        for column, runs in self._hidden.digits.items():
            while runs and runs[0][0] < first + len(rows):
                start, end, count = runs[0]
                for position in range(max(start, first), min(end + 1, first + len(rows))):
                    text = rows[position - first][column]
                    rows[position - first][column] = text.zfill(count) if text and text.isdigit() else text
                if end >= first + len(rows):
                    break
                runs.pop(0)


def read(path: str, folder: Path, *, exact: bool, most_bytes: int) -> None:
    """Read the workbook at ``path`` into ``folder``, in which it may take about ``most_bytes``."""
    package = Package(path) if path.endswith(".xlsx") else None
    workbook = calamine.CalamineWorkbook.from_path(path)
    sheets: list[dict[str, Any]] = []
    stamp: list[str] = []
    doubts: list[str] = []
    for position, facts in enumerate(workbook.sheets_metadata):
        if facts.typ != calamine.SheetTypeEnum.WorkSheet:
            continue
        if facts.name == STAMP_SHEET:
            rows = workbook.get_sheet_by_index(position).to_python(skip_empty_area=False)[:10]
            stamp = [cell_text(row[0], exact=True) or "" for row in rows if row]
        elif facts.visible == calamine.SheetVisibleEnum.Visible:
            hidden = package.hidden(position) if package else Hidden()
            writer = SheetWriter(workbook.get_sheet_by_index(position), facts.name, hidden, exact=exact)
            file = f"sheet{position}.arrow"
            writer.write(folder / file)
            most_bytes -= (folder / file).stat().st_size
            if most_bytes < 0:
                raise RefusedError("file.limits", "sheets of too much text")
            sheets.append({"name": facts.name, "file": file, "left": writer.left, "width": writer.width})
            doubts += writer.doubts[:MOST_DOUBTS]
    if not sheets:
        raise RefusedError("file.empty", "no visible sheet")
    index = {"sheets": sheets, "stamp": stamp, "doubts": doubts}
    (folder / "index.json").write_text(json.dumps(index), encoding="utf-8")


def fail(rule: str, detail: str) -> None:
    """End with a reason that the parent understands."""
    end({"rule": rule, "detail": detail})


def end(reason: dict[str, Any]) -> None:
    """The last line on stderr, and the status."""
    print(json.dumps(reason), file=sys.stderr, flush=True)
    raise SystemExit(1)


def main() -> None:
    """Set the limits, read, and turn whatever goes wrong into a reason."""
    path, folder, memory_mb, output_mb, seconds, mode = sys.argv[1:]
    limit, output = int(memory_mb) << 20, int(output_mb) << 20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_FSIZE, (output, output))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        read(path, Path(folder), exact=mode == "exact", most_bytes=output)
    except RefusedError as error:
        fail(error.rule, str(error))
    except calamine.PasswordError:
        fail("file.password", "protected by a password")
    except MemoryError:
        fail("file.limits", f"more than {memory_mb} MB of memory needed")
    except (calamine.CalamineError, zipfile.BadZipFile, ParseError, OSError, ValueError, NotImplementedError) as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            end({"errno": error.errno})
        if isinstance(error, OSError) and error.errno == errno.EFBIG:
            fail("file.limits", f"a sheet of more than {output_mb} MB of text")
        if _ENCRYPTED in Path(path).read_bytes():
            fail("file.password", "protected by a password")
        fail("file.unreadable", f"{type(error).__name__}: {_QUOTED.split(str(error))[0][:200]}")
    except SystemExit:
        raise
    except BaseException as error:  # a panic of the reader is a BaseException
        fail("file.unreadable", f"the reader failed: {type(error).__name__}")


if __name__ == "__main__":
    main()
