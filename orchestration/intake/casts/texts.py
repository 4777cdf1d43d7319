"""Text and names: spaces and Unicode form are normalised, words for nothing become empty, nothing else changes."""

from __future__ import annotations

import re

import polars as pl

from orchestration.intake.casts.base import (
    EMPTY_CODES,
    EMPTY_WORDS,
    STROKES,
    Cast,
    CastContext,
    Failure,
    Reading,
    cast_slowly,
)
from orchestration.intake.vietnamese.legacy_text import STRANGE
from orchestration.intake.vietnamese.lookalikes import SUSPECT
from schemas import rules
from schemas.columns import Column

#: Cells that are not plainly text: control and invisible characters, combining marks, doubled spaces, spaces at the
#: ends; look-alikes and legacy fonts; a word for nothing; an Excel error; a number that lost digits. One pass over the
#: column finds them all.
_UNCLEAN = "[\u0000-\u001f\u007f\u00a0\u00ad\u0300-\u036f\u200b-\u200f\u2028-\u202f\u2060\ufeff]|  |^ | $"
_WORDS = "|".join(map(re.escape, sorted(EMPTY_WORDS)))
_NOTHING = f"^{STROKES}$|^(?i:{_WORDS})$|^(?:{'|'.join(sorted(EMPTY_CODES))})$"
_DOUBTFUL = f"{_UNCLEAN}|{SUSPECT}|{STRANGE}|^#|^[0-9-][0-9.,]*[Ee][+]|{_NOTHING}"
#: 1.23456789012346E+17: a number of more digits than Excel keeps or shows; the rest of them is gone.
_LOST_DIGITS = re.compile(r"-?[0-9]([.,][0-9]+)?[Ee]\+[0-9]+")


def cast_text(text: pl.Series, column: Column, context: CastContext) -> Cast:
    """Clean the cells that need it. Excel errors and numbers that lost digits are failures."""

    def parse(cell: str) -> Reading | Failure:
        if column.type.identifier and _LOST_DIGITS.fullmatch(cell):
            return Failure(rules.LOST_DIGITS)
        return Reading(cell)

    plain = pl.select(pl.when(~text.str.contains(_DOUBTFUL)).then(text)).to_series()
    return cast_slowly(text, plain.alias(text.name), column, context, parse, pl.String)
