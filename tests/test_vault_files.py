"""The vault at rest: what lies on the disk says nothing without the key, and nothing is lost with it."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from orchestration.doctor import examine_home
from orchestration.intake import vault_files
from orchestration.intake.bronze import bronze_file, vault_file
from orchestration.intake.keys import KeyFileError, keys_in, make_key, new_key, write_keys
from orchestration.intake.take_in import take_in_dataset
from orchestration.privacy.rotation import encrypt_all
from orchestration.settings import Settings
from tests.conftest import Drop, HandIn
from tests.office import RESIDENTS, resident, rows_csv

ROWS = [resident(number) for number in range(6)]
BAD = {**resident(9), "commune": "không đúng"}


def vault_of(settings: Settings) -> list[Path]:
    return sorted(settings.vault.glob("*/*.parquet"))


@pytest.fixture
def filled(settings: Settings, hand_in: HandIn) -> Settings:
    """A home with two files, the second of which changes a row and returns another."""
    hand_in(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, ROWS))
    hand_in(RESIDENTS, "2026-10 sửa.csv", rows_csv(RESIDENTS, [resident(0, full_name="Tên Mới"), *ROWS[1:], BAD]))
    return settings


def plain(settings: Settings) -> list[pl.DataFrame]:
    """Turn every vault file into one as an older kho wrote them; returns their rows."""
    frames = []
    for file in vault_of(settings):
        frames.append(vault_files.read(settings, file))
        frames[-1].write_parquet(file)
    return frames


def test_no_file_of_the_vault_opens_without_the_key(filled: Settings) -> None:
    kinds = sorted(file.name.partition(".")[2] for file in vault_of(filled))
    assert kinds == [
        "changes.parquet",
        "findings.parquet",
        "findings.parquet",
        *["parquet"] * 2,
        *["returned.parquet"] * 2,
    ]
    for file in vault_of(filled):
        with pytest.raises(OSError, match="encrypt"):
            pq.read_table(file)
        assert not any(
            word in file.read_bytes()
            for word in (b"citizen_id", b"full_name", b"source_row", BAD["citizen_id"].encode())
        )


def test_a_staged_file_is_encrypted_before_it_has_its_name(
    settings: Settings, drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that is killed leaves its stage behind until the next one."""
    drop(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, [*ROWS, BAD]))
    monkeypatch.setattr(
        "orchestration.intake.stage.Stage.keep", lambda _: os.kill(os.getpid(), 0) or (_ for _ in ()).throw(OSError)
    )
    monkeypatch.setattr("orchestration.intake.stage.shutil.rmtree", lambda *_, **__: None)
    with pytest.raises(OSError):
        take_in_dataset(settings, RESIDENTS)
    left = [file for file in settings.temporary.rglob("*.parquet") if file.name != "bronze.parquet"]
    assert len(left) == 3
    assert [file for file in left if vault_files.is_plain(file)] == []


def test_a_file_in_the_place_of_another_does_not_open(filled: Settings) -> None:
    one, other = (file for file in vault_of(filled) if file.name.count(".") == 1)
    other.write_bytes(one.read_bytes())
    with pytest.raises(KeyFileError, match=r"vault\.key"):
        vault_files.read(filled, other)


def test_a_missing_key_is_not_made_anew_where_the_vault_needs_it(filled: Settings, drop: Drop) -> None:
    kept = filled.vault_key.read_text()
    filled.vault_key.unlink()
    path = drop(RESIDENTS, "2026-11.csv", rows_csv(RESIDENTS, ROWS))
    with pytest.raises(KeyFileError, match="restore it from its backup"):
        take_in_dataset(filled, RESIDENTS)
    assert path.exists()
    cures = {each.what: each.cure for each in examine_home(filled)}
    assert cures["vault.key"] == "restore vault.key from its backup before the next run"
    write_keys(filled.vault_key, kept)
    assert [each.verdict for each in take_in_dataset(filled, RESIDENTS)] == ["accepted"]


