"""Which rows below the header are data, and why the others are not.

Belongs here: telling data from rows of column numbers, totals, notes, signatures, section headings and repeated
headers. Every row that is left out is counted under one reason. A row is left out only for a positive reason; one
that merely lacks values is data, and its empty cells are errors. Does not belong here: the words themselves
(``row_words``), what a heading means for the rows beneath (``carry``).

Most rows are never looked at: vectorised expressions pick the doubtful ones. Those are judged in the order of the
file, so that the verdict on a row does not depend on where batches end.
"""

from __future__ import annotations

import bisect
import heapq
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import polars as pl

from orchestration.intake import row_words as words
from orchestration.intake.folding import clean_text, fold, plain
from orchestration.intake.headings import VILLAGE_WORDS, Heading, place_kind, without_ordinal
from orchestration.intake.readers.table import MisshapenRow, TextBatch
from orchestration.intake.recognise import Layout
from schemas import Declaration
from schemas.column_types import CitizenId, CommuneCode, Date, Decimal, Integer, PartialDate, PersonName

#: How far below a header its row of column numbers may stand.
NEAR_HEADER = 2


@dataclass(frozen=True)
class DataRows:
    """The data rows of one batch: numbers, cells of the table's width, misshapen rows that are data.

    headings: rows that were left out and may say something about the rows beneath them.
    """

    rows: pl.Series
    cells: pl.DataFrame
    misshapen: tuple[MisshapenRow, ...]
    headings: tuple[Heading, ...] = ()


@dataclass
class _Verdicts:
    """What was decided about the doubtful rows of a batch: indices of those left out, misshapen rows that are data."""

    out: list[int] = field(default_factory=list)
    misshapen: list[MisshapenRow] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)


def _no_place(text: str) -> bool:
    return False


