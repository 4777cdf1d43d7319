"""Restricted values stand in the vault only; the warehouse has keyed pseudonyms and years in their place."""

from __future__ import annotations

import hmac
import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from orchestration.intake import vault_files
from orchestration.intake.bronze import bronze_file, bronze_types, export_for_dbt, vault_file, vault_types
from orchestration.intake.folding import fold
from orchestration.intake.pseudonyms import Pseudonymiser, pseudonym_key
from orchestration.intake.take_in import take_in_dataset
from orchestration.settings import PROJECT, Settings
from schemas import Declaration, datasets
from tests.conftest import Drop, HandIn
from tests.office import COMPLETIONS, PARCELS, RESIDENTS, Row, learner, parcel, resident, rows_csv

CITIZEN_ID = RESIDENTS.columns["citizen_id"]
FULL_NAME = RESIDENTS.columns["full_name"]


# --- pseudonyms -------------------------------------------------------------------------------------------
@effort(deadline=None, derandomize=True)
@given(
    key=st.text(alphabet=st.characters(codec="utf-8")),
    values=st.lists(st.one_of(st.none(), st.text(alphabet=st.characters(codec="utf-8")))),
)
def test_a_pseudonym_is_half_of_an_hmac_sha256(key: str, values: list[str | None]) -> None:
    found = Pseudonymiser(key).series(pl.Series("id", values, dtype=pl.String), CITIZEN_ID)
    assert found.to_list() == [
        None if value is None else hmac.digest(key.encode(), value.encode(), "sha256")[:16].hex() for value in values
    ]


def test_a_name_has_one_pseudonym_however_it_is_written() -> None:
    names = ["Hoà Thị Thuý", "HÒA THỊ THÚY", "Hòa  Thị Thúy ", "Hoà Thị Thuỳ Đặng"]
    found = Pseudonymiser("key").series(pl.Series("name", names), FULL_NAME).to_list()
    assert found[0] == found[1] == found[2] == hmac.digest(b"key", b"hoa thi thuy", "sha256")[:16].hex()
    assert found[3] == hmac.digest(b"key", fold(names[3]).encode(), "sha256")[:16].hex() != found[0]


def test_pseudonyms_of_one_key_say_nothing_about_another() -> None:
    values = pl.Series("id", [f"0100900{number:05}" for number in range(100)])
    one, other = (set(Pseudonymiser(key).series(values, CITIZEN_ID)) for key in ("a" * 64, "b" * 64))
    assert (len(one), len(other), one & other) == (100, 100, set())


# --- the key ----------------------------------------------------------------------------------------------
def test_the_key_is_made_once_for_its_owner_only(settings: Settings) -> None:
    key = pseudonym_key(settings)
    assert re.fullmatch("[0-9a-f]{64}", key)
    assert pseudonym_key(settings) == key == settings.pseudonym_key.read_text()
    assert settings.pseudonym_key.stat().st_mode & 0o777 == 0o600
    assert settings.home.stat().st_mode & 0o777 == 0o700
    assert [path for path in settings.home.rglob("*") if path.is_file()] == [settings.pseudonym_key]


_KEY_OF = """
import sys
from pathlib import Path
from orchestration.intake.pseudonyms import pseudonym_key
from orchestration.settings import Settings
settings = Settings(home=Path(sys.argv[1]))
print("ready", flush=True)
input()
print(pseudonym_key(settings))
"""


def test_processes_that_make_the_key_at_the_same_moment_agree_on_one(settings: Settings) -> None:
    command = [sys.executable, "-c", _KEY_OF, str(settings.home)]
    pipe = subprocess.PIPE
    makers = [subprocess.Popen(command, cwd=PROJECT, stdin=pipe, stdout=pipe, text=True) for _ in range(3)]
    for maker in makers:
        assert maker.stdout is not None
        assert maker.stdout.readline() == "ready\n"
    for maker in makers:
        assert maker.stdin is not None
        maker.stdin.write("\n")
        maker.stdin.flush()
    keys = {maker.communicate(timeout=60)[0].strip() for maker in makers}
    assert keys == {settings.pseudonym_key.read_text()}
    assert [path for path in settings.home.rglob("*") if path.is_file()] == [settings.pseudonym_key]


@pytest.mark.parametrize("content", ["", "\n", "abcd", "không phải khóa"])
def test_a_key_file_without_a_whole_key_stops_the_intake(settings: Settings, drop: Drop, content: str) -> None:
    """An empty key would make pseudonyms that anybody can reverse, and other ones than before."""
    settings.home.mkdir()
    settings.pseudonym_key.write_text(content)
    path = drop(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, [resident(1)]))
    with pytest.raises(OSError, match=r"pseudonym\.key"):
        take_in_dataset(settings, RESIDENTS)
    assert path.exists()
    assert settings.pseudonym_key.read_text() == content


