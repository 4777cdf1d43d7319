"""What a receipt says, before anybody decides how it looks: facts of a submission with their words.

Belongs here: reading the ledger's details and pairing every count with words. Does not belong here: whole sentences
(``sentences``), cells and colours (the sheets), single findings (``evidence``).
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.receipts.course import Course, course_of
from orchestration.intake.wording import (
    IGNORED,
    MENDED,
    PERIOD_SOURCES,
    Explained,
    Words,
    explain,
    period_words,
    unit_words,
)
from orchestration.settings import VIETNAM, Settings
from schemas import Declaration
from schemas.rules import RULES


@dataclass(frozen=True)
class Counted:
    """A number of rows or cells, and of what."""

    kind: str
    words: Words
    count: int


@dataclass(frozen=True)
class Notice:
    """A rule about the whole file that was broken."""

    rule: str
    severity: str
    explained: Explained


@dataclass(frozen=True)
class Reason:
    """A rule that cells or rows broke: how often, and where first. ``position`` is -1 for the row as a whole."""

    rule: str
    severity: str
    column: str
    title: str
    count: int
    sheet: str
    row: int
    position: int
    explained: Explained


@dataclass(frozen=True)
class Summary:
    """Everything that a receipt says apart from single cells.

    earlier: the submission with the same bytes. replaced: the submission whose rows this one replaced. course: what it
    changes, what was decided about it.
    """

    declaration: Declaration
    submission: Submission
    unit: Words
    period: Words
    period_source: Words | None
    ignored: tuple[Counted, ...]
    mended: tuple[Counted, ...]
    notices: tuple[Notice, ...]
    reasons: tuple[Reason, ...]
    earlier: Submission | None
    replaced: Submission | None
    course: Course

    def of_severity(self, severity: str) -> list[Reason]:
        """The reasons of one severity, the most frequent first."""
        return sorted((each for each in self.reasons if each.severity == severity), key=lambda each: -each.count)


def vietnam_time(moment: datetime.datetime) -> Words:
    """A moment on the clock of Vietnam, said to be so."""
    local = moment.astimezone(VIETNAM)
    return Words(f"{local:%H:%M} ngày {local:%d/%m/%Y} (giờ Việt Nam, UTC+7)", f"{local:%Y-%m-%d %H:%M} Vietnam time")


def column_letters(position: int) -> str:
    """0 → A, 25 → Z, 26 → AA: how Excel names a column."""
    letters = ""
    number = position + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def cell_name(row: int, position: int) -> str:
    """``C12``; empty for a finding about the whole row."""
    return f"{column_letters(position)}{row}" if position >= 0 else ""


def _counted(counts: Mapping[str, int], words: Mapping[str, Words]) -> tuple[Counted, ...]:
    known = [kind for kind in words if counts.get(kind)]
    others = [kind for kind in counts if kind not in words and counts[kind]]
    return tuple(Counted(kind, words.get(kind, Words(kind, kind)), counts[kind]) for kind in [*known, *others])


def _reason(declaration: Declaration, found: Mapping[str, Any]) -> Reason:
    column = found["column"]
    return Reason(
        rule=found["rule"],
        severity=found["severity"],
        column=column,
        title=declaration.columns[column].title if column in declaration.columns else column,
        count=found["count"],
        sheet=found["sheet"],
        row=found["row"],
        position=found["position"],
        explained=explain(declaration, found["rule"], column),
    )


def _notice(declaration: Declaration, found: Mapping[str, Any]) -> Notice:
    said = {key: found.get(key, "") for key in ("title", "limit", "limit_en")}
    explained = explain(declaration, found["rule"], **said)
    return Notice(found["rule"], RULES[found["rule"]].severity, explained)


def summarise(settings: Settings, declaration: Declaration, submission: Submission) -> Summary:
    """Put the facts of a submission into words. Reads the ledger for the submissions that it repeats or replaces."""
    details = submission.details
    ledger = Ledger(settings.ledger)
    earlier = ledger.get(details["duplicate_of"]) if details.get("duplicate_of") else None
    return Summary(
        declaration=declaration,
        submission=submission,
        unit=unit_words(settings, declaration, submission.unit),
        period=period_words(submission.period),
        period_source=PERIOD_SOURCES.get(details.get("period_source") or ""),
        ignored=_counted(details.get("ignored", {}), IGNORED),
        mended=_counted(details.get("mended", {}), MENDED),
        notices=tuple(_notice(declaration, each) for each in details.get("notices", [])),
        reasons=tuple(_reason(declaration, each) for each in details.get("reasons", [])),
        earlier=earlier,
        replaced=ledger.replaced_by(submission),
        course=course_of(settings, declaration, submission, ledger),
    )
