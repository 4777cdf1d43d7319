"""What becomes of an examined file: accepted, partly, refused, or waiting for a decision, and for which reasons.

Belongs here: the declared shares and days beyond which a file does not change anything by itself. Does not belong
here: what is wrong with single rows (``examine``), comparing with earlier rows (``comparison``), recording it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from orchestration.intake.comparison import compare
from orchestration.intake.deadlines import is_locked, lock_day
from orchestration.intake.examine import Examined
from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.plausibility import doubts, group_counts
from orchestration.intake.stage import Stage
from orchestration.settings import Settings
from schemas import Declaration, file_rules


def refused(submission: Submission, *notices: dict[str, str], **facts: Any) -> Submission:
    """The submission as a refused one; ``notices`` say why, before everything else there is to say about the file."""
    details = {**submission.details, "notices": [*notices, *submission.details.get("notices", [])]}
    return replace(submission, verdict="refused", details=details, **facts)


def verdict(
    settings: Settings,
    declaration: Declaration,
    ledger: Ledger,
    submission: Submission,
    examined: Examined,
    stage: Stage,
) -> Submission:
    """The submission with its counts and its verdict. One that is refused as a whole keeps no row in its stage."""
    submission = _with_counts(submission, examined)
    data_rows = examined.rows_accepted + examined.rows_rejected
    if examined.rows_rejected and (declaration.all_or_nothing or not examined.rows_accepted):
        rule = file_rules.ALL_OR_NOTHING if declaration.all_or_nothing else file_rules.NO_GOOD_ROW
        notice = {"rule": rule, "title": "", "limit": ""}
        stage.drop_accepted()
        return refused(submission, notice, rows_accepted=0, rows_rejected=data_rows)
    stops = []
    if examined.rows_rejected > declaration.max_returned * data_rows:
        stops.append((file_rules.TOO_MANY_RETURNED, f"{declaration.max_returned:.0%}"))
    submission, vanished = _compared(settings, declaration, ledger, submission, stage)
    if vanished > declaration.max_vanished:
        stops.append((file_rules.TOO_MANY_VANISHED, f"{declaration.max_vanished:.0%}"))
    assert submission.period_end is not None  # a file without a period was refused
    last = lock_day(declaration, submission.period_end)
    if last and is_locked(declaration, submission.period_end, submission.received_at):
        stops.append((file_rules.PERIOD_LOCKED, f"{last:%d/%m/%Y}"))
    submission = _compared_with_earlier_periods(settings, declaration, ledger, submission, stage)
    return _waiting(submission, stops) if stops else submission


def _with_counts(submission: Submission, examined: Examined) -> Submission:
    notices = [*submission.details.get("notices", []), *examined.notices]
    return replace(
        submission,
        verdict="partly" if examined.rows_rejected else "accepted",
        rows_read=examined.rows_read,
        rows_accepted=examined.rows_accepted,
        rows_rejected=examined.rows_rejected,
        rows_ignored=examined.rows_ignored,
        details={**submission.details, **examined.details, "notices": notices},
    )


def _compared(
    settings: Settings, declaration: Declaration, ledger: Ledger, submission: Submission, stage: Stage
) -> tuple[Submission, float]:
    """The submission with what it changes in its details, and the share of the rows before that it no longer has."""
    previous = ledger.predecessor(submission)
    against = [previous] if previous else []
    if not previous and declaration.load == "upsert":
        against = [each for each in ledger.of_dataset(declaration.path) if each.is_current]
        against.sort(key=lambda each: each.position)
    changes = compare(
        settings,
        declaration,
        [each.submission_id for each in against],
        stage.files("bronze", "vault", "changes"),
        updates=previous is None,
    )
    if changes is None:
        return submission, 0.0
    return replace(submission, details={**submission.details, "changes": changes.facts()}), changes.vanished_share


def _compared_with_earlier_periods(
    settings: Settings, declaration: Declaration, ledger: Ledger, submission: Submission, stage: Stage
) -> Submission:
    """The submission with its counts by group in its details, and with what is doubtful about them as a notice."""
    counts = group_counts(declaration, stage.file("bronze"))
    notices = [*submission.details["notices"], *doubts(settings, declaration, ledger, submission, counts)]
    return replace(submission, details={**submission.details, "groups": counts, "notices": notices})


def _waiting(submission: Submission, stops: Sequence[tuple[str, str]]) -> Submission:
    """The submission waits for a decision, for one or several reasons with their limits."""
    notices = [{"rule": rule, "title": "", "limit": limit} for rule, limit in stops]
    details = {**submission.details, "notices": [*notices, *submission.details["notices"]]}
    return replace(submission, verdict="waiting", details=details)
