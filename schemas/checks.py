"""Pandera checks that follow from a column's declaration. Each check's name is the id of a rule.

Belongs here: evaluation of rules that hold for every column of a type or with a declared bound. Rules of one
dataset stand in that dataset's class; values that cannot be cast never get here (they are null by then).

Every check returns a boolean expression over the whole batch; null counts as passed, because a missing value is
the business of ``required`` alone. The batch carries ``RECEIVED_ON``, the date at which the submission is
accepted, so that a rebuild years later evaluates "in the future" as it was evaluated then.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandera.polars as pa
import polars as pl

from schemas import rules
from schemas.column_types import CitizenId, Date, PartialDate

if TYPE_CHECKING:
    from schemas.columns import Column

RECEIVED_ON = "__received_on"
SEEDS = Path(__file__).resolve().parent.parent / "dbt_project" / "seeds"


@cache
def province_prefixes() -> tuple[str, ...]:
    """The 63 prefixes of citizen ids issued in the provinces of 2016."""
    with (SEEDS / "citizen_id_province.csv").open(encoding="utf-8", newline="") as file:
        return tuple(row["prefix"] for row in csv.DictReader(file))


def expression_check(rule_id: str, build: Callable[[], pl.Expr]) -> pa.Check:
    """A Pandera check named ``rule_id`` that passes where the expression is true or null.

    Where all rows pass, which is most of the time, Pandera is told just that: it would evaluate a column of answers
    three more times, to look for the failures in it (a third of all validation).
    """

    def evaluate(data: pa.PolarsData) -> pl.LazyFrame | bool:
        passed = data.lazyframe.select(build().fill_null(True)).collect()
        return passed.to_series().all() or passed.lazy()

    return pa.Check(evaluate, name=rule_id, ignore_na=False)


def _part_of_id(name: str, drop: int, keep: int) -> pl.Expr:
    """Digits of a 12-digit id as a number: without the last ``drop`` digits, of the rest the last ``keep``.

    Arithmetic on the whole number costs a third of slicing the text.
    """
    return pl.col(name).cast(pl.Int64, strict=False) // 10**drop % 10**keep


def citizen_birth_year(name: str) -> pl.Expr:
    """Birth year in a 12-digit citizen id: digit 4 gives the century (0/1: 1900, 2/3: 2000 …), 5 and 6 the year."""
    return 1900 + 100 * (_part_of_id(name, 8, 1) // 2) + _part_of_id(name, 6, 2)


def citizen_is_female(name: str) -> pl.Expr:
    """True where digit 4 of the citizen id is odd."""
    return _part_of_id(name, 8, 1) % 2 == 1


def year_of(column: Column) -> pl.Expr:
    """The year of a Date or PartialDate column as Int32."""
    if column.type is Date:
        return pl.col(column.name).dt.year()
    return pl.col(column.name).str.slice(0, 4).cast(pl.Int32, strict=False)


def _citizen_id_checks(column: Column, columns: dict[str, Column]) -> Iterator[pa.Check]:
    name = column.name
    received_year = pl.col(RECEIVED_ON).first().dt.year()
    yield expression_check(rules.CITIZEN_ID_FUTURE, lambda: citizen_birth_year(name) <= received_year)
    yield expression_check(
        rules.CITIZEN_ID_PROVINCE,
        lambda: _part_of_id(name, 9, 3).is_in([int(prefix) for prefix in province_prefixes()]),
    )
    if column.sex_column:
        sex = column.sex_column
        yield expression_check(rules.CITIZEN_ID_SEX, lambda: citizen_is_female(name) == (pl.col(sex) == "female"))
    if column.birth_column:
        birth = columns[column.birth_column]
        yield expression_check(rules.CITIZEN_ID_BIRTH_YEAR, lambda: citizen_birth_year(name) == year_of(birth))


def _bounds(column: Column) -> Iterator[pl.Expr]:
    value = pl.col(column.name)
    if column.gt is not None:
        yield value > pl.lit(column.gt)
    if column.ge is not None:
        yield value >= pl.lit(column.ge)
    if column.le is not None:
        yield value <= pl.lit(column.le)


def declared_checks(column: Column, columns: dict[str, Column]) -> Iterator[pa.Check]:
    """All checks that follow from the declaration of ``column`` within its dataset's ``columns``."""
    name = column.name
    bounds = list(_bounds(column))
    if bounds:
        yield expression_check(rules.OUT_OF_RANGE, lambda: pl.all_horizontal(bounds))
    if column.max_length is not None:
        limit = column.max_length
        text = pl.col(name).str
        # No character is longer than its bytes, whose number costs nothing to know.
        yield expression_check(rules.TOO_LONG, lambda: (text.len_bytes() <= limit) | (text.len_chars() <= limit))
    if column.pattern is not None:
        pattern = column.pattern
        yield expression_check(
            column.pattern_rule or rules.PATTERN, lambda: pl.col(name).str.contains(f"^(?:{pattern})$")
        )
    if column.past and column.type in (Date, PartialDate):
        yield expression_check(rules.DATE_FUTURE, lambda: _not_after_received(column))
    if column.type is CitizenId:
        yield from _citizen_id_checks(column, columns)


def _not_after_received(column: Column) -> pl.Expr:
    """As text, ISO dates compare at their own precision: 2026 and 2026-11 come before 2026-11-22."""
    received: Any = pl.col(RECEIVED_ON).first()
    return pl.col(column.name) <= (received if column.type is Date else received.dt.strftime("%Y-%m-%d"))
