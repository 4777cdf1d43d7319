"""The file of the ledger: opening it, its tables, and bringing one of an older version up to date.

Belongs here: SQLite's settings, the sections of ``ledger.sql``, waiting for other processes. Does not belong here: what
the tables say (``ledger``).
"""

from __future__ import annotations

import os
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path


def _sections() -> dict[str, list[str]]:
    """The statements of ``ledger.sql`` by section: ``version 1``, ``version 2`` …, ``view``."""
    text = Path(__file__).with_name("ledger.sql").read_text(encoding="utf-8")
    parts = re.split(r"^-- (version \d+|view)\b.*$", text, flags=re.MULTILINE)[1:]
    return {name: list(_statements(body)) for name, body in zip(parts[::2], parts[1::2], strict=True)}


def _statements(script: str) -> Iterator[str]:
    """A script's statements one by one: ``executescript`` would end the transaction around them."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


SECTIONS = _sections()
#: The version of ledger that this code reads and writes, kept as SQLite's ``user_version``.
VERSION = len(SECTIONS) - 1
#: For as long a process waits for others that write.
WAITS_SECONDS = 30


class LedgerVersionError(RuntimeError):
    """The ledger was written by a newer kho, whose facts this one would not understand."""


@dataclass
class _Kept:
    """A connection that outlives its call. file: which one it was opened at. users: calls that are using it now."""

    connection: sqlite3.Connection
    file: tuple[int, int] | None
    users: int = 0


class _Stretches(threading.local):
    """The ledgers that this thread holds open, see :func:`held_open`: None until the first call for one."""

    def __init__(self) -> None:
        self.kept: dict[Path, _Kept | None] = {}


_stretches = _Stretches()


@contextmanager
def held_open(path: Path) -> Iterator[None]:
    """Within it, this thread's calls of :func:`opened` share one connection, which the first of them opens.

    A new connection reads all tables and views of the file before its first answer, a hundred times the answer itself;
    and whoever closes the last connection of all writes SQLite's log back.
    """
    kept = _stretches.kept
    if path in kept:
        yield
        return
    kept[path] = None
    try:
        yield
    finally:
        _close(kept.pop(path))


def _close(kept: _Kept | None) -> None:
    if kept:
        kept.connection.close()


def _before_a_fork() -> None:
    """SQLite's connections do not survive a fork, not even unused; the next call opens another one."""
    for path, kept in _stretches.kept.items():
        if kept and not kept.users:
            _close(kept)
            _stretches.kept[path] = None


os.register_at_fork(before=_before_a_fork)


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to the ledger at ``path``, made or brought up to date before. Raises LedgerVersionError."""
    kept = _kept(path)
    if kept is None:
        with closing(_connected(path)) as connection:
            yield connection
        return
    kept.users += 1
    whole = False
    try:
        yield kept.connection
        whole = not kept.connection.in_transaction
    finally:
        kept.users -= 1
        if not whole and not kept.users:  # what a broken call left undone ends with its connection
            _close(kept)
            _stretches.kept[path] = None


def _kept(path: Path) -> _Kept | None:
    """The connection that is held open, over the file that has the name now; None where a call needs one of its own.

    That is outside of a stretch, and within a transaction, which is not the call's.
    """
    if path not in _stretches.kept:
        return None
    kept = _stretches.kept[path]
    if kept and kept.file != _file_at(path) and not kept.users:
        _close(kept)
        kept = None
    if kept is None:
        _stretches.kept[path] = None
        kept = _stretches.kept[path] = _Kept(_connected(path), _file_at(path))
    return kept if kept.file == _file_at(path) and not kept.connection.in_transaction else None


def _file_at(path: Path) -> tuple[int, int] | None:
    """What tells a file from another one that takes its place."""
    try:
        facts = path.stat()
    except FileNotFoundError:
        return None
    return facts.st_dev, facts.st_ino


def _connected(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = not path.exists()
    connection = sqlite3.connect(path, timeout=WAITS_SECONDS, isolation_level=None)
    try:
        connection.row_factory = sqlite3.Row
        _keep_a_log(connection)
        connection.execute("pragma synchronous = full")
        connection.execute("pragma foreign_keys = on")
        if fresh:
            path.chmod(0o600)
        _bring_up_to_date(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _keep_a_log(connection: sqlite3.Connection) -> None:
    """Write ahead to a log, so that readers wait for nobody. The file remembers it; its first connection decides it.

    SQLite does not wait for processes that open a new ledger at the same moment: the change is tried until one did it.
    """
    gives_up = time.monotonic() + WAITS_SECONDS
    while connection.execute("pragma journal_mode").fetchone()[0] != "wal":
        try:
            connection.execute("pragma journal_mode = wal")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > gives_up:
                raise
            time.sleep(0.01)


def _bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Make the tables, or give those of an older version what is missing, as a whole or not at all.

    Processes that come at the same moment wait for the one that does it. Raises LedgerVersionError.
    """
    if _version(connection) == VERSION:
        return
    connection.execute("begin immediate")
    try:
        present = _version(connection)  # it may have waited for another process that did it
        if present > VERSION:
            raise LedgerVersionError(f"the ledger has version {present}, this kho reads {VERSION}: use the newer kho")
        if present < VERSION:
            names = [f"version {number}" for number in range(present + 1, VERSION + 1)]
            for statement in (each for name in [*names, "view"] for each in SECTIONS[name]):
                connection.execute(statement)
            connection.execute(f"pragma user_version = {VERSION}")
        connection.execute("commit")
    except BaseException:
        if connection.in_transaction:
            connection.execute("rollback")
        raise


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("pragma user_version").fetchone()[0])
