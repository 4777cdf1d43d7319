"""What a file's quality is measured by: counts of its cells, and of the rows that broke each rule.

Belongs here: counting while a file is examined, for the ledger. Does not belong here: the formulas of the scores
(``dbt_project/models/marts/mart_quality.sql``) and what a finding is (``findings``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from orchestration.intake.normalise import TypedBatch
from schemas.rules import RULES

#: The columns of findings that are counted.
MEASURED = ("sheet", "row", "rule", "severity")


@dataclass
class CellCounts:
    """Cells of declared columns in the data rows seen so far, columns that the file lacks included."""

    columns: Collection[str]
    cells: int = 0
    filled: int = 0

    def add(self, typed: TypedBatch) -> None:
        """Count a batch. A cell that could not be cast holds something, though its value is null."""
        frame = typed.frame.select(self.columns)
        self.cells += frame.height * frame.width
        self.filled += sum(column.count() for column in frame)
        if not typed.findings.is_empty():
            self.filled += _uncast(typed)


def _uncast(typed: TypedBatch) -> int:
    count = 0
    for (name,), found in typed.findings.filter(pl.col("column") != "").group_by("column"):
        without_value = typed.rows.filter(typed.frame[str(name)].is_null())
        count += int(without_value.is_in(found["row"].implode()).sum())
    return count


@dataclass
class _RowCounts:
    """Rows with at least one finding; ``with_error``: with one that returned the row."""

    by_rule: Counter[str] = field(default_factory=Counter)
    by_dimension: Counter[str] = field(default_factory=Counter)
    with_error: Counter[str] = field(default_factory=Counter)

    def add(self, findings: pl.DataFrame) -> None:
        dimensions = {rule: each.dimension for rule, each in RULES.items()}
        found = findings.with_columns(dimension=pl.col("rule").replace_strict(dimensions, return_dtype=pl.String))
        errors = found.filter(pl.col("severity") == "error")
        for counter, frame, by in (
            (self.by_rule, found, "rule"),
            (self.by_dimension, found, "dimension"),
            (self.with_error, errors, "dimension"),
        ):
            counter.update(dict(frame.unique(["sheet", "row", by]).group_by(by).len().iter_rows()))


def measures(counts: CellCounts, findings: Iterable[pl.DataFrame]) -> dict[str, Any]:
    """The counts of an examined file, as the ledger keeps them in its details; findings come in the file's order."""
    rows = _RowCounts()
    for piece in _whole_rows(findings):
        rows.add(piece)
    return {
        "cells": counts.cells,
        "filled_cells": counts.filled,
        "rows_by_rule": dict(sorted(rows.by_rule.items())),
        "rows_by_dimension": dict(sorted(rows.by_dimension.items())),
        "rows_with_error": dict(sorted(rows.with_error.items())),
    }


def _whole_rows(findings: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The findings piece by piece; those of one row, which stand together, are never torn apart."""
    held: pl.DataFrame | None = None
    for read in findings:
        frame = read if held is None else pl.concat([held, read])
        last = (frame["sheet"] == frame["sheet"][-1]) & (frame["row"] == frame["row"][-1])
        yield frame.filter(~last)
        held = frame.filter(last)
    if held is not None:
        yield held
