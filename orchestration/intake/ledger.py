"""The ledger of submissions: one SQLite row per file that ever arrived. Inserting it is the only commit point.

Belongs here: recording a submission with everything the receipt needs, decisions about it, and what follows from
them (effective verdict, what supersedes what). Does not belong here: rows of data (bronze), restricted values and
findings (vault), wording (receipts), the file and its versions (``ledger_file``).

Facts are never updated: ``submission`` and ``decision`` only grow. The two exceptions are bookkeeping after the
commit: ``receipt_written`` and ``incoming_removed``, both made good by the next run if a crash prevented them.
"""

from __future__ import annotations

import datetime
import json
import sqlite3
from collections.abc import Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from orchestration.intake.ledger_file import held_open, opened


@dataclass(frozen=True, kw_only=True)
class Submission:
    """One file that arrived: what it was, what became of it. ``verdict`` is the effective one when read back.

    replays: set where the file did not arrive but was judged again, see ``origin``. position: where it stands among
    the files of its dataset, by the moment when its file arrived; a text that sorts. days_late: after the day on which
    it was due.
    """

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
    replays: str | None = None
    days_late: int | None = None
    sequence: int = 0
    position: str = ""
    superseded_by: str | None = None
    is_current: bool = False

    @property
    def origin(self) -> str:
        """The submission with which this one's file arrived: itself, unless the file was judged again."""
        return self.replays or self.submission_id

    @property
    def is_waiting(self) -> bool:
        """It waits for a decision, and its file was not judged again since."""
        return self.verdict == "waiting" and self.superseded_by is None


@dataclass(frozen=True)
class Decision:
    """What somebody decided about a submission: accept, reject or withdraw."""

    kind: str
    why: str
    who: str
    decided_at: datetime.datetime


_DERIVED = ("sequence", "position", "superseded_by", "is_current")
_FACTS = [each.name for each in fields(Submission) if each.name not in _DERIVED]
_TAKEN_IN = "effective_verdict in ('accepted', 'partly')"
_KEPT = "effective_verdict in ('accepted', 'partly', 'waiting')"

#: Counts come from an index; only what was decided about can have another effective verdict than its own.
_TALLY = """
with decided as (
    select dataset, verdict, effective_verdict from effective_submission
    where submission_id in (select submission_id from decision)
),
counted (dataset, verdict, number) as (
    select dataset, verdict, count(*) from submission group by dataset, verdict
    union all
    select dataset, verdict, -1 from decided
    union all
    select dataset, effective_verdict, 1 from decided
)
select dataset, verdict, sum(number) from counted group by dataset, verdict having sum(number) > 0
"""


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
        position=row["position"],
        superseded_by=row["superseded_by"],
        is_current=bool(row["is_current"]),
    )


