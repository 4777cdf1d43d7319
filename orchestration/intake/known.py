"""The ledger as it was known at a past moment, so that any question can be answered as it would have been then.

Belongs here: which lines of the ledger's file had been written by a moment, and a copy that holds only those. Does not
belong here: what follows from the lines (``ledger.sql``, which the copy reads like every other ledger), and the
questions (``orchestration/delivery.py``).

A line is known from the moment that it names itself, by the clock that can be set: a history that was taken in later
counts as it happened. What a later line undid, such as a withdrawal, was not yet undone.
"""

from __future__ import annotations

import datetime
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from orchestration.intake.ledger import Ledger

#: When a line of each table became known. A table that is missing here could not be restricted, so it is an error.
_KNOWN_FROM = {
    "submission": "received_at",
    "decision": "decided_at",
    "difference_decision": "decided_at",
    "header_mapping": "decided_at",
    "vault_access": "at",
    "privacy_record": "at",
}
#: What names something that was not known yet is not known either.
_WITHOUT_ORIGIN = (
    "delete from submission where replays is not null and replays not in (select submission_id from submission)",
    "delete from decision where submission_id not in (select submission_id from submission)",
)


def ledger_as_known(path: Path, moment: datetime.datetime, target: Path) -> Ledger:
    """A copy of the ledger at ``path`` with what was known at ``moment``, written to ``target``.

    The original is only read; where there is none, the copy is an empty ledger. Nothing is left to do about the
    files of the copy's submissions: receipts and incoming folders belong to the original. A moment without time zone
    raises ValueError, a ``target`` that exists FileExistsError, a ledger of a newer version LedgerVersionError.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.touch(mode=0o600, exist_ok=False)
    known = Ledger(target)
    try:
        if path.exists():
            with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as original:
                _copy(original, target)
        known.last_sequence()  # brings a copy of an older version up to date before its tables are looked at
        _restrict(target, moment)
    except BaseException:
        target.unlink()
        raise
    return known


@contextmanager
def known_ledger(path: Path, moment: datetime.datetime) -> Iterator[Ledger]:
    """Within it, the ledger as known at ``moment``, for questions that are asked and forgotten."""
    with tempfile.TemporaryDirectory(prefix="kho-known-") as scratch:
        yield ledger_as_known(path, moment, Path(scratch) / "ledger.sqlite")


def _copy(original: sqlite3.Connection, target: Path) -> None:
    with closing(sqlite3.connect(target)) as copy:
        original.backup(copy)  # one consistent state, also while a run is writing


def _restrict(target: Path, moment: datetime.datetime) -> None:
    with closing(sqlite3.connect(target)) as copy, copy:
        for (trigger,) in copy.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            copy.execute(f"drop trigger {trigger}")  # of the original some tables only grow
        for table in _tables(copy):
            # The day as a number, because a moment may be written in any time zone.
            copy.execute(
                f"delete from {table} where julianday({_KNOWN_FROM[table]}) > julianday(?)", (moment.isoformat(),)
            )
        for statement in _WITHOUT_ORIGIN:
            copy.execute(statement)
        copy.execute("update submission set receipt_written = 1, incoming_removed = 1")


def _tables(copy: sqlite3.Connection) -> list[str]:
    found = copy.execute("select name from sqlite_master where type = 'table' and name not like 'sqlite%'")
    return [name for (name,) in found]
