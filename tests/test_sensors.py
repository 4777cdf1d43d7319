"""When Dagster starts a run: for files that are ready, for a warehouse that lags behind, after a crash; never twice."""

from __future__ import annotations

import os
import time
from types import SimpleNamespace

import dagster as dg
import pytest
from dagster._daemon.sensor import MIN_INTERVAL_LOOP_TIME

from orchestration import quick_intake, sensors
from orchestration.definitions import JOB
from orchestration.locks import WAREHOUSE, lock
from orchestration.settings import Settings
from tests import office
from tests.conftest import Drop, HandIn
from tests.sensor_ticks import past_run, tick


@pytest.fixture(autouse=True)
def _no_file_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small files are taken in before a run is asked for; that has tests of its own (test_quick_intake.py)."""
    monkeypatch.setattr(quick_intake, "SMALL_BYTES", -1)


def skipped(result: dg.SensorResult) -> str:
    assert not result.run_requests
    return str(result.skip_reason.skip_message if isinstance(result.skip_reason, dg.SkipReason) else result.skip_reason)


def run_of_a_killed_process(instance: dg.DagsterInstance) -> str:
    @dg.op
    def nothing() -> None:
        pass

    @dg.job(name=JOB)
    def killed() -> None:
        nothing()

    return instance.create_run_for_job(killed, status=dg.DagsterRunStatus.STARTED).run_id


def test_the_daemon_leaves_out_no_round(settings: Settings) -> None:
    """It does so with a sensor that began less than its interval ago; a round may begin some milliseconds early."""
    sensor = sensors.files_sensor(settings, [], JOB, [])
    assert sensor.minimum_interval_seconds == MIN_INTERVAL_LOOP_TIME - 1


def test_without_a_file_nothing_starts(settings: Settings, instance: dg.DagsterInstance) -> None:
    assert skipped(tick(settings, instance)) == "no file is ready"


def test_a_folder_among_the_files_starts_nothing_and_is_told_to_the_officer(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    (settings.incoming(office.PARCELS.path) / "quý 3").mkdir(parents=True)
    assert skipped(tick(settings, instance)) == "no file is ready"
    note = settings.receipts(office.PARCELS.path) / "LUU-Y.txt"
    assert "«quý 3» là thư mục" in note.read_text(encoding="utf-8-sig")
    (settings.incoming(office.PARCELS.path) / "quý 3").rmdir()
    tick(settings, instance)
    assert not note.exists()


def test_a_file_that_is_still_being_copied_waits(settings: Settings, instance: dg.DagsterInstance, drop: Drop) -> None:
    os.utime(drop(office.PARCELS, "2026Q3.csv", "x"))
    assert skipped(tick(settings.model_copy(update={"stable_seconds": 600}), instance)) == "no file is ready"


def test_a_file_that_becomes_ready_during_a_look_is_seen_in_it_and_without_one_the_look_ends(
    settings: Settings, instance: dg.DagsterInstance, drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock of the looks moves by their pauses; the file comes in the third."""
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            drop(office.PARCELS, "2026Q3.csv", "x")

    clock = SimpleNamespace(monotonic=lambda: sum(pauses), time=time.time, sleep=pause)
    monkeypatch.setattr(sensors, "time", clock)
    assert len(tick(settings, instance, watched_seconds=4).run_requests) == 1
    assert pauses == [0.5] * 3
    (settings.incoming(office.PARCELS.path) / "2026Q3.csv").unlink()
    pauses[:] = [0.5] * 4
    assert skipped(tick(settings, instance, watched_seconds=4)) == "no file is ready"
    assert pauses == [0.5] * 12


def test_a_run_that_ends_during_a_look_is_followed_by_the_next_in_it(
    settings: Settings, instance: dg.DagsterInstance, drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = instance.get_run_by_id(run_of_a_killed_process(instance))
    assert run
    drop(office.PARCELS, "2026Q3.csv", "x")
    clock = SimpleNamespace(monotonic=time.monotonic, time=time.time, sleep=lambda _: instance.report_run_canceled(run))
    monkeypatch.setattr(sensors, "time", clock)
    with lock(settings, WAREHOUSE):
        assert skipped(tick(settings, instance)) == "a run is going"
    assert len(tick(settings, instance, watched_seconds=600).run_requests) == 1


def test_files_of_two_datasets_start_one_run_over_both_and_what_follows(
    settings: Settings, instance: dg.DagsterInstance, drop: Drop
) -> None:
    drop(office.PARCELS, "2026Q3.csv", "x")
    drop(office.RESIDENTS, "2026-09.csv", "x")
    drop(office.RESIDENTS, "2026-10.csv", "x")
    [request] = tick(settings, instance).run_requests
    assert [key.to_user_string() for key in request.asset_selection] == [
        "bronze/land_parcels",
        "bronze/population_residents",
        "bronze/submission",
        "published/shared",
    ]


def test_looking_again_asks_for_the_same_run_and_another_file_for_another(
    settings: Settings, instance: dg.DagsterInstance, drop: Drop
) -> None:
    file = drop(office.PARCELS, "2026Q3.csv", "x")
    [first] = tick(settings, instance).run_requests
    [again] = tick(settings, instance).run_requests
    os.utime(file, ns=(0, 0))
    [other] = tick(settings, instance).run_requests
    assert first.run_key == again.run_key != other.run_key


def test_a_file_that_a_run_left_behind_is_tried_again_later_and_under_another_key(
    settings: Settings, instance: dg.DagsterInstance, drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(office.PARCELS, "2026Q3.csv", "x")
    [first] = tick(settings, instance).run_requests
    past_run(instance, first)
    assert skipped(tick(settings, instance)).startswith("1 runs did not settle this")
    now = sensors.time.time()
    monkeypatch.setattr(sensors.time, "time", lambda: now + 16)
    [second] = tick(settings, instance).run_requests
    assert (first.run_key.rpartition("-")[2], second.run_key.rpartition("-")[2]) == ("1", "2")
    assert first.tags == second.tags


def test_a_run_in_progress_is_waited_for(settings: Settings, instance: dg.DagsterInstance, drop: Drop) -> None:
    drop(office.PARCELS, "2026Q3.csv", "x")
    with lock(settings, WAREHOUSE):
        assert skipped(tick(settings, instance)) == "a run is going"
    run_of_a_killed_process(instance)
    assert skipped(tick(settings, instance)) == "a run is going"


def test_a_ledger_that_is_ahead_of_the_published_version_starts_a_build(
    settings: Settings, instance: dg.DagsterInstance, hand_in: HandIn
) -> None:
    hand_in(office.RESIDENTS, "2026-10.csv", office.rows_csv(office.RESIDENTS, [office.resident(1)]))
    [request] = tick(settings, instance).run_requests
    assert request.run_key == "ledger-1-1"
    assert [key.to_user_string() for key in request.asset_selection] == ["bronze/submission", "published/shared"]


def test_a_killed_run_is_declared_dead_at_the_second_look_and_a_living_one_never(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    run_id = run_of_a_killed_process(instance)
    with lock(settings, WAREHOUSE):
        living = tick(settings, instance, cursor=tick(settings, instance).cursor)
    assert instance.get_run_by_id(run_id).status == dg.DagsterRunStatus.STARTED
    once = tick(settings, instance, cursor=living.cursor)
    assert instance.get_run_by_id(run_id).status == dg.DagsterRunStatus.STARTED
    tick(settings, instance, cursor=once.cursor)
    assert instance.get_run_by_id(run_id).status == dg.DagsterRunStatus.FAILURE
