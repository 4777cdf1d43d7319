"""What a correct file is. One Pandera class a dataset, in ``schemas/<department>/<dataset>.py``.

Belongs here: the ``Dataset`` base and the discovery of all datasets. Everything else about a dataset derives from its
class: recognition, casting, validation, the bronze schema, the Dagster asset, dbt's ``sources.yml``, the template
workbook, receipt wording and the split between vault and warehouse. Adding a dataset edits no existing file.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import pandera.polars as pa
import polars as pl

from schemas import file_rules as file_rules
from schemas import plausibility_rules as plausibility_rules
from schemas.checks import declared_checks
from schemas.column_types import column_type
from schemas.columns import Column, column
from schemas.declaration import Declaration, LoadMode, OwedBy, Period
from schemas.rules import RULES, rule

__all__ = [
    "Column",
    "Dataset",
    "Declaration",
    "UnknownDatasetError",
    "check",
    "column",
    "dataset",
    "datasets",
    "rule",
]


class UnknownDatasetError(LookupError):
    """No dataset of that name is declared."""


def check(rule_id: str, column_name: str) -> Callable[[Callable[[Any], pl.Expr]], Any]:
    """A rule across the columns of a row, reported at ``column_name``; the method returns a boolean expression.

    Passes where the expression is true or null. The rule must be registered with :func:`rule` beforehand.
    """
    if rule_id not in RULES:
        raise ValueError(f"rule {rule_id!r} is not declared")

    def decorate(expression: Callable[[Any], pl.Expr]) -> Any:
        def evaluate(cls: type, data: pa.PolarsData) -> pl.LazyFrame:
            return data.lazyframe.select(expression(cls).fill_null(True))

        evaluate.__name__ = expression.__name__
        evaluate.__doc__ = expression.__doc__
        return pa.check(column_name, name=rule_id, ignore_na=False)(evaluate)

    return decorate


class Dataset(pa.DataFrameModel):
    """Base of all datasets: a Pandera model whose class keywords say how its files come and replace each other.

    department: folder and owner; the dataset's own name is its module's. title: Vietnamese name of the dataset.
    key: columns that name a row within one file (missing parts count as equal; they cannot all be missing).
    load: ``full`` (a new submission replaces the older one of its unit and period) or ``upsert`` (by key).
    period, due_day: cadence; a file is due ``due_day`` days after the period's end. lock_day: so many days after it
    the period is locked, and a file for it waits for a decision; None: never.
    owed_by, owed_from: who owes a file of each period, the department or every present commune of the province, and
    the first period for which it does, such as 2026-10, 2026Q4 or 2026; None: files are welcome and none is owed.
    owner, legal_basis, retention_years: for the catalogue and the law (Personal Data Law 91/2025/QH15).
    all_or_nothing: no row goes in unless every row is right. max_returned, max_vanished: shares of returned rows,
    and of the previous rows that vanish, above which the whole file waits for a decision.
    counted_by: column of communes or of a list whose counts are compared with those of earlier periods; by default the
    one column of communes. plausible_change: shares, such as (-0.3, 0.5), outside of which the change of such a count
    since the last period is mentioned, too; without it only counts far outside a history of four periods are.
    """

    #: Underscored, because Pandera takes every public attribute for a column. Read it through :func:`datasets`.
    _declaration: ClassVar[Declaration]

    class Config:
        strict = False

    def __init_subclass__(
        cls,
        *,
        department: str,
        title: str,
        key: list[str],
        load: LoadMode,
        period: Period,
        owner: str,
        legal_basis: str,
        due_day: int = 10,
        lock_day: int | None = None,
        owed_by: OwedBy = "department",
        owed_from: str | None = None,
        retention_years: int = 10,
        all_or_nothing: bool = False,
        max_returned: float = 0.5,
        max_vanished: float = 0.3,
        counted_by: str | None = None,
        plausible_change: tuple[float, float] | None = None,
        **kwargs: Any,
    ) -> None:
        columns = _declared_columns(cls)
        cls._declaration = Declaration(
            department=department,
            name=cls.__module__.rpartition(".")[2],
            title=title,
            grain=inspect.cleandoc(cls.__doc__ or "").split("\n\n")[0].replace("\n", " "),
            key=tuple(key),
            load=load,
            period=period,
            due_day=due_day,
            lock_day=lock_day,
            owed_by=owed_by,
            owed_from=owed_from,
            owner=owner,
            legal_basis=legal_basis,
            retention_years=retention_years,
            all_or_nothing=all_or_nothing,
            max_returned=max_returned,
            max_vanished=max_vanished,
            counted_by=counted_by,
            plausible_change=plausible_change,
            columns=columns,
            model=cls,
        )
        cls.__annotations__ = {name: each.type.physical for name, each in columns.items()}
        for name, each in columns.items():
            field = pa.Field(nullable=each.nullable, title=each.title)
            field.__set_name__(cls, name)  # Python does this only for what stands in the class body
            setattr(cls, name, field)
        super().__init_subclass__(**kwargs)

    @classmethod
    def build_schema_(cls, **kwargs: Any) -> pa.DataFrameSchema:
        """The Pandera schema: types, required values, the checks of the declaration and those of the class."""
        schema = super().build_schema_(**kwargs)
        columns = cls._declaration.columns
        for name, declared in columns.items():
            own = schema.columns[name]
            own.checks = [*declared_checks(declared, columns), *own.checks]
        return schema


def _declared_columns(cls: type[Dataset]) -> dict[str, Column]:
    found: dict[str, Column] = {}
    for name, annotation in inspect.get_annotations(cls, eval_str=True).items():
        declared = cls.__dict__.get(name)
        if not isinstance(declared, Column):
            raise TypeError(f"{cls.__module__}.{name}: declare it with column(title=…, description=…)")
        found[name] = Column(**{**vars(declared), "name": name, "type": column_type(annotation)})
    return found


@cache
def datasets() -> dict[str, Declaration]:
    """All declared datasets by path (``department/name``), sorted: every ``schemas/<department>/<dataset>.py``."""
    found: dict[str, Declaration] = {}
    root = Path(__file__).parent
    for file in sorted(root.glob("[a-z]*/[a-z]*.py")):
        module = importlib.import_module(f"{__name__}.{file.parent.name}.{file.stem}")
        own = [
            each
            for each in vars(module).values()
            if isinstance(each, type) and issubclass(each, Dataset) and each.__module__ == module.__name__
        ]
        if len(own) != 1:
            raise TypeError(f"{file.relative_to(root)}: expected one Dataset class, found {len(own)}")
        declaration = own[0]._declaration
        if declaration.department != file.parent.name:
            raise TypeError(f"{file.relative_to(root)}: department={declaration.department!r} is not its folder")
        found[declaration.path] = declaration
    return found


def dataset(name: str) -> Declaration:
    """The dataset of a path or table name. Raises UnknownDatasetError with the list of those that exist."""
    for path, declared in datasets().items():
        if name.strip("/") in (path, declared.table):
            return declared
    raise UnknownDatasetError(f"unknown dataset {name!r}; there are: {', '.join(datasets())}")
