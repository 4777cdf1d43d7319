"""Erasure and retention: what went is nowhere any more, what stays still counts, and a break does no harm."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import openpyxl
import polars as pl
import pytest

from orchestration.backup import back_up, damages, restore
from orchestration.building.warehouse import built_from
from orchestration.intake import vault_files
from orchestration.intake.bronze import bronze_file, vault_file
from orchestration.intake.ledger import Submission
from orchestration.intake.privacy_records import PrivacyRecords
from orchestration.intake.pseudonyms import Pseudonymiser, pseudonym_key
from orchestration.privacy import erasure
from orchestration.privacy.erasure import erase, resume_erasures
from orchestration.privacy.persons import find
from orchestration.privacy.retention import expired, retain
from orchestration.settings import Settings
from schemas import dataset
from tests.conftest import HandIn
from tests.office import COMPLETIONS, PARCELS, RESIDENTS, learner, parcel, resident, rows_csv, table

PURPOSE = "request of the person, case 7"
ID = resident(5)["citizen_id"]
SPACED = f"{ID[:3]} {ID[3:]}"
NAME = resident(5)["full_name"]
CERTIFICATE = parcel(5)["certificate_no"]


@pytest.fixture
def files(settings: Settings, hand_in: HandIn) -> list[Submission]:
    """The person in a file, in the one that replaced it, beside a table, as an owner, in a returned and a refused row."""
    residents = [resident(number) for number in range(8)]
    learners = [learner(1), learner(5, citizen_id=SPACED, commune="không đúng")]
    book = _workbook(table(RESIDENTS, [resident(1), resident(2)]), hidden=ID)
    return [
        hand_in(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, residents)),
        hand_in(RESIDENTS, "2026-10 sửa.csv", rows_csv(RESIDENTS, [*residents[:7], resident(20)])),
        hand_in(RESIDENTS, "2026-09.xlsx", book),
        hand_in(PARCELS, "2026Q3.csv", rows_csv(PARCELS, [parcel(4), parcel(5)])),
        hand_in(COMPLETIONS, "2026-10.csv", rows_csv(COMPLETIONS, learners)),
        hand_in(COMPLETIONS, "không rõ kỳ.csv", rows_csv(COMPLETIONS, [learner(5)])),
        hand_in(COMPLETIONS, "2026-09.csv", rows_csv(COMPLETIONS, [learner(2)])),
    ]


def _workbook(cells: list[list[str]], *, hidden: str) -> bytes:
    """A workbook with a text on a hidden sheet, which the intake does not read."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in cells:
        sheet.append(row)
    notes = book.create_sheet("ghi chú")
    notes.sheet_state = "hidden"
    notes["A1"] = hidden
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _texts(settings: Settings) -> Iterator[tuple[str, bytes]]:
    """Every file of the home and of the departments' folders as whoever has all keys could read it."""
    for root in (settings.home, settings.sources):
        for path in sorted(each for each in root.rglob("*") if each.is_file()):
            if path.suffix == ".parquet":
                encrypted = path.is_relative_to(settings.vault)
                frame = vault_files.read(settings, path) if encrypted else pl.read_parquet(path)
                yield str(path), "\n".join(map(repr, frame.iter_rows())).encode()
            else:
                yield str(path), _unpacked(path)


def _unpacked(path: Path) -> bytes:
    if not zipfile.is_zipfile(path):
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        return b"".join(archive.read(name) for name in archive.namelist())


def _holding(settings: Settings, *values: str) -> list[tuple[str, str]]:
    return [(name, value) for name, content in _texts(settings) for value in values if value.encode() in content]


def _rows(settings: Settings, files: list[Submission]) -> list[tuple[int, int, int]]:
    """Rows of bronze, of the vault, and returned ones of every submission."""
    found = []
    for each in files:
        declaration, name = dataset(each.dataset), each.submission_id
        bronze = bronze_file(settings, declaration, name)
        vault, returned = (vault_file(settings, declaration, name, kind) for kind in ("", "returned"))
        rows = pl.read_parquet(bronze).height if bronze.exists() else 0
        found.append((rows, vault_files.count(settings, vault), vault_files.count(settings, returned)))
    return found


