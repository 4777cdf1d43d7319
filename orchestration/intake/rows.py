"""Which rows below the header are data, and why the others are not.

Belongs here: telling data from rows of column numbers, totals, notes, signatures, section headings and repeated
headers. Every row that is left out is counted under one reason. A row is left out only for a positive reason; one
that merely lacks values is data, and its empty cells are errors.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from orchestration.intake.folding import fold
from orchestration.intake.readers.table import MisshapenRow, TextBatch
from orchestration.intake.recognise import Layout
from schemas import Declaration

TOTAL = re.compile(r"(tong|tong cong|tong so|cong|toan tinh|tong cong toan tinh|tc|cong [ivx]+|tong [ivx]+( [ivx]+)*)")
FOOTER = re.compile(
    r"(nguoi lap|nguoi tong hop|thu truong|giam doc|kt giam doc|kt chu tich|chu tich|tm ubnd|tm uy ban|noi nhan|"
    r"ky ghi ro ho ten|ky ten|ke toan|xac nhan|thu ky|truong phong|can bo lap)\b.*"
    r"|.*\bngay \d{0,2} ?thang \d{0,2} ?nam \d{0,4}"
)
NOTE = re.compile(r"(ghi chu|nguon|luu y|chu thich|chu y|don vi tinh|dvt)\b.*")
SECTION = re.compile(r"([ivx]{1,5}|[a-z]|\d{1,2}( \d{1,2})*)")
NUMBER = re.compile(r"\(?\d{1,3}\)?(\s*=.*)?|\(?[A-Za-z]\)?")


@dataclass(frozen=True)
class DataRows:
    """The data rows of one batch: numbers, cells of the table's width, and misshapen rows that are data."""

    rows: pl.Series
    cells: pl.DataFrame
    misshapen: tuple[MisshapenRow, ...]


@dataclass
class RowFilter:
    """Separates data rows from the rest, batch after batch, and counts what it leaves out, in ``ignored``."""

    declaration: Declaration
    layout: Layout
    ignored: Counter[str] = field(default_factory=Counter)
    footer_from: int | None = None

    def __post_init__(self) -> None:
        columns = self.layout.columns
        self._required = [f"c{columns[name]}" for name, each in self.declaration.columns.items() if each.required]
        self._mapped = {f"c{position}" for position in columns.values()}

    def apply(self, batch: TextBatch) -> DataRows:
        """The data rows of a batch. Rows are counted in the order in which they stand in the file."""
        above = batch.rows <= self.layout.last_header_row
        if above.any():
            self._count_above(batch.filter_rows(above))
            batch = batch.filter_rows(~above)
        misshapen = self._sort_misshapen(batch)
        frame = batch.cells
        filled = frame.select(pl.sum_horizontal(pl.col(self._required).is_not_null()).alias("n"))["n"]
        doubtful = (
            (filled * 2 < len(self._required))
            | self._like_header(frame)
            | (batch.rows <= self.layout.last_header_row + 2)
        )
        if not doubtful.any():
            return DataRows(batch.rows, frame, misshapen)
        out: list[int] = []
        for index in doubtful.arg_true():
            cells = [cell or "" for cell in frame.row(int(index))]
            reason = self._reason(int(batch.rows[int(index)]), cells)
            if reason:
                out.append(int(index))
                self.ignored[reason] += reason != "blank"
        keep = pl.Series([True]).new_from_index(0, frame.height).scatter(out, False) if out else None
        if keep is None:
            return DataRows(batch.rows, frame, misshapen)
        return DataRows(batch.rows.filter(keep), frame.filter(keep), misshapen)

    def _count_above(self, batch: TextBatch) -> None:
        blank = batch.cells.select(pl.all_horizontal(pl.all().is_null()).alias("blank"))["blank"]
        for row, empty in zip(batch.rows, blank, strict=True):
            if not empty:
                self.ignored[self._above_reason(row)] += 1

    def _above_reason(self, row: int) -> str:
        return "header" if row >= self.layout.first_header_row else "letterhead"

    def _sort_misshapen(self, batch: TextBatch) -> tuple[MisshapenRow, ...]:
        data = []
        for each in batch.misshapen:
            cells = [cell.strip() for cell in each.cells]
            few = sum(map(bool, cells)) * 2 < len(self._required) + 2
            reason: str | None = None
            if each.row <= self.layout.last_header_row:
                reason = self._above_reason(each.row) if any(cells) else "blank"
            elif few:
                reason = self._reason(each.row, cells)
            if reason:
                self.ignored[reason] += reason != "blank"
            else:
                data.append(each)
        return tuple(data)

    def _like_header(self, frame: pl.DataFrame) -> pl.Series:
        """Rows that repeat the header: printed forms repeat it on every page."""
        names = [(f"c{position}", self.layout.headers[position]) for position in self.layout.columns.values()][:3]
        same = pl.all_horizontal([pl.col(name) == header for name, header in names])
        return frame.select(same.fill_null(False).alias("same"))["same"]

    def _reason(self, row: int, cells: Sequence[str]) -> str | None:
        """Why a row is not data; ``blank`` rows are left out without being counted."""
        texts = [cell.strip() for cell in cells if cell.strip()]
        if not texts:
            return "blank"
        if row <= self.layout.last_header_row + 2 and len(texts) > 1 and all(NUMBER.fullmatch(text) for text in texts):
            return "number_row" if _ascending(texts) else None
        if len(cells) >= self.layout.width and self._repeats_header(cells):
            return "header"
        if self._filled(cells) * 2 >= len(self._required):
            return None
        return self._reason_by_words(row, texts, cells)

    def _repeats_header(self, cells: Sequence[str]) -> bool:
        return all(cells[at].strip() == self.layout.headers[at] for at in self.layout.columns.values())

    def _filled(self, cells: Sequence[str]) -> int:
        return sum(1 for name in self._required if int(name[1:]) < len(cells) and cells[int(name[1:])].strip())

    def _reason_by_words(self, row: int, texts: Sequence[str], cells: Sequence[str]) -> str | None:
        folded = [fold(text) for text in texts]
        if any(TOTAL.fullmatch(text) for text in folded[:3]):
            return "total"
        if any(FOOTER.fullmatch(text) for text in folded):
            self.footer_from = row if self.footer_from is None else min(self.footer_from, row)
            return "note"
        if self.footer_from is not None and row > self.footer_from:
            return "note"
        if NOTE.fullmatch(folded[0]):
            return "note"
        if len(texts) == 2 and SECTION.fullmatch(folded[0]) and not folded[1].replace(" ", "").isdigit():
            return "section"
        outside = all(f"c{position}" not in self._mapped for position, cell in enumerate(cells) if cell.strip())
        return "note" if outside and len(texts) == 1 else None


def _ascending(texts: Sequence[str]) -> bool:
    """1 2 3 …, (1) (2) (3) … or A B 1 2 …: numbers that go up by one, letters in front of them."""
    numbers = [int(re.sub(r"\D", "", text.split("=")[0])) for text in texts if re.match(r"\(?\d", text)]
    steps = [later - earlier for earlier, later in itertools.pairwise(numbers)]
    return len(numbers) >= 2 and numbers[0] in (0, 1, 2) and all(step == 1 for step in steps)
