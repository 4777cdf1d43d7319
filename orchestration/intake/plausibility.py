"""Whether a file's counts can be believed beside those of earlier periods. What is doubtful is said, never returned.

Belongs here: counting the accepted rows of each commune (or of the group that the dataset declares), and comparing
with the same unit's earlier periods as the ledger keeps them. Does not belong here: comparing rows with those that a
file replaces (``comparison``), what stops a file (``verdict``), the notice's words (``schemas/plausibility_rules.py``).
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.places import communes
from orchestration.settings import Settings
from schemas import Declaration, plausibility_rules
from schemas.column_types import CommuneCode

#: Earlier periods that are looked at, and how many of them there must be before they say what is usual.
MOST_PERIODS, LEAST_PERIODS = 12, 4
#: How many times the usual spread a count may lie from the median.
FAR = 5.0
#: The median of deviations, times this, is the standard deviation of figures that spread normally.
_MEDIAN_TO_DEVIATION = 1.4826
#: Groups that a notice names, those furthest from what is usual first.
MOST_NAMED = 10


def group_counts(declaration: Declaration, accepted: Path) -> dict[str, int]:
    """Accepted rows by the value of the column that the dataset is counted by; empty where it has none."""
    column = declaration.group_column
    if column is None:
        return {}
    counted = pl.scan_parquet(accepted).group_by(column).len().collect(engine="streaming")
    return dict(sorted(counted.drop_nulls().iter_rows()))


def doubts(
    settings: Settings, declaration: Declaration, ledger: Ledger, submission: Submission, counts: Mapping[str, int]
) -> list[dict[str, str]]:
    """A notice that names the groups whose counts are far from those of earlier periods; none where none is."""
    earlier = _history(ledger, submission)
    found: list[tuple[float, str]] = []
    for group in sorted({*counts, *(each for period in earlier for each in period)}) if earlier else ():
        history, count = [period.get(group, 0) for period in earlier], counts.get(group, 0)
        usual = _unusual(declaration, history, count)
        if usual is not None:
            found.append((abs(count - usual), f"{_name(settings, declaration, group)}: {usual} → {count}"))
    if not found:
        return []
    found.sort(key=lambda each: (-each[0], each[1]))
    named = [text for _, text in found[:MOST_NAMED]]
    more = [f"… (+{len(found) - MOST_NAMED})"] if len(found) > MOST_NAMED else []
    return [{"rule": plausibility_rules.UNUSUAL_COUNT, "title": "; ".join([*named, *more]), "limit": ""}]


def _unusual(declaration: Declaration, history: Sequence[int], count: int) -> int | None:
    """The earlier count beside which this one is unusual: the median of all, or that of the last period."""
    if len(history) >= LEAST_PERIODS and is_far(history, count):
        return round(statistics.median(history))
    last = history[-1]
    if declaration.plausible_change and last:
        least, most = declaration.plausible_change
        if not least <= count / last - 1 <= most:
            return last
    return None


def is_far(history: Sequence[int], count: int) -> bool:
    """Whether a count lies far outside its history: by the median deviation, but never by less than chance explains.

    Counts of people who come and go by themselves spread by the root of their number, and even a group that always
    had the same count may have one more; a hundredth of it is no news either.
    """
    median = statistics.median(history)
    deviation = statistics.median(abs(each - median) for each in history)
    spread = max(_MEDIAN_TO_DEVIATION * deviation, max(median, 1) ** 0.5, median / 100)
    return abs(count - median) > FAR * spread


def _history(ledger: Ledger, submission: Submission) -> list[dict[str, int]]:
    """Counts of the unit's earlier periods, oldest first; files of one period that all count are added up."""
    periods: dict[str, dict[str, int]] = {}
    for each in ledger.of_earlier_periods(submission):
        counts: Any = each.details.get("groups")
        if counts is not None:
            period = periods.setdefault(each.period, {})
            for group, rows in counts.items():
                period[group] = period.get(group, 0) + rows
    return list(periods.values())[-MOST_PERIODS:]


def _name(settings: Settings, declaration: Declaration, group: str) -> str:
    assert declaration.group_column is not None
    column = declaration.columns[declaration.group_column]
    if column.type is CommuneCode:
        commune = communes(settings).by_code.get(group)
        return commune.name if commune else group
    return next(iter(column.choices.get(group, ())), group)
