"""From a batch of text cells to a typed batch: every declared column cast, every cell that cannot be cast reported.

Belongs here: the order of the casts (a citizen id is read after the sex and birth date that it has to agree with) and
the count of what was mended without loss. Does not belong here: how a type is read (``casts``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from orchestration.intake.casts import CASTS, Cast, CastContext, without_doubtful
from orchestration.intake.casts.base import no_problems
from orchestration.intake.findings import located, no_findings
from orchestration.intake.marks import Gathered, Spread, gather
from schemas import Column, Declaration
from schemas.column_types import CitizenId


@dataclass(frozen=True)
class TypedBatch:
    """Typed values of the data rows, their text, and the findings of the casts. A cell that failed holds null.

    places: the source column of each row's value, for the columns that several source columns say together.
    """

    rows: pl.Series
    frame: pl.DataFrame
    text: pl.DataFrame
    findings: pl.DataFrame
    places: dict[str, pl.Series] = field(default_factory=dict)


def normalise(
    declaration: Declaration,
    columns: dict[str, int],
    rows: pl.Series,
    cells: pl.DataFrame,
    *,
    sheet: str,
    context: CastContext,
    mended: Counter[str],
    further: Mapping[str, tuple[int, ...]] | None = None,
    doubtful: Mapping[tuple[str, int], Mapping[str, str]] | None = None,
    carried: Mapping[str, pl.Series] | None = None,
    spread: Mapping[str, Spread] | None = None,
    district: int | None = None,
) -> TypedBatch:
    """Cast the mapped columns of a batch; absent optional columns are null. Adds to ``mended`` by column type.

    further: columns whose values of one row stand in several source columns; spread: columns whose one value several
    source columns say together; see ``Layout``. doubtful: texts of a column that may be in a legacy font, see
    ``Document``. carried: texts that go before those of the cells, also of columns that the table does not have.
    district: the source column that says in which district the communes lie.
    """
    context.typed = {}
    context.district = None if district is None else cells[f"c{district}"]
    texts: dict[str, pl.Series] = {}
    places: dict[str, pl.Series] = {}
    found: list[pl.DataFrame] = []
    late = sorted(declaration.columns.values(), key=lambda each: each.type is CitizenId)
    for column in late:
        position = columns.get(column.name, -1)
        if carried and column.name in carried:
            texts[column.name] = carried[column.name]
        elif position >= 0:
            texts[column.name] = _joined(cells, (position, *(further or {}).get(column.name, ())))
        else:
            for name in (column.name, *((column.of_time_name,) if column.of_time_name else ())):
                empty = pl.Series(name, [None], dtype=declaration.typed_columns[name])
                context.typed[name] = empty.new_from_index(0, len(rows))
            continue
        place: int | pl.Series = position
        if spread and column.name in spread and column.name not in (carried or {}):
            gathered = gather(cells, spread[column.name])
            texts[column.name], place = gathered.raw, gathered.places
            places[column.name] = gathered.places
            cast, problems = _cast_gathered(gathered, cells, column, context, sheet, doubtful or {})
            found += [located(each, rows, sheet=sheet, column=column.name, position=at) for at, each in problems]
        else:
            cast = CASTS[column.type](texts[column.name], column, context)
            if doubts := (doubtful or {}).get((sheet, position)):
                cast = without_doubtful(cast, texts[column.name], doubts)
        context.typed[column.name] = cast.values.alias(column.name)
        if column.of_time_name and cast.of_time is not None:
            context.typed[column.of_time_name] = cast.of_time
        mended[column.type.name] += cast.mended
        mended.update(cast.mended_as)
        found.append(located(cast.problems, rows, sheet=sheet, column=column.name, position=place))
    frame = pl.DataFrame([context.typed[name] for name in declaration.typed_columns])
    text = pl.DataFrame([texts[name].alias(name) for name in declaration.columns if name in texts])
    return TypedBatch(rows, frame, text, pl.concat(found) if found else no_findings(), places)


def _cast_gathered(
    gathered: Gathered,
    cells: pl.DataFrame,
    column: Column,
    context: CastContext,
    sheet: str,
    doubtful: Mapping[tuple[str, int], Mapping[str, str]],
) -> tuple[Cast, list[tuple[int, pl.DataFrame]]]:
    """The cast of a column that several source columns say together, and what is wrong with single cells of it."""
    cast = CASTS[column.type](gathered.words, column, context)
    if gathered.marked:
        cast.mended = cast.values.count()
    problems = list(gathered.problems)
    for at in gathered.positions:
        if doubts := doubtful.get((sheet, at)):
            without = without_doubtful(Cast(cast.values, no_problems()), cells[f"c{at}"], doubts)
            cast.values = without.values
            problems.append((at, without.problems))
    return cast, problems


def _joined(cells: pl.DataFrame, positions: tuple[int, ...]) -> pl.Series:
    """The text of one column, or of several joined by +; null where all are empty."""
    if len(positions) == 1:
        return cells[f"c{positions[0]}"]
    parts = [f"c{position}" for position in positions]
    some = pl.any_horizontal(pl.col(parts).is_not_null())
    return cells.select(pl.when(some).then(pl.concat_str(parts, separator="+", ignore_nulls=True)).alias(parts[0]))[
        parts[0]
    ]
