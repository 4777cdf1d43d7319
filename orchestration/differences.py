"""What the data engineer decides about differences between departments.

Belongs here: what may be decided about which difference, and the sentence that says what was done. Does not belong
here: keeping it (``intake/difference_decisions.py``), what it changes (``mart_difference``).
"""

from __future__ import annotations

import re

from orchestration.decisions import DecisionError, reason, who
from orchestration.intake.difference_decisions import DifferenceDecisions, Kind
from orchestration.settings import Settings
from orchestration.sharing.differences import find_difference

#: Reasons stand in the published warehouse: nothing in them may name a person.
_PERSONAL_NUMBER = re.compile(r"(?<![0-9])(?:[0-9][ .-]?){8,11}[0-9](?![0-9])")
_FOLLOWS = {
    Kind.explained: "is explained and no longer open",
    Kind.accepted: "is accepted as it is and no longer open",
    Kind.corrected: "stays open until files arrive that agree",
    Kind.reopened: "is open again",
}


def decide(settings: Settings, difference_id: str, kind: Kind, why: str) -> str:
    """Record a decision about a published difference; says what follows. Raises DecisionError, QueryError."""
    found = find_difference(settings, difference_id)["difference_id"]
    why = reason(why)
    if _PERSONAL_NUMBER.search(why):
        raise DecisionError("the reason is published: leave citizen ids, phone numbers and other long numbers out")
    decisions = DifferenceDecisions(settings.ledger)
    if kind is Kind.reopened and not decisions.of(found):
        raise DecisionError(f"{found} is open: nothing was decided about it yet")
    decisions.record(found, kind, why=why, who=who(), at=settings.clock())
    return f"{found} {_FOLLOWS[kind]}; `kho run` builds the warehouse"
