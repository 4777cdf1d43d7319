"""Whatever kills a run, and wherever: the next run ends as if nothing had happened.

A child process takes in the files of three datasets (mistakes, repeated rows, a correction, a copy, an empty file),
builds and publishes, and is killed; a second one runs to its end. Ledger, bronze, vault, receipts, folders and the
published tables must then be those of a home that was never killed. The controls at the end swap two steps and show
that this comparison notices it.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from orchestration.intake.ledger import Ledger
from orchestration.settings import Settings
from tests import crash_runner
from tests.crash_homes import KILLED, SWAPPED, Picture, Run, home_at, picture
from tests.crash_runner import Order
from tests.office import COMPLETIONS, PARCELS, RESIDENTS, drop, parcel, rows_xlsx

pytestmark = pytest.mark.xdist_group("crash")  # one warm process and one home that was never killed


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
    assert {name: len(rows) for name, rows in seen["published"]["rows"].items() if rows} == {
        "core.land_parcels": 12,
        "core.population_residents": 19,
        "core.training_completions": 15,
    }
    assert seen["leftovers"] == []
    assert len(seen["receipts"]) == 3 * 7
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
    """At least eight kills, in as many homes as it takes, each within thirty runs; ``make soak`` does hundreds."""
    moments = random.Random(2026)
    kills = homes = 0
    while kills < 8:
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


@pytest.mark.parametrize(("swap", "point", "occurrence", "noticed"), SWAPPED)
def test_the_comparison_notices_steps_in_a_wrong_order(
    run: Run, expected: Picture, tmp_path: Path, swap: str, point: str, occurrence: int, noticed: set[str]
) -> None:
    settings = home_at(tmp_path)
    assert run(settings, swap=swap, point=point, occurrence=occurrence) == [KILLED]
    assert run(settings) == [0]
    seen = picture(settings)
    assert {name for name in expected if seen[name] != expected[name]} == noticed
