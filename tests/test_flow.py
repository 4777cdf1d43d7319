"""The main job end to end on the demo's files: the few tests that run Dagster for real, and dbt in its own process.

They share one home, in this order; each test says what it adds to it. Runs that follow the demo in this process have
the models' SQL without dbt (``compiled.py``).
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import duckdb
import pytest
import yaml
from typer.testing import CliRunner

from orchestration import cli
from orchestration.catalogue.site import build_catalogue
from orchestration.definitions import JOB
from orchestration.demo.files import DemoFiles, write_demo_files
from orchestration.demo.story import demo_settings
from orchestration.intake import vault_files
from orchestration.intake.ledger import Ledger
from orchestration.run import RunOutcome, run
from orchestration.settings import PROJECT, Settings
from orchestration.sharing.postgres.publication import publish_to
from orchestration.sharing.versions import current
from schemas import Declaration, datasets
from tests import compiled
from tests.demo_totals import CommuneTotals, commune_totals
from tests.postgres_server import running

pytestmark = pytest.mark.xdist_group("flow")

ROWS, SEED = 1_000, 7
TODAY = "2026-11-22T03:00:00"
#: Marking whole workbooks has tests of its own; here it would take a fifth of the time.
ENVIRONMENT = {"KHO_NOW": TODAY, "KHO_STABLE_SECONDS": "0", "KHO_MARKED_WHOLE": "1"}


def kho(home: Path, *arguments: str, expect: int = 0, project: Path = PROJECT, **environment: str) -> str:
    """Run the command as a person would, in a checkout; returns what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "orchestration", *arguments],
        env={**os.environ, "KHO_HOME": str(home), **ENVIRONMENT, **environment},
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == expect, (done.returncode, done.stdout[-3000:], done.stderr[-3000:])
    return done.stdout


def offline(*_: object) -> None:
    raise AssertionError("a connection was attempted")


def run_without_dbt(settings: Settings, told: list[str]) -> RunOutcome:
    """A whole run in this process, whose build is the compiled SQL; ``told``: what it says it has done."""
    with pytest.MonkeyPatch.context() as patch:
        compiled.dbt_stands_aside(patch)
        patch.setattr(socket.socket, "connect", offline)
        return run(settings, on_progress=lambda progress: told.append(progress.what))


