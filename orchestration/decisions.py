"""Decisions of the data engineer about submissions: accept, reject, withdraw, and the waiver of a rule.

Belongs here: who decides what about which submission, what is allowed, and what follows. Does not belong here: how a
decision changes what counts (``ledger.sql``) and how a file is judged with a waiver (``intake/again.py``).

A decision is recorded first; the receipt that it makes stale is written after it, by the next run if need be.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping, Sequence

from orchestration.intake.again import Judgement, judge_again, record_again, was_rejected
from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.take_in import hand_out_receipt
from orchestration.intake.waivers import waivable
from orchestration.locks import WAREHOUSE, lock
from orchestration.settings import Settings
from schemas import Declaration, dataset
from schemas.rules import RULES

#: What can be decided about a submission of which effective verdict.
DECIDABLE: Mapping[str, tuple[str, ...]] = {
    "accept": ("waiting",),
    "reject": ("waiting",),
    "withdraw": ("accepted", "partly", "waiting"),
}


class DecisionError(ValueError):
    """The decision cannot be taken: no such submission, its verdict does not allow it, or no reason was given."""


def find_submission(ledger: Ledger, submission_id: str) -> Submission:
    """The one submission whose id begins like this. Raises DecisionError."""
    found = [each for each in ledger.all() if each.submission_id.startswith(submission_id)]
    if len(found) != 1 or not submission_id:
        raise DecisionError(f"{len(found)} submissions have an id that begins with {submission_id!r}")
    return found[0]


def reason(why: str) -> str:
    """The reason of a decision, without surrounding space. Raises DecisionError if there is none."""
    if not why.strip():
        raise DecisionError("say why: the reason is kept in the ledger")
    return why.strip()


def decide(settings: Settings, submission_id: str, kind: str, why: str) -> str:
    """Record a decision (accept, reject or withdraw) about a submission; says what follows. Raises DecisionError."""
    ledger = Ledger(settings.ledger)
    submission = find_submission(ledger, submission_id)
    allowed = DECIDABLE[kind]
    done = submission.verdict in allowed and ledger.decide(
        submission.submission_id, kind, why=reason(why), who=who(), at=settings.clock(), about=allowed
    )
    after = ledger.get(submission.submission_id)
    assert after is not None
    if not done:
        raise DecisionError(_not_decidable(after, kind))
    hand_out_receipt(settings, dataset(after.dataset), ledger, after)
    return f"{_named(after)} is {after.verdict} now{_who_counts(ledger, after, kind)}; `kho run` builds the warehouse"


def _not_decidable(submission: Submission, kind: str) -> str:
    if kind == "withdraw":
        return f"{submission.submission_id} cannot be withdrawn: it is {submission.verdict}"
    if submission.superseded_by and submission.verdict == "waiting":
        return f"{submission.submission_id} does not wait any more: its file was judged again as " + (
            submission.superseded_by
        )
    return f"{submission.submission_id} does not wait for a decision: it is {submission.verdict}"


def _who_counts(ledger: Ledger, submission: Submission, kind: str) -> str:
    """Of a withdrawn submission: whose rows count in its place."""
    if kind != "withdraw" or submission.load != "full":
        return ""
    current = ledger.current(submission.dataset, submission.unit, submission.period)
    if current is None:
        return f"; nothing stands for {submission.unit}, {submission.period} any more"
    return f"; {_named(current)} counts for {current.unit}, {current.period}"


def waive(settings: Settings, submission_id: str, rules: Sequence[str], why: str) -> Submission:
    """Accept an exception to rules for a submission: its file is judged again, and the new submission recorded.

    Earlier waivers of the file stay. Raises DecisionError, and BusyError while a run is going.
    """
    ledger = Ledger(settings.ledger)
    declaration = dataset(find_submission(ledger, submission_id).dataset)
    with lock(settings, WAREHOUSE), lock(settings, declaration.table), ledger.held_open():
        before = find_submission(ledger, submission_id)
        why = reason(why)
        _check_open(ledger, before)
        _check_waivable(declaration, before, rules)
        signed = {"why": why, "who": who(), "at": settings.clock().isoformat()}
        waivers = [{"rule": rule, **signed} for rule in dict.fromkeys(rules)]
        details = {"waivers": [*before.details.get("waivers", []), *waivers]}
        judgement = judge_again(settings, declaration, ledger, before, details)
        if judgement is None:
            raise DecisionError(f"the archive has lost the file of {before.submission_id}")
        _check_effect(judgement, rules)
        return record_again(settings, declaration, ledger, judgement)


def _check_waivable(declaration: Declaration, before: Submission, rules: Sequence[str]) -> None:
    allowed = waivable(declaration)
    for rule in rules:
        if rule not in RULES:
            raise DecisionError(f"there is no rule {rule!r}")
        if rule not in allowed:
            raise DecisionError(
                f"{rule} cannot be waived: either it returns nothing, or what breaks it leaves no value that could go "
                f"in. Of {declaration.path} these can: {', '.join(allowed)}"
            )
        if rule in (each["rule"] for each in before.details.get("waivers", [])):
            raise DecisionError(f"{rule} was already waived for {before.submission_id}")


def _check_open(ledger: Ledger, before: Submission) -> None:
    """A waiver is for the last judgement of a file that nobody turned down."""
    last = [each for each in ledger.of_dataset(before.dataset) if each.origin == before.origin][-1]
    if last.submission_id != before.submission_id:
        raise DecisionError(f"the file of {before.submission_id} was judged again: name {last.submission_id}")
    if before.verdict in ("duplicate", "withdrawn") or was_rejected(ledger, before):
        verdict = "rejected" if before.verdict == "refused" else before.verdict
        raise DecisionError(f"{before.submission_id} is {verdict}: nothing of it can go in")


def _check_effect(judgement: Judgement, rules: Sequence[str]) -> None:
    """A waiver that lets no row in is refused: the ledger would say that something was accepted which was not."""
    before, stage = judgement.before, judgement.stage
    problem = ""
    if judgement.replaced_since:
        problem = f"{judgement.replaced_since} has replaced {before.submission_id} since"
    elif judgement.after.rows_accepted <= before.rows_accepted:
        problem = f"no row of {before.submission_id} was returned only because of {', '.join(rules)}"
    if problem:
        if stage:
            stage.discard()
        raise DecisionError(problem)


def who() -> str:
    """The user's name; its number where the system has no name for it, as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def _named(submission: Submission) -> str:
    return f"{submission.submission_id} ({submission.file_name})"
