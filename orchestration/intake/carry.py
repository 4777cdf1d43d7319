"""Values that a row does not carry itself: those of its ditto marks and those of the headings above it.

Belongs here: putting such values into the rows of a batch before they are cast, and what was doubtful about it. Does
not belong here: what a mark stands for (``ditto``), what a heading names (``sections``).

A row's own cell always goes first. Where it contradicts the heading it counts and is reported as a warning; where it
names no commune it is an error of its own, and the heading does not replace it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from orchestration.intake.casts import CastContext
from orchestration.intake.casts.base import PROBLEMS
from orchestration.intake.ditto import DittoMarks, ditto_findings
from orchestration.intake.findings import located
from orchestration.intake.places import Found, exactly
from orchestration.intake.recognise import Layout
from orchestration.intake.rows import DataRows
from orchestration.intake.sections import Place, Section, Sections, commune_column, village_column
from schemas import Column, Declaration, rules

#: Kinds of carried values, as they are counted among what was mended.
DITTO, SECTION = "ditto", "section"


@dataclass
class Carried:
    """The data rows of a batch with what was carried into them.

    cells: without ditto marks. texts: columns whose text goes before that of the cells. expected: the key of the
    commune that the heading above each row names; None where no heading does.
    """

    cells: pl.DataFrame
    texts: dict[str, pl.Series]
    findings: pl.DataFrame
    expected: pl.Series | None = None


class Carrier:
    """Carries values into the rows of one table, batch after batch. Adds to ``mended``."""

    def __init__(
        self, declaration: Declaration, layout: Layout, context: CastContext, *, sheet: str, mended: Counter[str]
    ) -> None:
        self._layout, self._sheet, self._mended = layout, sheet, mended
        self._marks = DittoMarks(declaration, layout, sheet)
        self.sections = Sections(context.communes, sheet, context.reference_date)
        self._communes = context.communes
        columns = declaration.columns
        commune, village = commune_column(declaration), village_column(declaration)
        self._commune = columns[commune] if commune else None
        self._village = columns[village] if village else None

    def apply(self, data: DataRows) -> Carried:
        """The rows of a batch, completed. Batches come in the order of the file."""
        states = self.sections.follow(data.headings)
        shifted = [each.row for each in data.misshapen]
        headings = pl.Series([each.row for each in data.headings], dtype=pl.Int64)
        if data.rows.is_empty():
            return Carried(data.cells, {}, self._marks.resolve(data.rows, data.cells, shifted, {}).findings)
        if data.headings:
            at = headings.search_sorted(data.rows)
        else:
            at = pl.Series([0], dtype=pl.UInt32).new_from_index(0, len(data.rows))
        silent = all(state == Section() for state in states)
        since = {} if silent else {column.name: _rows_of(places, at) for column, places in self._spoken(states)}
        resolved = self._marks.resolve(data.rows, data.cells, shifted, since)
        self._mended[DITTO] += resolved.count
        carried = Carried(resolved.cells, {}, resolved.findings)
        for column, places in self._spoken(states):
            position = self._layout.columns.get(column.name)
            if silent and position is not None:
                continue
            waiting = resolved.awaiting.get(column.name)
            self._fill(carried, data.rows, column, places, at, waiting)
        if self._commune and any(state.commune.value for state in states):
            carried.expected = _gathered([state.commune.value for state in states], at)
        return carried

    def _spoken(self, states: Sequence[Section]) -> list[tuple[Column, list[Place]]]:
        """The columns that headings speak for, each with what they say about it."""
        found = []
        if self._commune:
            found.append((self._commune, [_exact(state.commune) for state in states]))
        if self._village:
            found.append((self._village, [state.village for state in states]))
        return found

    def _fill(
        self,
        carried: Carried,
        rows: pl.Series,
        column: Column,
        places: Sequence[Place],
        at: pl.Series,
        waiting: pl.Series | None,
    ) -> None:
        """Put what the headings say into the empty cells of a column, and report those for which they say nothing."""
        position = self._layout.columns.get(column.name, -1)
        own = carried.cells[f"c{position}"] if position >= 0 else pl.Series([None], dtype=pl.String)
        own = own if position >= 0 else own.new_from_index(0, len(rows))
        empty = own.is_null() | (own.str.strip_chars() == "").fill_null(True)
        value = _gathered([place.value for place in places], at)
        filled = empty & value.is_not_null()
        self._mended[SECTION] += int(filled.sum())
        if filled.any() or position < 0:
            carried.texts[column.name] = value.zip_with(filled, own)
        if waiting is not None:
            lacking = waiting & ~filled
            found = ditto_findings(
                lacking, rules.DITTO_NOTHING, rows, sheet=self._sheet, column=column.name, position=position
            )
            carried.findings = pl.concat([carried.findings, found])
            empty &= ~lacking
        self._report_unknown(carried, rows, column, places, at, empty, position)

    def _report_unknown(
        self,
        carried: Carried,
        rows: pl.Series,
        column: Column,
        places: Sequence[Place],
        at: pl.Series,
        empty: pl.Series,
        position: int,
    ) -> None:
        unknown = [place.unknown and (column.required or place.told) for place in places]
        if not any(unknown):
            return
        index = (empty & pl.Series(unknown).gather(at)).arg_true()
        rule = rules.SECTION_UNKNOWN if column.required else rules.SECTION_UNKNOWN_OPTIONAL
        proposals = _gathered([place.proposal for place in places], at.gather(index))
        problems = pl.DataFrame({"index": index, "proposal": proposals}).with_columns(rule=pl.lit(rule))
        found = located(problems.select(list(PROBLEMS)), rows, sheet=self._sheet, column=column.name, position=position)
        carried.findings = pl.concat([carried.findings, found])

    def contradictions(self, carried: Carried, rows: pl.Series, typed: pl.DataFrame) -> pl.DataFrame:
        """Warnings at the rows whose own commune is another than the heading's."""
        if carried.expected is None or self._commune is None:
            return carried.findings.clear()
        name, of_time = self._commune.name, self._commune.of_time_name
        if of_time is None:
            return carried.findings.clear()
        today = {key: self._today(key) for key in carried.expected.drop_nulls().unique()}
        expected = carried.expected.replace_strict(today, default=None, return_dtype=pl.String)
        return ditto_findings(
            (typed.select(pl.coalesce(name, of_time)).to_series() != expected).fill_null(False),
            rules.SECTION_DIFFERS,
            rows,
            sheet=self._sheet,
            column=name,
            position=self._layout.columns.get(name, -1),
        )

    def _today(self, key: str) -> str:
        """The code of the present commune that the one of a key is now; its key if it was divided."""
        found = self._communes.look_up(exactly(key))
        return found.code if isinstance(found, Found) else key


def _gathered(values: Sequence[str | None], at: pl.Series) -> pl.Series:
    return pl.Series(values, dtype=pl.String).gather(at)


def _rows_of(places: Sequence[Place], at: pl.Series) -> pl.Series:
    return pl.Series([place.row for place in places], dtype=pl.Int64).gather(at)


def _exact(place: Place) -> Place:
    """A commune as a text that the cast cannot take for an old one of the same code."""
    return replace(place, value=exactly(place.value)) if place.value else place
