"""Every cell of a file as it stands: what ``kho peek`` shows, before anything is recognised."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from orchestration.intake.readers import Document, open_document
from orchestration.intake.readers.table import Sheet
from orchestration.settings import Settings


@contextmanager
def peek_file(settings: Settings, path: Path) -> Iterator[Document]:
    """Open a file with its numbers exactly as they stand. Raises UnreadableError."""
    with open_document(settings, path, exact=True) as document:
        yield document


def rows_of(sheet: Sheet) -> Iterator[list[str]]:
    """All rows of a sheet as text; rows of another width than most stand where they were, in their own width."""
    for batch in sheet.batches(sheet.width):
        late = {each.row: list(each.cells) for each in batch.misshapen}
        for number, row in zip(batch.rows, batch.cells.iter_rows(), strict=True):
            yield from (late.pop(each) for each in sorted(late) if each < number)
            yield [cell or "" for cell in row]
        yield from (late[each] for each in sorted(late))


def write_cells(document: Document, stream: TextIO) -> None:
    """Write ``{sheet: [[text, …], …]}``, row by row, so that a large file needs no memory."""
    stream.write("{")
    for position, sheet in enumerate(document.sheets):
        stream.write(f"{',' if position else ''}\n{json.dumps(sheet.name, ensure_ascii=False)}: [")
        for number, row in enumerate(rows_of(sheet)):
            stream.write(("," if number else "") + "\n" + json.dumps(row, ensure_ascii=False))
        stream.write("]")
    stream.write("}\n")
