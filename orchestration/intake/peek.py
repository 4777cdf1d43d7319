"""Every cell of a file as it stands: what ``kho peek`` shows, before anything is recognised.

What the text of a cell cannot show truly (a row of another width, a formula without its value, a number that lost
digits) is shown all the same, and said at the end: a program that reads the output must not take it for the whole
truth.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from orchestration.intake.readers import Document, UnreadableError, open_document
from orchestration.intake.readers.table import NESTED, Sheet
from orchestration.settings import Settings
from schemas import file_rules

_MOST_NAMED = 5
_text = json.JSONEncoder(ensure_ascii=False).encode


@contextmanager
def peek_file(settings: Settings, path: Path) -> Iterator[Document]:
    """Open a file with its numbers exactly as they stand. Raises UnreadableError."""
    with open_document(settings, path, exact=True) as document:
        yield document


def rows_of(sheet: Sheet) -> Iterator[list[str]]:
    """All rows of a sheet as text; rows of another width than most stand where they were, in their own width.

    Columns and rows without anything, left of all cells and below them, are left out.
    """
    blank = 0
    for row in _all_rows(sheet):
        if not any(row):
            blank += 1
            continue
        if blank:
            yield from [[""] * (sheet.width - sheet.left)] * blank
            blank = 0
        yield row[sheet.left :]


def _all_rows(sheet: Sheet) -> Iterator[list[str]]:
    for batch in sheet.batches(sheet.width):
        odd = iter(batch.misshapen)
        next_odd = next(odd, None)
        for number, row in zip(batch.rows.to_list(), batch.cells.iter_rows(), strict=True):
            while next_odd and next_odd.row < number:
                yield list(next_odd.cells)
                next_odd = next(odd, None)
            yield [cell or "" for cell in row]
        while next_odd:
            yield list(next_odd.cells)
            next_odd = next(odd, None)


def write_cells(document: Document, stream: TextIO) -> None:
    """Write ``{sheet: [[text, …], …]}``, row by row, so that a large file needs no memory.

    Raises UnreadableError at the end where some cells are not what they seem.
    """
    doubts = list(document.doubts)
    stream.write("{")
    for position, sheet in enumerate(document.sheets):
        stream.write(f"{',' if position else ''}\n{_text(sheet.name)}: [")
        regular, usual = False, sheet.width - sheet.left
        last: list[str] | None = None
        for number, row in enumerate(rows_of(sheet)):
            if row is not last:  # a far-away cell stands below a million times the same blank row
                line, last = "\n[" + ", ".join(map(_text, row)) + "]", row
            stream.write("," + line if number else line)
            # Titles above a table may be shorter than its rows; within the table a cell is missing or too many.
            if regular and len(row) != usual:
                doubts.append(f"{sheet.name} row {number + 1}: {len(row)} cells instead of {usual}")
            regular = regular or len(row) == usual
            if NESTED in row:
                doubts.append(f"{sheet.name} row {number + 1}: a list or an object in a cell")
        stream.write("]")
    stream.write("}\n")
    if doubts:
        named = "; ".join(doubts[:_MOST_NAMED]) + ("; …" if len(doubts) > _MOST_NAMED else "")
        raise UnreadableError(file_rules.FILE_UNREADABLE, f"some cells are not what they seem: {named}")
