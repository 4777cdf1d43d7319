"""Decisions of the data engineer about submissions that wait."""

from __future__ import annotations

import getpass
import os

from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.receipts import write_receipt
from orchestration.settings import Settings
from schemas import dataset


class DecisionError(ValueError):
    """The decision cannot be taken: no such submission, or it does not wait."""


def find_submission(ledger: Ledger, submission_id: str) -> Submission:
    """The one submission whose id begins like this. Raises DecisionError."""
    found = [each for each in ledger.all() if each.submission_id.startswith(submission_id)]
    if len(found) != 1 or not submission_id:
        raise DecisionError(f"{len(found)} submissions have an id that begins with {submission_id!r}")
    return found[0]


def decide(settings: Settings, submission_id: str, kind: str, why: str) -> str:
    """Record a decision (accept or reject) about a waiting submission; says what follows. Raises DecisionError."""
    ledger = Ledger(settings.ledger)
    submission = find_submission(ledger, submission_id)
    if submission.verdict != "waiting":
        raise DecisionError(f"{submission.submission_id} does not wait for a decision: it is {submission.verdict}")
    if not why.strip():
        raise DecisionError("say why: the reason is kept in the ledger")
    ledger.decide(submission.submission_id, kind, why=why.strip(), who=_who(), at=settings.clock())
    after = ledger.get(submission.submission_id)
    assert after is not None
    what = f"{submission.submission_id} ({submission.file_name})"
    write_receipt(settings, dataset(after.dataset), after)
    return f"{what} is {after.verdict} now; `kho run` builds it into the warehouse"


def _who() -> str:
    """The user's name; its number where the system has no name for it, as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
