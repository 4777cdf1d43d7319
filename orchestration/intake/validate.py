"""Validation of a typed batch by the dataset's Pandera model: every error of every cell in one pass.

Pandera runs eagerly (a LazyFrame would check no data at all) and lazily in its own sense (``lazy=True``: all
failures). A cell whose cast failed is null by now and is not reported a second time as missing; a commune that was
divided since is null, too, and is not missing either.
"""

from __future__ import annotations

import datetime

import pandera.polars as pa
import polars as pl

from orchestration.intake.findings import located
from orchestration.intake.normalise import TypedBatch
from schemas import Declaration, rules
from schemas.checks import RECEIVED_ON

#: Pandera's own names of built-in checks → our rules.
_BUILT_IN = {"not_nullable": rules.REQUIRED}


def validate(
    declaration: Declaration, columns: dict[str, int], batch: TypedBatch, *, sheet: str, received_on: datetime.date
) -> pl.DataFrame:
    """The findings of a batch: those of the casts and those of Pandera."""
    frame = batch.frame.with_columns(pl.lit(received_on).alias(RECEIVED_ON))
    try:
        declaration.schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        failures = errors.failure_cases
    else:
        return batch.findings
    unknown = failures.filter(pl.col("index").is_null())
    if not unknown.is_empty():
        raise RuntimeError(f"{declaration.path}: the model does not fit its own columns: {unknown['check'].to_list()}")
    found = [batch.findings]
    for (column, check), cases in failures.group_by("column", "check", maintain_order=True):
        rule = _BUILT_IN.get(str(check), str(check))
        problems = cases.select(
            pl.col("index").cast(pl.UInt32), pl.lit(rule).alias("rule"), pl.lit(None, pl.String).alias("proposal")
        )
        if rule == rules.REQUIRED and (of_time := declaration.columns[str(column)].of_time_name):
            problems = problems.filter(batch.frame[of_time].is_null().gather(problems["index"]))
        place = batch.places.get(str(column), columns.get(str(column), -1))
        found.append(located(problems, batch.rows, sheet=sheet, column=str(column), position=place))
    return _without_echoes(pl.concat(found))


def _without_echoes(findings: pl.DataFrame) -> pl.DataFrame:
    """Drop "required" where the same cell already failed its cast."""
    failed = (
        findings.filter((pl.col("severity") == "error") & (pl.col("rule") != rules.REQUIRED))
        .select("row", "column")
        .unique()
    )
    echoes = findings.filter(pl.col("rule") == rules.REQUIRED).join(failed, on=["row", "column"], how="semi")
    if echoes.is_empty():
        return findings
    return findings.join(echoes.select("row", "column", "rule"), on=["row", "column", "rule"], how="anti")
