"""What all casts share: their result, their context, and casting by distinct value.

A column is cast in two steps. Cells in the usual form go through vectorised expressions; of the others each distinct
text is read once by a Python function and remembered for the rest of the file, so that the cost follows the number of
different spellings and not the number of rows.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from orchestration.intake.folding import clean_text
from orchestration.intake.places import Communes
from orchestration.intake.vietnamese.legacy_text import legacy_proposal
from schemas import rules
from schemas.columns import Column

#: What people write where there is nothing to write; in capitals also NA ("Na" may be a village).
EMPTY_WORDS = frozenset({"null", "n/a", "đang cập nhật", "chưa cập nhật", "không có", "chưa có", "không rõ"})
EMPTY_CODES = frozenset({"NA"})
#: A row of dots or dashes.
STROKES = r"[.…_–—-]+"
#: What our readers write for a list or an object in the place of one value.
NESTED_VALUE = "#NHIỀU GIÁ TRỊ!"
#: The errors of Excel, and what our reader writes for a formula that was never calculated.
EXCEL_ERRORS = frozenset(
    {
        "#REF!",
        "#VALUE!",
        "#N/A",
        "#DIV/0!",
        "#NAME?",
        "#NUM!",
        "#NULL!",
        "#SPILL!",
        "#CALC!",
        "#GETTING_DATA",
        "#FIELD!",
    }
    | {"#CHƯA TÍNH!"}
)
#: What Excel exports of a number that did not fit into its column.
HASHES = re.compile("#{3,}")
#: Letters that are typed for digits.
_DIGITS = str.maketrans("OoОоlI|", "0000111")
_LETTER = re.compile(r"[^\W\d_]")
#: Distinct texts remembered per column; beyond it the oldest are forgotten.
REMEMBERED = 500_000


@dataclass(frozen=True)
class Failure:
    """Why a text is no value of its column's type."""

    rule: str
    proposal: str | None = None


#: What a text was read as. ``Reading(None)`` is an empty cell.
@dataclass(frozen=True)
class Reading:
    """A value read from a text; ``warning``: a rule that is reported although the value counts.

    mended_as: what the mended cell is counted as, where that is not its column's type. of_time: the key of the unit of
    the time, where the type has such a thing; there may be one without a value.
    """

    value: Any
    warning: str | None = None
    mended_as: str | None = None
    of_time: str | None = None


Parse = Callable[[str], Reading | Failure]


@dataclass
class Cast:
    """A column of a batch after its cast. ``problems``: index (row of the batch), rule, proposal.

    mended: cells mended without loss; mended_as: those that are counted apart from their column's type.
    of_time: the units of the time, see ``Column.of_time_name``.
    """

    values: pl.Series
    problems: pl.DataFrame
    mended: int = 0
    mended_as: dict[str, int] = field(default_factory=dict)
    of_time: pl.Series | None = None


PROBLEMS = {"index": pl.UInt32, "rule": pl.String, "proposal": pl.String}


@dataclass
class CastContext:
    """What a cast may know beside the cells: the day of acceptance, the communes, and what it learnt before.

    reference_date: the day whose communes the file names, the last one of its period; None: the present one.
    numeric_cells: the file is a workbook, where a number stands as the reader writes it and not as it was typed.
    district: what a column beside the communes of the batch says about their districts, where there is one.
    """

    received_on: datetime.date
    communes: Communes
    numeric_cells: bool = False
    reference_date: datetime.date | None = None
    remembered: dict[str, dict[str, Reading | Failure]] = field(default_factory=dict)
    decimal_mark: dict[str, str | None] = field(default_factory=dict)
    typed: dict[str, pl.Series] = field(default_factory=dict)
    district: pl.Series | None = None


Casting = Callable[[pl.Series, Column, CastContext], Cast]


def no_problems() -> pl.DataFrame:
    """An empty frame of problems."""
    return pl.DataFrame(schema=PROBLEMS)


def problems(indices: list[int], found: list[Failure]) -> pl.DataFrame:
    """A frame of problems from parallel lists."""
    return pl.DataFrame(
        {"index": indices, "rule": [each.rule for each in found], "proposal": [each.proposal for each in found]},
        schema=PROBLEMS,
    )


def without_doubtful(cast: Cast, text: pl.Series, doubts: Mapping[str, str]) -> Cast:
    """A cast without the values of texts that may be in a legacy font; each is an error that says what it may mean."""
    at = text.is_in(list(doubts)).fill_null(False).arg_true()
    if at.is_empty():
        return cast
    found = problems(at.to_list(), [Failure(rules.LEGACY_FONT, doubts[each]) for each in text.gather(at).to_list()])
    others = cast.problems.filter(~pl.col("index").is_in(at.implode()))
    nothing = pl.Series(text.name, [None], dtype=cast.values.dtype).new_from_index(0, len(at))
    of_time = None
    if cast.of_time is not None:
        of_time = replaced(cast.of_time, at, pl.Series([None], dtype=pl.String).new_from_index(0, len(at)))
    return Cast(replaced(cast.values, at, nothing), pl.concat([others, found]), cast.mended, of_time=of_time)


def replaced(series: pl.Series, indices: pl.Series, values: pl.Series) -> pl.Series:
    """A copy with other values at some places (``scatter`` alone changes the series itself)."""
    return series.clone().scatter(indices, values)


