"""Findings: what was wrong, where. One row a (row, column, rule); the vault keeps them, the receipt words them.

Belongs here: the shape of findings, merging those of one cell, and counting them. Does not belong here: wording.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl

from schemas import Declaration
from schemas.columns import Column
from schemas.rules import RULES

FINDINGS: dict[str, Any] = {
    "sheet": pl.String,
    "row": pl.Int64,
    "column": pl.String,
    "position": pl.Int32,
    "rule": pl.String,
    "severity": pl.String,
    "proposal": pl.String,
}


def no_findings() -> pl.DataFrame:
    """An empty frame of findings."""
    return pl.DataFrame(schema=FINDINGS)


def located(
    problems: pl.DataFrame, rows: pl.Series, *, sheet: str, column: str, position: int | pl.Series
) -> pl.DataFrame:
    """Findings from problems of one column: ``index`` (row of the batch), rule, proposal.

    position: the source column, or that of each row.
    """
    if problems.is_empty():
        return no_findings()
    place = pl.lit(position, pl.Int32) if isinstance(position, int) else position.gather(problems["index"])
    return problems.select(
        pl.lit(sheet).alias("sheet"),
        rows.gather(problems["index"]).alias("row"),
        pl.lit(column).alias("column"),
        place.alias("position"),
        pl.col("rule"),
        pl.col("rule").replace_strict({rule: each.severity for rule, each in RULES.items()}).alias("severity"),
        pl.col("proposal"),
    )


def row_findings(sheet: str, rows: pl.Series, rule: str) -> pl.DataFrame:
    """Findings about whole rows, which name no column."""
    return pl.DataFrame({"row": rows}, schema={"row": pl.Int64}).select(
        pl.lit(sheet).alias("sheet"),
        pl.col("row"),
        pl.lit("").alias("column"),
        pl.lit(-1, pl.Int32).alias("position"),
        pl.lit(rule).alias("rule"),
        pl.lit(RULES[rule].severity).alias("severity"),
        pl.lit(None, pl.String).alias("proposal"),
    )


def rows_with_errors(findings: pl.DataFrame) -> pl.Series:
    """Numbers of the rows that have at least one error (warnings never return a row)."""
    return findings.filter(pl.col("severity") == "error")["row"].unique()


def allowed_text(column: Column | None) -> str:
    """The values of a list as receipts show them."""
    return ", ".join(words[0] for words in column.choices.values() if words) if column else ""


def reasons(declaration: Declaration, findings: Iterable[pl.DataFrame]) -> list[dict[str, Any]]:
    """Counts of findings by rule and column with the first example, errors first, most frequent first.

    They come in batches: a bad file of ten million rows has more findings than memory should hold.
    """
    first = pl.col("sheet", "row", "position").get(pl.col("row").arg_min())
    by = ["severity", "rule", "column"]
    parts = [each.group_by(by).agg(pl.len().alias("count"), first) for each in findings]
    counted = (
        pl.concat(parts or [no_findings().group_by(by).agg(pl.len().alias("count"), first)])
        .group_by(by, maintain_order=True)
        .agg(pl.col("count").sum(), first)
        .sort(["severity", "count", "rule", "column"], descending=[False, True, False, False])
    )
    found = []
    for each in counted.to_dicts():
        column = declaration.columns.get(each["column"])
        found.append({**each, "limit": column.limit_text() if column else "", "allowed": allowed_text(column)})
    return found
