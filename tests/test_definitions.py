"""Dagster: what it shows, when it starts a run, and that nothing stops or spoils what it should not."""

from __future__ import annotations

import datetime
import os
import socket
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from orchestration import assets, bronze_assets
from orchestration.building import warehouse
from orchestration.building.warehouse import EXPORTED
from orchestration.definitions import JOB, assemble
from orchestration.intake.ledger import Submission
from orchestration.locks import WAREHOUSE, BusyError, lock
from orchestration.run import dev, prepare_home, run
from orchestration.runs import bronze_key
from orchestration.settings import PROJECT, Settings
from orchestration.sharing.versions import Facts, Published
from schemas import UnknownDatasetError, datasets
from tests.office import PARCELS

#: One home, one manifest: all of this file in one process.
pytestmark = pytest.mark.xdist_group("definitions")

NOW = datetime.datetime(2026, 11, 20, 8, tzinfo=datetime.UTC)
#: A good row, a citizen id of the wrong sex, a citizen id that is too short.
CSV = """Số định danh cá nhân;Họ và tên;Ngày sinh;Giới tính;Xã/phường
010050000001;Canary Nguyễn Văn A;01/05/1950;Nam;Phường Lào Cai
010050000002;Canary Nguyễn Thị B;02/05/1950;Nữ;Phường Lào Cai
0100500;Canary Nguyễn Văn C;03/05/1950;Nam;Phường Lào Cai
010150000004;Canary Nguyễn Thị D;04/05/1950;Nữ;Phường Sa Pa
"""


#: The ledger as dbt reads it, and what is exported beside it.
LEDGER = {"bronze/submission", *(f"bronze/{each.name}" for each in EXPORTED)}


def offline(*_: object) -> None:
    raise AssertionError("a connection was attempted")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    root = tmp_path_factory.mktemp("dagster")
    settings = Settings(home=root / "home", sources=root / "sources", stable_seconds=0, now=NOW)
    prepare_home(settings)
    return settings


