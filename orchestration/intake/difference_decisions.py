"""What was decided about differences between departments, in the ledger's file.

Belongs here: recording such decisions and reading them back. Does not belong here: who may decide about which
difference (``orchestration/differences.py``), what a decision changes (``mart_difference``).

Nothing is changed or deleted: the newest decision about a difference counts, and the older ones stay.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from orchestration.intake.ledger import Ledger


class Kind(StrEnum):
    """What can be decided.

    explained: the two may differ. accepted: it stays as it is. corrected: files that agree will come; until they do,
    the difference stays open. reopened: an earlier decision no longer holds.
    """

    explained = "explained"
    accepted = "accepted"
    corrected = "corrected"
    reopened = "reopened"


@dataclass(frozen=True, kw_only=True)
class DifferenceDecision:
    """What somebody decided about a difference. decision_id: the order of decisions, from 1."""

    decision_id: int
    difference_id: str
    kind: Kind
    why: str
    who: str
    decided_at: datetime.datetime


class DifferenceDecisions:
    """The decisions in the ledger's file at ``path``."""

    def __init__(self, path: Path) -> None:
        self._ledger = Ledger(path)

    def record(self, difference_id: str, kind: Kind, *, why: str, who: str, at: datetime.datetime) -> None:
        """Add a decision."""
        with self._ledger.connect() as connection:
            connection.execute(
                "insert into difference_decision (difference_id, kind, why, who, decided_at) values (?, ?, ?, ?, ?)",
                (difference_id, kind.value, why, who, at.isoformat()),
            )

    def all(self) -> list[DifferenceDecision]:
        """Every decision, oldest first."""
        return self._select("")

    def of(self, difference_id: str) -> list[DifferenceDecision]:
        """What was decided about one difference, oldest first."""
        return self._select("where difference_id = ?", difference_id)

    def _select(self, where: str, *parameters: str) -> list[DifferenceDecision]:
        if not self._ledger.path.exists():
            return []
        with self._ledger.connect() as connection:
            rows = connection.execute(f"select * from difference_decision {where} order by decision_id", parameters)
            facts = [dict(row) for row in rows]
        return [DifferenceDecision(**{**each, **_typed(each["kind"], each["decided_at"])}) for each in facts]


def _typed(kind: str, decided_at: str) -> dict[str, Any]:
    return {"kind": Kind(kind), "decided_at": datetime.datetime.fromisoformat(decided_at)}
