"""The ledger of submissions: one SQLite row per file that ever arrived. Inserting it is the only commit point.

Belongs here: recording a submission with everything the receipt needs, decisions about it, and what follows from
them (effective verdict, what supersedes what). Does not belong here: rows of data (bronze), restricted values and
findings (vault), wording (receipts).

Facts are never updated: ``submission`` and ``decision`` only grow. The two exceptions are bookkeeping after the
commit: ``receipt_written`` and ``incoming_removed``, both made good by the next run if a crash prevented them.
"""

from __future__ import annotations

import datetime
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

SCHEMA = Path(__file__).with_name("ledger.sql").read_text(encoding="utf-8")
#: Raised when ``ledger.sql`` changes; it is applied to a ledger of an older number, whose rows stay.
SCHEMA_VERSION = 2


@dataclass(frozen=True, kw_only=True)
class Submission:
    """One file that arrived: what it was, what became of it. ``verdict`` is the effective one when read back."""

    submission_id: str
    department: str
    dataset: str
    unit: str = ""
    period: str = ""
    period_start: datetime.date | None = None
    period_end: datetime.date | None = None
    load: str = "full"
    file_name: str
    file_sha256: str
    file_bytes: int
    file_identity: str
    received_at: datetime.datetime
    verdict: str
    rows_read: int = 0
    rows_accepted: int = 0
    rows_rejected: int = 0
    rows_ignored: int = 0
    details: dict[str, Any] = field(default_factory=dict)
    sequence: int = 0
    superseded_by: str | None = None
    is_current: bool = False


_FACTS = [each.name for each in fields(Submission) if each.name not in ("sequence", "superseded_by", "is_current")]


def _to_row(submission: Submission) -> dict[str, Any]:
    row = {name: getattr(submission, name) for name in _FACTS}
    for name in ("period_start", "period_end", "received_at"):
        row[name] = row[name].isoformat() if row[name] else None
    row["details"] = json.dumps(row["details"], ensure_ascii=False, sort_keys=True)
    return row


def _from_row(row: sqlite3.Row) -> Submission:
    facts = {name: row[name] for name in _FACTS}
    facts["verdict"] = row["effective_verdict"]
    for name in ("period_start", "period_end"):
        facts[name] = datetime.date.fromisoformat(facts[name]) if facts[name] else None
    facts["received_at"] = datetime.datetime.fromisoformat(facts["received_at"])
    facts["details"] = json.loads(facts["details"])
    return Submission(
        **facts,
        sequence=row["sequence"],
        superseded_by=row["superseded_by"],
        is_current=bool(row["is_current"]),
    )


