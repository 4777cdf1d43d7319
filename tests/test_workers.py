"""Files that are taken in side by side become what they become one after the other; a run that ends leaves no process."""

from __future__ import annotations

import json
import multiprocessing
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from orchestration.intake import vault_files, workers
from orchestration.intake.discover import stable_files
from orchestration.intake.ledger import Ledger
from orchestration.intake.take_in import is_waiting, sweep, take_in_dataset, workers_for
from orchestration.settings import PROJECT, Settings
from tests.conftest import Drop
from tests.office import PARCELS, RESIDENTS, parcel, resident, rows_csv, rows_xlsx

BOTH = (PARCELS, RESIDENTS)
#: Two files that follow each other say the same, one replaces another, one repeats what was replaced, two are no table.
FIRST = [resident(1), resident(2), resident(3, sex="?")]
SECOND = [resident(1), resident(2), resident(4)]
MISSPELT = [resident(5, full_name="Lò Thị A.", citizen_id="12345"), resident(6)]


@pytest.fixture
def side_by_side(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Two files are worth two workers; receipts have a marked copy, made by a child of the worker."""
    monkeypatch.setattr(workers, "WORTH_FILES", 1)
    return settings.model_copy(update={"intake_processes": 2, "marked_whole": 100})


def hand_in(drop: Drop, folder: Path) -> None:
    """Nine files of two datasets; the workbook has the time at which it was made in it, so it is made once."""
    workbook = folder / "made once.xlsx"
    if not workbook.exists():
        workbook.write_bytes(rows_xlsx(folder, RESIDENTS, MISSPELT))
    first, second = rows_csv(RESIDENTS, FIRST), rows_csv(RESIDENTS, SECOND)
    drop(RESIDENTS, "2026-09.csv", first)
    drop(RESIDENTS, "2026-09 lại.csv", first)
    drop(RESIDENTS, "2026-09 sửa.csv", second)
    drop(RESIDENTS, "2026-09 cũ.csv", first)
    drop(RESIDENTS, "2026-10.xlsx", workbook.read_bytes())
    drop(RESIDENTS, "2026-11.csv", "a;b\n1;2\n")
    drop(RESIDENTS, "2026-12.csv", b"PK\x03\x04 broken")
    drop(PARCELS, "2026-09.csv", rows_csv(PARCELS, [parcel(1), parcel(2, area_m2="nhiều")]))
    drop(PARCELS, "2026-10.csv", rows_csv(PARCELS, [parcel(1), parcel(3)]))


def outcome(settings: Settings) -> dict[str, Any]:
    """All that a home knows and its officers have: the ledger, bronze, the vault, the receipts."""
    facts: dict[str, Any] = {}
    for each in Ledger(settings.ledger).all():
        kept = {name: value for name, value in vars(each).items() if name != "file_identity"}
        facts[f"{each.dataset} {each.sequence}"] = kept
    for file in sorted(settings.bronze.rglob("*.parquet")):
        facts[str(file.relative_to(settings.home))] = pl.read_parquet(file).to_dicts()
    for file in sorted(settings.vault.rglob("*.parquet")):
        facts[str(file.relative_to(settings.home))] = vault_files.read(settings, file).to_dicts()
    for file in sorted(settings.sources.rglob("receipts/*")):
        text = file.read_text(encoding="utf-8") if file.suffix != ".xlsx" else ""
        facts[str(file.relative_to(settings.sources))] = json.loads(text) if file.suffix == ".json" else text
    return facts


def left(settings: Settings) -> list[Path]:
    """What lies where nothing should lie when a run has ended."""
    waiting = [file for each in BOTH for file in settings.incoming(each.path).iterdir() if file.is_file()]
    return [*waiting, *settings.temporary.iterdir(), *settings.archive.glob(".*")]


def take_in_all(settings: Settings, **named: Any) -> list[str]:
    """One run; the verdicts, as recorded."""
    with workers_for(settings, BOTH) as crew:
        taken = [each for one in BOTH for each in take_in_dataset(settings, one, workers=crew, **named)]
    assert multiprocessing.active_children() == []
    return [each.verdict for each in taken]


def test_side_by_side_every_file_becomes_what_it_becomes_alone(
    side_by_side: Settings, drop: Drop, tmp_path: Path
) -> None:
    alone = side_by_side.model_copy(update={"home": tmp_path / "alone", "intake_processes": 1})
    results = []
    for settings in (alone, side_by_side):
        hand_in(drop, tmp_path)
        verdicts = take_in_all(settings)
        results.append((verdicts, outcome(settings)))
        assert left(settings) == []
        for receipt in settings.sources.rglob("receipts/*"):
            receipt.unlink()
        if settings is alone:
            side_by_side.home.mkdir()
            shutil.copy(alone.pseudonym_key, side_by_side.pseudonym_key)
    residents = ["partly", "duplicate", "accepted", "waiting", "partly", "refused", "refused"]
    assert results[0][0] == ["partly", "accepted", *residents]
    one_by_one, both_at_once = results[0][1], results[1][1]
    assert {key: both_at_once.get(key) for key, value in one_by_one.items() if both_at_once.get(key) != value} == {}
    assert (results[1][0], both_at_once.keys()) == (results[0][0], one_by_one.keys())


def test_a_worker_that_is_killed_costs_no_file(
    side_by_side: Settings, drop: Drop, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hand_in(drop, tmp_path)

    def kill(name: str) -> None:
        if name == "2026-09 sửa.csv":
            for each in multiprocessing.active_children():
                each.kill()
                each.join()

    assert len(take_in_all(side_by_side, on_file=kill)) == 9
    assert caplog.text.count("a process of the intake has died") == 1
    sweep(side_by_side)  # as every run does before it begins
    assert left(side_by_side) == []
    assert len(list(side_by_side.receipts(RESIDENTS.path).glob("*.xlsx"))) == 7


def test_a_run_that_is_killed_takes_its_workers_with_it(side_by_side: Settings, drop: Drop, tmp_path: Path) -> None:
    """They hold its output, which ends when the last of them has ended."""
    hand_in(drop, tmp_path)
    told = side_by_side.model_dump_json(exclude={"postgres"})
    with subprocess.Popen([sys.executable, "-c", _STUCK, told], stdout=subprocess.PIPE, cwd=PROJECT, text=True) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "2 workers\n"
        run.kill()
        assert run.stdout.read() == ""
    assert len(take_in_all(side_by_side)) == 9


_STUCK = """
import multiprocessing, sys, threading
from orchestration.intake import workers
from orchestration.intake.discover import stable_files
from orchestration.intake.take_in import take_in_dataset, workers_for
from orchestration.settings import Settings
from schemas import dataset

def stop(name):
    print(len(multiprocessing.active_children()), "workers", flush=True)
    threading.Event().wait()

if __name__ == "__main__":
    workers.WORTH_FILES = 1
    settings, one = Settings.model_validate_json(sys.argv[1]), dataset("population/residents")
    with workers_for(settings, [one]) as crew:
        crew.looked_into(one, stable_files(settings, one.path)[0])
        take_in_dataset(settings, one, on_file=stop, workers=crew)
"""


def test_what_a_worker_cannot_write_is_raised_at_the_end_and_the_files_stay(
    side_by_side: Settings, drop: Drop, tmp_path: Path
) -> None:
    hand_in(drop, tmp_path)
    side_by_side.home.mkdir()
    side_by_side.temporary.write_text("no folder")
    with pytest.raises(OSError, match="tmp"):
        take_in_all(side_by_side)
    assert is_waiting(side_by_side, PARCELS)
    side_by_side.temporary.unlink()
    sweep(side_by_side)  # as every run does before it begins
    assert len(take_in_all(side_by_side)) == 9
    assert left(side_by_side) == []


def test_files_whose_turn_has_not_come_wait_for_the_next_one(
    side_by_side: Settings, drop: Drop, tmp_path: Path
) -> None:
    hand_in(drop, tmp_path)
    hasty = side_by_side.model_copy(update={"dataset_seconds": 0.0})
    assert take_in_all(hasty) == ["partly", "partly"]
    assert list(hasty.temporary.iterdir()) == []
    assert len(take_in_all(side_by_side)) == 7


def test_few_files_are_worth_no_process(settings: Settings, drop: Drop) -> None:
    for number in range(1, workers.WORTH_FILES + 1):
        drop(RESIDENTS, f"2026-{number:02}.csv", rows_csv(RESIDENTS, [resident(number)]))
    with workers_for(settings.model_copy(update={"intake_processes": 2}), BOTH) as crew:
        first, *_ = stable_files(settings, RESIDENTS.path)
        assert crew.looked_into(RESIDENTS, first) is None
        assert multiprocessing.active_children() == []