@pytest.fixture(scope="module")
def definitions(home: Settings) -> Iterator[dg.Definitions]:
    """Assembled once, without a network."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", offline)
        yield assemble(home)


@pytest.fixture
def fresh(tmp_path: Path) -> Settings:
    """A home of its own, for tests that leave something in it."""
    settings = Settings(home=tmp_path / "home", sources=tmp_path / "sources", stable_seconds=0, now=NOW)
    prepare_home(settings)
    return settings


# --- what there is ----------------------------------------------------------------------------------------
def test_every_dataset_model_and_seed_is_an_asset(home: Settings, definitions: dg.Definitions) -> None:
    project = home.dbt_project
    expected = {*LEDGER, "published/shared"}
    expected |= {"bronze/" + path.replace("/", "_") for path in datasets()}
    models = [file for file in (project / "models").rglob("*.sql") if file.parent.name not in ("kpi", "reconciliation")]
    expected |= {f"{file.parent.name}/{file.stem}" for file in models}
    # A KPI's own model is a step of kpi_measure and no table; a pair's own one of rec_difference.
    gathered = (
        "kpi_measure",
        "kpi_definition",
        "kpi_dataset",
        "int_commune_of_time",
        "int_dossier_month",
        "rec_difference",
        "rec_pair",
        "int_named_commune",
        "int_compared_resident",
        "int_resident_reported_twice",
    )
    expected |= {f"core/{name}" for name in gathered}
    expected |= {f"core/{file.stem}" for file in (project / "seeds").glob("*.csv")}
    assert {key.to_user_string() for key in definitions.resolve_all_asset_keys()} == expected


def test_every_dataset_has_three_checks_and_tests_of_models_are_checks_too(definitions: dg.Definitions) -> None:
    found = {f"{key.asset_key.to_user_string()}:{key.name}" for each in definitions.assets for key in each.check_keys}
    expected = {
        f"bronze/{each.table}:{name}"
        for each in datasets().values()
        for name in ("conservation", "pandera", "freshness")
    }
    assert {each for each in found if each.startswith("bronze/")} == expected
    assert "marts/mart_submission:well_formed_mart_submission_submission_id__submission_id" in found


def test_one_job_one_sensor_and_one_schedule_that_run_by_themselves(definitions: dg.Definitions) -> None:
    assert [job.name for job in definitions.jobs] == ["take_in_and_build"]
    assert definitions.resolve_job_def(JOB).executor_def.name == "in_process"
    sensor, schedule = definitions.sensors[0], definitions.schedules[0]
    assert (sensor.name, sensor.job_name, sensor.default_status) == (
        "waiting_files",
        JOB,
        dg.DefaultSensorStatus.RUNNING,
    )
    assert (schedule.name, schedule.job_name) == ("every_morning", JOB)
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING


def test_a_dataset_shows_its_owner_its_columns_and_its_place(home: Settings, definitions: dg.Definitions) -> None:
    specs = {each.key: each for each in definitions.resolve_all_asset_specs()}
    spec = specs[dg.AssetKey(["bronze", "land_parcels"])]
    schema = spec.metadata["dagster/column_schema"]
    assert (spec.group_name, spec.kinds) == ("land", {"pandera", "parquet"})
    assert spec.owners == ["team:Sở Nông nghiệp và Môi trường"]
    assert spec.tags.items() >= {"period": "quarter", "load": "full"}.items()
    assert [each.name for each in schema.columns] == [each.name for each in PARCELS.warehouse_columns]
    assert {each.name: each.type for each in schema.columns}["area_m2"].startswith("Decimal(")
    assert not {each.name for each in schema.columns} & {each.name for each in PARCELS.restricted_columns}


def test_the_ledger_stands_between_the_datasets_and_the_models(definitions: dg.Definitions) -> None:
    specs = {each.key.to_user_string(): each for each in definitions.resolve_all_asset_specs()}
    above = {name: {dep.asset_key.to_user_string() for dep in spec.deps} for name, spec in specs.items()}
    for name in LEDGER:
        assert above[name] == {f"bronze/{each.table}" for each in datasets().values()}
    assert "bronze/submission" in above["core/fct_submission"]
    assert "bronze/difference_decision" in above["core/fct_difference_decision"]
    assert above["published/shared"] == {name for name in specs if name.startswith(("core/", "marts/", "ops/"))}


# --- what a run does --------------------------------------------------------------------------------------
BRONZE = [bronze_key(each) for each in datasets().values()]


def execute(
    definitions: dg.Definitions, instance: dg.DagsterInstance, keys: list[dg.AssetKey]
) -> dg.ExecuteInProcessResult:
    job = definitions.resolve_job_def(JOB)
    return job.execute_in_process(instance=instance, asset_selection=keys, raise_on_error=False)


def after_bronze(definitions: dg.Definitions) -> list[dg.AssetKey]:
    return sorted(set(definitions.resolve_all_asset_keys()) - set(BRONZE))


def test_an_intake_that_breaks_off_fails_its_check_without_words_of_the_file_and_stops_no_other(
    definitions: dg.Definitions, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take_in(settings: Settings, declaration: object, on_file: object, workers: object) -> list[Submission]:
        if declaration is PARCELS:
            raise ValueError("could not convert CANARY 010050000001")
        return []

    monkeypatch.setattr(bronze_assets, "take_in_dataset", take_in)
    result = execute(definitions, instance, BRONZE)
    assert result.success
    assert {event.asset_key for event in result.get_asset_materialization_events()} == set(BRONZE)
    conservation = {
        each.asset_key.path[-1]: each
        for each in result.get_asset_check_evaluations()
        if each.check_name == "conservation"
    }
    assert {name: each.passed for name, each in conservation.items()} == {
        each.table: each is not PARCELS for each in datasets().values()
    }
    told = conservation["land_parcels"].metadata["broken_off"].text
    assert told.startswith("ValueError at test_definitions.py:")
    logged = "".join(entry.user_message for entry in instance.all_logs(result.run_id))
    assert "CANARY" not in told + logged


def published_as(settings: Settings, facts: Facts, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.publish.mkdir(exist_ok=True)
    version = Published(
        version="v000009",
        file="v000009.duckdb",
        published_at="",
        ledger_sequence=facts.ledger_sequence,
        code=facts.code,
        bytes=0,
        sha256="",
        tables={},
        folder=settings.publish,
    )
    version.path.touch()
    monkeypatch.setattr(warehouse, "current", lambda _settings: version)


def test_nothing_is_built_or_published_where_nothing_has_changed(
    home: Settings, definitions: dg.Definitions, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    published_as(home, warehouse.state(home), monkeypatch)
    monkeypatch.setattr(warehouse, "build", offline)
    result = execute(definitions, instance, sorted(definitions.resolve_all_asset_keys()))
    assert result.success
    assert {event.asset_key for event in result.get_asset_materialization_events()} == set(BRONZE)


@pytest.mark.parametrize("changed", [{"ledger_sequence": 7}, {"code": "other"}])
def test_a_failed_build_or_test_publishes_nothing(
    home: Settings,
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
    changed: dict[str, object],
) -> None:
    published_as(home, replace(warehouse.state(home), **changed), monkeypatch)
    good = warehouse.Built("model.kho.mart_submission", "ok", 0.1, 0, "")
    bad = warehouse.Built("test.kho.learners_add_up", "failed", 0.1, 3, "Got 3 results, configured to fail if != 0")
    monkeypatch.setattr(warehouse, "build", lambda _settings: [good, bad])
    monkeypatch.setattr(assets, "publish_all", offline)
    result = execute(definitions, instance, after_bronze(definitions))
    assert not result.success
    materialized = {event.asset_key.to_user_string() for event in result.get_asset_materialization_events()}
    assert materialized == {*LEDGER, "marts/mart_submission"}
    [failure] = result.get_step_failure_events()
    assert "learners_add_up: Got 3 results" in str(failure.event_specific_data)


def test_a_warehouse_whose_last_build_failed_is_not_published_by_hand_either(
    definitions: dg.Definitions, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "publish_all", offline)
    assert not execute(definitions, instance, [assets.PUBLISHED]).success


def test_a_second_run_of_the_same_home_is_turned_away(
    home: Settings, definitions: dg.Definitions, instance: dg.DagsterInstance
) -> None:
    with lock(home, WAREHOUSE):
        assert not execute(definitions, instance, BRONZE).success
        with pytest.raises(BusyError):
            run(home)


def test_an_unknown_dataset_is_named_before_anything_is_done(fresh: Settings) -> None:
    with pytest.raises(UnknownDatasetError, match="land/houses"):
        run(fresh, ["land/houses"])


# --- homes and the interface --------------------------------------------------------------------------------------
def test_a_home_is_readable_by_its_owner_only_and_departments_find_their_folders(fresh: Settings) -> None:
    folders = [fresh.home, *(each for each in fresh.home.iterdir() if each.is_dir())]
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}
    assert all(fresh.incoming(path).is_dir() and fresh.receipts(path).is_dir() for path in datasets())


def test_the_interface_listens_on_loopback_only_and_keeps_to_its_home(
    fresh: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []
    monkeypatch.setattr(os, "chdir", lambda _folder: None)
    monkeypatch.setattr(os, "execve", lambda *arguments: started.append(arguments))
    dev(fresh, port=4000)
    [(_, command, environment)] = started
    assert " ".join(command).endswith(f"dagster dev -h 127.0.0.1 -p 4000 -w {PROJECT / 'workspace.yaml'}")
    assert environment["DAGSTER_HOME"] == str(fresh.dagster_home)
    assert environment["KHO_HOME"] == str(fresh.home)
