"""What the commands about submissions show: lists, one submission with all its facts, a replay.

Belongs here: layout only. No restricted value comes here: what the ledger keeps, and words for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from orchestration.console.layout import console, plain_table, print_json, say, submissions_table, verdict_text
from orchestration.intake.archive import archived_file
from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.receipts.course import course_of, course_sections
from orchestration.intake.receipts.names import receipt_stem
from orchestration.intake.waivers import waivable
from orchestration.intake.wording import explain
from orchestration.replay import Replay
from orchestration.settings import Settings
from schemas import Declaration, dataset
from schemas.rules import RULES

_FACTS = (
    *("submission_id", "dataset", "unit", "period", "verdict", "file_name", "file_sha256", "file_bytes", "load"),
    *("rows_read", "rows_accepted", "rows_rejected", "rows_ignored", "days_late", "replays", "superseded_by"),
)


def show_list(submissions: Sequence[Submission], *, as_json: bool) -> None:
    """Print submissions, or say that there is none."""
    if as_json:
        print_json([_facts(each) for each in submissions])
    else:
        console.print(submissions_table(submissions) if submissions else "No submissions.")


def _facts(submission: Submission) -> dict[str, Any]:
    facts = {name: getattr(submission, name) for name in _FACTS}
    return {**facts, "is_current": submission.is_current, "received_at": submission.received_at.isoformat()}


def describe(settings: Settings, submission: Submission) -> dict[str, Any]:
    """Everything about a submission, for programs."""
    declaration, ledger = dataset(submission.dataset), Ledger(settings.ledger)
    details = submission.details
    course = course_of(settings, declaration, submission, ledger)
    same_file = [each for each in ledger.of_dataset(submission.dataset) if each.origin == submission.origin]
    kept = ("file_kind", "sheets", "period_source", "headers", "columns", "ignored", "mended", "duplicate_of")
    return {
        **_facts(submission),
        **{name: details.get(name) for name in kept},
        "archived": archived_file(settings, submission.file_sha256).exists(),
        "receipt": str(settings.receipts(submission.dataset) / f"{receipt_stem(submission)}.xlsx"),
        "judgements_of_this_file": [each.submission_id for each in same_file],
        "notices": details.get("notices", []),
        "reasons": details.get("reasons", []),
        "can_be_waived": _waivable_now(declaration, submission),
        "changes": course.changes,
        "waivers": list(course.waivers),
        "replay": course.replay,
        "decisions": [{**vars(each), "decided_at": each.decided_at.isoformat()} for each in course.decisions],
    }


def _waivable_now(declaration: Declaration, submission: Submission) -> list[str]:
    """The rules that returned rows and can be waived."""
    errors = {each["rule"] for each in submission.details.get("reasons", []) if each["severity"] == "error"}
    return [rule for rule in waivable(declaration) if rule in errors]


def show_submission(settings: Settings, submission: Submission, *, as_json: bool) -> None:
    """Everything about one submission."""
    facts = describe(settings, submission)
    if as_json:
        print_json(facts)
        return
    declaration = dataset(submission.dataset)
    console.print(submissions_table([submission]))
    received = submission.received_at.isoformat()
    say(f"id: {submission.submission_id} · received: {received} · sha256: {submission.file_sha256}")
    say(f"archived: {'yes' if facts['archived'] else 'LOST'} · receipt: {facts['receipt']}")
    if submission.superseded_by:
        say(f"superseded by {submission.superseded_by}")
    else:
        say("counts now" if submission.is_current else "does not count")
    if len(facts["judgements_of_this_file"]) > 1:
        say(f"judgements of this file: {', '.join(facts['judgements_of_this_file'])}")
    _show_reasons(declaration, facts)
    course = course_of(settings, declaration, submission, Ledger(settings.ledger))
    for heading, lines in course_sections(declaration, submission, course):
        say(heading.en, "bold")
        for label, said in lines:
            say(f"  {label.en}: {' · '.join(filter(None, dict.fromkeys([said.vi, said.en])))}")
    if facts["can_be_waived"]:
        say(f"can be waived: {', '.join(facts['can_be_waived'])}")


def _show_reasons(declaration: Declaration, facts: dict[str, Any]) -> None:
    for notice in facts["notices"]:
        said = {key: notice.get(key, "") for key in ("title", "limit", "limit_en")}
        words = explain(declaration, notice["rule"], **said)
        say(f"{RULES[notice['rule']].severity}: {words.vi} · {words.en} [{notice['rule']}]")
    rows = []
    for each in facts["reasons"]:
        words = explain(declaration, each["rule"], each["column"])
        rows.append((each["severity"], each["rule"], each["column"], each["count"], words.vi))
    if rows:
        console.print(plain_table("Reasons", ["severity", "rule", "column", "count", "reason"], rows, right=["count"]))


def show_waived(settings: Settings, submission: Submission) -> None:
    """What became of a file of which a rule was waived."""
    console.print(submissions_table([submission]))
    say(f"{submission.submission_id} is {submission.verdict}; `kho run` builds the warehouse")
    say(f"receipt: {settings.receipts(submission.dataset) / receipt_stem(submission)}.xlsx")


@contextmanager
def show_progress() -> Iterator[Callable[[int, int, str], None]]:
    """A bar of files on stderr; yields what is to be told how many are done, of how many, and which one is next."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("files")

        def note(done: int, total: int, name: str) -> None:
            bar.update(task, completed=done, total=total, description=name or "done")

        yield note


def show_replay(done: Replay, *, applied: bool, as_json: bool) -> None:
    """What came out differently, before and after, and the rules that passed or failed newly."""
    if as_json:
        changed = [each.as_json() for each in done.changed]
        print_json({"files": done.files, "applied": applied, "changed": changed, "left_alone": done.left_alone})
        return
    columns = ["submission", "file", "verdict", "accepted", "returned", "rules", "recorded as"]
    rows = [
        (
            each.before.submission_id[:8],
            each.before.file_name,
            verdict_text(each.before.verdict) + " → " + verdict_text(each.after.verdict),
            f"{each.before.rows_accepted} → {each.after.rows_accepted}",
            f"{each.before.rows_rejected} → {each.after.rows_rejected}",
            "; ".join(f"{rule} {old} → {new}" for rule, (old, new) in each.rules.items()),
            (each.recorded or "")[:8],
        )
        for each in done.changed
    ]
    if rows:
        console.print(plain_table(None, columns, rows, right=columns[3:5], whole=["submission"]))
    say(f"{done.files} files judged again, {len(done.changed)} came out differently.")
    for why, number in done.left_alone.items():
        say(f"left alone: {number} {why}")
    if done.changed:
        say("`kho run` builds the warehouse" if applied else "nothing was recorded: --apply --why … does that")
