"""The child process that reads one workbook or Parquet file.

``python -I workbook_child FILE FOLDER MEMORY_MB OUTPUT_MB SECONDS exact|padded`` writes FOLDER/index.json and one Arrow
file per visible sheet; cells are text, numbers and dates in one canonical form. On failure the last line on stderr is
``{"rule": …, "detail": …}`` (or ``{"errno": …}`` where the disk is full) and the status is 1. What it writes is
limited, too: one long text may stand in every cell. It imports nothing of kho but its neighbours and the tables of
legacy fonts: it must start in a moment and survive what it reads, or die without taking anything along.
"""

from __future__ import annotations

import errno
import json
import re
import resource
import sys
import zipfile
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import pyarrow as pa
import python_calamine as calamine

sys.path.append(str(Path(__file__).parents[2] / "vietnamese"))  # for its tables of legacy fonts

from cells import cell_text, lost_digits
from find_fonts import find_fonts
from find_hidden import FindHidden
from fonts import SheetFonts
from parts import NOT_CALCULATED, Hidden, Package, RefusedError

CHUNK_ROWS = 10_000
STAMP_SHEET = "_kho"
#: More cells than this in one sheet are a far-away stray cell, not a table.
MOST_CELLS = 60_000_000
MOST_DOUBTS = 20
#: Name of the stream that holds an encrypted xlsx.
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_QUOTED = re.compile("[`'\"]")  # what a message quotes may be a value


class SheetWriter:
    """Writes one sheet as text from its first row and column on, with what its package shows beside calamine."""

    def __init__(self, sheet: Any, name: str, hidden: Hidden, fonts: SheetFonts | None, *, exact: bool) -> None:
        self._sheet, self._name, self._hidden, self._fonts, self._exact = sheet, name, hidden, fonts, exact
        self.left = sheet.start[1] if sheet.start else 0
        self.width = self.left + max(sheet.width, 1)
        self.doubts = [
            f"{name} row {row + 1}: a formula without a stored value"
            for row, cells in sorted(hidden.texts.items())
            if NOT_CALCULATED in cells.values()
        ]
        if hidden.unknown:
            self.doubts.append(f"{name}: error cells cannot be told from blank ones")
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
            text = partial(cell_text, exact=self._exact)
            for row in self._sheet.iter_rows() if self._sheet.start else ():
                # Most cells are text: asked here, they cost half of a call.
                chunk.append(padding + [value or None if type(value) is str else text(value) for value in row])
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
        if self._fonts:
            self._fonts.show(first, rows)
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
    """Read the workbook or Parquet file at ``path`` into ``folder``, in which it may take about ``most_bytes``."""
    if path.endswith(".parquet"):
        from columnar import write_parquet  # what reads columns takes half of the start

        sheet = write_parquet(path, folder / "sheet.arrow", exact=exact)
        _write_index(folder, {"sheets": [sheet], "stamp": [], "doubts": [], "hidden": []})
        return
    package = Package(path) if path.endswith(".xlsx") else None
    workbook = calamine.CalamineWorkbook.from_path(path)
    beside = package or FindHidden(path)
    fonts = None if exact else find_fonts(path, package)
    sheets: list[dict[str, Any]] = []
    stamp: list[str] = []
    doubts: list[str] = []
    hidden_names: list[str] = []
    for position, facts in enumerate(workbook.sheets_metadata):
        if facts.typ != calamine.SheetTypeEnum.WorkSheet:
            continue
        if facts.name == STAMP_SHEET:
            rows = workbook.get_sheet_by_index(position).to_python(skip_empty_area=False)[:10]
            stamp = [cell_text(row[0], exact=True) or "" for row in rows if row]
        elif facts.visible == calamine.SheetVisibleEnum.Visible:
            hidden = beside.hidden(position)
            sheet = workbook.get_sheet_by_index(position)
            shown = fonts.of_sheet(position) if fonts else None
            if shown and sheet.start:
                shown.learn(sheet.start[1], sheet.iter_rows())
            writer = SheetWriter(sheet, facts.name, hidden, shown, exact=exact)
            file = f"sheet{position}.arrow"
            writer.write(folder / file)
            most_bytes -= (folder / file).stat().st_size
            if most_bytes < 0:
                raise RefusedError("file.limits", "sheets of too much text")
            sheets.append({"name": facts.name, "file": file, "left": writer.left, "width": writer.width})
            if shown:
                sheets[-1] |= {"mended": shown.mended, "doubtful": shown.doubtful()}
            doubts += writer.doubts[:MOST_DOUBTS]
        else:
            hidden_names.append(facts.name)
    if not sheets:
        raise RefusedError("file.empty", "no visible sheet")
    if len({sheet["name"] for sheet in sheets}) < len(sheets):
        raise RefusedError("file.unreadable", "two sheets of one name, which Excel does not allow")
    _write_index(folder, {"sheets": sheets, "stamp": stamp, "doubts": doubts, "hidden": hidden_names})


def _write_index(folder: Path, index: dict[str, Any]) -> None:
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
