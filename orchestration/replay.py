"""Running the archived originals again, with the rules, synonyms and mappings of today.

Belongs here: which files are run again, what came out differently, recording it where that is asked for. Does not
belong here: judging a file (``intake/again.py``), how the result is shown (``console``).
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestration.decisions import reason, who
from orchestration.intake.again import Judgement, judge_again, last_judgements, record_again, was_rejected
from orchestration.intake.deadlines import local_day
from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.retake import arrival
from orchestration.locks import WAREHOUSE, lock
from orchestration.settings import Settings
from schemas import Declaration

#: Told how many of how many files are done, and which one comes next.
OnFile = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Replayed:
    """A file that came out differently. ``recorded``: the submission that was recorded of it, if any."""

    before: Submission
    after: Submission
    rules: dict[str, tuple[int, int]]
    recorded: str | None = None

    def as_json(self) -> dict[str, Any]:
        """For programs; no cell's value is in it."""
        return {
            "submission_id": self.before.submission_id,
            "dataset": self.before.dataset,
            "file_name": self.before.file_name,
            "before": _outcome(self.before),
            "after": _outcome(self.after),
            "rules": {rule: {"before": old, "after": new} for rule, (old, new) in self.rules.items()},
            "changes": self.after.details.get("changes"),
            "recorded": self.recorded,
        }


def _outcome(submission: Submission) -> dict[str, Any]:
    names = ("verdict", "unit", "period", "rows_read", "rows_accepted", "rows_rejected", "rows_ignored")
    return {name: getattr(submission, name) for name in names}


@dataclass
class Replay:
    """What a replay found. ``left_alone``: why files were not run again, or not recorded, and how many each."""

    files: int = 0
    changed: list[Replayed] = field(default_factory=list)
    left_alone: dict[str, int] = field(default_factory=dict)

    def leave(self, why: str) -> None:
        """Count a file that is left alone."""
        self.left_alone[why] = self.left_alone.get(why, 0) + 1


def replay(
    settings: Settings,
    declarations: Sequence[Declaration],
    *,
    since: datetime.date | None = None,
    why: str | None = None,
    on_file: OnFile | None = None,
) -> Replay:
    """Run the files of some datasets again that arrived on that day or later; with ``why`` record what differs.

    Left alone are duplicates, withdrawn and rejected files, and those that a later file has replaced since. What was
    recorded before a crash is no difference any more, so that the replay can simply be begun again. Raises
    DecisionError for an empty reason, and BusyError while a run is going.
    """
    reason_given = None if why is None else reason(why)
    ledger, done = Ledger(settings.ledger), Replay()
    with lock(settings, WAREHOUSE), ledger.held_open():  # a run would sweep away the stages of a replay
        chosen = [each for declaration in declarations for each in _chosen(ledger, declaration, since, done)]
        for number, (declaration, before) in enumerate(chosen):
            if on_file:
                on_file(number, len(chosen), before.file_name)
            with lock(settings, declaration.table):
                _replay_one(settings, declaration, ledger, before, reason_given, done)
        if on_file:
            on_file(len(chosen), len(chosen), "")
    return done


def _chosen(
    ledger: Ledger, declaration: Declaration, since: datetime.date | None, done: Replay
) -> Iterator[tuple[Declaration, Submission]]:
    """The last judgements that are to be made again, in the order in which the files arrived."""
    files = last_judgements(ledger, declaration)
    sent_again = {(each.file_sha256, each.file_name): each.position for each in files}
    positions = {each.submission_id: each.position for each in ledger.of_dataset(declaration.path)}
    for each in files:
        if since and local_day(arrival(ledger, each)) < since:
            continue
        successor = positions.get(each.superseded_by or "", "")
        if each.verdict == "withdrawn":
            done.leave("withdrawn")
        elif was_rejected(ledger, each):
            done.leave("rejected")
        elif successor > each.position or sent_again[each.file_sha256, each.file_name] > each.position:
            done.leave("replaced by a later file")
        else:
            yield declaration, each


def _replay_one(
    settings: Settings, declaration: Declaration, ledger: Ledger, before: Submission, why: str | None, done: Replay
) -> None:
    done.files += 1
    details: dict[str, Any] = {
        "replay": {"of": before.submission_id, "why": why, "who": who(), "at": settings.clock().isoformat()}
    }
    if before.details.get("waivers"):
        details["waivers"] = before.details["waivers"]
    judgement = judge_again(settings, declaration, ledger, before, details)
    if judgement is None:
        done.leave("lost by the archive")
        return
    recorded = None
    try:
        if judgement.replaced_since:
            done.leave("replaced by a later file")
            return
        if not judgement.differs:
            return
        if why is not None:
            recorded = record_again(settings, declaration, ledger, judgement).submission_id
    finally:
        if judgement.stage:
            judgement.stage.discard()
    done.changed.append(Replayed(before, judgement.after, _rules(judgement), recorded))


def _rules(judgement: Judgement) -> dict[str, tuple[int, int]]:
    """The rules that are broken more or less often than before, or newly, or no longer."""
    before, after = judgement.rules_before, judgement.rules_after
    return {
        rule: (before.get(rule, 0), after.get(rule, 0))
        for rule in sorted(before.keys() | after.keys())
        if before.get(rule, 0) != after.get(rule, 0)
    }
