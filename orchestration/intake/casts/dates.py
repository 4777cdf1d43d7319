"""Dates as people write them: dd/mm/yyyy, d-m-yy, ISO, in words, month or year only, and Excel's serial numbers.

Day comes before month, always; with AM or PM behind it, a date was printed where the month goes first, and is an error.
A two-digit year is of this century if that is not in the future, else of the last.
"""

from __future__ import annotations

import datetime
import re

import polars as pl

from orchestration.intake.casts.base import Cast, CastContext, Failure, Parse, Reading, as_digits, cast_slowly
from orchestration.intake.folding import fold
from schemas import rules
from schemas.columns import Column

EXCEL_EPOCH = datetime.date(1899, 12, 30)
#: What stands before and behind a date without a meaning of its own: the mark of a text in Excel, "ngày", a full stop.
_AROUND = re.compile(r"^['’`]?(?:sinh\s+)?(?:ng[àa]y\s*:?\s*(?=\d))?|[.,;]$", re.IGNORECASE)
_SEPARATED = r"(?:\s*[/.\-–—−]\s*|\s+)"
_DAY_FIRST = re.compile(
    rf"(\d{{1,2}}){_SEPARATED}(\d{{1,2}}){_SEPARATED}(\d{{4}}|\d{{2}})(?:\s+\d{{1,2}}:\d{{2}}(?::\d{{2}})?)?"
)
_ISO = re.compile(
    r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[ T]\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})?)?"
)
_COMPACT = re.compile(r"(\d{2})(\d{2})(\d{4})")
_COMPACT_ISO = re.compile(r"(18\d{2}|19\d{2}|2[01]\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])")
_WORDS = re.compile(r"(\d{1,2}) (?:thang|thg) (\d{1,2})(?: nam)? (\d{4}|\d{2})")
_ENGLISH = re.compile(r"(\d{1,2}) (jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]* (\d{4}|\d{2})")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
#: A form filled in only in part: ../../1985, /03/1985.
_BLANKS = r"[\s.…_\-–]*"
_BLANK_DAY = re.compile(rf"{_BLANKS}/(?:{_BLANKS}|\s*(\d{{1,2}})\s*)/\s*(\d{{4}})")
_MONTH = re.compile(r"(\d{1,2})\s*[/.\-]\s*(\d{4})")
_MONTH_WORDS = re.compile(r"(?:thang|thg|t) ?(\d{1,2})(?: nam)? (\d{4})")
_ISO_MONTH = re.compile(r"(\d{4})[-/](\d{1,2})")
_YEAR = re.compile(r"(1[89]\d{2}|20\d{2})(?:[.,]0+)?")
_YEAR_WORDS = re.compile(r"nam (1[89]\d{2}|20\d{2})")
_SERIAL = re.compile(r"([1-5]\d{4})(?:\.0+)?")

#: Cells by which it is told whether a column names many different days.
_SAMPLE = 1000
#: Years that a date of this century's registers can have.
_YEARS = (1800, 2200)

#: Year, month or 0, day or 0.
Parts = tuple[int, int, int]


def _parts(text: str, today: datetime.date) -> Parts | None:
    """Year, month and day of a text; 0 for what it does not say (00/00/1985 says the year only)."""
    text = _AROUND.sub("", text)
    return _in_figures(text, today) or _in_words(fold(text), today) or _in_one_number(text)


def _in_figures(text: str, today: datetime.date) -> Parts | None:
    if match := _DAY_FIRST.fullmatch(text):
        return _full_year(match[3], today), int(match[2]), int(match[1])
    if match := _ISO.fullmatch(text):
        return int(match[1]), int(match[2]), int(match[3])
    if match := _YEAR.fullmatch(text):
        return int(match[1]), 0, 0
    if match := _MONTH.fullmatch(text):
        return int(match[2]), int(match[1]), 0
    if match := _ISO_MONTH.fullmatch(text):
        return int(match[1]), int(match[2]), 0
    if match := _BLANK_DAY.fullmatch(text):
        return int(match[2]), int(match[1] or 0), 0
    return None