# --- the split --------------------------------------------------------------------------------------------
def canaries(declaration: Declaration, rows: list[Row]) -> set[str]:
    """Every restricted value of the rows, as it was handed in."""
    return {row[column.name] for column in declaration.restricted_columns for row in rows if row.get(column.name)}


def strings_in(settings: Settings, file: Path) -> set[str]:
    """Every text that stands anywhere in a Parquet file, of the vault or not."""
    frame = vault_files.read(settings, file)
    return {text for name in frame.columns for text in frame[name].cast(pl.String).drop_nulls()}


ROWS: dict[str, list[Row]] = {
    RESIDENTS.path: [
        resident(number, residence_type="Đã chết", death_date=f"{number:02}/01/2026") for number in range(1, 9)
    ],
    PARCELS.path: [parcel(number) for number in range(1, 9)],
    COMPLETIONS.path: [learner(number) for number in range(1, 9)],
}


@pytest.mark.parametrize("path", sorted(ROWS))
def test_no_restricted_value_stands_in_the_warehouse_part(settings: Settings, hand_in: HandIn, path: str) -> None:
    declaration, rows = datasets()[path], ROWS[path]
    bad = [{name: "không đúng" if name == "commune" else text for name, text in rows[0].items()}]
    bad[0]["citizen_id" if "citizen_id" in bad[0] else "owner_citizen_id"] = "010190123457"
    name = "2026Q4.csv" if declaration.period == "quarter" else "2026-10.csv"
    submission = hand_in(declaration, name, rows_csv(declaration, rows + bad))
    assert (submission.verdict, submission.rows_accepted, submission.rows_rejected) == ("partly", 8, 1)
    export_for_dbt(settings)

    planted = canaries(declaration, rows + bad)
    assert len(planted) > 8
    found = set().union(*(strings_in(settings, file) for file in settings.bronze.rglob("*.parquet")))
    assert not {canary for canary in planted for text in found if canary.lower() in text.lower()}
    raw = settings.ledger.read_bytes()
    assert not {canary for canary in planted if canary.encode() in raw}

    vault = strings_in(settings, vault_file(settings, declaration, submission.submission_id))
    ids = {row.get("citizen_id") or row["owner_citizen_id"] for row in rows}
    assert ids <= vault
    assert bad[0].get("citizen_id", bad[0].get("owner_citizen_id")) not in vault
    returned = strings_in(settings, vault_file(settings, declaration, submission.submission_id, "returned"))
    assert canaries(declaration, bad) <= returned


@pytest.mark.parametrize("path", sorted(ROWS))
def test_bronze_and_vault_have_the_declared_columns_and_types(settings: Settings, hand_in: HandIn, path: str) -> None:
    declaration = datasets()[path]
    name = "2026Q4.csv" if declaration.period == "quarter" else "2026-10.csv"
    submission = hand_in(declaration, name, rows_csv(declaration, ROWS[path]))
    rows = pl.read_parquet(bronze_file(settings, declaration, submission.submission_id))
    restricted = vault_files.read(settings, vault_file(settings, declaration, submission.submission_id))
    assert dict(rows.schema) == pl.Schema(bronze_types(declaration))
    assert dict(restricted.schema) == pl.Schema(vault_types(declaration))
    place = ["source_sheet", "source_row"]
    assert rows.select(place).equals(restricted.select(place))  # every row finds its restricted values again
    assert not {each.name for each in declaration.restricted_columns} & set(rows.columns)


def test_only_their_owner_may_enter_archive_vault_and_bronze(settings: Settings, hand_in: HandIn) -> None:
    hand_in(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, ROWS[RESIDENTS.path]))
    for root in (settings.archive, settings.vault, settings.bronze, settings.temporary):
        assert {path.stat().st_mode & 0o077 for path in (root, *root.rglob("*"))} == {0}


def test_a_restricted_date_leaves_its_year_behind(settings: Settings, hand_in: HandIn) -> None:
    """Birth to the day, the month and the year only."""
    rows = [resident(2, date_of_birth="03/03/1952"), resident(3, date_of_birth="03/1953")]
    rows.append(resident(4, date_of_birth="1954"))
    submission = hand_in(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, rows))
    identifier = submission.submission_id
    years = pl.read_parquet(bronze_file(settings, RESIDENTS, identifier))["birth_year"].to_list()
    dates = vault_files.read(settings, vault_file(settings, RESIDENTS, identifier))["date_of_birth"].to_list()
    assert (years, dates) == ([1952, 1953, 1954], ["1952-03-03", "1953-03", "1954"])
