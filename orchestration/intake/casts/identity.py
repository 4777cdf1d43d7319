"""Numbers that name persons and organisations: the citizen id and the tax code.

Excel drops the leading zero of an id that is stored as a number. It is put back only where the result proves itself
by province prefix, sex and birth year of its own row; otherwise it is an error, never a guess. The same proof, or a
check digit, turns letters that were typed for digits (O, l) into them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from orchestration.intake.casts.base import (
    Cast,
    CastContext,
    Failure,
    Reading,
    as_digits,
    cast_listed,
    common_reading,
    no_problems,
    problems,
    replaced,
)
from orchestration.intake.folding import clean_text
from schemas import rules
from schemas.checks import province_prefixes
from schemas.columns import Column

_SEPARATORS = re.compile(r"[\s.\-'’`]")
#: An integer that went through a program's floats: 79080123456.0. Its point does not separate groups of digits.
_FLOAT = re.compile(r"(\d{8,13})[.,]0+")
_SCIENTIFIC = re.compile(r"(\d)[.,](\d+)[Ee]\+?(\d{2})")
_TAX_CODE = re.compile(r"(\d{10})(?:-?(\d{3}))?")
_TAX_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)


def _whole(cell: str) -> str:
    """Without the fraction of a float that has none."""
    found = _FLOAT.fullmatch(cell.replace(" ", ""))
    return found[1] if found else cell


def _digits(cell: str) -> str | Failure:
    """The digits of an id cell, without separators; a float is taken back to the integer that it shows."""
    cell = _whole(cell)
    if match := _SCIENTIFIC.fullmatch(cell):
        # All digits must be there: 1.0080E+10 is what Excel shows of any of a million ids.
        return match[1] + match[2] if len(match[2]) == int(match[3]) else Failure(rules.LOST_DIGITS)
    compact = _SEPARATORS.sub("", cell)
    return compact if compact.isdigit() and compact.isascii() else Failure(rules.CITIZEN_ID_FORMAT)


def _agrees(citizen_id: str, sex: str | None, birth_year: str | None) -> bool:
    """Whether a 12-digit id fits prefix table, sex and birth year of its row, all of which must be known."""
    if citizen_id[:3] not in province_prefixes() or citizen_id[3] not in "0123" or not sex or not birth_year:
        return False
    female = int(citizen_id[3]) % 2 == 1
    year = 1900 + 100 * (int(citizen_id[3]) // 2) + int(citizen_id[4:6])
    return female == (sex == "female") and str(year) == birth_year[:4]


def read_citizen_id(cell: str, sex: str | None, birth: str | None) -> Reading | Failure:
    """The citizen id that a cell means, given sex (male, female) and birth (ISO date or year) of its row."""
    digits = _digits(cell)
    if isinstance(digits, Failure):
        typed = as_digits(_SEPARATORS.sub("", cell))
        if digits.rule != rules.CITIZEN_ID_FORMAT or not typed or len(typed) != 12 or not typed.isdigit():
            return digits
        return Reading(typed) if _agrees(typed, sex, birth) else Failure(rules.CITIZEN_ID_FORMAT, typed)
    if len(digits) == 12:
        return Reading(digits)
    if len(digits) in (10, 11):
        restored = digits.zfill(12)
        if _agrees(restored, sex, birth):
            return Reading(restored)
        return Failure(rules.CITIZEN_ID_LOST_ZERO, restored if restored[:3] in province_prefixes() else None)
    return Failure(rules.CITIZEN_ID_NINE_DIGITS if len(digits) == 9 else rules.CITIZEN_ID_FORMAT)


def cast_citizen_id(text: pl.Series, column: Column, context: CastContext) -> Cast:
    """Citizen ids of 12 digits. Sex and date of birth must have been cast before (``context.typed``)."""
    # Reading a number finds what is no digit in a third of the time of a regular expression.
    digits = text.cast(pl.UInt64, strict=False).is_not_null() & ~text.str.starts_with("+")
    usual = (digits & (text.str.len_bytes() == 12)).fill_null(False)
    rest = (text.is_not_null() & ~usual).arg_true()
    if rest.is_empty():
        return Cast(text, no_problems())
    sexes = _of_rows(context, column.sex_column, rest)
    births = _of_rows(context, column.birth_column, rest)
    values: list[str | None] = []
    indices, failures = [], []
    for index, cell, sex, birth in zip(rest.to_list(), text.gather(rest).to_list(), sexes, births, strict=True):
        reading = common_reading(cell) or read_citizen_id(clean_text(cell), sex, birth)
        values.append(reading.value if isinstance(reading, Reading) else None)
        if isinstance(reading, Failure):
            indices.append(index)
            failures.append(reading)
    mended = sum(value is not None for value in values)
    completed = replaced(text, rest, pl.Series(values, dtype=pl.String))
    return Cast(completed, problems(indices, failures), mended)


def _of_rows(context: CastContext, name: str | None, rows: pl.Series) -> Sequence[str | None]:
    if name is None or name not in context.typed:
        return [None] * len(rows)
    return context.typed[name].gather(rows).cast(pl.String).to_list()


def tax_check_digit(first_nine: str) -> int | None:
    """The tenth digit of a tax code: 10 − (Σ digit × weight mod 11); None where no code can begin like this."""
    digit = 10 - sum(int(each) * weight for each, weight in zip(first_nine, _TAX_WEIGHTS, strict=True)) % 11
    return digit if 0 <= digit <= 9 else None


def _typed_tax_code(compact: str) -> re.Match[str] | None:
    """A code in which letters stand for digits, if its check digit proves it."""
    match = _TAX_CODE.fullmatch(as_digits(compact) or "")
    return match if match and tax_check_digit(match[1][:9]) == int(match[1][9]) else None


def cast_tax_code(text: pl.Series, column: Column, context: CastContext) -> Cast:
    """Tax codes of organisations: 10 digits with a check digit, or with a three-digit suffix of a branch."""

    def parse(cell: str) -> Reading | Failure:
        compact = re.sub(r"[\s.'’]", "", _whole(cell))
        match = _TAX_CODE.fullmatch(compact) or _typed_tax_code(compact)
        if not match:
            personal = re.fullmatch(r"\d{12}", compact)
            lost = re.fullmatch(r"\d{9}", compact)
            if lost and tax_check_digit("0" + compact[:8]) == int(compact[8]):
                return Reading("0" + compact)
            return Failure(rules.TAX_CODE_PERSONAL if personal else rules.TAX_CODE_FORMAT)
        if tax_check_digit(match[1][:9]) != int(match[1][9]):
            return Failure(rules.TAX_CODE_CHECK_DIGIT)
        return Reading(match[1] if not match[2] else f"{match[1]}-{match[2]}")

    return cast_listed(text, column, context, parse)
