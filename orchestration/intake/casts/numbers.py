"""Numbers in Vietnamese (1.234,5) and English (1,234.5) notation, with spaces, and as Excel stores them.

1.234 alone may be one thousand two hundred and thirty-four or one and a bit. The other cells of the column decide: if
they use the comma for decimals, the dot groups thousands, and the reverse. Without such evidence it is an error.
"""

from __future__ import annotations

import decimal
import re
from functools import cache

import polars as pl

from orchestration.intake.casts.base import Cast, CastContext, Failure, Reading, as_digits, cast_slowly
from schemas import rules
from schemas.column_types import DECIMAL_PRECISION, DECIMAL_SCALE
from schemas.columns import Column

#: Unambiguous without looking at other cells: no mark; one or two digits after it, or four; three after a long number.
_PLAIN = r"^-?(?:[0-9]{1,15}(?:[.,](?:[0-9]{1,2}|[0-9]{4}))?|(?:0|[0-9]{4,15})[.,][0-9]{3})$"
_EXACT = decimal.Context(prec=10 * DECIMAL_PRECISION)
_SPACED = re.compile(r"(?<=\d)[\s'’](?=\d{3}(?:\D|$))")
_COMMA_DECIMAL = re.compile(r"-?\d{1,3}(\.\d{3})+,\d+|-?\d{1,3}(\.\d{3}){2,}")
_DOT_DECIMAL = re.compile(r"-?\d{1,3}(,\d{3})+\.\d+|-?\d{1,3}(,\d{3}){2,}")
_ONE_GROUP = re.compile(r"-?[1-9]\d{0,2}([.,])\d{3}")
_LONG_FRACTION = re.compile(r"-?\d{1,15}[.,]\d{3,}|-?\d+(\.\d+)?E-?\+?\d+")
#: Units that people write behind a number.
_UNITS = (("m2", "m²"), ("ha",), ("km",), ("%",), ("đ", "vnđ", "vnd", "đồng"))


def _decimal_mark(text: pl.Series, column: Column, context: CastContext) -> str | None:
    """The decimal mark that the column's unambiguous cells use; None if they use both or none.

    Judged once a file, on its first batch, so that a cell is read alike wherever it stands. In a workbook a plain
    12.5 is a number, which the reader writes with a dot; it says nothing of how people type.
    """
    if column.name not in context.decimal_mark:
        evidence = text.filter(text.str.contains(_PLAIN).fill_null(False) & text.str.contains("[.,]").fill_null(False))
        comma = bool(evidence.str.contains(",").any()) or _any(text, _COMMA_DECIMAL)
        typed_dot = not context.numeric_cells and bool(evidence.str.contains(r"\.").any())
        dot = typed_dot or _any(text, _DOT_DECIMAL)
        context.decimal_mark[column.name] = None if comma == dot else "," if comma else "."
    return context.decimal_mark[column.name]


def _any(text: pl.Series, pattern: re.Pattern[str]) -> bool:
    return bool(text.str.contains(f"^(?:{pattern.pattern})$").any())


@cache
def _unit(headers: tuple[str, ...]) -> re.Pattern[str]:
    """The units that a column's headers name; a cell may repeat them. Another unit would mean another number."""
    words = set(re.findall(r"[^\W\d_]+[2²]?|%", " ".join(headers).casefold()))
    named = [form for forms in _UNITS if words & set(forms) for form in forms]
    return re.compile(rf"\s*(?:{'|'.join(named)})$" if named else r"(?!)", re.IGNORECASE)


def _number(text: str, mark: str | None) -> str | Failure:
    """The number in a text with a dot for decimals and no grouping."""
    text = _SPACED.sub("", text).replace("−", "-")
    if _COMMA_DECIMAL.fullmatch(text):
        return text.replace(".", "").replace(",", ".")
    if _DOT_DECIMAL.fullmatch(text):
        return text.replace(",", "")
    grouped = _ONE_GROUP.fullmatch(text)
    if grouped:
        if mark is None:
            whole, part = re.split(r"[.,]", text)
            return Failure(rules.DECIMAL_AMBIGUOUS, f"{whole}{part} hoặc {whole},{part.rstrip('0') or '0'}")
        return text.replace(grouped[1], "." if grouped[1] == mark else "")
    if re.fullmatch(r"-?\d{1,15}(?:[.,]\d+)?", text) or _LONG_FRACTION.fullmatch(text):
        return text.replace(",", ".")
    return Failure(rules.DECIMAL_FORMAT)


def cast_decimal(text: pl.Series, column: Column, context: CastContext) -> Cast:
    """Exact decimals; more than four decimals are rounded half even and reported as a warning."""
    mark = _decimal_mark(text, column, context)
    unit = _unit(column.headers)
    usual = text.str.contains(_PLAIN).fill_null(False)
    dtype = column.type.physical
    plain = pl.select(pl.when(usual).then(text.str.replace(",", ".", literal=True))).to_series()
    fast = plain.cast(dtype, strict=False).alias(text.name)

    def parse(cell: str) -> Reading | Failure:
        number = _number(unit.sub("", cell), mark)
        if isinstance(number, Failure):
            digits = as_digits(cell)
            proposed = digits if digits and isinstance(_number(digits, mark), str) else number.proposal
            return Failure(number.rule, proposed)
        exact = decimal.Decimal(number)
        if exact.adjusted() >= DECIMAL_PRECISION - DECIMAL_SCALE:
            return Failure(rules.DECIMAL_FORMAT)
        rounded = exact.quantize(decimal.Decimal(1).scaleb(-DECIMAL_SCALE), context=_EXACT)
        return Reading(rounded, rules.DECIMAL_ROUNDED if rounded != exact else None)

    done = cast_slowly(text, fast, column, context, parse, dtype)
    done.mended += int(text.filter(usual).str.contains(",", literal=True).sum() or 0)
    return done


def cast_integer(text: pl.Series, column: Column, context: CastContext) -> Cast:
    """Whole numbers; here a dot or comma before three digits can only group thousands."""
    usual = text.str.contains(r"^-?[0-9]{1,15}$").fill_null(False)
    fast = pl.select(pl.when(usual).then(text)).to_series().cast(pl.Int64, strict=False).alias(text.name)

    def parse(cell: str) -> Reading | Failure:
        cell = _SPACED.sub("", cell).replace("−", "-")
        if re.fullmatch(r"-?\d{1,3}(\.\d{3})+|-?\d{1,3}(,\d{3})+", cell):
            return Reading(int(re.sub(r"[.,]", "", cell)))
        if re.fullmatch(r"-?\d{1,15}(?:[.,]0+)?", cell):
            return Reading(int(re.split(r"[.,]", cell)[0]))
        digits = as_digits(cell)
        return Failure(rules.INTEGER_FORMAT, digits if digits and isinstance(parse(digits), Reading) else None)

    return cast_slowly(text, fast, column, context, parse, pl.Int64)
