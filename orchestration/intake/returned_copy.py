"""A receipt that an officer has mended and sent back: what kho itself put into it is no part of her figures.

Belongs here: telling such a workbook by its stamp, and leaving our sheet and columns out before recognition sees
them. Does not belong here: writing receipts (``receipts``), reading stamps (``readers``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import polars as pl

from orchestration.intake.readers.table import Document, Sheet, TextBatch
from orchestration.intake.wording import ERRORS, RETURNED_SHEET, SOURCE_ROW, SOURCE_SHEET

#: Cells of the stamp that only receipts have: the submission, the titles of our sheets, the kind of the file.
_SUBMISSION, _TITLES, _KIND = 5, 6, 7


def is_returned(stamp: Sequence[str]) -> bool:
    """Whether a workbook is a receipt of ours."""
    return len(stamp) > _SUBMISSION and bool(stamp[_SUBMISSION])


def without_marks(document: Document) -> Document:
    """The document as its officer knows it: no sheet of ours, nothing in the columns that the receipt added.

    What was a text file counts as one again: its numbers were typed, not stored as numbers.
    """
    stamp = document.stamp
    if not is_returned(stamp):
        return document
    titles = stamp[_TITLES].split("/") if len(stamp) > _TITLES else []
    kind = stamp[_KIND] if len(stamp) > _KIND and stamp[_KIND] == "csv" else document.kind
    sheets = [_without_columns(sheet) for sheet in document.sheets if sheet.name not in titles]
    if kind != document.kind:
        sheets = [replace(sheet, numeric_cells=False) for sheet in sheets]
    return replace(document, kind=kind, sheets=sheets)


def _without_columns(sheet: Sheet) -> Sheet:
    ours = _our_columns(sheet)
    if not ours:
        return sheet
    head = [["" if position in ours else cell for position, cell in enumerate(row)] for row in sheet.head]
    return replace(sheet, head=head, batches=partial(_batches, sheet, ours))


def _our_columns(sheet: Sheet) -> set[int]:
    """Positions of our columns: the rightmost that begins with our heading; those in front of returned rows."""
    tops: dict[int, str] = {}
    for row in sheet.head:
        for position, cell in enumerate(row):
            if cell.strip():
                tops.setdefault(position, cell.strip())
    reasons = sorted(position for position, top in tops.items() if top == ERRORS)[-1:]
    places = {SOURCE_SHEET, SOURCE_ROW} if sheet.name == RETURNED_SHEET else set()
    in_front = {position for row in sheet.head[:2] for position, cell in enumerate(row) if cell.strip() in places}
    return {*in_front, *reasons}


def _batches(sheet: Sheet, ours: set[int], width: int) -> Iterator[TextBatch]:
    names = [f"c{position}" for position in ours if position < width]
    for batch in sheet.batches(width):
        yield replace(batch, cells=batch.cells.with_columns(pl.lit(None, pl.String).alias(name) for name in names))
