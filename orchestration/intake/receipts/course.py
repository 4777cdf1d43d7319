"""What a receipt says of a submission's course: what it changes, what was decided about it, whether it came in time.

Belongs here: the facts and their words, for the front sheet and the JSON alike. Does not belong here: finding them
(``comparison``), deciding (``decisions``), where they stand on a page, the list of changes (``changes_sheet``).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from orchestration.intake import vault_files
from orchestration.intake.bronze import vault_file
from orchestration.intake.deadlines import due_day, lock_day
from orchestration.intake.ledger import Decision, Ledger, Submission
from orchestration.intake.wording import Words, count_vi, explain
from orchestration.settings import VIETNAM, Settings
from schemas import Declaration
from schemas.rules import RULES

#: Changes that a receipt lists; the vault's file has all.
MOST_CHANGES = 1_000
KINDS = {
    "changed": Words("dòng thay đổi", "rows changed"),
    "vanished": Words("dòng không còn", "rows gone"),
    "new": Words("dòng mới", "new rows"),
    "unchanged": Words("dòng giữ nguyên", "rows unchanged"),
}
DECIDED = {
    "accept": Words("Chấp nhận", "Accepted"),
    "reject": Words("Không chấp nhận", "Rejected"),
    "withdraw": Words("Rút lại", "Withdrawn"),
}
#: One line: what it is about, and what there is to say.
Line = tuple[Words, Words]


@dataclass(frozen=True)
class Course:
    """The course of a submission. ``changes``: counts as in the ledger; ``file``: the vault's list of them."""

    settings: Settings
    changes: Mapping[str, Any] | None
    file: Path
    against: Sequence[Submission]
    decisions: Sequence[Decision]
    waivers: Sequence[Mapping[str, str]]
    replay: Mapping[str, str] | None
    due: datetime.date | None
    locked_after: datetime.date | None

    def rows(self, limit: int = MOST_CHANGES) -> Iterator[dict[str, Any]]:
        """The first changes, as the vault keeps them."""
        batches = vault_files.batches(self.settings, self.file, rows=limit)
        yield from islice((row for batch in batches for row in batch.to_dicts()), limit)

    def total(self) -> int:
        """How many changes there are: a row that is new or gone is one, of others every changed cell."""
        return vault_files.count(self.settings, self.file)


def course_of(settings: Settings, declaration: Declaration, submission: Submission, ledger: Ledger) -> Course:
    """Read the course of a submission from ledger and vault."""
    details, end = submission.details, submission.period_end
    changes = details.get("changes")
    against = [each for each in map(ledger.get, changes["against"]) if each] if changes else []
    return Course(
        settings=settings,
        changes=changes,
        file=vault_file(settings, declaration, submission.submission_id, "changes"),
        against=against,
        decisions=ledger.decisions(submission.submission_id),
        waivers=details.get("waivers", []),
        replay=details.get("replay"),
        due=due_day(declaration, end) if end else None,
        locked_after=lock_day(declaration, end) if end else None,
    )


def course_sections(declaration: Declaration, submission: Submission, course: Course) -> list[tuple[Words, list[Line]]]:
    """The course in words: headings, each with its lines; without what there is nothing to say about."""
    heading = Words("Tệp này thay đổi những gì", "What this file changes")
    if submission.verdict == "waiting":
        heading = Words("Tệp này sẽ thay đổi những gì nếu được chấp nhận", "What this file would change if accepted")
    sections = [
        (heading, _change_lines(declaration, course)),
        (Words("Quyết định", "Decisions"), [*_waiver_lines(declaration, course), *_decision_lines(course)]),
        (Words("Thời hạn của kỳ", "Deadlines of the period"), _deadline_lines(submission, course)),
    ]
    return [(heading, lines) for heading, lines in sections if lines]


