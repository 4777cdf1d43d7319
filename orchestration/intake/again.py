"""An archived file judged once more: with the rules, synonyms and mappings of today, or with a rule waived.

Belongs here: which judgement of a file is its last, making another one, and saying how the two differ. Does not belong
here: the order of the steps (``judging``), choosing files and asking people (``orchestration/replay.py``,
``orchestration/decisions.py``).

The ledger's rows are never changed. Another judgement is another submission over the same archived bytes, which names
the one with which the file arrived (``replays``); recording it is the same single commit as for a file that arrives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from orchestration.intake.archive import Archived, archived_file
from orchestration.intake.judging import blank_submission, decide, look_into, submission_id
from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.retake import arrival
from orchestration.intake.stage import Stage
from orchestration.intake.take_in import commit
from orchestration.settings import Settings
from schemas import Declaration

TAKEN_IN = ("accepted", "partly")
_COUNTS = ("rows_read", "rows_accepted", "rows_rejected", "rows_ignored")


@dataclass(frozen=True)
class Judgement:
    """A file judged again: its last recorded judgement, the one of now, and what was found in them."""

    before: Submission
    after: Submission
    stage: Stage | None
    replaced_since: str | None = None

    @property
    def differs(self) -> bool:
        """Whether it came out otherwise. That a decision or a lock lies between the two is no difference."""
        before, after = self.before, self.after
        if any(getattr(before, name) != getattr(after, name) for name in ("unit", "period", *_COUNTS)):
            return True
        if before.verdict != after.verdict and not (before.verdict in TAKEN_IN and after.verdict == "waiting"):
            return True
        if self.rules_before != self.rules_after:
            return True
        changes = after.details.get("changes")
        if changes is None or before.submission_id not in changes["against"]:
            return False
        return any(changes[kind] for kind in ("new", "changed", "vanished"))

    @property
    def rules_before(self) -> dict[str, int]:
        """How often each rule was broken, errors and warnings, of cells, rows and the whole file."""
        return broken_rules(self.before)

    @property
    def rules_after(self) -> dict[str, int]:
        """The same for the judgement of now."""
        return broken_rules(self.after)


def broken_rules(submission: Submission) -> dict[str, int]:
    """How often each rule was broken; rules about the decision itself and about the calendar are left out."""
    found: dict[str, int] = {}
    for each in submission.details.get("reasons", []):
        found[each["rule"]] = found.get(each["rule"], 0) + each["count"]
    if submission.verdict == "refused":
        for each in submission.details.get("notices", [])[:1]:
            found[each["rule"]] = found.get(each["rule"], 0) + 1
    return found


def last_judgements(ledger: Ledger, declaration: Declaration) -> list[Submission]:
    """The last judgement of every file of a dataset, in the order in which the files arrived; duplicates have none."""
    last: dict[str, Submission] = {}
    for each in ledger.of_dataset(declaration.path):
        if each.verdict != "duplicate":
            last[each.origin] = each
    return sorted(last.values(), key=lambda each: each.position)


def was_rejected(ledger: Ledger, submission: Submission) -> bool:
    """Whether somebody turned the submission down, so that it is not for rules to let it in."""
    return submission.verdict == "refused" and any(
        each.kind == "reject" for each in ledger.decisions(submission.submission_id)
    )


def judge_again(
    settings: Settings, declaration: Declaration, ledger: Ledger, before: Submission, details: Mapping[str, Any]
) -> Judgement | None:
    """Judge the archived file of a submission as it would be recorded now; None where the archive has lost it.

    details: what the new submission says about itself (its waivers, its replay). The caller holds the dataset's lock,
    and ends the stage.
    """
    path = archived_file(settings, before.file_sha256)
    if not path.exists():
        return None
    attempt = ledger.times_seen(declaration.path, before.file_sha256)
    archived = Archived(path, before.file_sha256, before.file_bytes, before.file_identity, before.file_name)
    identifier = submission_id(declaration, before.file_sha256, attempt)
    blank = replace(
        blank_submission(declaration, archived, settings.clock(), identifier),
        details=dict(details),
        replays=before.origin,
        position=before.position,
    )
    looked = look_into(settings, declaration, ledger, path, blank, arrived_at=arrival(ledger, before))
    after, stage = decide(settings, declaration, ledger, looked)
    return Judgement(before, after, stage, _replaced_since(ledger, after))


def _replaced_since(ledger: Ledger, after: Submission) -> str | None:
    """The file that arrived later and stands for the unit and period, so that this one would change nothing."""
    if after.verdict == "duplicate":
        return str(after.details["duplicate_of"])
    if after.load != "full" or not after.period:
        return None
    standing = ledger.current(after.dataset, after.unit, after.period)
    return standing.submission_id if standing and standing.position > after.position else None


def record_again(settings: Settings, declaration: Declaration, ledger: Ledger, judgement: Judgement) -> Submission:
    """Record a judgement and hand out its receipt."""
    after = replace(judgement.after, position="")
    written, _ = commit(settings, declaration, ledger, after, judgement.stage)
    return written
