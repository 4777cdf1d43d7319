"""Dagster's history is written without most waits for the disk, and stays whole."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest
import sqlalchemy

from orchestration.history import relaxed_history

FULL, NORMAL = 2, 1


def write(file: Path, rows: int) -> int:
    """Write rows as Dagster does, with a connection of its own each; returns how SQLite waits for the disk."""
    engine = sqlalchemy.create_engine(f"sqlite:///{file}", poolclass=sqlalchemy.pool.NullPool)
    waits = FULL
    for row in range(rows):
        with engine.connect() as connection, connection.begin():
            connection.execute(sqlalchemy.text("pragma journal_mode = wal"))
            connection.execute(sqlalchemy.text("create table if not exists event (number integer)"))
            connection.execute(sqlalchemy.text("insert into event values (:row)"), {"row": row})
            waits = connection.execute(sqlalchemy.text("pragma synchronous")).scalar_one()
    return waits


def events(file: Path) -> int:
    engine = sqlalchemy.create_engine(f"sqlite:///{file}", poolclass=sqlalchemy.pool.NullPool)
    with engine.connect() as connection:
        return connection.execute(sqlalchemy.text("select count(*) from event")).scalar_one()


def test_the_log_stays_open_between_events_and_is_folded_in_at_the_end(tmp_path: Path) -> None:
    file, log = tmp_path / "dagster" / "runs.db", tmp_path / "dagster" / "runs.db-wal"
    file.parent.mkdir()
    with relaxed_history(file.parent):
        assert write(file, 10) == NORMAL
        assert log.stat().st_size > 0
    assert not log.exists()
    assert events(file) == 10


def test_other_databases_and_later_runs_are_not_relaxed(tmp_path: Path) -> None:
    inside, outside = tmp_path / "dagster", tmp_path / "elsewhere"
    inside.mkdir()
    outside.mkdir()
    with relaxed_history(inside):
        assert write(outside / "ledger.db", 1) == FULL
    assert write(inside / "runs.db", 1) == FULL


def test_dagster_gets_one_engine_a_database_within_a_run_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    maker = ModuleType("dagster.of_this_test")
    maker.create_engine = sqlalchemy.create_engine
    monkeypatch.setitem(sys.modules, maker.__name__, maker)

    def engines(*names: str) -> list[sqlalchemy.Engine]:
        return [maker.create_engine(f"sqlite:///{tmp_path}/{each}", poolclass=sqlalchemy.NullPool) for each in names]

    with relaxed_history(tmp_path):
        first, again, other = engines("runs.db", "runs.db", "events.db")
        assert first is again
        assert first is not other
        pooled = [maker.create_engine(f"sqlite:///{tmp_path}/runs.db") for _ in range(2)]
        assert pooled[0] is not pooled[1]
    assert maker.create_engine is sqlalchemy.create_engine
    assert len(set(engines("runs.db", "runs.db"))) == 2
