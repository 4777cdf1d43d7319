"""A backup holds what can't be made anew, is proved whole, and a home that was lost comes back from it."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from orchestration import cli
from orchestration.backup import BackupError, back_up, backups, chosen, damages, restore
from orchestration.intake.bronze import bronze_file
from orchestration.intake.ledger import Ledger
from orchestration.intake.retake import retake
from orchestration.settings import Settings
from schemas import dataset
from tests.conftest import HandIn
from tests.office import COMPLETIONS, RESIDENTS, learner, resident, rows_csv


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "another disk" / "backups"


@pytest.fixture
def handed_in(hand_in: HandIn) -> list[str]:
    """Verdicts of the files of a first day: one accepted, one refused, one of another department."""
    residents = rows_csv(RESIDENTS, [resident(number) for number in range(5)])
    learners = rows_csv(COMPLETIONS, [learner(number) for number in range(3)])
    files = (
        (RESIDENTS, "2026-10.csv", residents),
        (RESIDENTS, "2026-09.csv", "?"),
        (COMPLETIONS, "2026-10.csv", learners),
    )
    return [hand_in(*file).verdict for file in files]


def bronze(settings: Settings) -> dict[str, list[tuple]]:
    """The bronze rows of every submission that has some."""
    rows = {}
    for each in Ledger(settings.ledger).all():
        if each.rows_accepted:
            rows[each.submission_id] = pl.read_parquet(
                bronze_file(settings, dataset(each.dataset), each.submission_id)
            ).rows()
    return rows


def test_a_lost_home_comes_back_with_the_same_ledger_archive_keys_and_rows(
    settings: Settings, handed_in: list[str], folder: Path, tmp_path: Path
) -> None:
    assert handed_in == ["accepted", "refused", "accepted"]
    ledger, rows, key = Ledger(settings.ledger).all(), bronze(settings), settings.pseudonym_key.read_text()
    originals = {path.name: path.read_bytes() for path in settings.archive.iterdir()}
    back_up(settings, folder)
    shutil.rmtree(settings.home)
    new = settings.model_copy(update={"home": tmp_path / "new home"})
    restore(new, folder, chosen(folder))
    assert Ledger(new.ledger).all() == ledger
    assert {path.name: path.read_bytes() for path in new.archive.iterdir()} == originals
    assert new.pseudonym_key.read_text() == key
    for each in ledger:
        if each.rows_accepted:
            assert retake(new, dataset(each.dataset), each) is not None
    assert bronze(new) == rows
    assert {oct(path.stat().st_mode & 0o777) for path in (new.ledger, new.pseudonym_key)} == {"0o600"}


def test_a_second_backup_copies_what_is_new_and_the_first_can_still_be_restored(
    settings: Settings, handed_in: list[str], hand_in: HandIn, folder: Path, tmp_path: Path
) -> None:
    first = back_up(settings, folder)
    old = {path: path.stat().st_mtime_ns for path in (folder / "archive").iterdir()}
    hand_in(RESIDENTS, "2026-11.csv", rows_csv(RESIDENTS, [resident(7)]))
    second = back_up(settings, folder)
    assert [each.name for each in backups(folder)] == [first.name, second.name]
    assert (len(first.archive), len(second.archive)) == (3, 4)
    assert {path: path.stat().st_mtime_ns for path in old} == old
    earlier = settings.model_copy(update={"home": tmp_path / "earlier"})
    restore(earlier, folder, chosen(folder, first.name))
    assert len(Ledger(earlier.ledger).all()) == 3


def test_a_snapshot_is_whole_while_the_intake_writes(settings: Settings, handed_in: list[str], folder: Path) -> None:
    writer = sqlite3.connect(settings.ledger, isolation_level=None)
    writer.execute("begin immediate")
    writer.execute("delete from submission")
    made = back_up(settings, folder)
    writer.execute("rollback")
    writer.close()
    with sqlite3.connect(folder / "ledger" / f"{made.name}.sqlite") as snapshot:
        assert snapshot.execute("select count(*) from submission").fetchone() == (3,)
        assert snapshot.execute("pragma integrity_check").fetchone() == ("ok",)


def test_damage_is_found_and_a_damaged_backup_is_not_restored(
    settings: Settings, handed_in: list[str], folder: Path, tmp_path: Path
) -> None:
    made = back_up(settings, folder)
    assert list(damages(folder, made)) == []
    first, second, _ = (folder / "archive" / each for each in made.archive)
    first.write_bytes(first.read_bytes() + b"x")
    second.unlink()
    assert sorted(damages(folder, made)) == sorted([f"{first} is damaged", f"{second} is missing"])
    new = settings.model_copy(update={"home": tmp_path / "new home"})
    with pytest.raises(BackupError, match="is damaged"):
        restore(new, folder, made)
    assert not new.ledger.exists()
    back_up(settings, folder)  # what is missing is copied again; what is damaged is told by --verify
    assert list(damages(folder, made)) == [f"{first} is damaged"]


def test_a_damaged_original_is_not_backed_up_as_if_it_were_whole(
    settings: Settings, handed_in: list[str], folder: Path
) -> None:
    original = next(settings.archive.iterdir())
    original.chmod(0o600)
    original.write_bytes(b"rotten")
    with pytest.raises(BackupError, match="not those that were taken in"):
        back_up(settings, folder)
    assert backups(folder) == []
    assert not (folder / "archive" / original.name).exists()


def test_a_home_with_a_ledger_another_province_and_a_folder_within_the_home_are_refused(
    settings: Settings, handed_in: list[str], folder: Path, tmp_path: Path
) -> None:
    made = back_up(settings, folder)
    with pytest.raises(BackupError, match="has a ledger of its own"):
        restore(settings, folder, made)
    other = settings.model_copy(update={"home": tmp_path / "other", "province": "01"})
    with pytest.raises(BackupError, match="province 15"):
        restore(other, folder, made)
    with pytest.raises(BackupError, match="another disk"):
        back_up(settings, settings.home / "backups")
    with pytest.raises(BackupError, match="nothing to back up"):
        back_up(other, folder)


def test_the_commands_make_list_prove_and_restore(
    settings: Settings, handed_in: list[str], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestration.commands.backup.settings", lambda: settings)
    run = CliRunner().invoke
    made = run(cli.app, ["backup", str(folder)])
    assert made.exit_code == 0
    assert "3 files, the ledger and 2 keys" in made.stdout
    name = chosen(folder).name
    assert run(cli.app, ["backup", str(folder), "--list"]).stdout.startswith(f"{name}  3 files")
    assert f"{name}: 3 files, 0 missing or damaged" in run(cli.app, ["backup", str(folder), "--verify"]).stdout
    next((folder / "archive").iterdir()).unlink()
    proved = run(cli.app, ["backup", str(folder), "--verify"])
    assert proved.exit_code == 1
    assert "3 files, 1 missing or damaged" in proved.stdout
    run(cli.app, ["backup", str(folder)])
    new = settings.model_copy(update={"home": tmp_path / "new home"})
    monkeypatch.setattr("orchestration.commands.backup.settings", lambda: new)
    restored = run(cli.app, ["restore", str(folder), "--name", name])
    assert restored.exit_code == 0
    assert "now: kho rebuild" in restored.stdout
