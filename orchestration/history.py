"""Dagster's own history without thousands of waits for the disk, and without thousands of engines.

Belongs here: how the SQLite files in Dagster's home are opened by a run. Does not belong here: the ledger, which is
never relaxed.

Dagster opens and closes a SQLite connection for every event of a run. Each closing of the last connection folds the
write-ahead log back into the file, so that one run waits for the disk 2,700 times: 7 seconds on a busy SSD, half a
minute on a hard disk. One more connection that stays open, and ``synchronous = normal``, bring that to 84. A power
cut can then cost the last events of the history, never the history: the write-ahead log keeps it consistent.

It also makes an engine of SQLAlchemy for every event, which compiles all statements anew: one to four of the sixteen
seconds of processor time of a run. Within a run there is one for each database, and what it opened is used again.
"""

from __future__ import annotations

import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any


@contextmanager
def relaxed_history(dagster_home: Path) -> Iterator[None]:
    """Within it, connections of this process to the databases in ``dagster_home`` do without most waits."""
    with _one_engine_a_database():
        yield from _connections_relaxed(dagster_home)


@contextmanager
def _one_engine_a_database() -> Iterator[None]:
    """Where Dagster makes its engines: if that changes, this finds nothing and a run is only slower."""
    import sqlalchemy

    make = sqlalchemy.create_engine
    engines: dict[str, sqlalchemy.Engine] = {}

    def create_engine(url: str, **options: Any) -> sqlalchemy.Engine:
        if options.get("poolclass") is not sqlalchemy.NullPool:  # any other engine keeps connections of its own
            return make(url, **options)
        key = f"{url} {options}"
        if key not in engines:
            engines[key] = make(url, **{**options, "poolclass": sqlalchemy.QueuePool})
            vars(engines[key])["dispose"] = lambda close=True: None  # Dagster does it after every event
        return engines[key]

    modules = [module for name, module in sys.modules.items() if name.startswith("dagster.")]
    makers = [module for module in modules if vars(module).get("create_engine") is make]
    for module in makers:
        vars(module)["create_engine"] = create_engine
    try:
        yield
    finally:
        for module in makers:
            vars(module)["create_engine"] = make
        for engine in engines.values():
            sqlalchemy.Engine.dispose(engine)


def _connections_relaxed(dagster_home: Path) -> Iterator[None]:
    """See the module; a generator for ``relaxed_history``."""
    import sqlalchemy

    home = dagster_home.resolve()

    @cache
    def is_history(file: str) -> bool:
        return Path(file).resolve().is_relative_to(home)

    held: dict[str, sqlite3.Connection] = {}
    one_at_a_time = threading.Lock()

    def relax(connection: Any, _record: object) -> None:
        if not isinstance(connection, sqlite3.Connection):
            return
        file = connection.execute("pragma database_list").fetchone()[2]
        if not is_history(file):
            return
        connection.execute("pragma synchronous = normal")
        with one_at_a_time, suppress(sqlite3.OperationalError):  # a database that is just being made may be locked
            if file not in held:
                held[file] = sqlite3.connect(file, timeout=0, check_same_thread=False, isolation_level=None)
            held[file].execute("select count(*) from sqlite_master").fetchone()  # only a reader holds the log open

    sqlalchemy.event.listen(sqlalchemy.Engine, "connect", relax)
    try:
        yield
    finally:
        sqlalchemy.event.remove(sqlalchemy.Engine, "connect", relax)
        for each in held.values():
            each.close()
