"""From a batch of text cells to a typed batch: every declared column cast, every cell that cannot be cast reported.

Belongs here: the order of the casts (a citizen id is read after the sex and birth date that it has to agree with) and
the count of what was mended without loss. Does not belong here: how a type is read (``casts``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from orchestration.intake.casts import CASTS, CastContext, without_doubtful
from orchestration.intake.findings import located, no_findings
from schemas import Declaration
from schemas.column_types import CitizenId


@dataclass(frozen=True)
class TypedBatch:
    """Typed values of the data rows, their text, and the findings of the casts. A cell that failed holds null."""

    rows: pl.Series
    frame: pl.DataFrame
    text: pl.DataFrame
    findings: pl.DataFrame


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
) -> TypedBatch:
    """Cast the mapped columns of a batch; absent optional columns are null. Adds to ``mended`` by column type.

    further: columns whose values of one row stand in several source columns, see ``Layout``. doubtful: texts of a
    column that may be in a legacy font, see ``Document``.
    """
    context.typed = {}
    texts: dict[str, pl.Series] = {}
    found: list[pl.DataFrame] = []
    late = sorted(declaration.columns.values(), key=lambda each: each.type is CitizenId)
    for column in late:
        position = columns.get(column.name)
        if position is None:
            empty = pl.Series(column.name, [None], dtype=column.type.physical).new_from_index(0, len(rows))
            context.typed[column.name] = empty
            continue
        texts[column.name] = _joined(cells, (position, *(further or {}).get(column.name, ())))
        cast = CASTS[column.type](texts[column.name], column, context)
        if doubts := (doubtful or {}).get((sheet, position)):
            cast = without_doubtful(cast, texts[column.name], doubts)
        context.typed[column.name] = cast.values.alias(column.name)
        mended[column.type.name] += cast.mended
        mended.update(cast.mended_as)
        found.append(located(cast.problems, rows, sheet=sheet, column=column.name, position=position))
    frame = pl.DataFrame([context.typed[name] for name in declaration.columns])
    text = pl.DataFrame([texts[name].alias(name) for name in declaration.columns if name in texts])
    return TypedBatch(rows, frame, text, pl.concat(found) if found else no_findings())


def _joined(cells: pl.DataFrame, positions: tuple[int, ...]) -> pl.Series:
    """The text of one column, or of several joined by +; null where all are empty."""
    if len(positions) == 1:
        return cells[f"c{positions[0]}"]
    parts = [f"c{position}" for position in positions]
    some = pl.any_horizontal(pl.col(parts).is_not_null())
    return cells.select(pl.when(some).then(pl.concat_str(parts, separator="+", ignore_nulls=True)).alias(parts[0]))[
        parts[0]
    ]
