"""What an unknown header may mean: proposals with their evidence, for an officer and the engineer who may confirm them.

Belongs here: how near a header comes to a declared column, by its words, its letters and the cells below it. Does not
belong here: deciding anything; a proposal never becomes the column.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from xlsxwriter.utility import xl_col_to_name

from orchestration.intake.casts import CASTS, CastContext
from orchestration.intake.folding import clean_text, fold
from orchestration.intake.recognise import Doubt
from orchestration.intake.wording import Words
from schemas import Column, Declaration, file_rules
from schemas.column_types import (
    Boolean,
    Choice,
    CitizenId,
    ColumnType,
    CommuneCode,
    Date,
    Decimal,
    Integer,
    LandType,
    PartialDate,
    PersonName,
    Sex,
    TaxCode,
    Text,
)

#: Weight of a type that few other columns' cells have.
_TELLING = 0.5
#: What the cells of a type are called, and how much it says that a cell is one: every second column holds numbers.
_CELLS: dict[type[ColumnType], tuple[float, Words]] = {
    CitizenId: (_TELLING, Words("là số 12 chữ số", "are 12-digit numbers")),
    CommuneCode: (_TELLING, Words("là xã, phường của tỉnh", "are communes of the province")),
    Sex: (_TELLING, Words("là Nam hoặc Nữ", "are male or female")),
    LandType: (_TELLING, Words("là mã loại đất", "are land types")),
    TaxCode: (_TELLING, Words("là mã số thuế", "are tax codes")),
    Choice: (_TELLING, Words("có trong danh mục", "are values of the list")),
    PersonName: (0.4, Words("là họ tên", "are names of persons")),
    Date: (0.4, Words("là ngày hợp lệ", "are dates")),
    PartialDate: (0.4, Words("là ngày hoặc năm hợp lệ", "are dates or years")),
    Decimal: (0.2, Words("là số", "are numbers")),
    Integer: (0.2, Words("là số nguyên", "are whole numbers")),
    Boolean: (0.2, Words("là Có/Không", "are yes or no")),
    Text: (0.0, Words("", "")),
}
#: A header is near a synonym from this likeness on; below it only the cells speak.
_ALIKE = 0.6
#: Least worth of a proposal; worths nearer to each other than this are told together.
_LEAST, _EQUAL, _TOLD = 0.4, 0.05, 3
#: Letters below which likeness of letters says nothing.
_SHORT = 4
#: Unknown columns of one table that are looked at.
_MOST_COLUMNS = 100
_NAME = re.compile(r"[^\W\d_]+(?:[ '’.-]+[^\W\d_]+)+\.?")
_IDENTIFYING = re.compile(r"\d{6}|\d\s*/\s*\d+\s*/\s*\d{4}")
_COUNTED = re.compile(r"\(?\d{1,3}\)?")


@dataclass(frozen=True)
class _Evidence:
    """Why a source column may be a declared one."""

    worth: float
    position: int
    reasons: tuple[Words, ...]


def propose(
    declaration: Declaration, doubt: Doubt, rows: Sequence[Sequence[str]], context: CastContext
) -> list[dict[str, str]]:
    """Notices about what recognition left open: proposals for missing columns, evidence for those that tie.

    rows: the first rows below the header. Nothing is proposed where a row of data may stand for the header: what a
    notice quotes is kept in the ledger.
    """
    if any(_IDENTIFYING.search(header) for header in doubt.headers):
        return []
    sample = [row for row in rows if sum(map(bool, row)) > 1 and not all(map(_COUNTED.fullmatch, filter(None, row)))]
    look = _Look(doubt, sample, context)
    notices = []
    for name, positions in doubt.tied.items():
        column = declaration.columns[name]
        told = [look.told(_Evidence(0, at, look.cell_reasons(column, at))) for at in positions]
        if column.required:
            notices.append(_notice(file_rules.TIED_COLUMNS, column, told, Words("; ", "; ")))
    for column, best in look.best([declaration.columns[name] for name in doubt.missing]):
        if any(look.is_value(column, each.position) for each in best):
            return []
        notices.append(_notice(file_rules.PROPOSED_COLUMN, column, map(look.told, best), Words(" hay ", " or ")))
    return notices


def _notice(rule: str, column: Column, told: Sequence[Words] | map[Words], joint: Words) -> dict[str, str]:
    each = list(told)
    limit, limit_en = joint.vi.join(words.vi for words in each), joint.en.join(words.en for words in each)
    return {"rule": rule, "title": column.title, "limit": limit, "limit_en": limit_en}


class _Look:
    """Looks at headers and cells of one table."""

    def __init__(self, doubt: Doubt, sample: Sequence[Sequence[str]], context: CastContext) -> None:
        self._doubt, self._sample, self._context = doubt, sample, context

    def best(self, columns: Sequence[Column]) -> list[tuple[Column, list[_Evidence]]]:
        """For each declared column the unknown source columns that come nearest; one is proposed for one column."""
        unknown = self._doubt.unknown[:_MOST_COLUMNS]
        found = [(each, column) for column in columns for at in unknown if (each := self._evidence(column, at))]
        found.sort(key=lambda pair: -pair[0].worth)
        taken: set[int] = set()
        chosen: dict[str, list[_Evidence]] = {}
        for evidence, column in found:
            near = chosen.setdefault(column.name, [])
            equal = not near or near[0].worth - evidence.worth < _EQUAL
            if equal and len(near) < _TOLD and evidence.position not in taken:
                near.append(evidence)
                taken.add(evidence.position)
        return [(column, chosen[column.name]) for column in columns if chosen.get(column.name)]

    def _evidence(self, column: Column, position: int) -> _Evidence | None:
        alike, synonym = _likeness(self._doubt.headers[position], column)
        if column.nullable and alike < _ALIKE:
            return None  # an optional column is not worth a guess by its cells alone
        fit, filled = self._fitting(column, position)
        weight, _ = _CELLS[column.type]
        share = fit / filled if filled else 0.0
        if weight and filled and share < 0.5:
            return None
        worth = alike / 2 + weight * share if weight else _ALIKE * alike
        if worth < _LEAST:
            return None
        near = Words(f"tiêu đề gần với «{synonym}»", f"its header is near '{synonym}'")
        return _Evidence(worth, position, (*self.cell_reasons(column, position), *([near] if alike >= _ALIKE else [])))

    def cell_reasons(self, column: Column, position: int) -> tuple[Words, ...]:
        """How many of the cells are what the column holds; nothing where any text would do."""
        weight, what = _CELLS[column.type]
        fit, filled = self._fitting(column, position)
        if not weight or not filled:
            return ()
        return (Words(f"{fit}/{filled} ô {what.vi}", f"{fit} of {filled} cells {what.en}"),)

    def _fitting(self, column: Column, position: int) -> tuple[int, int]:
        """How many of the cells below a header are values of a column, and how many there are."""
        cells = [row[position] for row in self._sample if position < len(row) and clean_text(row[position])]
        return self._fit(column, cells), len(cells)

    def _fit(self, column: Column, cells: Sequence[str]) -> int:
        if column.type is PersonName:
            return sum(bool(_NAME.fullmatch(clean_text(cell))) for cell in cells)
        self._context.typed, self._context.remembered, self._context.decimal_mark = {}, {}, {}
        return CASTS[column.type](pl.Series(column.name, cells, dtype=pl.String), column, self._context).values.count()

    def is_value(self, column: Column, position: int) -> bool:
        """Whether the header itself is a value of the column: then it is a row of data."""
        weight, _ = _CELLS[column.type]
        header = self._doubt.headers[position]
        return weight == _TELLING and bool(header) and self._fit(column, [header]) == 1

    def told(self, evidence: _Evidence) -> Words:
        """A source column as receipts name it, with the reasons."""
        header, letters = self._doubt.headers[evidence.position], xl_col_to_name(evidence.position)
        reasons = Words(
            "; ".join(each.vi for each in evidence.reasons), "; ".join(each.en for each in evidence.reasons)
        )
        name = Words(f"«{header}»" if header else "không có tiêu đề", f"'{header}'" if header else "without a header")
        return Words(
            f"cột {letters} {name.vi}" + (f" ({reasons.vi})" if reasons.vi else ""),
            f"column {letters} {name.en}" + (f" ({reasons.en})" if reasons.en else ""),
        )


def _likeness(header: str, column: Column) -> tuple[float, str]:
    """How near a header comes to the nearest of a column's headers, from 0 to 1: by words, letters or initials."""
    form = fold(header)
    words = set(form.split())
    best = (0.0, "")
    for synonym in column.headers:
        other = fold(synonym)
        others = other.split()
        shared = 2 * len(words & set(others)) / (len(words) + len(set(others)) or 1)
        initials = 0.7 if len(others) > 1 and form == "".join(word[0] for word in others) else 0.0
        best = max(best, (max(shared, initials, _by_letters(form, other)), synonym), key=lambda pair: pair[0])
    return best


def _by_letters(form: str, other: str) -> float:
    """The share of letters that two headers have in common in order; short ones are alike by chance: SĐT, DT."""
    if min(len(form), len(other)) < _SHORT:
        return 0.0
    letters = difflib.SequenceMatcher(None, form, other, autojunk=False)
    return letters.ratio() if letters.quick_ratio() >= _ALIKE else 0.0
