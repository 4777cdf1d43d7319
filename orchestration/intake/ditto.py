"""Ditto marks: -nt-, ", như trên … stand for the value of the cell above in the same column.

Belongs here: which cells are such marks, and the value that each of them stands for, the same wherever batches end.
Does not belong here: headings (``sections``), what the carried text means (``casts``, which judge it at its new cell
again: what was no value above is none here).

A mark is taken for a value only where it cannot change who or what a row is about. A column that names a person, and
one that is the whole key, must be written in every row: there a mark is an error. A part of a longer key may be
repeated (one map sheet, many parcels); a row that repeats all of its key is found as a repeated key.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import polars as pl

from orchestration.intake.casts.base import PROBLEMS
from orchestration.intake.findings import located, no_findings
from orchestration.intake.folding import plain
from orchestration.intake.recognise import Layout
from schemas import Column, Declaration, rules
from schemas.column_types import CitizenId, PersonName, TaxCode

_WRITTEN_OUT = ("như trên", "Như trên", "NHƯ TRÊN", "nhu tren", "Nhu tren")
_SHORT = ("nt", "Nt", "n.t", "n.t.", "nt.", "n/t")
_WORDS = (*_SHORT, *_WRITTEN_OUT, *(unicodedata.normalize("NFD", word) for word in _WRITTEN_OUT))
_SIGNS = ('"', '""', "''", "“", "”", "“”", "″", "〃", "„", "//")
_WRAPS = ("{}", "-{}-", "- {} -", "–{}–", "– {} –", "-{}", "({})", "--{}--")
#: The marks as they stand in cells. NT in capitals is one between dashes only: alone it may abbreviate anything.
#: A finite list, because membership costs a hundredth of a regular expression on a column of a million cells.
MARKS = frozenset(
    f"{before}{wrap.format(mark)}{after}"
    for mark, wrap in itertools.product((*_WORDS, *_SIGNS, "NT", "N.T"), _WRAPS)
    if wrap != "{}" or mark not in ("NT", "N.T")
    for before, after in itertools.product(("", " "), repeat=2)
)


@cache
def _mark_hashes() -> pl.Series:
    """Not made on import: it would start polars' threads, which a forked process does not have."""
    return pl.Series(sorted(MARKS)).hash()


def may_repeat(declaration: Declaration, column: Column) -> bool:
    """Whether a mark in this column stands for the value above."""
    names_somebody = column.classification == "personal" or issubclass(column.type, (CitizenId, PersonName, TaxCode))
    return not names_somebody and declaration.key != (column.name,)


@dataclass
class Resolved:
    """Cells with the values that their marks stand for; a mark without a value leaves null.

    awaiting: by column the rows whose mark stands right below a heading, which says the value.
    """

    cells: pl.DataFrame
    findings: pl.DataFrame
    awaiting: dict[str, pl.Series] = field(default_factory=dict)
    count: int = 0


@dataclass(frozen=True)
class _Above:
    """The last cell of a column that was no mark: its row (0 before the first), and its text."""

    row: int = 0
    text: str | None = None


class DittoMarks:
    """Resolves the marks of one table, batch after batch."""

    def __init__(self, declaration: Declaration, layout: Layout, sheet: str) -> None:
        self._sheet = sheet
        self._columns = [
            (declaration.columns[name], at, may_repeat(declaration, declaration.columns[name]))
            for name, position in layout.columns.items()
            for at in (position, *layout.further.get(name, ()))
        ]
        self._above: dict[int, _Above] = {}
        self._shifted = pl.Series([0], dtype=pl.Int64)

    def resolve(
        self, rows: pl.Series, cells: pl.DataFrame, shifted: Sequence[int], since: Mapping[str, pl.Series]
    ) -> Resolved:
        """Replace the marks of a batch.

        shifted: rows whose cells are in no known column. since: for columns that headings speak of, the row of the
        heading that counts for each row.
        """
        self._shifted = pl.Series([int(self._shifted[-1]), *sorted(shifted)], dtype=pl.Int64)
        resolved = Resolved(cells, no_findings())
        if rows.is_empty():
            return resolved
        changed: list[pl.Series] = []
        for column, position, repeats in self._columns:
            series = cells[f"c{position}"]
            marks = _marks(series, column)
            if marks is None:
                self._above[position] = _Above(int(rows[-1]), series[-1])
            elif repeats:
                changed.append(self._repeat(rows, series, marks, column, position, since.get(column.name), resolved))
            else:
                changed.append(series.zip_with(~marks, series.clear(len(series))))
                self._report(resolved, marks, rules.DITTO_NAMES, rows, column, position)
        resolved.cells = cells.with_columns(changed) if changed else cells
        return resolved

    def _repeat(
        self,
        rows: pl.Series,
        series: pl.Series,
        marks: pl.Series,
        column: Column,
        position: int,
        since: pl.Series | None,
        resolved: Resolved,
    ) -> pl.Series:
        above = self._above.get(position, _Above())
        frame = pl.DataFrame({"row": rows, "text": series, "mark": marks}).with_columns(
            pl.when(~pl.col("mark")).then("row").forward_fill().fill_null(above.row).alias("source"),
            pl.when(~pl.col("mark")).then(pl.int_range(pl.len())).forward_fill().alias("at"),
        )
        value = series.gather(frame["at"]).zip_with(frame["at"].is_not_null(), _constant(above.text, len(series)))
        source = frame["source"]
        headed = marks & (source < since) if since is not None else marks & False
        known = value.is_not_null() & (value.str.strip_chars() != "").fill_null(False)
        known &= self._shifted.search_sorted(source) == self._shifted.search_sorted(rows)
        good = marks & known & ~headed
        if headed.any():
            resolved.awaiting[column.name] = headed
        resolved.count += int(good.sum())
        self._report(resolved, marks & ~known & ~headed, rules.DITTO_NOTHING, rows, column, position)
        last = frame["at"][-1]
        self._above[position] = above if last is None else _Above(int(source[-1]), series[last])
        empty = _constant(None, len(series))
        return value.zip_with(good, series.zip_with(~marks, empty)).alias(series.name)

    def _report(
        self, resolved: Resolved, bad: pl.Series, rule: str, rows: pl.Series, column: Column, position: int
    ) -> None:
        found = ditto_findings(bad, rule, rows, sheet=self._sheet, column=column.name, position=position)
        resolved.findings = pl.concat([resolved.findings, found])


def ditto_findings(
    bad: pl.Series, rule: str, rows: pl.Series, *, sheet: str, column: str, position: int
) -> pl.DataFrame:
    """A finding at each row where ``bad`` is true."""
    index = bad.arg_true()
    problems = pl.DataFrame(
        {"index": index, "rule": [rule] * len(index), "proposal": [None] * len(index)}, schema=PROBLEMS
    )
    return located(problems, rows, sheet=sheet, column=column, position=position)


def _marks(series: pl.Series, column: Column) -> pl.Series | None:
    """Which cells are marks; None where none is. A word that the column's own list has is a value."""
    # Numbers are looked up in half of the time of texts, and nearly every column has no mark at all.
    if not series.hash().is_in(_mark_hashes().implode()).any():
        return None
    listed = {plain(word) for words in column.choices.values() for word in words}
    marks = series.is_in([mark for mark in MARKS if not listed or plain(mark) not in listed]).fill_null(False)
    return marks if marks.any() else None


def _constant(text: str | None, length: int) -> pl.Series:
    return pl.Series([text], dtype=pl.String).new_from_index(0, length)