def test_nothing_of_an_erased_person_is_found_and_everybody_else_stays(
    settings: Settings, files: list[Submission]
) -> None:
    keyed = Pseudonymiser(pseudonym_key(settings))
    pseudonym = str(keyed.series(pl.Series("citizen_id", [ID]), RESIDENTS.columns["citizen_id"])[0])
    theirs = (ID, SPACED, NAME, CERTIFICATE, pseudonym)
    assert {value for _, value in _holding(settings, *theirs)} == {*theirs}
    assert _rows(settings, files) == [(8, 8, 0), (8, 8, 0), (2, 2, 0), (2, 2, 0), (1, 1, 1), (0, 0, 0), (1, 1, 0)]
    done = erase(settings, ID, PURPOSE)
    assert done.rows == {RESIDENTS.path: 2, PARCELS.path: 1, COMPLETIONS.path: 1}
    assert set(done.originals) == {each.file_sha256 for each in files[:6]}
    assert _holding(settings, *theirs) == []
    assert _rows(settings, files) == [(7, 7, 0), (7, 7, 0), (2, 2, 0), (1, 1, 0), (1, 1, 0), (0, 0, 0), (1, 1, 0)]
    assert [path.name for path in settings.archive.iterdir()] == [files[6].file_sha256]
    assert find(settings, ID, PURPOSE) == []


def test_rows_that_a_build_replaced_in_place_go_with_the_file_of_the_warehouse(
    settings: Settings, files: list[Submission]
) -> None:
    """The person stands in a file that was replaced: nothing of what counts changes, yet the next build is a whole one."""
    keyed = Pseudonymiser(pseudonym_key(settings))
    key = keyed.series(pl.Series([ID]), RESIDENTS.columns["citizen_id"])[0]
    with duckdb.connect(settings.warehouse) as connection:
        connection.execute("set force_compression = 'uncompressed'")
        connection.execute("create table replaced as select $1 || i as person from range(200000) as r (i)", [key])
        connection.execute("create table kept as select 1 as one")
        connection.execute("checkpoint")
        connection.execute("drop table replaced")
    assert key.encode() in settings.warehouse.read_bytes()
    erase(settings, ID, PURPOSE)
    assert not settings.warehouse.exists()
    assert built_from(settings) is None


def test_bronze_and_vault_still_stand_row_by_row_beside_each_other(settings: Settings, files: list[Submission]) -> None:
    erase(settings, ID, PURPOSE)
    keyed = Pseudonymiser(pseudonym_key(settings))
    bronze = pl.read_parquet(bronze_file(settings, RESIDENTS, files[0].submission_id))
    vault = vault_files.read(settings, vault_file(settings, RESIDENTS, files[0].submission_id))
    assert bronze["source_row"].to_list() == vault["source_row"].to_list() == [2, 3, 4, 5, 6, 8, 9]
    again = keyed.series(vault["citizen_id"], RESIDENTS.columns["citizen_id"])
    assert bronze["citizen_key"].to_list() == again.to_list()


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("step", ["_remove_rows", "hand_out_receipt"])
def test_an_erasure_that_is_broken_off_is_finished_without_the_id(
    settings: Settings, files: list[Submission], monkeypatch: pytest.MonkeyPatch, step: str, times: int
) -> None:
    work, calls = getattr(erasure, step), 0

    def breaks_off(*arguments: object) -> None:
        nonlocal calls
        calls += 1
        work(*arguments)
        if calls == times:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(erasure, step, breaks_off)
        erase(settings, ID, PURPOSE)
    assert _holding(settings, ID, NAME) != []
    resume_erasures(settings)
    assert _holding(settings, ID, SPACED, NAME, CERTIFICATE) == []
    assert PrivacyRecords(settings.ledger).unfinished_erasures() == []


def test_a_backup_keeps_what_has_no_original_any_more(
    settings: Settings, files: list[Submission], tmp_path: Path
) -> None:
    erase(settings, ID, PURPOSE)
    folder = tmp_path / "backup"
    made = back_up(settings, folder)
    assert made.archive == [files[6].file_sha256]
    assert list(damages(folder, made)) == []
    fresh = settings.model_copy(update={"home": tmp_path / "restored"})
    restore(fresh, folder, made)
    assert _rows(fresh, files[:6]) == _rows(settings, files[:6])  # the seventh comes from its original


def test_what_is_kept_too_long_is_shown_first_and_goes_only_when_told(
    settings: Settings, files: list[Submission]
) -> None:
    """Training is kept for five years, residents for ten: in 2032 the training of 2026 is over."""
    later = settings.model_copy(update={"now": datetime.datetime(2032, 1, 15, tzinfo=datetime.UTC)})
    over = [each for each in files if each.dataset == COMPLETIONS.path]
    assert {each.submission.submission_id for each in expired(later)} == {each.submission_id for each in over}
    assert len(list(settings.archive.iterdir())) == len(files)
    retain(later, "the time of 2026 is over")
    assert expired(later) == []
    assert {path.name for path in settings.archive.iterdir()} == {each.file_sha256 for each in files[:4]}
    assert _rows(settings, over) == [(1, 0, 0), (0, 0, 0), (1, 0, 0)]
    assert not list(settings.receipts(COMPLETIONS.path).glob("*.bien-nhan.*"))
    assert [each.kind for each in PrivacyRecords(settings.ledger).erasures()] == ["retain"]