@contextlib.contextmanager
def published(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published version. A connection reads the whole catalogue: it is for more than one question."""
    version = current(settings)
    assert version
    with duckdb.connect(version.path, read_only=True) as connection:
        yield connection


def rows(settings: Settings, sql: str) -> list[tuple]:
    """Rows of the published version."""
    with published(settings) as connection:
        return connection.execute(sql).fetchall()


def published_tables(settings: Settings) -> dict[str, list[tuple]]:
    """Every published table as sorted text."""
    with published(settings) as connection:
        names = connection.execute("select schema_name || '.' || table_name from duckdb_tables() order by 1").fetchall()
        return {
            name: sorted(connection.execute(f"select columns(*)::varchar from {name}").fetchall(), key=str)
            for (name,) in names
        }


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("flow") / "home"


@pytest.fixture(scope="module")
def settings(home) -> Settings:
    now = datetime.datetime.fromisoformat(TODAY).replace(tzinfo=datetime.UTC)
    # Tables as Parquet have tests of their own; the demo itself writes them.
    return demo_settings(Settings(home=home, now=now, stable_seconds=0, marked_whole=1, publish_tables=False))


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> DemoFiles:
    """The demo's files once more, elsewhere, for what is known about them."""
    apart = Settings(home=tmp_path_factory.mktemp("known"), sources=tmp_path_factory.mktemp("known_sources"))
    return write_demo_files(apart, rows=ROWS, seed=SEED, today=datetime.date(2026, 11, 22))


@pytest.fixture(scope="module")
def demo(home) -> str:
    return kho(home, "demo", "--rows", str(ROWS), "--seed", str(SEED))


@pytest.fixture(scope="module")
def receipts(demo, settings) -> dict[str, dict]:
    """The JSON receipts of the demo by file name."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in settings.sources.rglob("receipts/*.json")]
    return {each["file_name"]: each for each in found}


def test_the_demo_ends_with_answers_and_leaves_a_warehouse_that_answers_at_once(demo, home):
    assert "published v000001" in demo
    answer = kho(home, "sql", "select count(*) as communes from marts.mart_commune_overview", "--format", "csv")
    assert answer.split() == ["communes", "99"]


def test_the_overview_equals_counts_worked_out_from_the_accepted_rows(demo, settings, files):
    target_age = yaml.safe_load((settings.dbt_project / "dbt_project.yml").read_text())["vars"]["training_target_age"]
    expected = commune_totals(files, target_age=target_age)
    columns = ", ".join(CommuneTotals.__dataclass_fields__)
    found = rows(settings, f"select commune_code, {columns} from marts.mart_commune_overview")
    nothing = CommuneTotals(*[0] * len(CommuneTotals.__dataclass_fields__))
    assert len(found) == 99
    assert {code: CommuneTotals(*counts) for code, *counts in found} == {
        code: expected.get(code, nothing) for code, *_ in found
    }


def test_every_planted_mistake_is_reported_at_its_cell_and_no_other(receipts, files):
    found = Counter(
        (receipt["dataset"], name, error["sheet"], error["row"], error["column"], error["rule"])
        for name, receipt in receipts.items()
        for error in receipt["errors"]
        if error["row"] is not None
    )
    planted = Counter(
        (each.dataset, each.file_name, each.sheet, each.row, each.column, each.rule) for each in files.planted
    )
    assert found == planted


def test_rows_read_are_accepted_returned_and_ignored_as_the_files_were_made(receipts, files, settings):
    expected = {
        each.file_name: (each.accepted, each.rejected, each.duplicates, each.unit, each.period)
        for each in files.expectations
    }
    found = {
        name: (
            receipt["rows"]["accepted"],
            receipt["rows"]["returned"],
            receipt["ignored"].get("duplicate", 0),
            receipt["unit"],
            receipt["period"],
        )
        for name, receipt in receipts.items()
    }
    assert found == expected
    for each in Ledger(settings.ledger).all():
        assert each.rows_read == each.rows_accepted + each.rows_rejected + each.rows_ignored
        assert each.rows_ignored == sum(each.details["ignored"].values())


def _restricted_values(settings: Settings, declaration: Declaration) -> dict[str, set[str]]:
    """Every value of every restricted column of a dataset in the demo: the canaries."""
    found: dict[str, set[str]] = {each.name: set() for each in declaration.restricted_columns}
    for file in (settings.vault / declaration.table).glob(f"{16 * '?'}.parquet"):
        frame = vault_files.read(settings, file)
        for name, values in found.items():
            values.update(str(value) for value in frame[name].drop_nulls().unique())
    for name in ("date_of_birth", "death_date", "ethnicity"):  # days and words that the warehouse shares with them
        found.pop(name, None)
    return found


def test_no_restricted_value_of_the_demo_stands_anywhere_but_in_vault_archive_and_receipts(demo, settings, tmp_path):
    by_column = {
        f"{path}.{name}": values
        for path, each in datasets().items()
        for name, values in _restricted_values(settings, each).items()
    }
    assert [name for name, values in by_column.items() if not values] == []
    canaries = set().union(*by_column.values())
    assert len(canaries) > ROWS
    build_catalogue(settings, tmp_path / "catalogue")
    patterns = tmp_path / "canaries.txt"
    patterns.write_text("\n".join(sorted(canaries)) + "\n", encoding="utf-8")
    searched = [path for path in settings.home.iterdir() if path.name not in ("vault", "archive", "sources")]
    searched.append(tmp_path / "catalogue")
    with running(tmp_path / "postgres") as uri:
        assert publish_to(settings, uri).shown["shared"] > 20
    shown = subprocess.run(["grep", "-rlaF", "Phường Lào Cai", tmp_path / "postgres"], capture_output=True, check=False)
    assert shown.stdout, "what is published is found in the files of PostgreSQL"
    searched.append(tmp_path / "postgres")
    hits = subprocess.run(["grep", "-rlaFf", patterns, *searched], capture_output=True, text=True, check=False)
    assert hits.stdout == ""
    versions = sorted(settings.publish.glob("*/*.duckdb"))
    assert len(versions) > len({each.department for each in datasets().values()})
    for file in (settings.warehouse, *versions):  # compressed: read it as well
        with duckdb.connect(file, read_only=True) as connection:
            texts = connection.execute(
                "select schema_name, table_name, column_name from duckdb_columns() where data_type = 'VARCHAR' and not internal"
            ).fetchall()
            assert len(texts) > 20
            for schema, table, column in texts:
                values = connection.execute(f'select distinct "{column}" from "{schema}"."{table}"').fetchall()
                assert not canaries.intersection(value for (value,) in values), (file, schema, table, column)


def test_no_receipt_shows_a_department_what_only_another_one_sent(demo, settings):
    """What a department itself sent, taken in or returned, it may see again."""
    values = {path: set().union(*_restricted_values(settings, each).values()) for path, each in datasets().items()}
    for path, declaration in datasets().items():
        sent = set(values[path])
        for file in (settings.vault / declaration.table).glob("*.returned.parquet"):
            sent.update(str(cell) for row in vault_files.read(settings, file).iter_rows() for cell in row)
        foreign = set().union(*(own for other, own in values.items() if other != path)) - sent
        assert len(foreign) > ROWS // 10
        for receipt in settings.receipts(path).glob("*.bien-nhan.*"):
            words = set(re.findall(r"[0-9]{9,}|[A-Z]{2} [0-9]{6}", _text_of(receipt)))
            assert not words & foreign, receipt.name


def _text_of(receipt: Path) -> str:
    """All that stands in a receipt; a workbook is a zip of XML."""
    if receipt.suffix != ".xlsx":
        return receipt.read_text(encoding="utf-8")
    with zipfile.ZipFile(receipt) as book:
        return "\n".join(book.read(name).decode("utf-8", "replace") for name in book.namelist())


def test_dagster_shows_the_run_with_the_rows_of_bronze_and_of_the_marts(demo, settings, files, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", str(settings.dagster_home))
    with dg.DagsterInstance.get() as instance:
        assert not instance.telemetry_enabled
        [record] = instance.get_run_records()
        assert (record.dagster_run.job_name, record.dagster_run.status) == (JOB, dg.DagsterRunStatus.SUCCESS)
        shown = {
            name: instance.get_latest_materialization_event(dg.AssetKey(name.split("/"))).asset_materialization
            for name in ("bronze/population_residents", "marts/mart_commune_overview")
        }
    rows_shown = [each.metadata["dagster/row_count"].value for each in shown.values()]
    taken = sum(each.accepted for each in files.expectations if each.dataset == "population/residents")
    assert rows_shown == [taken, 99]


def test_the_same_bytes_again_change_nothing_and_the_receipt_says_so(demo, settings, files):
    before, version = published_tables(settings), current(settings).version
    again = next(path for path in files.paths if path.name.endswith("2026-10.csv"))
    shutil.copy(again, settings.incoming("population/residents"))
    outcome = run(settings, ["population/residents"])
    assert (outcome.failed, outcome.published, len(outcome.submissions)) == (False, None, 1)
    assert (published_tables(settings), current(settings).version) == (before, version)
    last = Ledger(settings.ledger).all()[-1]
    assert (last.verdict, last.file_name, last.rows_read) == ("duplicate", again.name, 0)
    receipt = next(settings.receipts("population/residents").glob(f"*{last.submission_id[:8]}.json"))
    assert json.loads(receipt.read_text(encoding="utf-8"))["duplicate_of"] == last.details["duplicate_of"]


def _correct(path: Path, target: Path, drop: int) -> None:
    """The file without its first ``drop`` data rows, as a department would correct it."""
    with (
        path.open(encoding="utf-8-sig", newline="") as source,
        target.open("w", encoding="utf-8-sig", newline="") as sink,
    ):
        lines = source.readlines()
        sink.writelines([lines[0], *lines[1 + drop :]])


@pytest.fixture(scope="module")
def corrected(demo, settings, home, files, tmp_path_factory) -> Settings:
    """The demo's home after a corrected file; returned is a copy of it from before the run that took the file in."""
    path = next(path for path in files.paths if path.name.endswith("2026-10.csv"))
    _correct(path, settings.incoming("population/residents") / "2026-10 sửa.csv", drop=40)
    disturbed = tmp_path_factory.mktemp("disturbed") / "home"
    shutil.copytree(home, disturbed, symlinks=True)
    told: list[str] = []
    outcome = run_without_dbt(settings, told)
    assert (outcome.failed, outcome.failure, outcome.published) == (False, "", current(settings))
    assert told == [*datasets(), "warehouse", "published"]
    return settings.model_copy(update={"home": disturbed, "sources": disturbed / "sources"})


def test_a_corrected_file_replaces_the_rows_of_its_period_and_both_stay_in_the_ledger(corrected, settings, files):
    path = next(path for path in files.paths if path.name.endswith("2026-10.csv"))
    ledger = Ledger(settings.ledger)
    old = next(each for each in ledger.all() if each.file_name == path.name and each.verdict == "partly")
    new = ledger.all()[-1]
    assert (new.verdict, new.is_current, ledger.get(old.submission_id).superseded_by) == (
        "partly",
        True,
        new.submission_id,
    )
    october = "select distinct submission_id from core.fct_resident where period = '2026-10'"
    assert rows(settings, october) == [(new.submission_id,)]
    known = rows(settings, "select submission_id, verdict, superseded_by from marts.mart_submission")
    assert {(old.submission_id, "partly", new.submission_id), (new.submission_id, "partly", None)} <= set(known)


def test_a_run_that_is_killed_and_run_again_gives_what_an_undisturbed_run_gives(corrected, settings):
    disturbed = corrected
    chance = int(settings.now.timestamp()) % 7
    killed = subprocess.Popen(
        [sys.executable, "-m", "orchestration", "run"],
        env={**os.environ, "KHO_HOME": str(disturbed.home), **ENVIRONMENT},
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    submission = disturbed.bronze / "population_residents"
    before = len(list(submission.iterdir()))
    while killed.poll() is None and len(list(submission.iterdir())) == before:
        time.sleep(0.02)  # until the intake has begun to write
    time.sleep(chance / 10)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    # The file was committed before the kill or is taken in now.
    assert not run_without_dbt(disturbed, []).failed
    assert published_tables(disturbed) == published_tables(settings)


def test_rebuilding_from_archive_and_ledger_gives_the_same_tables(corrected, settings, monkeypatch):
    before = published_tables(settings)
    past = settings.homes_as_of / "2026-06-30T165959Z"
    past.mkdir(parents=True)
    shutil.rmtree(settings.bronze)
    settings.warehouse.unlink()
    compiled.dbt_stands_aside(monkeypatch)
    monkeypatch.setattr(cli, "settings", lambda: settings)
    done = CliRunner().invoke(cli.app, ["rebuild"])
    assert (done.exit_code, "0 gave something else" in done.stdout) == (0, True), done.output
    assert not past.exists()  # it showed the bronze that is gone
    assert published_tables(settings) == before


SCHEMA = '''
from schemas import Dataset, column
from schemas.column_types import CommuneCode


class Readiness(
    Dataset,
    department="network",
    title="Sẵn sàng số hóa",
    key=["commune"],
    load="full",
    period="quarter",
    owner="Sở Khoa học và Công nghệ",
    legal_basis="Nghị định 278/2025/NĐ-CP",
):
    """One row per commune at the end of the quarter."""

    commune: CommuneCode = column(title="Xã/phường", also="Mã xã", description="The commune.", classification="open")
    computers: int = column(title="Số máy tính", description="Computers in use.", ge=0)
'''
MODEL = (
    "select commune, sum(computers) as computers from {{ source('bronze', 'network_readiness') }} group by commune\n"
)


@pytest.mark.xdist_group("new dataset")  # it shares nothing with the others, so another worker may take it
def test_a_schema_file_and_a_sql_model_are_all_that_a_new_dataset_needs(tmp_path):
    project, home = tmp_path / "project", tmp_path / "home"
    for name in ("schemas", "orchestration", "dbt_project", "workspace.yaml"):
        copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copy
        copy(PROJECT / name, project / name)
    (project / "schemas/network").mkdir()
    (project / "schemas/network/readiness.py").write_text(SCHEMA, encoding="utf-8")
    (project / "dbt_project/models/marts/mart_readiness.sql").write_text(MODEL, encoding="utf-8")
    sources = tmp_path / "sources"
    incoming = sources / "network/readiness/incoming"
    incoming.mkdir(parents=True)
    (incoming / "2026Q3.csv").write_text("Mã xã,Số máy tính\n02725,4\n02701,-1\n02647,6\n", encoding="utf-8")
    kho(home, "run", expect=1, project=project, KHO_SOURCES=str(sources))
    settings = Settings(home=home, sources=sources)
    assert sorted(rows(settings, "select commune, computers::int from marts.mart_readiness")) == [
        ("02647", 6),
        ("02725", 4),
    ]
    (receipt,) = settings.receipts("network/readiness").glob("*.json")
    assert [(each["row"], each["rule"]) for each in json.loads(receipt.read_text())["errors"]] == [(3, "number.range")]
    assert (sources / "network/readiness/template.xlsx").exists()
    assert "network_readiness" in (project / "dbt_project/models/sources.yml").read_text(encoding="utf-8")
    assert len(list((home / "bronze/network_readiness").glob(f"{16 * '?'}.parquet"))) == 1
    keys = kho(home, "schema", "--json", project=project)
    assert "network/readiness" in [each["name"] for each in json.loads(keys)]