def _in_words(folded: str, today: datetime.date) -> Parts | None:
    if match := _WORDS.fullmatch(folded):
        return _full_year(match[3], today), int(match[2]), int(match[1])
    if match := _ENGLISH.fullmatch(folded):
        return _full_year(match[3], today), 1 + _MONTHS.index(match[2]), int(match[1])
    if match := _MONTH_WORDS.fullmatch(folded):
        return int(match[2]), int(match[1]), 0
    if match := _YEAR_WORDS.fullmatch(folded):
        return int(match[1]), 0, 0
    return None


def _in_one_number(text: str) -> Parts | None:
    if match := _COMPACT_ISO.fullmatch(text):  # as ddmmyyyy its year would lie before 1800
        return int(match[1]), int(match[2]), int(match[3])
    if match := _COMPACT.fullmatch(text):
        return int(match[3]), int(match[2]), int(match[1])
    if match := _SERIAL.fullmatch(text):
        serial = EXCEL_EPOCH + datetime.timedelta(days=int(match[1]))
        return serial.year, serial.month, serial.day
    return None


def _full_year(digits: str, today: datetime.date) -> int:
    year = int(digits)
    return year if len(digits) == 4 else year + (2000 if 2000 + year <= today.year else 1900)


def _iso(parts: Parts | None) -> str | None:
    """ISO 8601 at the precision that the parts have; None where they name no day, month or year that exists."""
    if parts is None:
        return None
    year, month, day = parts
    if not _YEARS[0] <= year <= _YEARS[1] or month > 12 or (month == 0 and day > 0):
        return None
    if month == 0:
        return f"{year:04}"
    if day == 0:
        return f"{year:04}-{month:02}"
    try:
        return datetime.date(year, month, day).isoformat()
    except ValueError:
        return None


def _usual(text: pl.Series) -> pl.Series:
    """Dates of the cells that are written d/m/yyyy, the form of nine files in ten; null elsewhere."""
    # Remembering what was read halves the time where few days are named, and doubles it where many are.
    few = text.head(_SAMPLE).n_unique() < _SAMPLE // 4
    dates = text.str.to_date("%d/%m/%Y", strict=False, cache=few)
    plausible = pl.lit(dates).is_between(datetime.date(_YEARS[0], 1, 1), datetime.date(_YEARS[1], 12, 31))
    return pl.select(pl.when(plausible).then(dates)).to_series().alias(text.name)


def _in_iso(dates: pl.Series) -> pl.Series:
    """Dates as ISO 8601 text. Where that are fewer, each day between the first and the last is written once."""
    days = dates.to_physical()
    first, last = days.min(), days.max()
    if not isinstance(first, int) or not isinstance(last, int) or last - first > len(dates):
        return dates.dt.strftime("%Y-%m-%d")
    written = pl.int_range(first, last + 1, dtype=pl.Int32, eager=True).cast(pl.Date).dt.strftime("%Y-%m-%d")
    return written.gather(days - first).alias(dates.name)


def cast_partial_date(text: pl.Series, column: Column, context: CastContext) -> Cast:
    """Dates known to the day, the month or the year, as ISO 8601 text."""

    def parse(cell: str) -> Reading | Failure:
        iso = _iso(_parts(cell, context.received_on))
        return Reading(iso) if iso else _failure(cell, context.received_on)

    return _complete(text, _in_iso(_usual(text)), column, context, parse)


def cast_date(text: pl.Series, column: Column, context: CastContext) -> Cast:
    """Full dates."""

    def parse(cell: str) -> Reading | Failure:
        iso = _iso(_parts(cell, context.received_on))
        if not iso or len(iso) < len("yyyy-mm-dd"):
            return _failure(cell, context.received_on)
        return Reading(datetime.date.fromisoformat(iso))

    return _complete(text, _usual(text), column, context, parse)


def _failure(cell: str, today: datetime.date) -> Failure:
    """No date; proposes one where letters stand for digits."""
    digits = as_digits(cell)
    return Failure(rules.DATE_FORMAT, digits if digits and _iso(_parts(digits, today)) else None)


def _complete(text: pl.Series, usual: pl.Series, column: Column, context: CastContext, parse: Parse) -> Cast:
    cast = cast_slowly(text, usual, column, context, parse, column.type.physical)
    cast.mended += len(usual) - usual.null_count()
    return cast
