"""Which files of an incoming folder are taken in, and when."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from orchestration.intake.discover import incoming_files, skipped_files, stable_files, waiting_files
from orchestration.intake.take_in import take_in_dataset
from orchestration.settings import Settings
from tests.conftest import Drop
from tests.office import RESIDENTS, resident, rows_csv

DATASET = RESIDENTS.path
SKIPPED_QUIETLY = ["~$2026-10.xlsx", ".2026-10.csv", ".~lock.2026-10.ods#", ".DS_Store"]
SKIPPED = ["Thumbs.db", "THUMBS.DB", "desktop.ini", "2026-10.csv.part", "2026-10.xlsx.crdownload", "a.TMP", "b.partial"]


@pytest.fixture
def folder(settings: Settings) -> Path:
    path = settings.incoming(DATASET)
    path.mkdir(parents=True)
    return path


def names(paths: list[Path]) -> list[str]:
    return [path.name for path in paths]


def test_a_folder_that_is_not_there_holds_no_files(settings: Settings) -> None:
    assert (incoming_files(settings, DATASET), waiting_files(settings, DATASET), skipped_files(settings, DATASET)) == (
        [],
        [],
        [],
    )


def test_what_no_officer_handed_in_is_skipped_and_what_may_surprise_is_named(settings: Settings, folder: Path) -> None:
    for name in [*SKIPPED_QUIETLY, *SKIPPED, "2026-10.csv", "2026-11.XLSX", "không đuôi", "~2026.csv", "a$b.csv"]:
        (folder / name).write_text("x")
    (folder / "thư mục").mkdir()
    (folder / "thư mục" / "2026-12.csv").write_text("x")
    (folder / "link.csv").symlink_to(folder / "2026-10.csv")
    (folder / "nowhere.csv").symlink_to(folder / "gone.csv")
    os.mkfifo(folder / "pipe.csv")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(folder)  # the path of a socket may have 108 bytes
        server.bind("socket.csv")
        os.chdir(here)
    taken = {"2026-10.csv", "2026-11.XLSX", "không đuôi", "~2026.csv", "a$b.csv"}
    assert set(names(waiting_files(settings, DATASET))) == taken
    surprising = {"thư mục", "link.csv", "nowhere.csv", "pipe.csv", "socket.csv", *SKIPPED}
    assert set(names(skipped_files(settings, DATASET))) == surprising


def test_what_is_skipped_is_neither_read_nor_removed(settings: Settings, folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_text(rows_csv(RESIDENTS, [resident(1)]))
    (folder / "2026-10.csv").symlink_to(outside)
    (folder / "~$2026-10.csv").write_text(outside.read_text())
    os.mkfifo(folder / "2026-11.csv")
    assert take_in_dataset(settings, RESIDENTS) == []
    assert len(list(folder.iterdir())) == 3
    assert not settings.archive.exists() or list(settings.archive.iterdir()) == []


def test_files_come_oldest_first_and_by_name_where_they_are_of_one_age(settings: Settings, drop: Drop) -> None:
    for name in ("b.csv", "a.csv", "c.csv"):
        drop(RESIDENTS, name, "x")
    assert names(waiting_files(settings, DATASET)) == ["b.csv", "a.csv", "c.csv"]
    for path in waiting_files(settings, DATASET):
        os.utime(path, (1_793_500_000, 1_793_500_000))
    assert names(waiting_files(settings, DATASET)) == ["a.csv", "b.csv", "c.csv"]


@pytest.mark.parametrize(("age", "stable"), [(0.0, False), (4.0, False), (6.0, True), (-3600.0, True)])
def test_a_file_is_stable_once_nothing_was_written_to_it_for_so_long(
    settings: Settings, drop: Drop, age: float, stable: bool
) -> None:
    """A clock that runs ahead must not keep a file waiting for ever."""
    path = drop(RESIDENTS, "2026-10.csv", "x")
    moment = time.time() - age
    os.utime(path, (moment, moment))
    patient = settings.model_copy(update={"stable_seconds": 5.0})
    assert [each.path for each in stable_files(patient, DATASET)] == ([path] if stable else [])
    assert waiting_files(patient, DATASET) == [path]


def test_the_identity_of_a_file_changes_with_its_content_its_time_and_its_replacement(
    settings: Settings, drop: Drop, tmp_path: Path
) -> None:
    path = drop(RESIDENTS, "2026-10.csv", "x")

    def identity() -> str:
        (found,) = incoming_files(settings, DATASET)
        return found.identity

    seen = [identity()]
    assert identity() == seen[0]
    path.write_text("y")
    seen.append(identity())
    os.utime(path, (1, 1))
    seen.append(identity())
    other = tmp_path / "other"
    other.write_text("y")
    os.utime(other, (1, 1))
    other.replace(path)
    seen.append(identity())
    assert len(set(seen)) == 4


def test_a_file_that_goes_while_the_folder_is_listed_is_not_listed(
    settings: Settings, drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, stays = drop(RESIDENTS, "a.csv", "x"), drop(RESIDENTS, "b.csv", "x")
    real = Path.lstat

    def lstat(path: Path) -> os.stat_result:
        if path == gone:
            gone.unlink()
        return real(path)

    monkeypatch.setattr(Path, "lstat", lstat)
    assert waiting_files(settings, DATASET) == [stays]