class Ledger:
    """The ledger at ``path``. Connections are opened per call, so that it can be shared by threads and processes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = not self.path.exists()
        connection = sqlite3.connect(self.path, timeout=30, isolation_level=None)
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = full")
            connection.execute("pragma foreign_keys = on")
            if fresh:
                self.path.chmod(0o600)
            if fresh or connection.execute("pragma user_version").fetchone()[0] < SCHEMA_VERSION:
                # One transaction: another process that looks in between must not find the view gone.
                connection.executescript(f"begin immediate; {SCHEMA} pragma user_version = {SCHEMA_VERSION}; commit;")
            yield connection
        finally:
            connection.close()

    def _select(self, where: str = "true", parameters: tuple[Any, ...] = (), tail: str = "") -> list[Submission]:
        if not self.path.exists():
            return []
        with self._connect() as connection:
            rows = connection.execute(
                f"select * from effective_submission where {where} order by sequence {tail}", parameters
            )
            return [_from_row(row) for row in rows]

    def record(self, submission: Submission) -> bool:
        """Commit a submission. False if the same submission was committed before (by a run that then crashed)."""
        row = _to_row(submission)
        names = ", ".join(row)
        marks = ", ".join(f":{name}" for name in row)
        with self._connect() as connection:
            done = connection.execute(
                f"insert into submission ({names}) values ({marks}) on conflict (submission_id) do nothing", row
            )
            return done.rowcount == 1

    def decide(self, submission_id: str, kind: str, *, why: str, who: str, at: datetime.datetime) -> None:
        """Record a decision (accept, reject, withdraw) about a submission."""
        with self._connect() as connection:
            connection.execute(
                "insert into decision (submission_id, kind, why, who, decided_at) values (?, ?, ?, ?, ?)",
                (submission_id, kind, why, who, at.isoformat()),
            )

    def all(self) -> list[Submission]:
        """Every submission, oldest first."""
        return self._select()

    def get(self, submission_id: str) -> Submission | None:
        """The submission of that id."""
        found = self._select("submission_id = ?", (submission_id,))
        return found[0] if found else None

    def of_dataset(self, dataset: str) -> list[Submission]:
        """Every submission of a dataset, oldest first."""
        return self._select("dataset = ?", (dataset,))

    def current(self, dataset: str, unit: str, period: str) -> Submission | None:
        """The submission whose rows stand for this unit and period now: the newest one taken in."""
        found = self._select(
            "dataset = ? and unit = ? and period = ? and effective_verdict in ('accepted', 'partly')",
            (dataset, unit, period),
            "desc limit 1",
        )
        return found[0] if found else None

    def newest_kept(self, dataset: str, unit: str, period: str) -> Submission | None:
        """The newest submission of this unit and period that was taken in or waits for a decision."""
        found = self._select(
            "dataset = ? and unit = ? and period = ? and effective_verdict in ('accepted', 'partly', 'waiting')",
            (dataset, unit, period),
            "desc limit 1",
        )
        return found[0] if found else None

    def replaced_by(self, submission: Submission) -> Submission | None:
        """The submission whose rows stood for the same unit and period until this one came."""
        found = self._select(
            "dataset = ? and unit = ? and period = ? and superseded_by = ?",
            (submission.dataset, submission.unit, submission.period, submission.submission_id),
            "desc limit 1",
        )
        return found[0] if found else None

    def times_seen(self, dataset: str, file_sha256: str) -> int:
        """How many submissions of a dataset had these bytes."""
        if not self.path.exists():
            return 0
        with self._connect() as connection:
            found = connection.execute(
                "select count(*) from submission where dataset = ? and file_sha256 = ?", (dataset, file_sha256)
            )
            return int(found.fetchone()[0])

    def has_accepted_rows(self) -> bool:
        """Whether any submission ever brought rows, so that pseudonyms were given out."""
        if not self.path.exists():
            return False
        with self._connect() as connection:
            found = connection.execute("select exists (select 1 from submission where rows_accepted > 0)").fetchone()
            return bool(found[0])

    def last_sequence(self, *, changing: bool = False) -> int:
        """Sequence of the newest submission (``changing``: that is not a duplicate) plus the number of decisions."""
        if not self.path.exists():
            return 0
        where = "where verdict <> 'duplicate'" if changing else ""
        with self._connect() as connection:
            newest = connection.execute(f"select coalesce(max(sequence), 0) from submission {where}").fetchone()[0]
            return int(newest) + int(connection.execute("select count(*) from decision").fetchone()[0])

    def without_receipt(self, dataset: str) -> list[Submission]:
        """Submissions whose receipt still has to be written."""
        return self._select("dataset = ? and receipt_written = 0", (dataset,))

    def not_removed(self, dataset: str) -> list[Submission]:
        """Submissions whose incoming file was not yet seen to be gone."""
        return self._select("dataset = ? and incoming_removed = 0", (dataset,))

    def mark_receipt(self, submission_id: str) -> None:
        """The receipt is in the department's folder."""
        self._mark("receipt_written", submission_id)

    def mark_removed(self, submission_id: str) -> None:
        """The incoming file is gone, or was replaced by another."""
        self._mark("incoming_removed", submission_id)

    def _mark(self, flag: str, submission_id: str) -> None:
        with self._connect() as connection:
            connection.execute(f"update submission set {flag} = 1 where submission_id = ?", (submission_id,))