def _change_lines(declaration: Declaration, course: Course) -> list[Line]:
    changes = course.changes
    if changes is None:
        return []
    label = Words("Cập nhật", "Updates") if changes["updates"] else Words("So với", "Against")
    lines = []
    if len(course.against) == 1:
        earlier = course.against[0]
        when = earlier.received_at.astimezone(VIETNAM)
        lines.append(
            (
                label,
                Words(f"lần gửi lúc {when:%H:%M %d/%m/%Y}", f"the file received {when:%Y-%m-%d %H:%M} Vietnam time"),
            )
        )
    elif course.against:
        number = len(course.against)
        lines.append(
            (label, Words(f"số liệu của {count_vi(number)} lần gửi trước", f"rows of {number:,} earlier files"))
        )
    kinds = [kind for kind in KINDS if not (changes["updates"] and kind == "vanished")]
    counts = Words(
        "; ".join(f"{count_vi(changes[kind])} {KINDS[kind].vi}" for kind in kinds),
        "; ".join(f"{changes[kind]:,} {KINDS[kind].en}" for kind in kinds),
    )
    lines.append((Words("Số dòng", "Rows"), counts))
    counted = changes["columns"]  # by name; the ledger keeps no order
    cells = "; ".join(
        f"{column.title} ({count_vi(counted[name])})" for name, column in declaration.columns.items() if name in counted
    )
    if cells:
        lines.append((Words("Ô thay đổi, theo cột", "Changed cells by column"), Words(cells, "")))
    return lines


def _waiver_lines(declaration: Declaration, course: Course) -> list[Line]:
    lines = []
    for each in course.waivers:
        rule = each["rule"]
        words = explain(declaration, rule, _column_of(declaration, rule)) if rule in RULES else None
        said = Words(words.vi, words.en) if words else Words(rule, rule)
        signed = _signed(each["who"], datetime.datetime.fromisoformat(each["at"]), each["why"])
        label = Words("Được miễn quy tắc", "Waived rule")
        lines.append((label, Words(f"{said.vi} [{rule}]. {signed.vi}", f"{said.en}. {signed.en}")))
    return lines


def _column_of(declaration: Declaration, rule: str) -> str:
    """The column that a rule speaks of; none if several do."""
    found = [name for name in declaration.columns if rule in declaration.rule_ids(name)]
    return found[0] if len(found) == 1 else ""


def _decision_lines(course: Course) -> list[Line]:
    lines = [(DECIDED[each.kind], _signed(each.who, each.decided_at, each.why)) for each in course.decisions]
    if course.replay and course.replay.get("why"):
        signed = _signed(
            course.replay["who"], datetime.datetime.fromisoformat(course.replay["at"]), course.replay["why"]
        )
        lines.insert(0, (Words("Xét lại tệp gốc", "Judged again"), signed))
    return lines


def _signed(who: str, at: datetime.datetime, why: str) -> Words:
    when = at.astimezone(VIETNAM)
    return Words(f"{why} ({who}, {when:%H:%M %d/%m/%Y})", f"{who}, {when:%Y-%m-%d %H:%M} Vietnam time")


def _deadline_lines(submission: Submission, course: Course) -> list[Line]:
    if course.due is None or submission.days_late is None:
        return []
    late = submission.days_late
    said = Words(f"gửi muộn {late} ngày", f"{late} days late") if late else Words("gửi đúng hạn", "in time")
    lines = [(Words("Hạn gửi", "Due"), Words(f"{course.due:%d/%m/%Y} – {said.vi}", f"{course.due}, {said.en}"))]
    if course.locked_after:
        last = course.locked_after
        lines.append((Words("Khóa sổ sau ngày", "Locked after"), Words(f"{last:%d/%m/%Y}", f"{last}")))
    return lines


def course_facts(submission: Submission, course: Course) -> dict[str, Any]:
    """The course for programs: values as they are stored, the first changes and how many there are."""
    changes = None
    if course.changes is not None:
        changes = {**course.changes, "total": course.total(), "first": list(course.rows())}
    return {
        "replays": submission.replays,
        "due": course.due.isoformat() if course.due else None,
        "days_late": submission.days_late,
        "locked_after": course.locked_after.isoformat() if course.locked_after else None,
        "decisions": [{**vars(each), "decided_at": each.decided_at.isoformat()} for each in course.decisions],
        "waivers": list(course.waivers),
        "replay": course.replay,
        "changes": changes,
    }
