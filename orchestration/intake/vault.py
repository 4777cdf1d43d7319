"""The split between warehouse and vault: what may leave the department's own circle, and in which form.

Belongs here: turning a typed batch into its warehouse columns (pseudonyms and years for restricted ones) and into its
restricted columns. Does not belong here: writing files (``stage``).
"""

from __future__ import annotations

import polars as pl

from orchestration.intake.pseudonyms import Pseudonymiser
from schemas import Declaration
from schemas.columns import WarehouseColumn


def provenance(rows: pl.Series, *, sheet: str, submission_id: str) -> pl.DataFrame:
    """The columns that lead back to the cells of each row."""
    return pl.DataFrame({"source_row": rows}).select(
        pl.lit(submission_id).alias("submission_id"), pl.lit(sheet).alias("source_sheet"), pl.col("source_row")
    )


def _warehouse_series(
    declaration: Declaration, each: WarehouseColumn, frame: pl.DataFrame, keyed: Pseudonymiser
) -> pl.Series:
    assert each.source is not None
    if each.form == "of_time":
        return frame[each.name]
    values = frame[each.source]
    if each.form == "pseudonym":
        return keyed.series(values, declaration.columns[each.source]).alias(each.name)
    if each.form == "agreement":
        assert each.person is not None
        return keyed.agreement(frame[each.person], values).alias(each.name)
    if each.form == "year":
        return values.str.slice(0, 4).cast(pl.Int32).alias(each.name)
    return values.alias(each.name)


def keyed_columns(declaration: Declaration, frame: pl.DataFrame, keyed: Pseudonymiser) -> list[pl.Series]:
    """The columns of bronze that depend on the key, made of restricted values in ``frame``."""
    return [
        _warehouse_series(declaration, each, frame, keyed)
        for each in declaration.warehouse_columns
        if each.form in ("pseudonym", "agreement") and {each.source, each.person or each.source} <= {*frame.columns}
    ]


def for_warehouse(
    declaration: Declaration, origin: pl.DataFrame, frame: pl.DataFrame, keyed: Pseudonymiser
) -> pl.DataFrame:
    """The bronze rows of a batch: no restricted value is in them."""
    series = [
        _warehouse_series(declaration, each, frame, keyed)
        for each in declaration.warehouse_columns
        if each.source is not None
    ]
    return origin.hstack(series)


def for_vault(declaration: Declaration, origin: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """The restricted values of a batch, with the row they belong to."""
    return origin.drop("submission_id").hstack([frame[each.name] for each in declaration.restricted_columns])
