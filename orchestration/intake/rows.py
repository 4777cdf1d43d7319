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

from orchestration.intake.folding import clean_text, fold
from orchestration.intake.readers.table import MisshapenRow, TextBatch
from orchestration.intake.recognise import Layout
from schemas import Declaration

TOTAL = re.compile(
    r"(tong( cong| so)?|cong|toan tinh|tc)( cong)?( so)?( chung| toan (tinh|xa|phuong|huyen))?( [ivx]+)*( \d.*)?"
)
#: What a total row begins with, in any spelling; a cheap sieve before the words are compared.
_LIKE_TOTAL = r"(?i)^\W*(t\S{0,3}ng|c\S{0,3}ng|to\S{0,3}n|tc)\b"
FOOTER = re.compile(
    r"(nguoi lap|nguoi tong hop|thu truong|giam doc|kt giam doc|kt chu tich|chu tich|tm ubnd|tm uy ban|noi nhan|"
    r"ky ghi ro ho ten|ky ten|ke toan|xac nhan|thu ky|truong phong|can bo lap)\b.*"
)
SIGNED = re.compile(r".*\bngay \d{0,2} ?thang \d{0,2} ?nam \d{0,4}")
NOTE = re.compile(r"(ghi chu|nguon|luu y|chu thich|chu y|don vi tinh|dvt|danh sach( nay)? (gom|co))\b.*")
#: What numbers a section, in a column of its own. A plain number counts a row, even one that lacks its values.
ORDINAL = re.compile(r"[ivx]{1,5}|[a-z]|\d{1,2}( \d{1,2})+")
SECTION = re.compile(r"([IVX]{1,5}|[A-Z]|\d+(\.\d+)+)\s*[.)/:–-]\s*\D.*")
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
    _below_footer: bool = False

    def __post_init__(self) -> None:
        columns = self.layout.columns
        self._required = [f"c{columns[name]}" for name, each in self.declaration.columns.items() if each.required]
        self._mapped = set(columns.values())
        self._header_cells = [[clean_text(cell) for cell in row] for row in self.layout.header_rows]

    def apply(self, batch: TextBatch) -> DataRows:
        """The data rows of a batch. Rows are counted in the order in which they stand in the file."""
        above = batch.rows <= self.layout.last_header_row
        if above.any():
            self._count_above(batch.filter_rows(above))
            batch = batch.filter_rows(~above)
        rows, frame = batch.rows, batch.cells
        blank = frame.select(pl.all_horizontal(pl.all().is_null()).alias("blank"))["blank"]
        if blank.any():
            rows, frame = rows.filter(~blank), frame.filter(~blank)
        out: list[int] = []
        before = -1
        for index in self._doubtful(rows, frame).arg_true().to_list():
            if index > before + 1:
                self._below_footer = False  # data stands between: it was the foot of a page
            before = index
            cells = [cell or "" for cell in frame.row(index)]
            reason = self._reason(int(rows[index]), cells)
            if reason:
                out.append(index)
                self._count(reason)
        if frame.height > before + 1:
            self._below_footer = False
        if out:
            keep = pl.repeat(True, frame.height, eager=True).scatter(out, False)
            rows, frame = rows.filter(keep), frame.filter(keep)
        return DataRows(rows, frame, self._sort_misshapen(batch))

    def _doubtful(self, rows: pl.Series, frame: pl.DataFrame) -> pl.Series:
        """Rows that are worth a closer look: few required values, the first rows, those like a header or a total."""
        filled = pl.sum_horizontal(pl.col(self._required).is_not_null())
        first = pl.coalesce(pl.all())
        headers = [next((cell for cell in row if cell.strip()), "") for row in self.layout.header_rows]
        return frame.select(
            (
                (filled * 2 < len(self._required))
                | first.is_in(headers).fill_null(False)
                | first.str.contains(_LIKE_TOTAL).fill_null(False)
                | (rows <= self.layout.last_header_row + 2)
            ).alias("doubtful")
        )["doubtful"]

    def _count(self, reason: str) -> None:
        """Rows without anything are no rows."""
        if reason != "blank":
            self.ignored[reason] += 1

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
                self._count(reason)
            else:
                data.append(each)
        return tuple(data)

    def _reason(self, row: int, cells: Sequence[str]) -> str | None:
        """Why a row is not data; ``blank`` rows are left out without being counted."""
        texts = [cell.strip() for cell in cells if cell.strip()]
        if not texts:
            return "blank"
        if row <= self.layout.last_header_row + 2 and len(texts) > 1 and all(NUMBER.fullmatch(text) for text in texts):
            return "number_row" if _ascending(texts) else None
        if self._repeats_header(cells):
            return "header"
        if TOTAL.fullmatch(fold(texts[0])):
            return "total"
        if self._filled(cells) * 2 >= len(self._required):
            return None
        return self._reason_by_words(texts, cells)

    def _repeats_header(self, cells: Sequence[str]) -> bool:
        """Whether a row says what a header row says: printed forms repeat it on every page."""
        said = {position: clean_text(cell) for position, cell in enumerate(cells) if cell.strip()}
        return any(
            len(said) > 1 and said == {position: cell for position, cell in enumerate(row) if cell}
            for row in self._header_cells
        )

    def _filled(self, cells: Sequence[str]) -> int:
        return sum(1 for name in self._required if int(name[1:]) < len(cells) and cells[int(name[1:])].strip())

    def _reason_by_words(self, texts: Sequence[str], cells: Sequence[str]) -> str | None:
        folded = [fold(text) for text in texts]
        if any(TOTAL.fullmatch(text) for text in folded[:3]):
            return "total"
        if FOOTER.fullmatch(folded[0]) or any(SIGNED.fullmatch(text) for text in folded):
            self._below_footer = True
        if self._below_footer or NOTE.fullmatch(folded[0]):
            return "note"
        places = [position for position, cell in enumerate(cells) if cell.strip()]
        counted = places[0] not in self._mapped
        if len(texts) == 2 and counted and ORDINAL.fullmatch(folded[0]) and not folded[1].replace(" ", "").isdigit():
            return "section"
        if len(texts) == 1 and SECTION.fullmatch(texts[0]):
            return "section"
        return "note" if len(texts) == 1 and counted else None


def _ascending(texts: Sequence[str]) -> bool:
    """1 2 3 …, (1) (2) (3) … or A B 1 2 …: numbers that go up by one, letters in front of them."""
    numbers = [int(re.sub(r"\D", "", text.split("=")[0])) for text in texts if re.match(r"\(?\d", text)]
    steps = [later - earlier for earlier, later in itertools.pairwise(numbers)]
    return len(numbers) >= 2 and numbers[0] in (0, 1, 2) and all(step == 1 for step in steps)
