"""Text and names: spaces and Unicode form are normalised, words for nothing become empty, nothing else changes."""

from __future__ import annotations

import polars as pl

from orchestration.intake.casts.base import EMPTY_WORDS, EXCEL_ERRORS, Cast, CastContext, Failure, no_problems, problems
from orchestration.intake.folding import clean_text
from schemas import rules
from schemas.columns import Column

#: Cells that need cleaning: control and invisible characters, doubled spaces, spaces at the ends, combining marks.
_UNCLEAN = "[\u0000-\u001f\u007f\u00a0\u00ad\u0300-\u036f\u200b-\u200f\u2028-\u202f\u2060\ufeff]|  |^ | $"
#: 1.23456789012346E+17: a number of more than 15 digits, the rest of which Excel has thrown away.
_LOST_DIGITS = r"^-?[0-9](\.[0-9]+)?[Ee]\+?[0-9]+$"
#: No word for nothing is longer (in bytes) than this.
_LONGEST_EMPTY_WORD = max(len(word.encode()) for word in EMPTY_WORDS)


def cast_text(text: pl.Series, column: Column, context: CastContext) -> Cast:
    """Clean the cells that need it. Excel errors and numbers that lost digits are failures."""
    unclean = text.str.contains(_UNCLEAN).fill_null(False).arg_true()
    values, mended = text, 0
    if not unclean.is_empty():
        cleaned = [clean_text(each) or None for each in text.gather(unclean).to_list()]
        values = text.scatter(unclean, pl.Series(cleaned, dtype=pl.String))
        mended = len(cleaned)
    short = values.filter(values.str.len_bytes() <= _LONGEST_EMPTY_WORD).unique()
    empty = [each for each in short.drop_nulls().to_list() if not each or each.casefold() in EMPTY_WORDS]
    if empty:
        values = values.set(values.is_in(empty), None)
    suspicious = values.str.contains(rf"^#[A-Z]|{_LOST_DIGITS}").fill_null(False).arg_true()
    if suspicious.is_empty():
        return Cast(values, no_problems(), mended)
    indices, found = [], []
    for index, each in zip(suspicious.to_list(), values.gather(suspicious).to_list(), strict=True):
        if each.upper() in EXCEL_ERRORS:
            indices.append(index)
            found.append(Failure(rules.EXCEL_ERROR))
        elif not each.startswith("#") and column.type.identifier:
            indices.append(index)
            found.append(Failure(rules.LOST_DIGITS))
    failed = pl.Series(indices, dtype=pl.UInt32)
    return Cast(values.scatter(failed, None) if indices else values, problems(indices, found), mended)
