"""Whatever kills a run, and wherever: the next run ends as if nothing had happened.

A child process takes in the files of three datasets (mistakes, repeated rows, a correction, a copy, an empty file),
builds and publishes, and is killed; a second one runs to its end. Ledger, bronze, vault, receipts, folders and the
published tables must then be those of a home that was never killed. The controls at the end swap two steps and show
that this comparison notices it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from orchestration.intake.ledger import Ledger
from orchestration.settings import PROJECT, Settings
from orchestration.sharing.publish import current
from orchestration.sharing.reader import open_read_only
from schemas import datasets
from tests import crash_runner
from tests.crash_runner import Order
from tests.office import COMPLETIONS, PARCELS, RESIDENTS, drop, learner, parcel, resident, rows_csv, rows_xlsx

pytestmark = pytest.mark.xdist_group("crash")  # one warm process and one home that was never killed

KILLED = -9
Run = Callable[..., list[int]]
Picture = dict[str, Any]


# --- the files, and what is compared ------------------------------------------------------------------------
def hand_in_everything(settings: Settings) -> None:
    """Seven files for three datasets; what becomes of them stands in the first test."""
    shifted = "02647-9;thừa;Phường Lào Cai;100;ONT;AD 200001;010050000010;Giàng A Páo\n"
    parcels = [parcel(number) for number in range(12)] + [parcel(12, area_m2="0"), parcel(13, land_type="XYZ")]
    drop(settings, PARCELS, "2026Q4.csv", rows_csv(PARCELS, parcels) + shifted)
    first = [resident(number) for number in range(20)] + [resident(3), resident(7, household_no="HK9")]
    first[5]["sex"] = "nam giới"
    mended = rows_csv(RESIDENTS, [resident(number) for number in range(19)])
    drop(settings, RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, first))
    drop(settings, RESIDENTS, "2026-10 sửa.csv", mended, at=1)
    drop(settings, RESIDENTS, "2026-10 bản sao.csv", mended, at=2)
    drop(settings, RESIDENTS, "2026-11.csv", "", at=3)
    drop(settings, COMPLETIONS, "2026-10.csv", rows_csv(COMPLETIONS, [learner(number) for number in range(10)]))
    more = [learner(number, result="Không đạt") for number in range(8, 13)]
    drop(settings, COMPLETIONS, "2026-10 bổ sung.csv", rows_csv(COMPLETIONS, more), at=1)


def picture(settings: Settings) -> Picture:
    """Everything that must not depend on whether a run was killed."""
    left = [path for folder in (settings.incoming(path) for path in datasets()) for path in folder.iterdir()]
    hidden = [path for root in (settings.home, settings.sources) for path in root.rglob(".*")]
    return {
        "ledger": ledger_rows(settings),
        "bronze": tables(settings.bronze),
        "vault": tables(settings.vault),
        "receipts": {path.name: receipt(path) for path in settings.sources.glob("*/*/receipts/*")},
        "archive": {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in settings.archive.glob("[!.]*")
        },
        "published": published_tables(settings),
        "leftovers": sorted(path.name for path in [*left, *hidden, *settings.temporary.iterdir()]),
    }


def ledger_rows(settings: Settings) -> dict[str, dict[str, Any]]:
    """All facts of all submissions, without what is of the file system (identity) and of the order of datasets."""
    with contextlib.closing(sqlite3.connect(settings.ledger)) as connection:
        connection.row_factory = sqlite3.Row
        rows = [dict(row) for row in connection.execute("select * from effective_submission")]
    apart = ("sequence", "file_identity")
    return {row["submission_id"]: {name: row[name] for name in row if name not in apart} for row in rows}


def tables(folder: Path) -> dict[str, Any]:
    """Every Parquet file below a folder: columns and rows."""
    found = {}
    for path in folder.rglob("*.parquet"):
        frame = pl.read_parquet(path)
        frame = frame.drop("sequence", strict=False)
        found[str(path.relative_to(folder))] = (frame.schema, sorted(map(repr, frame.iter_rows())))
    return found


def receipt(path: Path) -> Any:
    """What stands in a receipt: the JSON as a whole, of a workbook the checksums of its parts."""
    if path.suffix == ".json":
        return json.loads(path.read_text(encoding="utf-8"))
    with zipfile.ZipFile(path) as workbook:
        return {part.filename: part.CRC for part in workbook.infolist()}


def published_tables(settings: Settings) -> dict[str, Any] | None:
    """Rows of all published tables, and how many files stand beside the announced version."""
    published = current(settings)
    if published is None:
        return None
    with open_read_only(published.path) as connection:
        rows = {name: sorted(map(repr, connection.execute(f"from {name}").fetchall())) for name in published.tables}
    others = {path.name for path in published.folder.iterdir()} - {published.file, "current.json"}
    return {"rows": rows, "other files": len(others)}


# --- the processes ----------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Executes an order in children of a warm process (see crash_runner.py)."""
    environment = {**os.environ, "POLARS_MAX_THREADS": "1", "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, crash_runner.__file__]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        sending, answers = process.stdin, process.stdout

        def execute(home: Settings, **order: Any) -> list[int]:
            sending.write(json.dumps({"home": str(home.home), **order}) + "\n")
            sending.flush()
            statuses: list[int] = json.loads(answers.readline())
            return statuses

        yield execute
        process.stdin.close()


def home_at(folder: Path) -> Settings:
    """A home with all files handed in."""
    settings = Order(home=str(folder)).settings
    hand_in_everything(settings)
    return settings


@pytest.fixture(scope="module")
def never_killed(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home in which one run went through."""
    settings = home_at(tmp_path_factory.mktemp("never-killed"))
    assert run(settings) == [0]
    return settings


@pytest.fixture(scope="module")
def expected(never_killed: Settings) -> Picture:
    """What every home must look like in the end."""
    return picture(never_killed)


# --- the claims -------------------------------------------------------------------------------------------
def test_the_run_that_all_others_are_compared_with_did_what_it_should(never_killed: Settings) -> None:
    found = {
        (each.dataset, each.file_name): (each.verdict, each.rows_accepted, each.rows_rejected, each.rows_ignored)
        for each in Ledger(never_killed.ledger).all()
    }
    assert found == {
        ("land/parcels", "2026Q4.csv"): ("partly", 12, 3, 1),
        ("population/residents", "2026-10.csv"): ("partly", 18, 3, 2),
        ("population/residents", "2026-10 sửa.csv"): ("accepted", 19, 0, 1),
        ("population/residents", "2026-10 bản sao.csv"): ("duplicate", 0, 0, 0),
        ("population/residents", "2026-11.csv"): ("refused", 0, 0, 0),
        ("training/completions", "2026-10.csv"): ("accepted", 10, 0, 1),
        ("training/completions", "2026-10 bổ sung.csv"): ("accepted", 5, 0, 1),
    }
    seen = picture(never_killed)
    assert {name: len(rows) for name, rows in seen["published"]["rows"].items()} == {
        "core.land_parcels": 12,
        "core.population_residents": 19,
        "core.training_completions": 15,
    }
    assert seen["leftovers"] == []
    assert len(seen["receipts"]) == 2 * 7
    assert all(name == digest for name, digest in seen["archive"].items())


#: Of the points that a file passes, the third file (the correction) dies; the vault's renames are three a file.
OCCURRENCES = {
    "key made, its temporary name not yet removed": 1,
    "between the renames of keeping": 8,
    "export for dbt half done": 1,
    "before the publication's copy": 1,
    "copied, not renamed": 1,
    "before current.json": 1,
    "current.json half done": 1,
}
WORKBOOK = "workbook read, not yet recognised"
DEATHS = [(point, OCCURRENCES.get(point, 3)) for point in crash_runner.POINTS if point != WORKBOOK]
#: The copy, which has no rows, and the empty file, which has no stage.
DEATHS += [("before the commit", 4), ("after the commit", 4), ("after the commit", 5), ("removed, not marked", 5)]


@pytest.mark.parametrize(("point", "occurrence"), DEATHS)
def test_a_run_killed_at_a_named_point_is_made_good_by_the_next(
    run: Run, expected: Picture, tmp_path: Path, point: str, occurrence: int
) -> None:
    settings = home_at(tmp_path)
    assert run(settings, point=point, occurrence=occurrence) == [KILLED]
    assert run(settings) == [0]
    assert picture(settings) == expected


def test_a_run_killed_while_a_workbook_is_read_is_made_good_by_the_next(run: Run, tmp_path: Path) -> None:
    content = rows_xlsx(tmp_path, PARCELS, [parcel(number) for number in range(5)])
    pictures = []
    for name, deaths in (("killed", [KILLED]), ("not killed", [])):
        settings = Order(home=str(tmp_path / name)).settings
        for declaration in (RESIDENTS, COMPLETIONS):
            settings.incoming(declaration.path).mkdir(parents=True)
        drop(settings, PARCELS, "2026Q4.xlsx", content)
        assert [run(settings, point=WORKBOOK)[0] for _ in deaths] == deaths
        assert run(settings) == [0]
        pictures.append(picture(settings))
    assert pictures[0] == pictures[1]
    assert [row["verdict"] for row in pictures[0]["ledger"].values()] == ["accepted"]


def test_runs_killed_at_random_moments_come_to_the_same_end(run: Run, expected: Picture, tmp_path: Path) -> None:
    """At least twenty kills, in as many homes as it takes; every home must get there within thirty runs."""
    moments = random.Random(2026)
    kills = homes = 0
    while kills < 20:
        homes += 1
        settings = home_at(tmp_path / f"home{homes}")
        statuses = [KILLED]
        while statuses[-1] == KILLED and len(statuses) < 30:
            statuses += run(settings, share=moments.uniform(0.02, 1.1))
        kills += statuses[1:].count(KILLED)
        assert statuses[-1] == 0
        assert picture(settings) == expected


def test_two_processes_that_take_in_everything_at_once_take_each_file_in_once(
    run: Run, expected: Picture, tmp_path: Path
) -> None:
    settings = home_at(tmp_path)
    assert run(settings, parallel=2) == [0, 0]  # BusyError is the only exception that they expect
    seen = picture(settings)
    compared = ("ledger", "vault", "receipts", "archive", "leftovers")
    assert {name: seen[name] for name in compared} == {name: expected[name] for name in compared}
    written = {name: rows for name, rows in expected["bronze"].items() if name in seen["bronze"]}
    assert seen["bronze"] == written


@pytest.mark.parametrize(
    ("swap", "point", "occurrence", "noticed"),
    [
        ("removes before the commit", "removed, not marked", 1, {"ledger", "bronze", "receipts", "published"}),
        ("commits before keeping", "between the renames of keeping", 8, {"vault"}),
        ("marks receipts before writing", "receipt's workbook half done", 3, {"receipts", "leftovers"}),
    ],
)
def test_the_comparison_notices_steps_in_a_wrong_order(
    run: Run, expected: Picture, tmp_path: Path, swap: str, point: str, occurrence: int, noticed: set[str]
) -> None:
    settings = home_at(tmp_path)
    assert run(settings, swap=swap, point=point, occurrence=occurrence) == [KILLED]
    assert run(settings) == [0]
    seen = picture(settings)
    assert {name for name in expected if seen[name] != expected[name]} == noticed
