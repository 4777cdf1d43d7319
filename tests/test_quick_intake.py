"""An officer has her receipt before Dagster has begun a run; the run then shows what was taken in, once."""

from __future__ import annotations

import dagster as dg
import pytest

from orchestration import quick_intake
from orchestration.bronze_assets import bronze_asset
from orchestration.intake.ledger import Ledger
from orchestration.locks import WAREHOUSE, lock
from orchestration.runs import ONLY_RUN, bronze_key, only_run
from orchestration.settings import Settings
from tests.conftest import Drop
from tests.office import RESIDENTS, resident, rows_csv
from tests.sensor_ticks import past_run, tick

GOOD = rows_csv(RESIDENTS, [resident(1), resident(2)])
ONE_BAD = rows_csv(RESIDENTS, [resident(3), resident(4, sex="?")])


def asked_for(result: dg.SensorResult) -> list[list[str]]:
    return [[key.to_user_string() for key in each.asset_selection or []] for each in result.run_requests or []]


def run(settings: Settings, instance: dg.DagsterInstance) -> dict[str, object]:
    """The step of a run that takes in residents; what Dagster shows of it."""
    done = dg.materialize(
        [bronze_asset(settings, RESIDENTS, lambda _: None)],
        instance=instance,
        resources={ONLY_RUN: only_run(settings)},
    )
    (shown,) = done.asset_materializations_for_node(bronze_key(RESIDENTS).to_python_identifier())
    (rules,) = [each for each in done.get_asset_check_evaluations() if each.check_name == "pandera"]
    return {
        **{name: shown.metadata[name].value for name in ("taken_in", "rows_accepted", "dagster/row_count")},
        "files": [each.data["file_name"] for each in shown.metadata["files"].records]
        if "files" in shown.metadata
        else [],
        "returned": rules.metadata["rows_returned"].value,
    }


def states(settings: Settings) -> list[tuple[str, str]]:
    return [(each.file_name, each.verdict) for each in Ledger(settings.ledger).of_dataset(RESIDENTS.path)]


def receipts(settings: Settings) -> list[str]:
    return sorted(each.name.split(".bien-nhan.")[0] for each in settings.receipts(RESIDENTS.path).glob("*.xlsx"))


def test_small_files_have_their_receipts_when_the_run_is_asked_for_and_the_run_shows_them_once(
    settings: Settings, instance: dg.DagsterInstance, drop: Drop
) -> None:
    drop(RESIDENTS, "2026-09.csv", GOOD)
    drop(RESIDENTS, "2026-10.csv", ONE_BAD)
    wanted = ["bronze/population_residents", "bronze/submission", "published/shared"]
    assert asked_for(tick(settings, instance)) == [wanted]
    assert states(settings) == [("2026-09.csv", "accepted"), ("2026-10.csv", "partly")]
    assert receipts(settings) == ["2026-09", "2026-10"]
    assert list(settings.incoming(RESIDENTS.path).iterdir()) == []
    both = {"taken_in": 2, "rows_accepted": 3, "files": ["2026-09.csv", "2026-10.csv"], "returned": 1}
    assert run(settings, instance) == both | {"dagster/row_count": 3}
    nothing_new = {"taken_in": 0, "rows_accepted": 0, "files": [], "returned": 1}
    assert run(settings, instance) == nothing_new | {"dagster/row_count": 3}


def test_a_ledger_that_was_brought_back_from_a_backup_shows_what_comes_next(
    settings: Settings, instance: dg.DagsterInstance, drop: Drop
) -> None:
    drop(RESIDENTS, "2026-09.csv", GOOD)
    before = settings.model_copy(update={"home": settings.home.with_name("before")})
    drop(RESIDENTS, "2026-10.csv", ONE_BAD)
    assert run(settings, instance)["taken_in"] == 2
    drop(RESIDENTS, "2026-09.csv", GOOD)
    assert run(before, instance)["files"] == ["2026-09.csv"]


def test_large_files_are_left_to_the_run(
    settings: Settings, instance: dg.DagsterInstance, drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quick_intake, "SMALL_BYTES", len(GOOD.encode()))
    drop(RESIDENTS, "2026-09.csv", GOOD)
    drop(RESIDENTS, "2026-10.csv", ONE_BAD)
    assert len(asked_for(tick(settings, instance))) == 1
    assert states(settings) == []
    assert run(settings, instance)["taken_in"] == 2


def test_what_takes_too_long_is_left_to_the_run(
    settings: Settings, instance: dg.DagsterInstance, drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quick_intake, "SECONDS", 0.05)
    drop(RESIDENTS, "2026-10.csv", ONE_BAD)
    assert len(asked_for(tick(settings, instance))) == 1
    assert states(settings) == []
    assert run(settings, instance)["files"] == ["2026-10.csv"]


def test_beside_a_run_nothing_is_taken_in(settings: Settings, instance: dg.DagsterInstance, drop: Drop) -> None:
    drop(RESIDENTS, "2026-10.csv", ONE_BAD)
    with lock(settings, WAREHOUSE):
        assert asked_for(tick(settings, instance)) == []
        quick_intake.take_in_at_once(settings, [RESIDENTS])
    assert states(settings) == []


def test_a_file_that_could_not_be_taken_in_waits_for_the_run_alone(
    settings: Settings, instance: dg.DagsterInstance, drop: Drop, caplog: pytest.LogCaptureFixture
) -> None:
    """Once a run was tried for it, the process is not started again at every look."""
    drop(RESIDENTS, "2026-10.csv", ONE_BAD)
    with lock(settings, RESIDENTS.table):
        (request,) = tick(settings, instance).run_requests or []
    assert "population_residents is being worked on by another kho process" in caplog.text
    past_run(instance, request)
    assert asked_for(tick(settings, instance)) == []
    assert states(settings) == []