def common_reading(text: str) -> Reading | Failure | None:
    """Readings that every type shares: nothing, a word for nothing, an Excel error. None: the type decides."""
    cleaned = clean_text(text)
    if not cleaned or cleaned.casefold() in EMPTY_WORDS or cleaned in EMPTY_CODES or re.fullmatch(STROKES, cleaned):
        return Reading(None)
    if cleaned.upper() in EXCEL_ERRORS or HASHES.fullmatch(cleaned):
        return Failure(rules.EXCEL_ERROR)
    if cleaned.upper() == NESTED_VALUE:
        return Failure(rules.NESTED_VALUE)
    return None


def read_distinct(text: pl.Series, column: Column, context: CastContext, read: Parse) -> dict[str, Reading | Failure]:
    """The reading of every distinct text of a series, read at most once a file."""
    known = context.remembered.setdefault(column.name, {})
    if len(known) > REMEMBERED:
        known.clear()
    found: dict[str, Reading | Failure] = {}
    for each in text.drop_nulls().unique().to_list():
        reading = known.get(each)
        if reading is None:
            reading = known[each] = _unless_legacy(each, read(each))
        found[each] = reading
    return found


def _unless_legacy(cell: str, reading: Reading | Failure) -> Reading | Failure:
    """A reading, unless the text looks like a legacy font that the sheet as a whole did not prove."""
    if isinstance(reading, Failure):
        meaning = None if reading.proposal else legacy_proposal(cell, least=1)
    else:
        meaning = legacy_proposal(cell) if reading.value == clean_text(cell) else None
    return Failure(rules.LEGACY_FONT, meaning) if meaning else reading


def as_digits(cell: str) -> str | None:
    """A text with digits for O, o, l, I and |, which look like them; None where it has none, or other letters."""
    digits = cell.translate(_DIGITS)
    return digits if digits != cell and any(char.isdigit() for char in cell) and not _LETTER.search(digits) else None


def cast_slowly(
    text: pl.Series, fast: pl.Series, column: Column, context: CastContext, parse: Parse, dtype: Any
) -> Cast:
    """Complete ``fast`` (values of the cells in the usual form, else null) by parsing the remaining distinct texts."""
    rest = (text.is_not_null() & fast.is_null()).arg_true()
    if rest.is_empty():
        return Cast(fast, no_problems())
    texts = text.gather(rest)
    readings = read_distinct(texts, column, context, lambda cell: common_reading(cell) or parse(clean_text(cell)))
    each = texts.to_list()
    read = [readings[one] for one in each]
    values = pl.Series([one.value if isinstance(one, Reading) else None for one in read], dtype=dtype)
    completed = replaced(fast, rest, values)
    indices, failures = [], []
    for index, one in zip(rest.to_list(), read, strict=True):
        if isinstance(one, Failure):
            indices.append(index)
            failures.append(one)
        elif one.warning:
            indices.append(index)
            failures.append(Failure(one.warning))
    values_read = ((one.value if isinstance(one, Reading) else None) for one in read)
    mended = sum(value is not None and str(value) != text for value, text in zip(values_read, each, strict=True))
    return Cast(completed, problems(indices, failures), mended)


def cast_listed(
    text: pl.Series, column: Column, context: CastContext, parse: Parse, usual: Collection[str] | None = None
) -> Cast:
    """Cast a column of few distinct texts: parse each once and look it up. ``usual``: spellings that are not mended.

    The list's own words go first: "Không có" is a value where it is listed, and nothing elsewhere.
    """

    def own_words_first(cell: str) -> Reading | Failure:
        reading = parse(clean_text(cell))
        listed = isinstance(reading, Reading) and reading.value is not None
        return reading if listed else common_reading(cell) or reading

    readings = read_distinct(text, column, context, own_words_first)
    read = list(readings.values())
    accepted = [one.value if isinstance(one, Reading) else None for one in read]
    # One pass over the texts; what follows goes by number.
    numbers = text.replace_strict(list(readings), range(len(read)), default=None, return_dtype=pl.UInt32)
    values = pl.Series(text.name, accepted, dtype=column.type.physical).gather(numbers)
    mended = [
        value is not None and (each not in usual if usual is not None else str(value) != each)
        for each, value in zip(readings, accepted, strict=True)
    ]
    reported = [Failure(one.warning) if isinstance(one, Reading) and one.warning else one for one in read]
    found = no_problems()
    if any(isinstance(one, Failure) for one in reported):
        bad = pl.Series([isinstance(one, Failure) for one in reported], dtype=pl.Boolean)
        at = bad.gather(numbers).fill_null(False).arg_true()
        failures = [reported[number] for number in numbers.gather(at).to_list()]
        found = problems(at.to_list(), [one for one in failures if isinstance(one, Failure)])
    apart = [one.mended_as if isinstance(one, Reading) else None for one in read]
    mended = [each and kind is None for each, kind in zip(mended, apart, strict=True)]
    count = pl.Series(mended, dtype=pl.Boolean).gather(numbers).sum()
    cast = Cast(values, found, int(count or 0))
    if any(apart):
        kinds = pl.Series("kind", apart, dtype=pl.String).gather(numbers).drop_nulls()
        cast.mended_as = dict(kinds.value_counts().iter_rows())
    if column.of_time_name:
        keys = [one.of_time if isinstance(one, Reading) else None for one in read]
        cast.of_time = pl.Series(column.of_time_name, keys, dtype=pl.String).gather(numbers)
    return cast
