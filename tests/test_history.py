"""Dagster's history is written without most waits for the disk, stays whole, and is told as it comes."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage

from orchestration.instance import DAGSTER_SETTINGS, history

#: How SQLite names ``synchronous = normal``.
NORMAL = 1


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """An instance as kho's own ``dagster.yaml`` describes it."""
    (tmp_path / "dagster.yaml").write_text(DAGSTER_SETTINGS.read_text())
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with dg.DagsterInstance.get() as opened:
        yield opened


@dg.asset(check_specs=[dg.AssetCheckSpec("filled", asset="parcels")])
def parcels() -> Iterator[dg.MaterializeResult]:
    yield dg.MaterializeResult(check_results=[dg.AssetCheckResult(check_name="filled", passed=True)])


def told(events: list[EventLogEntry]) -> list[tuple[str, str | None]]:
    return [(each.dagster_event.event_type_value, each.step_key) for each in events if each.dagster_event]


def waits(instance: dg.DagsterInstance) -> int:
    with instance.event_log_storage.index_connection() as connection:
        return connection.exec_driver_sql("pragma synchronous").scalar_one()


def in_order_of_name(events: list[tuple[str, str | None]]) -> list[tuple[str, str]]:
    return sorted((kind, step or "") for kind, step in events)


def test_a_run_leaves_the_same_history_as_in_dagsters_own_storage_and_either_reads_it(
    instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", "1000")
    ours = dg.materialize([parcels], instance=instance).run_id
    assert isinstance(instance.event_log_storage, history.Events)
    monkeypatch.delenv("DAGSTER_EVENT_BATCH_SIZE")
    other = tmp_path / "other"
    other.mkdir()
    with dg.DagsterInstance.local_temp(str(other)) as as_dagster_does:
        theirs = dg.materialize([parcels], instance=as_dagster_does).run_id
        expected = told(as_dagster_does.all_logs(theirs))
    assert in_order_of_name(told(instance.all_logs(ours))) == in_order_of_name(expected)

    key = parcels.key
    (check,) = instance.event_log_storage.get_asset_check_execution_history(dg.AssetCheckKey(key, "filled"), limit=5)
    assert check.status.value == "SUCCEEDED"
    latest = instance.get_latest_materialization_event(key)
    assert latest is not None
    assert latest.run_id == ours
    instance.dispose()
    again = DagsterSqliteStorage.from_local(str(tmp_path))
    assert in_order_of_name(told(again.event_log_storage.get_logs_for_run(ours))) == in_order_of_name(expected)


def test_the_log_stays_open_between_events_and_is_folded_in_at_the_end(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    run_id = dg.materialize([parcels], instance=instance).run_id
    assert waits(instance) == NORMAL
    logs = [tmp_path / "history" / "runs.db-wal", tmp_path / "history" / "runs" / f"{run_id}.db-wal"]
    assert all(each.stat().st_size > 0 for each in logs)
    instance.dispose()
    assert not any(each.exists() for each in logs)


def test_events_that_come_together_are_written_together_or_not_at_all(
    instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = dg.materialize([parcels], instance=instance).run_id
    events = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION) * 3
    file = tmp_path / "history" / "runs" / f"{run_id}.db"
    storage = instance.event_log_storage
    store = type(storage).store_event
    seen: list[int] = []

    def rows() -> int:
        with sqlite3.connect(file) as reader:
            return reader.execute("select count(*) from event_logs").fetchone()[0]

    def stored(self: history.Events, event: EventLogEntry) -> None:
        store(self, event)
        seen.append(rows())
        if len(seen) == len(events):
            raise OSError("no space left on device")

    before = rows()
    monkeypatch.setattr(type(storage), "store_event", stored)
    with pytest.raises(OSError, match="no space"):
        storage.store_event_batch(events)
    assert seen == [before] * 3  # nobody sees half of them
    assert rows() == before
    monkeypatch.undo()
    storage.store_event_batch(events)
    assert rows() == before + 3


def test_a_database_that_could_not_be_made_is_made_by_the_next_event(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = dg.materialize([parcels], instance=instance).run_id
    (event,) = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    other = event._replace(run_id="7d9b33ef-0000-4000-8000-000000000000")
    storage = instance.event_log_storage

    def full(*_: object) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as without_space:
        without_space.setattr(storage, "_initdb", full)
        with pytest.raises(OSError, match="no space"):
            storage.store_event(other)
    storage.store_event(other)
    assert told(instance.all_logs(other.run_id)) == [("ASSET_MATERIALIZATION", "parcels")]


def test_many_runs_hold_few_databases_open(instance: dg.DagsterInstance) -> None:
    runs = [dg.materialize([parcels], instance=instance).run_id for _ in range(7)]
    assert all(told(instance.all_logs(each)) for each in runs)
    assert len(instance.event_log_storage._engines) == 5


def test_who_watches_a_run_is_told_of_an_event_that_stands_in_the_log_only(instance: dg.DagsterInstance) -> None:
    run_id = dg.materialize([parcels], instance=instance).run_id
    cursor = instance.event_log_storage.get_records_for_run(run_id).cursor
    came, said = threading.Event(), list[str]()

    def hear(event: EventLogEntry, _cursor: str) -> None:
        said.append(event.message)
        came.set()

    instance.watch_event_logs(run_id, cursor, hear)
    instance.report_engine_event("half of it is done", instance.get_run_by_id(run_id))
    assert came.wait(timeout=20)
    assert said == ["half of it is done"]
