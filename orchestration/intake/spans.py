"""Since when, and until when, the rows of each submission counted: history as spans of knowledge.

Belongs here: the spans that follow from the ledger. Does not belong here: what counts at one moment (``ledger.sql``,
which is asked here moment by moment wherever more happened than one file following another).
"""

from __future__ import annotations

import datetime
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from orchestration.intake.ledger import Submission
from orchestration.intake.ledger_file import SECTIONS

#: The end of a span that lasts: a join by a span must not need an "or".
FOR_EVER = datetime.datetime(9999, 12, 31, tzinfo=datetime.UTC)
_TAKEN_IN = ("accepted", "partly")
#: Lines of the ledger with the moment from which they are known.
_Line = tuple[datetime.datetime, str, tuple[object, ...]]


@dataclass(frozen=True)
class Span:
    """The rows of a submission counted from ``known_from`` until just before ``known_to``."""

    submission_id: str
    known_from: datetime.datetime
    known_to: datetime.datetime


def spans(path: Path, submissions: Sequence[Submission]) -> list[Span]:
    """The spans of all submissions of the ledger at ``path``, as they begin; one that came back has several."""
    return sorted(_spans(path, submissions), key=lambda each: (each.known_from, each.submission_id))


def _spans(path: Path, submissions: Sequence[Submission]) -> Iterator[Span]:
    told = _lines(path) if path.exists() else {}
    for members in _groups(submissions):
        lines = [line for each in members for line in told.get(each.submission_id, [])]
        plain = all(table == "submission" for _, table, _ in lines) and not any(each.replays for each in members)
        yield from _one_after_another(members) if plain else _moment_by_moment(lines)


def _groups(submissions: Sequence[Submission]) -> list[list[Submission]]:
    """Submissions that can make each other count or not: those of one dataset and unit, and judgements of one file."""
    groups: dict[str, list[Submission]] = {}
    of_file: dict[str, list[Submission]] = {}
    for each in submissions:
        slot = f"{each.dataset}\n{each.unit}" if each.load == "full" else each.origin
        group = groups.setdefault(slot, [])
        before = of_file.setdefault(each.origin, group)
        if before is not group:  # judged again, the file turned out to be another unit's
            before += group
            for key, members in {**groups, **of_file}.items():
                if members is group:
                    (groups if key in groups else of_file)[key] = before
            group = before
        group.append(each)
    return list({id(group): group for group in groups.values()}.values())


def _one_after_another(members: Sequence[Submission]) -> Iterator[Span]:
    """Each file counts from its arrival until the next one of its period arrives."""
    periods: dict[str, list[Submission]] = defaultdict(list)
    for each in sorted(members, key=lambda each: each.position):
        if each.verdict in _TAKEN_IN:
            periods[each.period if each.load == "full" else each.submission_id].append(each)
    for files in periods.values():
        ends = [each.received_at for each in files[1:]] + [FOR_EVER]
        for each, end in zip(files, ends, strict=True):
            if each.received_at < end:
                yield Span(each.submission_id, each.received_at, end)


def _lines(path: Path) -> dict[str, list[_Line]]:
    """The ledger's lines about each submission."""
    found: dict[str, list[_Line]] = defaultdict(list)
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as ledger:
        for table, moment in (("submission", "received_at"), ("decision", "decided_at")):
            cursor = ledger.execute(f"select * from {table}")
            names = [column[0] for column in cursor.description]
            for row in cursor:
                facts = dict(zip(names, row, strict=True))
                known = datetime.datetime.fromisoformat(facts[moment])
                found[facts["submission_id"]].append((known, table, row))
    return found


def _moment_by_moment(lines: list[_Line]) -> Iterator[Span]:
    """Ask the ledger's own view after each moment at which something of these lines became known."""
    with closing(sqlite3.connect(":memory:")) as ledger:
        for statement in (each for name in SECTIONS for each in SECTIONS[name]):
            ledger.execute(statement)
        since: dict[str, datetime.datetime] = {}
        for moment in sorted({known for known, _, _ in lines}):
            for known, table, row in lines:
                if known == moment:
                    ledger.execute(f"insert into {table} values ({', '.join('?' * len(row))})", row)
            current = {
                found for (found,) in ledger.execute("select submission_id from effective_submission where is_current")
            }
            for gone in sorted(set(since) - current):
                yield Span(gone, since.pop(gone), moment)
            since.update({each: moment for each in current if each not in since})
        for each, start in since.items():
            yield Span(each, start, FOR_EVER)