@dataclass
class RowFilter:
    """Separates data rows from the rest, batch after batch, and counts what it leaves out, in ``ignored``.

    names_place: whether a text that does not begin with the kind of a place is the name of one all the same.
    """

    declaration: Declaration
    layout: Layout
    names_place: Callable[[str], bool] = _no_place
    ignored: Counter[str] = field(default_factory=Counter)
    _below_footer: bool = False

    def __post_init__(self) -> None:
        places, declared = self.layout.columns, self.declaration.columns
        #: How many values a row must have, those among them that rows may take from a heading.
        self._needed = sum(column.required for column in declared.values())
        self._required = [
            self.layout.places(name) for name, each in declared.items() if each.required and name in places
        ]
        self._mapped = {position: declared[name] for name in places for position in self.layout.places(name)}
        self._first = next((at for at, header in enumerate(self.layout.headers) if header), 0)
        self._headers = [[plain(cell) for cell in row] for row in self.layout.header_rows]
        self._header_row = self.layout.last_header_row

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
        found = self._judge(rows, frame, batch.misshapen)
        if found.out:
            keep = pl.repeat(True, frame.height, eager=True).scatter(found.out, False)
            rows, frame = rows.filter(keep), frame.filter(keep)
        return DataRows(rows, frame, tuple(found.misshapen), tuple(found.headings))

    # --- which rows are judged, in their order ----------------------------------------------------------------
    def _judge(self, rows: pl.Series, frame: pl.DataFrame, misshapen: Sequence[MisshapenRow]) -> _Verdicts:
        found = _Verdicts()
        before = -1
        for index, odd in self._in_order(rows, frame, misshapen):
            if index > before + 1:
                self._below_footer = False  # data stands between: it was the foot of a page
            before = index - 1 if odd else index
            row = odd.row if odd else int(rows[index])
            cells = odd.cells if odd else [cell or "" for cell in frame.row(index)]
            reason = self._reason_of_misshapen(odd) if odd else self._reason(row, cells)
            if reason is None:
                self._below_footer = False
                if odd:
                    found.misshapen.append(odd)
                continue
            if not odd:
                found.out.append(index)
            if reason != "blank":
                self.ignored["note" if reason == "aside" else reason] += 1
            if heading := _heading(row, reason, cells):
                found.headings.append(heading)
        if frame.height > before + 1:
            self._below_footer = False
        return found

    def _in_order(
        self, rows: pl.Series, frame: pl.DataFrame, misshapen: Sequence[MisshapenRow]
    ) -> Iterator[tuple[int, MisshapenRow | None]]:
        """Doubtful rows by index, and misshapen rows with the index before which they stand.

        A row below a header that was just found is doubtful, too: its column numbers are repeated with it.
        """
        doubtful = self._doubtful(rows, frame).arg_true().to_list()
        waiting = [(int(rows[index]), index) for index in doubtful]
        odd = {each.row: each for each in misshapen}
        numbers = rows.to_list() if odd else []
        between = [bisect.bisect_left(numbers, row) for row in odd]
        waiting += zip(odd, between, strict=True)
        heapq.heapify(waiting)
        last: tuple[int, int] | None = None
        while waiting:
            here = heapq.heappop(waiting)
            if here == last:
                continue
            last, header_row = here, self._header_row
            yield here[1], odd.get(here[0])
            if self._header_row > header_row:
                for index in range(here[1] + 1, min(here[1] + 1 + NEAR_HEADER, len(rows))):
                    heapq.heappush(waiting, (int(rows[index]), index))

    def _doubtful(self, rows: pl.Series, frame: pl.DataFrame) -> pl.Series:
        """Rows that are worth a closer look: few required values, below a header, those like a header or a total."""
        values = [pl.any_horizontal(pl.col([f"c{at}" for at in places]).is_not_null()) for places in self._required]
        filled = pl.sum_horizontal(values) if values else pl.lit(0)
        first = pl.coalesce(pl.all())
        headers = [next((cell for cell in row if cell.strip()), "") for row in self.layout.header_rows]
        return frame.select(
            (
                (filled * 2 < self._needed)
                | first.is_in(headers).fill_null(False)
                | first.str.contains(words.LIKE_TOTAL).fill_null(False)
                | (rows <= self._header_row + NEAR_HEADER)
            ).alias("doubtful")
        )["doubtful"]

    def _count_above(self, batch: TextBatch) -> None:
        blank = batch.cells.select(pl.all_horizontal(pl.all().is_null()).alias("blank"))["blank"]
        for row, empty in zip(batch.rows, blank, strict=True):
            if not empty:
                self.ignored[self._above_reason(row)] += 1

    def _above_reason(self, row: int) -> str:
        return "header" if row >= self.layout.first_header_row else "letterhead"

    def _reason_of_misshapen(self, odd: MisshapenRow) -> str | None:
        cells = [cell.strip() for cell in odd.cells]
        if odd.row <= self.layout.last_header_row:
            return self._above_reason(odd.row) if any(cells) else "blank"
        few = sum(map(bool, cells)) * 2 < self._needed + 2
        return self._reason(odd.row, cells) if few else None

    # --- why a row is no data ---------------------------------------------------------------------------------
    def _reason(self, row: int, cells: Sequence[str]) -> str | None:
        """Why a row is not data; ``blank`` rows are left out without being counted."""
        places = [position for position, cell in enumerate(cells) if cell.strip()]
        texts = [cells[position].strip() for position in places]
        if not texts:
            return "blank"
        if row <= self._header_row + NEAR_HEADER and words.are_column_numbers(texts):
            return "number_row"
        if self._repeats_header(cells):
            self._header_row = max(row, self._header_row)
            return "header"
        poor = self._filled(cells) * 2 < self._needed
        if self._is_total(places, texts, poor=poor):
            return "total"
        if not poor or self._is_identified(places, texts):
            return None
        return self._reason_by_words(places, texts)

    def _repeats_header(self, cells: Sequence[str]) -> bool:
        """Whether a row says what a header row says: printed forms repeat it on every page."""
        said = {position: plain(cell) for position, cell in enumerate(cells) if cell.strip()}
        return len(said) > 1 and any(
            2 * len(said) >= sum(map(bool, row))
            and all(position < len(row) and row[position] == cell for position, cell in said.items())
            for row in self._headers
        )

    def _filled(self, cells: Sequence[str]) -> int:
        return sum(any(at < len(cells) and cells[at].strip() for at in places) for places in self._required)

    def _is_named(self, position: int) -> bool:
        """Whether a column holds the names of persons: nobody is left out for being called like a total."""
        column = self._mapped.get(position)
        return column is not None and issubclass(column.type, PersonName)

    def _is_total(self, places: Sequence[int], texts: Sequence[str], *, poor: bool) -> bool:
        """A total says so in its first cell, one with few values in one of its first three."""
        for position, text in list(zip(places, texts, strict=True))[: 3 if poor else 1]:
            loose = poor and position not in self._mapped
            if words.TOTAL.match(text, loose=loose) and (poor or not self._is_named(position)):
                return True
            if (loose or (poor and self._only_figures(places, texts, beside=position))) and words.TOTAL_OF.match(
                text, loose=loose
            ):
                return True
        return False

    def _is_identified(self, places: Sequence[int], texts: Sequence[str]) -> bool:
        """Whether a row carries a citizen id: then somebody is meant, whatever else is missing."""
        return any(
            position in self._mapped
            and issubclass(self._mapped[position].type, CitizenId)
            and sum(map(str.isdigit, text)) >= 9
            for position, text in zip(places, texts, strict=True)
        )

    def _only_figures(self, places: Sequence[int], texts: Sequence[str], *, beside: int) -> bool:
        """Whether what stands behind a text are sums: numbers in columns of numbers or in columns of no meaning."""
        return all(
            words.FIGURE.fullmatch(text)
            and (position not in self._mapped or issubclass(self._mapped[position].type, (Integer, Decimal)))
            for position, text in zip(places, texts, strict=True)
            if position > beside
        )

    def _reason_by_words(self, places: Sequence[int], texts: Sequence[str]) -> str | None:
        counted = places[0] not in self._mapped
        numbered = counted and len(texts) > 1 and bool(words.PLAIN_NUMBER.fullmatch(texts[0]))
        if not numbered:
            if self._is_footer(places, texts):
                self._below_footer = True
            if self._below_footer or self._is_note(places[0], texts[0]):
                return "note"
        if self._is_section(places, texts):
            return "section"
        return "aside" if len(texts) == 1 and counted else None

    def _is_footer(self, places: Sequence[int], texts: Sequence[str]) -> bool:
        if words.FOOTER.match(texts[0], loose=not self._is_named(places[0])):
            return True
        return any(
            words.SIGNED.fullmatch(fold(text)) and (len(texts) == 1 or not self._is_dated(position))
            for position, text in zip(places, texts, strict=True)
        )

    def _is_dated(self, position: int) -> bool:
        return position in self._mapped and issubclass(self._mapped[position].type, (Date, PartialDate))

    def _is_note(self, position: int, text: str) -> bool:
        if self._is_named(position) and not words.NOTED.fullmatch(text):
            return False
        return words.NOTE.match(text, loose=not self._is_named(position))

    def _is_section(self, places: Sequence[int], texts: Sequence[str]) -> bool:
        """A heading: numbered like one, or named like a place, and nothing else in its row but sums."""
        own_number = places[0] not in self._mapped and len(texts) > 1
        numbered = own_number and bool(words.ORDINAL.fullmatch(fold(texts[0])))
        title = 1 if numbered or (own_number and words.PLAIN_NUMBER.fullmatch(texts[0])) else 0
        if not self._only_figures(places, texts, beside=places[title]):
            return False
        if numbered:
            return not texts[1].replace(" ", "").isdigit()
        if title == 0 and len(texts) == 1 and words.SECTION.fullmatch(texts[0]):
            return True
        if not self._may_hold_heading(places[title]):
            return False
        name = without_ordinal(texts[title])[1]
        return place_kind(name) is not None or (len(texts) == 1 and self.names_place(name))

    def _may_hold_heading(self, position: int) -> bool:
        """Headings stand in the first column, in one without meaning, in a person's; a place's own column has data."""
        column = self._mapped.get(position)
        if column is None or issubclass(column.type, (PersonName, CitizenId)):
            return True
        if issubclass(column.type, CommuneCode):
            return position == self._first and column.name not in self.declaration.key
        return position == self._first and not any(plain(header) in VILLAGE_WORDS for header in column.headers)


def _heading(row: int, reason: str, cells: Sequence[str]) -> Heading | None:
    """The row as a heading, where its reason allows one."""
    if reason not in ("section", "aside", "total"):
        return None
    texts = [clean_text(cell) for cell in cells if cell.strip()]
    if reason == "total":
        return Heading(row, "total", "", " ".join(texts[:2]))
    if reason == "aside":
        return None if words.PAGE.fullmatch(fold(texts[0])) else Heading(row, "aside", *without_ordinal(texts[0]))
    own_number = len(texts) > 1 and (words.ORDINAL.fullmatch(fold(texts[0])) or words.PLAIN_NUMBER.fullmatch(texts[0]))
    if own_number:
        return Heading(row, "section", texts[0].strip(" .)("), texts[1])
    return Heading(row, "section", *without_ordinal(texts[0]))
