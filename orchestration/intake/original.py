"""The archived original of a submission, opened again for what is made from it.

Belongs here: where its bytes are, and its rows as text. Does not belong here: what becomes of them.
"""

from __future__ import annotations

import contextlib
import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from orchestration.intake.archive import archived_file
from orchestration.intake.ledger import Submission
from orchestration.intake.readers import UnreadableError, open_document
from orchestration.intake.readers.table import Sheet
from orchestration.settings import Settings

#: A row's number, as Excel shows it, and its cells.
NumberedRow = tuple[int, list[str]]

__all__ = ["NumberedRow", "TextSheet", "UnreadableError", "archived_original", "text_sheets"]


@dataclass(frozen=True)
class TextSheet:
    """A sheet of the original: all its rows with everything that stands in them."""

    name: str
    rows: Iterator[NumberedRow]


def archived_original(settings: Settings, submission: Submission) -> Path | None:
    """The original in the archive; None where it is no longer there."""
    path = archived_file(settings, submission.file_sha256)
    return path if path.is_file() else None


@contextlib.contextmanager
def text_sheets(settings: Settings, path: Path) -> Iterator[Iterator[TextSheet]]:
    """The sheets of an original as text, to be read one after the other. Raises UnreadableError."""
    with open_document(settings, path) as document:
        yield (TextSheet(sheet.name, _rows(sheet)) for sheet in document.sheets)


def _rows(sheet: Sheet) -> Iterator[NumberedRow]:
    for batch in sheet.batches(sheet.width):
        cells = ([cell or "" for cell in row] for row in batch.cells.iter_rows())
        misshapen = ((each.row, list(each.cells)) for each in batch.misshapen)
        yield from heapq.merge(zip(batch.rows.to_list(), cells, strict=True), misshapen)
