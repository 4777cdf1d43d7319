"""Columns of which one declared column is made up: "Giới tính" over "Nam | Nữ", with an x in one of them.

Belongs here: what counts as a mark, and reading the one value of a row from several cells, also from the pieces of a
name or a date. Does not belong here:
finding such columns in a header (``groups``), and what the value means (``casts``).

A value that stands in two cells, and a text that is no mark, are errors of that cell, never a choice between them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import polars as pl

from orchestration.intake.folding import clean_text, plain
from schemas import rules

#: What officers put into a cell to say "this one". The Cyrillic х looks like the Latin one; ü and þ are what a tick and
#: a ticked box of the font Wingdings are as text.
MARKS = frozenset("x×х✕✖✗✘☒v✓✔√☑üþ1+*●•") | {"1.0", "1,0", "có", "đúng", "yes", "true"}
#: What they put there to say "not this one": nothing, a zero, an empty box, dots or dashes.
UNMARKED = frozenset("0☐□○") | {"0.0", "0,0", "không", "no", "false"}
_STROKES = re.compile(r"[.…_–—-]*")
_UNMARKED_PATTERN = r"^\s*(0|[.…_–—-]*)\s*$"


class Kind(StrEnum):
    """How the cells of a row say a value: by a mark, by being filled, by holding it, or each a piece of it."""

    MARK = "mark"
    FILLED = "filled"
    HELD = "held"
    NAME = "name"
    DATE = "date"


@dataclass(frozen=True)
class Part:
    """One source column and the value for which it stands. ``listed``: whether the declared column has that value."""

    position: int
    word: str
    listed: bool = True


@dataclass(frozen=True)
class Spread:
    """The source columns of one declared column, and how they say its value."""

    kind: Kind
    parts: tuple[Part, ...]

    @property
    def positions(self) -> tuple[int, ...]:
        """The source columns."""
        return tuple(part.position for part in self.parts)


@dataclass(frozen=True)
class Gathered:
    """A spread column of a batch.

    words: the one value of each row, for the cast; null where there is none or more than one. raw: all cells as they
    stand, for comparing rows. positions: the source columns. places: the one that said the value. problems: by source
    column. marked: the values were said by marks.
    """

    words: pl.Series
    raw: pl.Series
    positions: tuple[int, ...]
    places: pl.Series
    problems: tuple[tuple[int, pl.DataFrame], ...]
    marked: bool


@lru_cache(maxsize=4096)
def is_mark(text: str, word: str = "") -> bool | None:
    """Whether a cell below ``word`` is marked; None where nobody can tell. The word itself is a mark, too."""
    cleaned = clean_text(text).casefold()
    if cleaned in UNMARKED or _STROKES.fullmatch(cleaned):
        return False
    return True if cleaned in MARKS or (word and plain(cleaned) == plain(word)) else None


def gather(cells: pl.DataFrame, spread: Spread) -> Gathered:
    """The value of each row of a spread column."""
    if spread.kind in (Kind.NAME, Kind.DATE):
        return _pieced(cells, spread)
    height, first = cells.height, spread.parts[0].position
    words = pl.Series([None], dtype=pl.String).new_from_index(0, height)
    places = pl.Series([first], dtype=pl.Int32).new_from_index(0, height)
    chosen = bad = pl.Series([False]).new_from_index(0, height)
    problems = []
    for part in spread.parts:
        cell = cells[f"c{part.position}"]
        marked, unknown = _marked(cell, part, spread.kind)
        word = cell if spread.kind is Kind.HELD else pl.Series([part.word]).new_from_index(0, height)
        again = marked & chosen & (pl.Series([spread.kind is Kind.HELD]) | (words != word).fill_null(False))
        problems += [
            (part.position, _problems(rows, rule))
            for rows, rule in ((unknown, rules.MARK_UNKNOWN), (again, rules.MARKED_TWICE))
            if rows.any()
        ]
        fresh = marked & ~chosen
        words = word.zip_with(fresh, words)
        places = pl.Series([part.position], dtype=pl.Int32).new_from_index(0, height).zip_with(fresh, places)
        chosen, bad = chosen | marked, bad | unknown | again
    nothing = pl.Series([None], dtype=pl.String).new_from_index(0, height)
    said = nothing.zip_with(bad, words)
    return Gathered(
        said, _raw(cells, spread.parts), spread.positions, places, tuple(problems), spread.kind is Kind.MARK
    )


def _pieced(cells: pl.DataFrame, spread: Spread) -> Gathered:
    """Names of their pieces, dates as day/month/year where 00 is what the row does not say."""
    date = spread.kind is Kind.DATE
    each = [pl.col(f"c{part.position}").str.strip_chars() for part in spread.parts]
    some = pl.any_horizontal(piece.is_not_null() for piece in each)
    pieces = [piece.fill_null("00") for piece in each] if date else each
    joined = pl.concat_str(pieces, separator="/" if date else " ", ignore_nulls=True)
    words = cells.select(pl.when(some).then(joined).alias("words"))["words"]
    places = pl.Series([spread.parts[0].position], dtype=pl.Int32).new_from_index(0, cells.height)
    return Gathered(words, _raw(cells, spread.parts), spread.positions, places, (), marked=False)


def _marked(cell: pl.Series, part: Part, kind: Kind) -> tuple[pl.Series, pl.Series]:
    """Which cells say yes, and which say something that is neither yes nor no."""
    if kind is not Kind.MARK:
        filled = ~cell.str.contains(_UNMARKED_PATTERN).fill_null(True)
        return filled, pl.Series([False]).new_from_index(0, len(cell))
    said = {text: is_mark(text, part.word) for text in cell.drop_nulls().unique()}
    marked = cell.is_in([text for text, mark in said.items() if mark]).fill_null(False)
    odd = [text for text, mark in said.items() if mark is None]
    return marked, cell.is_in(odd if part.listed else []).fill_null(False)


def _raw(cells: pl.DataFrame, parts: Sequence[Part]) -> pl.Series:
    each = [pl.col(f"c{part.position}").fill_null("") for part in parts]
    return cells.select(pl.concat_str(each, separator="\t").alias("raw"))["raw"]


def _problems(rows: pl.Series, rule: str) -> pl.DataFrame:
    return pl.DataFrame({"index": rows.arg_true()}).with_columns(
        pl.lit(rule).alias("rule"), pl.lit(None, pl.String).alias("proposal")
    )