class Ledger:
    """The ledger at ``path``, which threads and processes may share.

    A connection is opened a call, unless the thread holds one open for a stretch of work.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def connect(self) -> AbstractContextManager[sqlite3.Connection]:
        """A connection, also for a module that serves another table of this file; all tables are there."""
        return opened(self.path)

    def held_open(self) -> AbstractContextManager[None]:
        """Within it, this thread's calls for the ledger of this file share one connection."""
        return held_open(self.path)

    def _select(
        self, where: str = "true", parameters: tuple[Any, ...] = (), order: str = "sequence"
    ) -> list[Submission]:
        if not self.path.exists():
            return []
        with self.connect() as connection:
            rows = connection.execute(f"select * from effective_submission where {where} order by {order}", parameters)
            return [_from_row(row) for row in rows]

    def _newest(self, where: str, parameters: tuple[Any, ...]) -> Submission | None:
        found = self._select(where, parameters, order="position desc, sequence desc limit 1")
        return found[0] if found else None

    def record(self, submission: Submission) -> bool:
        """Commit a submission. False if the same submission was committed before (by a run that then crashed)."""
        row = {**_to_row(submission), "incoming_removed": int(submission.replays is not None)}
        names = ", ".join(row)
        marks = ", ".join(f":{name}" for name in row)
        with self.connect() as connection:
            done = connection.execute(
                f"insert into submission ({names}) values ({marks}) on conflict (submission_id) do nothing", row
            )
            return done.rowcount == 1

    def decide(
        self, submission_id: str, kind: str, *, why: str, who: str, at: datetime.datetime, about: Collection[str] = ()
    ) -> bool:
        """Record a decision (accept, reject, withdraw) about a submission; its receipt has to be written again.

        about: effective verdicts that it may be about; False if, by now, the submission has another one or was judged
        again.
        """
        with self.connect() as connection:
            connection.execute("begin immediate")
            try:
                found = connection.execute(
                    "select effective_verdict, superseded_by from effective_submission where submission_id = ?",
                    (submission_id,),
                ).fetchone()
                if about and found and (found[0] not in about or (found[0] == "waiting" and found[1])):
                    connection.execute("rollback")
                    return False
                connection.execute(
                    "insert into decision (submission_id, kind, why, who, decided_at) values (?, ?, ?, ?, ?)",
                    (submission_id, kind, why, who, at.isoformat()),
                )
                connection.execute(
                    "update submission set receipt_written = 0 where submission_id = ?", (submission_id,)
                )
                connection.execute("commit")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("rollback")
                raise
        return True

    def decisions(self, submission_id: str) -> list[Decision]:
        """What was decided about a submission, oldest first."""
        if not self.path.exists():
            return []
        with self.connect() as connection:
            rows = connection.execute(
                "select kind, why, who, decided_at from decision where submission_id = ? order by decision_id",
                (submission_id,),
            )
            return [Decision(kind, why, who, datetime.datetime.fromisoformat(at)) for kind, why, who, at in rows]

    def all(self) -> list[Submission]:
        """Every submission, oldest first."""
        return self._select()

    def newest_of_each(self) -> dict[str, Submission]:
        """The submission that was recorded last, by dataset."""
        found = self._select("sequence in (select max(sequence) from submission group by dataset)")
        return {each.dataset: each for each in found}

    def tally(self) -> dict[str, dict[str, int]]:
        """How many submissions have which effective verdict, by dataset; without reading each, as :meth:`all` does."""
        found: dict[str, dict[str, int]] = {}
        if self.path.exists():
            with self.connect() as connection:
                for dataset, verdict, count in connection.execute(_TALLY):
                    found.setdefault(dataset, {})[verdict] = count
        return found

    def get(self, submission_id: str) -> Submission | None:
        """The submission of that id."""
        found = self._select("submission_id = ?", (submission_id,))
        return found[0] if found else None

    def of_dataset(self, dataset: str) -> list[Submission]:
        """Every submission of a dataset, oldest first."""
        return self._select("dataset = ?", (dataset,))

    def current(self, dataset: str, unit: str, period: str) -> Submission | None:
        """The submission whose rows stand for this unit and period now: the newest one taken in."""
        return self._newest(f"dataset = ? and unit = ? and period = ? and {_TAKEN_IN}", (dataset, unit, period))

    def newest_kept(self, dataset: str, unit: str, period: str, *, apart_from: str = "") -> Submission | None:
        """The newest submission of this unit and period that was taken in or waits for a decision.

        apart_from: an origin whose judgements are left out.
        """
        return self._newest(
            f"dataset = ? and unit = ? and period = ? and {_KEPT} and origin <> ?", (dataset, unit, period, apart_from)
        )

    def of_earlier_periods(self, submission: Submission) -> list[Submission]:
        """What counts now for the periods of the same dataset and unit that ended before this one's, oldest first."""
        end = submission.period_end.isoformat() if submission.period_end else ""
        return self._select(
            "dataset = ? and unit = ? and period_end < ? and is_current",
            (submission.dataset, submission.unit, end),
            order="period_end, position",
        )

    def predecessor(self, submission: Submission) -> Submission | None:
        """The submission that this one, not yet recorded, would supersede if it is taken in.

        That is the last judgement of its own file which was taken in; else the file before it, of its unit and period.
        """
        if submission.replays:
            own = self._newest(f"origin = ? and {_TAKEN_IN}", (submission.replays,))
            if own:
                return own
        if submission.load != "full":
            return None
        place = submission.position or f"{submission.received_at.isoformat()}#~"  # after all of the same moment
        slot = (submission.dataset, submission.unit, submission.period, place)
        return self._newest(
            f"dataset = ? and unit = ? and period = ? and position < ? and load = 'full' and {_TAKEN_IN}", slot
        )

    def replaced_by(self, submission: Submission) -> Submission | None:
        """The submission whose rows stood for the same unit and period until this one came."""
        return self._newest(
            "dataset = ? and unit = ? and period = ? and superseded_by = ?",
            (submission.dataset, submission.unit, submission.period, submission.submission_id),
        )

    def times_seen(self, dataset: str, file_sha256: str) -> int:
        """How many submissions of a dataset had these bytes."""
        if not self.path.exists():
            return 0
        with self.connect() as connection:
            found = connection.execute(
                "select count(*) from submission where dataset = ? and file_sha256 = ?", (dataset, file_sha256)
            )
            return int(found.fetchone()[0])

    def has_accepted_rows(self) -> bool:
        """Whether any submission ever brought rows, so that pseudonyms were given out."""
        if not self.path.exists():
            return False
        with self.connect() as connection:
            found = connection.execute("select exists (select 1 from submission where rows_accepted > 0)").fetchone()
            return bool(found[0])

    def last_sequence(self, *, changing: bool = False) -> int:
        """Sequence of the newest submission (``changing``: that is not a duplicate) plus the number of decisions.

        Decisions about submissions and about differences both change what a warehouse is built from, and so do an
        erasure and new pseudonyms.
        """
        if not self.path.exists():
            return 0
        where = "where verdict <> 'duplicate'" if changing else ""
        with self.connect() as connection:
            newest = connection.execute(f"select coalesce(max(sequence), 0) from submission {where}").fetchone()[0]
            decided = (
                "select (select count(*) from decision) + (select count(*) from difference_decision) + "
                "(select count(*) from privacy_record where kind in ('erase', 'rotate_pseudonym'))"
            )
            return int(newest) + int(connection.execute(decided).fetchone()[0])

    def without_receipt(self, dataset: str) -> list[Submission]:
        """Submissions whose receipt still has to be written."""
        return self._select("dataset = ? and receipt_written = 0", (dataset,))

    def not_removed(self, dataset: str) -> list[Submission]:
        """Submissions whose incoming file was not yet seen to be gone."""
        return self._select("dataset = ? and incoming_removed = 0", (dataset,))

    def mark_receipt(self, submission_id: str) -> None:
        """The receipt is in the department's folder."""
        self._mark("receipt_written", submission_id)

    def renew_receipt(self, submission_id: str) -> None:
        """The receipt has to be written again."""
        self._mark("receipt_written", submission_id, done=False)

    def mark_removed(self, submission_id: str) -> None:
        """The incoming file is gone, or was replaced by another."""
        self._mark("incoming_removed", submission_id)

    def _mark(self, flag: str, submission_id: str, *, done: bool = True) -> None:
        with self.connect() as connection:
            connection.execute(f"update submission set {flag} = {int(done)} where submission_id = ?", (submission_id,))
