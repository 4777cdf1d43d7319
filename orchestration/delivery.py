"""The register of delivery: what each unit owed by a day, what had been delivered, what came late, what is overdue.

Belongs here: setting obligations against the submissions that were known on a day, and counting. Does not belong here:
what is owed (``intake/obligations.py``), the ledger as of a day (``intake/known.py``), how it is shown
(``console/delivery.py``). ``mart_delivery`` says the same for today in SQL; a test holds the two together.

A day is looked at from its end. An obligation is met by the first file of its dataset, unit and period that was taken
in, and keeps that file's day of arrival when it is corrected later, or was only accepted later; a file that was
withdrawn meets nothing. How late a file was is what its receipt said; the oldest ledgers did not keep that.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from orchestration.intake.deadlines import days_after, end_of_day
from orchestration.intake.known import known_ledger
from orchestration.intake.ledger import Submission
from orchestration.intake.obligations import Obligation, obligations
from orchestration.settings import Settings
from schemas import Declaration, datasets

_TAKEN_IN = ("accepted", "partly")


@dataclass(frozen=True)
class Delivery:
    """An obligation and what met it. ``submission_id``: the newest file that counts; ``rows``: that count.

    days_late: of the first file that was taken in; None where there is none. last_verdict: of the newest file for it
    that is no duplicate, whatever became of it; None where none came.
    """

    owed: Obligation
    delivered_at: datetime.datetime | None = None
    submission_id: str | None = None
    rows: int = 0
    days_late: int | None = None
    last_verdict: str | None = None

    @property
    def is_delivered(self) -> bool:
        """A file of it counts."""
        return self.delivered_at is not None


@dataclass(frozen=True)
class Tally:
    """Counts of obligations, and of datasets of a unit: complete where nothing that is owed of it is missing."""

    owed: int
    delivered: int
    late: int
    overdue: int
    datasets_owed: int
    datasets_complete: int

    @property
    def is_complete(self) -> bool:
        """Everything that is owed was delivered."""
        return self.delivered == self.owed


@dataclass(frozen=True)
class Register:
    """What was owed by the end of the day ``on``, by dataset, period and unit; nothing that was due later."""

    on: datetime.date
    deliveries: list[Delivery]

    @property
    def province(self) -> Tally:
        """The counts of all departments together."""
        return _tally(self.deliveries, self.on)

    @property
    def departments(self) -> dict[str, Tally]:
        """The counts of each department that owes anything, by name."""
        names = sorted({each.owed.department for each in self.deliveries})
        return {
            name: _tally([each for each in self.deliveries if each.owed.department == name], self.on) for name in names
        }

    @property
    def departments_complete(self) -> int:
        """How many departments have delivered all that they owe."""
        return sum(each.is_complete for each in self.departments.values())

    @property
    def outstanding(self) -> list[Delivery]:
        """What is owed and not delivered, the longest overdue first."""
        missing = [each for each in self.deliveries if not each.is_delivered]
        return sorted(missing, key=lambda each: (each.owed.due_date, each.owed.slot))

    def days_overdue(self, delivery: Delivery) -> int:
        """Days since the due day; 0 on the due day itself."""
        return (self.on - delivery.owed.due_date).days


def register(
    settings: Settings,
    on: datetime.date,
    *,
    department: str | None = None,
    declarations: Iterable[Declaration] | None = None,
) -> Register:
    """The register at the end of a day, as it was known then; of all departments, or of one."""
    chosen = datasets().values() if declarations is None else declarations
    owed = [
        each
        for each in obligations(settings, chosen, until=on)
        if each.due_date <= on and department in (None, each.department)
    ]
    with known_ledger(settings.ledger, end_of_day(on)) as ledger:
        submissions = ledger.all()
    return Register(on, deliveries(owed, submissions))


def deliveries(owed: Sequence[Obligation], submissions: Iterable[Submission]) -> list[Delivery]:
    """Each obligation with what met it among submissions that are all known."""
    every = list(submissions)
    arrived_at = {each.submission_id: each.received_at for each in every}
    of_slot: dict[tuple[str, str, str], list[Submission]] = {}
    for each in sorted(every, key=lambda each: (each.position, each.sequence)):
        of_slot.setdefault((each.dataset, each.unit, each.period), []).append(each)
    return [_delivery(each, of_slot.get(each.slot, []), arrived_at) for each in owed]


def _delivery(owed: Obligation, files: Sequence[Submission], arrived_at: dict[str, datetime.datetime]) -> Delivery:
    judged = [each.verdict for each in files if each.verdict != "duplicate"]
    last_verdict = judged[-1] if judged else None
    taken_in = [each for each in files if each.verdict in _TAKEN_IN]
    if not taken_in:
        return Delivery(owed, last_verdict=last_verdict)
    first, current = taken_in[0], [each for each in taken_in if each.is_current]
    delivered_at = arrived_at[first.origin]
    late = first.days_late if first.days_late is not None else days_after(owed.due_date, delivered_at)
    return Delivery(
        owed,
        delivered_at=delivered_at,
        submission_id=current[-1].submission_id,
        rows=sum(each.rows_accepted for each in current),
        days_late=late,
        last_verdict=last_verdict,
    )


def _tally(found: Sequence[Delivery], on: datetime.date) -> Tally:
    missing = [each for each in found if not each.is_delivered]
    owing = {(each.owed.dataset, each.owed.unit) for each in found}
    return Tally(
        owed=len(found),
        delivered=len(found) - len(missing),
        late=sum(bool(each.days_late) for each in found),
        overdue=sum(each.owed.due_date < on for each in missing),
        datasets_owed=len(owing),
        datasets_complete=len(owing - {(each.owed.dataset, each.owed.unit) for each in missing}),
    )


def as_json(found: Register) -> dict[str, Any]:
    """For programs; dates as ISO 8601 text, moments in UTC."""
    return {
        "on": found.on.isoformat(),
        "province": {
            **vars(found.province),
            "departments_owing": len(found.departments),
            "departments_complete": found.departments_complete,
        },
        "departments": {name: vars(each) for name, each in found.departments.items()},
        "deliveries": [_delivery_json(each) for each in found.deliveries],
        "outstanding": [
            {**_delivery_json(each), "days_overdue": found.days_overdue(each)} for each in found.outstanding
        ],
    }


def _delivery_json(delivery: Delivery) -> dict[str, Any]:
    owed = delivery.owed
    return {
        "dataset": owed.dataset,
        "department": owed.department,
        "unit": owed.unit,
        "period": owed.period,
        "due_date": owed.due_date.isoformat(),
        "delivered_at": delivery.delivered_at.isoformat() if delivery.delivered_at else None,
        "submission_id": delivery.submission_id,
        "rows": delivery.rows,
        "days_late": delivery.days_late,
        "last_verdict": delivery.last_verdict,
    }
