"""The split between warehouse and vault: what may leave the department's own circle, and in which form.

Belongs here: turning a typed batch into its warehouse columns (pseudonyms and years for restricted ones) and into its
restricted columns. Does not belong here: writing files (``stage``).
"""

from __future__ import annotations

import polars as pl

from orchestration.intake.pseudonyms import Pseudonymiser, pseudonyms
from schemas import Declaration
from schemas.columns import WarehouseColumn


def provenance(rows: pl.Series, *, sheet: str, submission_id: str) -> pl.DataFrame:
    """The columns that lead back to the cells of each row."""
    return pl.DataFrame({"source_row": rows}).select(
        pl.lit(submission_id).alias("submission_id"), pl.lit(sheet).alias("source_sheet"), pl.col("source_row")
    )


def _keyed(each: WarehouseColumn) -> bool:
    return each.form in ("pseudonym", "agreement")


class _Batch:
    """The warehouse columns of a batch. A column's digests are made once, for its pseudonyms and agreement keys."""

    def __init__(self, declaration: Declaration, frame: pl.DataFrame, keyed: Pseudonymiser) -> None:
        self._declaration, self._frame, self._keyed = declaration, frame, keyed
        self._digests: dict[str, pl.Series] = {}

    def _of(self, name: str) -> pl.Series:
        if name not in self._digests:
            self._digests[name] = self._keyed.digests(self._frame[name], self._declaration.columns[name])
        return self._digests[name]

    def series(self, each: WarehouseColumn) -> pl.Series:
        """A column of bronze, made of what the batch holds."""
        assert each.source is not None
        if each.form == "of_time":
            return self._frame[each.name]
        if each.form == "pseudonym":
            return pseudonyms(self._of(each.source)).alias(each.name)
        values = self._frame[each.source]
        if each.form == "agreement":
            assert each.person is not None
            return self._keyed.agreement(self._of(each.person), values).alias(each.name)
        if each.form == "year":
            return values.str.slice(0, 4).cast(pl.Int32).alias(each.name)
        return values.alias(each.name)


def keyed_columns(declaration: Declaration, frame: pl.DataFrame, keyed: Pseudonymiser) -> list[pl.Series]:
    """The columns of bronze that depend on the key, made of restricted values in ``frame``."""
    batch, here = _Batch(declaration, frame, keyed), {*frame.columns}
    return [
        batch.series(each)
        for each in declaration.warehouse_columns
        if _keyed(each) and {each.source, each.person or each.source} <= here
    ]


def for_warehouse(
    declaration: Declaration, origin: pl.DataFrame, frame: pl.DataFrame, keyed: Pseudonymiser
) -> pl.DataFrame:
    """The bronze rows of a batch: no restricted value is in them."""
    batch = _Batch(declaration, frame, keyed)
    return origin.hstack([batch.series(each) for each in declaration.warehouse_columns if each.source is not None])


def for_vault(declaration: Declaration, origin: pl.DataFrame, frame: pl.DataFrame) -> pl.DataFrame:
    """The restricted values of a batch, with the row they belong to."""
    return origin.drop("submission_id").hstack([frame[each.name] for each in declaration.restricted_columns])
