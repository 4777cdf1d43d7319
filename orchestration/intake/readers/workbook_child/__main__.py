"""The child process that reads one workbook: ``workbook_child.py FILE FOLDER MEMORY_MB SECONDS exact|padded``.

Writes FOLDER/index.json and one Arrow file per visible sheet; cells are text, numbers and dates in one canonical
form. On failure the last line on stderr is ``{"rule": …, "detail": …}`` and the status is 1. It imports nothing of
kho: it must start in a moment and survive what it reads, or die without taking anything along.
"""

from __future__ import annotations

import datetime
import json
import resource
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import python_calamine as calamine

CHUNK_ROWS = 10_000
STAMP_SHEET = "_kho"
#: More cells than this in one sheet are a far-away stray cell, not a table.
MOST_CELLS = 60_000_000


def number_text(value: float, *, exact: bool) -> str:
    """A number as Excel shows it with 15 significant digits; scientific notation where digits are lost for good."""
    if abs(value) < 1e15 and value == int(value):
        return str(int(value))
    text = f"{value:.15g}"
    if "e" in text:
        if abs(value) >= 1:
            return text.replace("e", "E")
        text = f"{value:.20f}".rstrip("0")
    if not exact and "." in text and len(text.rpartition(".")[2]) == 3:
        text += "0"
    return text


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


def write_sheet(sheet: Any, target: Path, *, exact: bool) -> int:
    """Write one sheet from its first row and column on; returns its width."""
    if sheet.start is None:
        sheet_start, width = 0, 1
    else:
        sheet_start, width = (
            sheet.start[1],
            sheet.total_width if sheet.total_width > sheet.width else sheet.start[1] + sheet.width,
        )
    if width * max(sheet.total_height, 1) > MOST_CELLS:
        fail("file.limits", f"a sheet of {sheet.total_height} rows and {width} columns: delete stray far-away cells")
    schema = pa.schema([(f"c{position}", pa.string()) for position in range(width)])
    padding: list[str | None] = [None] * sheet_start
    with pa.OSFile(str(target), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        chunk: list[list[str | None]] = []
        for row in sheet.iter_rows() if sheet.start is not None else ():
            chunk.append(padding + [cell_text(value, exact=exact) for value in row])
            if len(chunk) == CHUNK_ROWS:
                write_chunk(writer, schema, chunk)
                chunk = []
        if chunk:
            write_chunk(writer, schema, chunk)
    return width


def write_chunk(writer: Any, schema: pa.Schema, rows: list[list[str | None]]) -> None:
    """Append rows to the Arrow file."""
    arrays = [pa.array(cells, pa.string()) for cells in zip(*rows, strict=True)]
    writer.write_batch(pa.record_batch(arrays, schema=schema))


def fail(rule: str, detail: str) -> None:
    """End with a reason that the parent understands."""
    print(json.dumps({"rule": rule, "detail": detail}), file=sys.stderr, flush=True)
    raise SystemExit(1)


def read(path: str, folder: Path, *, exact: bool) -> None:
    """Read the workbook at ``path`` into ``folder``."""
    workbook = calamine.CalamineWorkbook.from_path(path)
    sheets, stamp = [], []
    for position, facts in enumerate(workbook.sheets_metadata):
        if facts.typ != calamine.SheetTypeEnum.WorkSheet:
            continue
        sheet = workbook.get_sheet_by_index(position)
        if facts.name == STAMP_SHEET:
            stamp = [cell_text(row[0], exact=True) or "" for row in sheet.to_python(skip_empty_area=False)[:10] if row]
        elif facts.visible == calamine.SheetVisibleEnum.Visible:
            file = f"sheet{position}.arrow"
            width = write_sheet(sheet, folder / file, exact=exact)
            sheets.append({"name": facts.name, "file": file, "width": width})
    (folder / "index.json").write_text(json.dumps({"sheets": sheets, "stamp": stamp}), encoding="utf-8")


def main() -> None:
    """Set the limits, read, and turn whatever goes wrong into a reason."""
    path, folder, memory_mb, seconds, mode = sys.argv[1:]
    limit = int(memory_mb) << 20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        read(path, Path(folder), exact=mode == "exact")
    except calamine.PasswordError:
        fail("file.password", "protected by a password")
    except MemoryError:
        fail("file.limits", f"more than {memory_mb} MB of memory needed")
    except (calamine.CalamineError, OSError, ValueError) as error:
        message = str(error)
        rule = "file.password" if "assword" in message or "ncrypt" in message else "file.unreadable"
        fail(rule, f"{type(error).__name__}: {message[:200]}")
    except SystemExit:
        raise
    except BaseException as error:  # a panic of the reader is a BaseException
        fail("file.unreadable", f"the reader failed: {type(error).__name__}")


if __name__ == "__main__":
    main()
