"""What is owed: one file for each dataset, reporting unit and period, whether or not anything was ever handed in.

Belongs here: the calendar of obligations that follows from the declarations. Does not belong here: when a period's
file is due (``deadlines``), and what was delivered (``orchestration/delivery.py``, and ``mart_delivery`` in dbt).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from orchestration.intake.deadlines import due_day
from orchestration.intake.period import ReportingPeriod, periods_in
from orchestration.intake.places import REFORM, communes
from orchestration.settings import Settings
from schemas import Declaration


@dataclass(frozen=True)
class Obligation:
    """A file that is owed. ``unit``: the department, or the code of a commune; ``due_date``: last day in time."""

    dataset: str
    department: str
    unit: str
    period: str
    period_start: datetime.date
    period_end: datetime.date
    due_date: datetime.date

    @property
    def slot(self) -> tuple[str, str, str]:
        """Dataset, unit and period: what a submission has to report to meet the obligation."""
        return self.dataset, self.unit, self.period


def obligations(settings: Settings, declarations: Iterable[Declaration], until: datetime.date) -> list[Obligation]:
    """Every file owed for a period that begins by the day ``until``, by dataset, period and unit."""
    return [
        Obligation(
            declaration.path,
            declaration.department,
            unit,
            period.label,
            period.start,
            period.end,
            due_day(declaration, period.end),
        )
        for declaration in declarations
        for period in _periods(declaration, until)
        for unit in _units(settings, declaration, period)
    ]


def _periods(declaration: Declaration, until: datetime.date) -> Iterator[ReportingPeriod]:
    if declaration.owed_from is None:
        return
    (period,) = periods_in(declaration.owed_from)
    while period.start <= until:
        yield period
        period = period.following


def _units(settings: Settings, declaration: Declaration, period: ReportingPeriod) -> list[str]:
    """Who owes a period's file; the present communes owe none for a time when they did not exist."""
    if declaration.owed_by == "department":
        return [declaration.department]
    return sorted(each.code for each in communes(settings).own) if period.end >= REFORM else []
