"""The cells of a document with texts in legacy fonts read as what they show, where the file does not say its fonts.

Belongs here: applying the evidence (``legacy_text``) to sheets and batches, and counting. Judged once a sheet, on its
first batch; a sheet that proves nothing there passes unchanged and costs one search. A cell that looks like a legacy
font without that proof is found by its cast.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import polars as pl

from orchestration.intake.legacy_text import WESTERN, LegacyText, Mended, proven_tables
from orchestration.intake.readers.table import Document, MisshapenRow, Sheet, TextBatch, UnreadableError
from schemas import file_rules


def with_legacy_text(document: Document) -> Document:
    """The document with legacy text read. Raises UnreadableError where its encoding was to be proved and is not."""
    doubtful = dict(document.doubtful)
    sheets = []
    for sheet in document.sheets:
        reading = _learnt(sheet, unsure=document.unsure)
        if reading is None and document.unsure:
            raise UnreadableError(file_rules.FILE_UNREADABLE, "unknown text encoding")
        sheets.append(_Reader(sheet, reading, doubtful).sheet() if reading else sheet)
    return replace(document, sheets=sheets, doubtful=doubtful)


def _learnt(sheet: Sheet, *, unsure: bool) -> LegacyText | None:
    batch = next(sheet.batches(sheet.width), None)
    if batch is None:
        return None
    columns = {position: _western(batch.cells[name]) for position, name in enumerate(batch.cells.columns)}
    odd = [cell for row in batch.misshapen for cell in row.cells]
    proven = proven_tables([*(text for texts in columns.values() for text in texts), *odd])
    if not proven:
        return None
    reading = LegacyText(proven, unsure)
    for position, texts in columns.items():
        reading.learn(position, texts)
    return reading


def _western(cells: pl.Series) -> dict[str, int]:
    """The different texts that are not plain ASCII, and how many cells have each."""
    telling = cells.filter(cells.str.contains("[^\\x00-\\x7f]").fill_null(False))
    counted = telling.value_counts(name="count")
    return dict(zip(counted[cells.name].to_list(), counted["count"].to_list(), strict=True))


@dataclass
class _Reader:
    """Reads one sheet by its evidence; notes doubtful cells by sheet and position."""

    source: Sheet
    reading: LegacyText
    doubtful: dict[tuple[str, int], dict[str, str]]

    def sheet(self) -> Sheet:
        """The sheet with its cells read."""
        self._mended = Counter(self.source.mended)
        head = [[self._cell(position, cell).text for position, cell in enumerate(row)] for row in self.source.head]
        return replace(self.source, head=head, batches=self._batches, mended=self._mended)

    def _batches(self, width: int) -> Iterator[TextBatch]:
        counted = Counter(self.source.mended)
        for batch in self.source.batches(width):
            changed = [
                self._column(position, batch.cells[name], counted) for position, name in enumerate(batch.cells.columns)
            ]
            odd = tuple(self._row(row) for row in batch.misshapen)
            yield TextBatch(batch.rows, pl.DataFrame(changed), odd)
        # Some steps read a sheet again; what was mended is counted once.
        self._mended.clear()
        self._mended.update(counted)

    def _column(self, position: int, cells: pl.Series, counted: Counter[str]) -> pl.Series:
        telling = cells.filter(cells.str.contains(WESTERN).fill_null(False))
        if telling.is_empty():
            return cells
        changes: dict[str, str] = {}
        for text, count in telling.value_counts(name="count").iter_rows():
            read = self._cell(position, text)
            if read.by:
                changes[text] = read.text
                counted[read.by] += count
        return cells.replace(changes) if changes else cells

    def _row(self, row: MisshapenRow) -> MisshapenRow:
        return MisshapenRow(row.row, tuple(self._cell(position, cell).text for position, cell in enumerate(row.cells)))

    def _cell(self, position: int, text: str) -> Mended:
        read = self.reading.read(position, text)
        if read.doubt:
            self.doubtful.setdefault((self.source.name, position), {})[text] = read.doubt
        return read
