"""The total that a table gives itself, beside the sum of its rows: a row that was lost or typed twice shows there.

Belongs here: adding up the columns that are declared to be summed, finding the one total of a sheet, comparing. Does
not belong here: telling total rows from data (``rows``), the words of the notice (``schemas/plausibility_rules.py``).

Nothing is concluded where a doubt is left: from subtotals, from a column with a cell that could not be read, from a
total that could not be.
"""

from __future__ import annotations

import decimal
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import polars as pl
from xlsxwriter.utility import xl_rowcol_to_cell

from orchestration.intake import row_words as words
from orchestration.intake.casts import CASTS, CastContext
from orchestration.intake.headings import Heading
from orchestration.intake.normalise import TypedBatch
from orchestration.intake.readers.table import TextBatch
from orchestration.intake.recognise import Layout
from schemas import Declaration
from schemas.column_types import DECIMAL_SCALE

#: Cells of a row in which the word for a total may stand.
_FIRST_CELLS = 3


@dataclass
class _Sum:
    """A column's sum so far. places: decimals of its most exact value; is_known: every cell could be read."""

    value: decimal.Decimal = decimal.Decimal(0)
    places: int = 0
    is_known: bool = True


@dataclass
class ControlTotals:
    """The sums of one sheet, batch by batch, and the totals that stand in it."""

    declaration: Declaration
    layout: Layout
    _totals: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    _first_row: int | None = None
    _last_row: int = 0
    _rows: int = 0

    def __post_init__(self) -> None:
        layout = self.layout
        self._sums = {
            each.name: _Sum()
            for each in self.declaration.columns.values()
            if each.summed and each.name in layout.columns and len(layout.places(each.name)) == 1
        }

    def add(self, typed: TypedBatch) -> None:
        """Add the rows of a batch, those that will be returned and those that repeat another one, too."""
        if not len(typed.rows):
            return
        self._first_row = self._first_row if self._first_row is not None else int(typed.rows[0])
        self._last_row, self._rows = int(typed.rows[-1]), self._rows + len(typed.rows)
        unread = set(typed.findings.filter(pl.col("severity") == "error")["column"])
        for name, found in self._sums.items():
            values = typed.frame[name]
            found.value += decimal.Decimal(values.sum() or 0)
            found.places = max(found.places, _places(values))
            found.is_known = found.is_known and name not in unread

    def note(self, batch: TextBatch, headings: Iterable[Heading]) -> None:
        """Remember the total rows of a batch that are a total as such, and not one of something that they name."""
        for each in headings:
            if each.kind == "total" and self._sums and len(self._totals) < 2:  # two are subtotals, whoever follows
                cells = _cells_of(batch, each.row)
                filled = [cell.strip() for cell in cells if cell.strip()]
                if any(words.TOTAL.match(cell, loose=True) for cell in filled[:_FIRST_CELLS]):
                    self._totals.append((each.row, cells))

    def give_up(self) -> None:
        """A row of the sheet could not be told apart into cells: no sum is known."""
        for found in self._sums.values():
            found.is_known = False

    def differences(self, context: CastContext) -> list[str]:
        """Title, cell and sum of each column whose total says something else by more than rounding explains."""
        if len(self._totals) != 1 or self._first_row is None:
            return []
        ((row, cells),) = self._totals
        if self._first_row < row < self._last_row:
            return []  # amid the rows: nobody knows of which ones
        found = []
        for name, total in self._read(cells, context).items():
            own = self._sums[name]
            if own.is_known and abs(total - own.value) > self._rounding(own, total):
                cell = xl_rowcol_to_cell(row - 1, self.layout.columns[name])
                found.append(f"{self.declaration.columns[name].title} ({cell}): {own.value.normalize():f}")
        return found

    def _read(self, cells: tuple[str, ...], context: CastContext) -> Mapping[str, decimal.Decimal]:
        totals = {}
        for name in self._sums:
            text = cells[self.layout.columns[name]].strip()
            column = self.declaration.columns[name]
            cast = CASTS[column.type](pl.Series(name, [text or None], dtype=pl.String), column, context)
            if cast.values[0] is not None:
                totals[name] = decimal.Decimal(cast.values[0])
        return totals

    def _rounding(self, own: _Sum, total: decimal.Decimal) -> decimal.Decimal:
        """How far a total of exact figures may lie from the sum of rounded ones; nothing where all are whole."""
        places = max(0, -int(total.normalize().as_tuple().exponent))
        if own.places == places == 0:
            return decimal.Decimal(0)
        return self._rows * _half(own.places) + _half(places)


def _cells_of(batch: TextBatch, row: int) -> tuple[str, ...]:
    """The cells of a row by its number; none where it has another number of cells than the table."""
    index = int(batch.rows.search_sorted(row))
    if index == len(batch.rows) or batch.rows[index] != row:
        return ()
    return tuple(cell or "" for cell in batch.cells.row(index))


def _half(places: int) -> decimal.Decimal:
    """Half of the last decimal: what rounding to so many places may cost."""
    return decimal.Decimal(5).scaleb(-places - 1)


def _places(values: pl.Series) -> int:
    """Decimals of the most exact value of a column."""
    if not values.dtype.is_decimal():
        return 0
    for places in range(DECIMAL_SCALE):
        if bool((values.round(places) == values).all()):
            return places
    return DECIMAL_SCALE
