"""The cells of a document with texts in legacy fonts read as what they show, where the file does not say its fonts.

Belongs here: applying the evidence (``legacy_text``) to sheets and batches, and counting. Judged once a sheet, on its
first batch; a sheet that proves nothing there passes unchanged and costs one search. A cell that looks like a legacy
font without that proof is found by its cast.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import polars as pl

from orchestration.intake.readers.table import Document, MisshapenRow, Sheet, TextBatch, UnreadableError
from orchestration.intake.vietnamese.legacy_text import (
    PROVING_WORDS,
    STRANGE,
    WESTERN,
    LegacyText,
    proven_tables,
)
from schemas import file_rules

#: Different texts that are searched for a proof.
MOST_EVIDENCE = 50_000


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
    strange = (cells.str.contains(STRANGE).sum() or 0 for cells in batch.cells)
    if not batch.misshapen and sum(strange) < PROVING_WORDS:
        return None
    columns = {position: _western(batch.cells[name]) for position, name in enumerate(batch.cells.columns)}
    odd = [cell for row in batch.misshapen for cell in row.cells]
    texts = itertools.chain(odd, *columns.values())
    proven = proven_tables(itertools.islice(texts, MOST_EVIDENCE))
    if not proven:
        return None
    reading = LegacyText(proven, unsure)
    for position, counted in columns.items():
        reading.learn(position, counted)
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
        head = [self._cells_of(row) for row in self.source.head]
        return replace(self.source, head=head, batches=self._batches, mended=self._mended)

    def _batches(self, width: int) -> Iterator[TextBatch]:
        counted = Counter(self.source.mended)
        for batch in self.source.batches(width):
            cells: list[pl.Series] = []
            undecided: dict[int, list[str]] = {}
            for position, name in enumerate(batch.cells.columns):
                cells.append(self._column(position, batch.cells[name], counted, undecided))
            for position, texts in undecided.items():
                cells[position] = self._by_row(batch.cells, position, cells[position], texts, counted)
            odd = tuple(self._row(row) for row in batch.misshapen)
            yield TextBatch(batch.rows, pl.DataFrame(cells), odd)
        # Some steps read a sheet again; what was mended is counted once.
        self._mended.clear()
        self._mended.update(counted)

    def _column(
        self, position: int, cells: pl.Series, counted: Counter[str], undecided: dict[int, list[str]]
    ) -> pl.Series:
        telling = cells.filter(cells.str.contains(WESTERN).fill_null(False))
        if telling.is_empty():
            return cells
        changes: dict[str, str] = {}
        for text, count in telling.value_counts(name="count").iter_rows():
            read = self.reading.read(position, text)
            if read.by:
                changes[text] = read.text
                counted[read.by] += count
            elif read.either:
                undecided.setdefault(position, []).append(text)
            elif read.doubt:
                self._doubt(position, text, read.doubt)
        return cells.replace(changes) if changes else cells

    def _by_row(
        self, source: pl.DataFrame, position: int, cells: pl.Series, texts: list[str], counted: Counter[str]
    ) -> pl.Series:
        """Decide the cells that can be right both ways by the other cells of their rows, as they stood."""
        original = source.to_series(position)
        at = original.is_in(texts).fill_null(False).arg_true()
        changed = []
        for index, text in zip(at.to_list(), original.gather(at).to_list(), strict=True):
            row = self.reading.kind_of_row(cell for cell in source.row(index) if cell)
            read = self.reading.read(position, text, row)
            changed.append(read.text)
            if read.by:
                counted[read.by] += 1
            elif read.doubt:
                self._doubt(position, text, read.doubt)
        return cells.clone().scatter(at, pl.Series(changed, dtype=pl.String))

    def _row(self, row: MisshapenRow) -> MisshapenRow:
        return MisshapenRow(row.row, tuple(self._cells_of(row.cells)))

    def _cells_of(self, row: Sequence[str]) -> list[str]:
        kind = self.reading.kind_of_row(row)
        return [self.reading.read(position, cell, kind).text for position, cell in enumerate(row)]

    def _doubt(self, position: int, text: str, meaning: str) -> None:
        self.doubtful.setdefault((self.source.name, position), {})[text] = meaning
