"""What is declared about a dataset as a whole: the class keywords of a Dataset, and what follows from them.

Belongs here: facts and derivations that need no data. Does not belong here: facts of one column (``columns.py``) and
the evaluation of rules (``checks.py`` and the dataset's own class).
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import polars as pl

from schemas.column_types import Choice, CommuneCode
from schemas.columns import (
    PROVENANCE,
    Column,
    WarehouseColumn,
    agreement_columns,
    check_column,
    of_time_column,
    warehouse_column,
)

LoadMode = Literal["full", "upsert"]
Period = Literal["month", "quarter", "year"]
OwedBy = Literal["department", "commune"]
#: How the periods of a cadence are named.
_LABELS = {"month": r"20\d\d-(0[1-9]|1[0-2])", "quarter": r"20\d\dQ[1-4]", "year": r"20\d\d"}


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """A dataset: its Pandera ``model`` and everything that the intake, dbt, Dagster and the receipts derive from.

    Meaning of the fields: see :class:`schemas.Dataset`.
    """

    department: str
    name: str
    title: str
    grain: str
    key: tuple[str, ...]
    load: LoadMode
    period: Period
    due_day: int
    lock_day: int | None
    owed_by: OwedBy
    owed_from: str | None
    owner: str
    legal_basis: str
    retention_years: int
    all_or_nothing: bool
    max_returned: float
    max_vanished: float
    counted_by: str | None
    plausible_change: tuple[float, float] | None
    columns: dict[str, Column]
    model: Any

    def __post_init__(self) -> None:
        if not self.grain.startswith("One row per "):
            raise TypeError(f"{self.path}: the docstring says the grain and starts with 'One row per …'")
        if self.lock_day is not None and self.lock_day < self.due_day:
            raise TypeError(f"{self.path}: lock_day={self.lock_day} comes before due_day={self.due_day}")
        if self.owed_from is not None and not re.fullmatch(_LABELS[self.period], self.owed_from):
            raise TypeError(f"{self.path}: owed_from={self.owed_from!r} names no {self.period}")
        for each in self.columns.values():
            check_column(self.path, each, list(self.columns))
        group = self.columns.get(self.counted_by or "")
        if self.counted_by and (group is None or not issubclass(group.type, (CommuneCode, Choice)) or group.restricted):
            raise TypeError(f"{self.path}: counted_by={self.counted_by!r} is no open column of communes or of a list")
        for part in self.key:
            if part not in self.columns:
                raise TypeError(f"{self.path}: key column {part!r} is not declared")
            if warehouse_column(self.columns[part]) is None:
                raise TypeError(f"{self.path}: key column {part!r} is restricted and needs warehouse=…")

    @property
    def path(self) -> str:
        """``department/name``: the dataset's name for people and its folder below ``sources/``."""
        return f"{self.department}/{self.name}"

    @property
    def table(self) -> str:
        """``department_name``: the bronze table and the asset."""
        return f"{self.department}_{self.name}"

    @cached_property
    def schema(self) -> Any:
        """The Pandera schema: types, required values, the checks of the declaration and those of the class."""
        return self.model.to_schema()

    @cached_property
    def warehouse_columns(self) -> tuple[WarehouseColumn, ...]:
        """The columns of the bronze table: provenance first, what is derived from several columns last."""
        provenance = [
            WarehouseColumn(name, None, None, dtype, name, text, "internal")
            for name, (dtype, text) in PROVENANCE.items()
        ]
        declared = [made(each) for each in self.columns.values() for made in (warehouse_column, of_time_column)]
        return (*provenance, *(each for each in declared if each is not None), *agreement_columns(self.columns))

    @cached_property
    def typed_columns(self) -> dict[str, Any]:
        """Names and stored types of the columns of a typed batch: the declared ones, then those derived from them."""
        declared = {each.name: each.type.physical for each in self.columns.values()}
        return declared | {each.of_time_name: pl.String for each in self.columns.values() if each.of_time_name}

    @cached_property
    def typed_key(self) -> tuple[str, ...]:
        """The columns of a typed batch that name a row: two communes of the time may be one commune now."""
        return tuple(self.columns[part].of_time_name or part for part in self.key)

    @cached_property
    def warehouse_key(self) -> tuple[str, ...]:
        """The columns of the bronze table that name a row."""
        plain = {each.source: each.name for each in self.warehouse_columns if each.form not in ("of_time", "agreement")}
        return tuple(self.columns[part].of_time_name or plain[part] for part in self.key)

    @cached_property
    def restricted_columns(self) -> tuple[Column, ...]:
        """The columns whose values go to the vault."""
        return tuple(each for each in self.columns.values() if each.restricted)

    @cached_property
    def group_column(self) -> str | None:
        """The column by whose values the rows of a period are compared with those of earlier ones, if there is one."""
        places = [each.name for each in self.columns.values() if each.type is CommuneCode and not each.restricted]
        return self.counted_by or (places[0] if len(places) == 1 else None)

    @cached_property
    def key_title(self) -> str:
        """The key in words, for receipts."""
        return ", ".join(self.columns[part].title for part in self.key)

    @cached_property
    def version(self) -> str:
        """Eight hex digits that change when the template of this dataset would change."""
        facts = [
            (each.name, each.title, each.type.name, each.required, sorted(each.choices))
            for each in self.columns.values()
        ]
        return hashlib.sha256(json.dumps([self.path, self.period, facts]).encode()).hexdigest()[:8]

    def rule_ids(self, column_name: str) -> list[str]:
        """Ids of the Pandera rules that are checked on a column, in order."""
        return [str(each.name) for each in self.schema.columns[column_name].checks]
