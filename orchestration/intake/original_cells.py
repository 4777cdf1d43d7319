"""The cells of single rows of a submission's file, as they stand in the archived original.

Belongs here: reading some rows again, and naming their cells by the columns as which they were understood. Does not
belong here: who may see which of them (``sharing/trace_sources.py``).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from orchestration.intake.ledger import Submission
from orchestration.intake.mappings import HeaderMappings
from orchestration.intake.original import archived_original
from orchestration.intake.readers import UnreadableError, open_document
from orchestration.intake.readers.table import Sheet
from orchestration.intake.recognise import Layout
from orchestration.intake.recognition import RefusedError, recognise
from orchestration.settings import Settings
from schemas import Declaration

#: A row of a file: sheet, and number as Excel shows it.
Place = tuple[str, int]


@dataclass(frozen=True)
class OriginalCell:
    """One cell. column: the declared column as which it was understood; None for a surplus one. text: '' if empty."""

    header: str
    column: str | None
    text: str


def original_cells(
    settings: Settings, declaration: Declaration, submission: Submission, places: Collection[Place]
) -> dict[Place, list[OriginalCell]]:
    """The cells of these rows, in the order of the file; rows that cannot be found are left out.

    Raises UnreadableError where the archive has lost the file, or it cannot be read or understood any more.
    """
    path = archived_original(settings, submission)
    if path is None:
        raise UnreadableError("file.unreadable", "the archive has lost it")
    until = submission.details.get("mappings_until", 0)
    confirmed = HeaderMappings(settings.ledger).confirmed(declaration.path, until=until)
    found: dict[Place, list[OriginalCell]] = {}
    with open_document(settings, path) as document:
        try:
            tables = recognise(settings, declaration, document, submission.file_name, confirmed).tables
        except RefusedError as refused:
            raise UnreadableError("file.unreadable", f"it is refused now ({refused})") from None
        for sheet, layout in tables:
            wanted = {row for name, row in places if name == sheet.name}
            for row, cells in _rows(sheet, layout.width, wanted):
                found[(sheet.name, row)] = _named(layout, cells)
    return found


def _rows(sheet: Sheet, width: int, wanted: set[int]) -> list[tuple[int, list[str]]]:
    found: list[tuple[int, list[str]]] = []
    if not wanted:
        return found
    last = max(wanted)
    for batch in sheet.batches(width):
        kept = batch.filter_rows(batch.rows.is_in(sorted(wanted)))
        cells = ([cell or "" for cell in row] for row in kept.cells.iter_rows())
        found += zip(kept.rows.to_list(), cells, strict=True)
        if batch.rows.len() and batch.rows[-1] >= last:
            break
    return found


def _named(layout: Layout, cells: list[str]) -> list[OriginalCell]:
    columns = {place: column for column in layout.columns for place in layout.places(column)}
    return [
        OriginalCell(header, columns.get(place), text)
        for place, (header, text) in enumerate(zip(layout.headers, cells, strict=True))
    ]
