"""The days that a period's files have to keep: due, and locked. On the calendar of Vietnam, where the offices are.

Belongs here: counting days from a period's end. Does not belong here: how long they are (the dataset's declaration),
and what follows from being late or locked (``judging``).
"""

from __future__ import annotations

import datetime

from orchestration.settings import VIETNAM
from schemas import Declaration


def local_day(moment: datetime.datetime) -> datetime.date:
    """The day on which something happened in Vietnam: at 17:00 UTC the next one begins."""
    return moment.astimezone(VIETNAM).date()


def end_of_day(day: datetime.date) -> datetime.datetime:
    """The last moment of a day in Vietnam."""
    return datetime.datetime.combine(day, datetime.time.max, VIETNAM)


def due_day(declaration: Declaration, period_end: datetime.date) -> datetime.date:
    """The last day on which a file of the period is in time."""
    return period_end + datetime.timedelta(days=declaration.due_day)


def days_late(declaration: Declaration, period_end: datetime.date, arrived_at: datetime.datetime) -> int:
    """How many days after the due day a file arrived; 0 for one in time."""
    return days_after(due_day(declaration, period_end), arrived_at)


def days_after(due: datetime.date, arrived_at: datetime.datetime) -> int:
    """How many days after a day something arrived; 0 until its end."""
    return max(0, (local_day(arrived_at) - due).days)


def lock_day(declaration: Declaration, period_end: datetime.date) -> datetime.date | None:
    """The last day on which a file changes the figures of the period by itself; None where it is never locked."""
    if declaration.lock_day is None:
        return None
    return period_end + datetime.timedelta(days=declaration.lock_day)


def is_locked(declaration: Declaration, period_end: datetime.date, moment: datetime.datetime) -> bool:
    """Whether a file of the period has to wait for a decision at that moment."""
    last = lock_day(declaration, period_end)
    return last is not None and local_day(moment) > last