@pytest.mark.parametrize("content", ["", "abcd", "không phải khóa", "\n".join(["a" * 64] * 3)])
def test_a_damaged_key_stops_the_intake_and_refuses_no_file(settings: Settings, drop: Drop, content: str) -> None:
    settings.home.mkdir()
    settings.vault_key.write_text(content)
    path = drop(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, ROWS))
    with pytest.raises(KeyFileError, match=r"vault\.key does not hold a key"):
        take_in_dataset(settings, RESIDENTS)
    assert path.exists()
    assert {each.what: each.found for each in examine_home(settings)}.get("vault.key", "damaged") == "damaged"


def test_the_vaults_of_an_older_kho_are_read_and_encrypted(filled: Settings) -> None:
    rows = plain(filled)
    assert [vault_files.read(filled, file).equals(each) for file, each in zip(vault_of(filled), rows, strict=True)] == [
        True
    ] * 7
    assert {each.what: each.cure for each in examine_home(filled)}["vault"] == "run kho rebuild"
    assert (encrypt_all(filled), encrypt_all(filled)) == (7, 0)
    assert [file for file in vault_of(filled) if vault_files.is_plain(file)] == []
    assert [vault_files.read(filled, file).equals(each) for file, each in zip(vault_of(filled), rows, strict=True)] == [
        True
    ] * 7
    assert {file.stat().st_mode & 0o777 for file in vault_of(filled)} == {0o600}
    assert sorted(path for path in filled.vault.rglob("*") if path.is_file()) == vault_of(filled)


def test_changes_are_found_against_a_plain_vault_as_against_an_encrypted_one(
    settings: Settings, hand_in: HandIn
) -> None:
    hand_in(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, ROWS))
    plain(settings)
    changed = hand_in(RESIDENTS, "2026-10 sửa.csv", rows_csv(RESIDENTS, [resident(0, full_name="Tên Mới"), *ROWS[1:]]))
    assert changed.details["changes"]["columns"] == {"full_name": 1}
    lines = vault_files.read(settings, vault_file(settings, RESIDENTS, changed.submission_id, "changes"))
    assert lines["after"].to_list() == ["Tên Mới"]


def test_both_keys_open_files_while_one_replaces_the_other(filled: Settings) -> None:
    """Files under the old key stay readable, new ones are written under the new one."""
    before, (old,) = [vault_files.read(filled, file) for file in vault_of(filled)], keys_in(filled.vault_key)
    write_keys(filled.vault_key, new := new_key(), old)
    vault_files.rewrite(filled, vault_of(filled)[0])
    assert [
        vault_files.read(filled, file).equals(each) for file, each in zip(vault_of(filled), before, strict=True)
    ] == [True] * 7
    assert encrypt_all(filled) == 6
    write_keys(filled.vault_key, new)
    assert [
        vault_files.read(filled, file).equals(each) for file, each in zip(vault_of(filled), before, strict=True)
    ] == [True] * 7


def test_rows_are_taken_out_of_a_vault_file_and_the_others_stay(filled: Settings) -> None:
    file = next(file for file in vault_of(filled) if file.name.count(".") == 1)
    before = vault_files.read(filled, file)
    gone = vault_files.rewrite(filled, file, keep=pl.col("citizen_id") != ROWS[2]["citizen_id"])
    assert gone == 1
    assert vault_files.read(filled, file).equals(before.filter(pl.col("citizen_id") != ROWS[2]["citizen_id"]))
    assert vault_files.rewrite(filled, file, keep=pl.lit(False)) == before.height - 1
    assert (vault_files.count(filled, file), vault_files.names(filled, file)) == (0, before.columns)


def test_bronze_stays_plain_for_dbt(filled: Settings) -> None:
    for file in filled.bronze.glob("*/????????????????.parquet"):
        assert bronze_file(filled, RESIDENTS, file.stem) == file
        assert pq.read_table(file).num_rows == 6


def test_the_key_file_of_the_vault_is_for_its_owner_only(settings: Settings) -> None:
    make_key(settings, settings.vault_key)
    assert settings.vault_key.stat().st_mode & 0o777 == 0o600
    (key,) = vault_files.vault_keys(settings)
    make_key(settings, settings.vault_key)
    assert vault_files.vault_keys(settings) == (key,)
