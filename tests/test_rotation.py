"""Exchanging keys: every pseudonym is another one afterwards, and whoever joined before joins still."""

from __future__ import annotations

import polars as pl
import pyarrow.parquet as pq
import pytest

from orchestration.intake import vault_files
from orchestration.intake.bronze import is_under, vault_file
from orchestration.intake.difference_decisions import DifferenceDecisions, Kind
from orchestration.intake.keys import fingerprint, keys_in
from orchestration.intake.ledger import Ledger
from orchestration.intake.privacy_records import PrivacyRecords
from orchestration.intake.pseudonyms import pseudonym_key
from orchestration.intake.retake import retake
from orchestration.privacy import rotation
from orchestration.privacy.rotation import finish_rotations, rotate
from orchestration.settings import Settings
from schemas import Declaration, dataset
from tests.conftest import HandIn
from tests.office import COMPLETIONS, PARCELS, RESIDENTS, learner, parcel, resident, rows_csv

KEYS = {RESIDENTS.path: "citizen_key", PARCELS.path: "owner_citizen_key", COMPLETIONS.path: "citizen_key"}
DECLARED = [dataset(path) for path in KEYS]


@pytest.fixture
def filled(settings: Settings, hand_in: HandIn) -> Settings:
    """Three departments that know some of the same twelve persons."""
    hand_in(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, [resident(number) for number in range(12)]))
    hand_in(PARCELS, "2026Q3.csv", rows_csv(PARCELS, [parcel(number) for number in range(4, 9)]))
    hand_in(COMPLETIONS, "2026-10.csv", rows_csv(COMPLETIONS, [learner(number) for number in (1, 5, 6, 40)]))
    return settings


def rows_of(settings: Settings, declaration: Declaration) -> pl.DataFrame:
    table = declaration.table
    return pl.concat(pl.read_parquet(file) for file in sorted((settings.bronze / table).glob(f"{16 * '?'}.parquet")))


def keyed(settings: Settings) -> dict[str, set[str]]:
    """Every pseudonym and agreement key of each dataset."""
    found = {}
    for declaration in DECLARED:
        frame = rows_of(settings, declaration)
        names = [each.name for each in declaration.warehouse_columns if each.form in ("pseudonym", "agreement")]
        found[declaration.path] = {value for name in names for value in frame[name].drop_nulls()}
    return found


def joins(settings: Settings) -> list[tuple[str, str, list[tuple[int, int]]]]:
    """For each pair of datasets: which row of the one meets which row of the other."""
    frames = {
        path: rows_of(settings, dataset(path)).select("source_row", pl.col(key).alias("key"))
        for path, key in KEYS.items()
    }
    return [
        (one, other, sorted(left.join(right, on="key").select("source_row", "source_row_right").rows()))
        for one, left in frames.items()
        for other, right in frames.items()
    ]


def others(settings: Settings) -> list[pl.DataFrame]:
    """Everything in bronze that depends on no key."""
    forms = ("pseudonym", "agreement")
    return [
        rows_of(settings, each).select([column.name for column in each.warehouse_columns if column.form not in forms])
        for each in DECLARED
    ]


def test_after_a_rotation_every_pseudonym_has_changed_and_the_same_rows_join(filled: Settings) -> None:
    before, met, plain, key = keyed(filled), joins(filled), others(filled), pseudonym_key(filled)
    assert (RESIDENTS.path, COMPLETIONS.path, [(3, 2), (7, 3), (8, 4)]) in met
    assert (PARCELS.path, COMPLETIONS.path, [(3, 3), (4, 4)]) in met
    counts = rotate(filled, "pseudonym", "a laptop was lost")
    assert counts == {"bronze_files": 3, "without_vault": 0, "decisions": 0}
    after = keyed(filled)
    assert {path: len(values) for path, values in after.items()} == {
        path: len(values) for path, values in before.items()
    }
    assert {path: after[path] & before[path] for path in after} == {path: set() for path in before}
    assert joins(filled) == met
    assert [one.equals(other) for one, other in zip(others(filled), plain, strict=True)] == [True] * 3
    assert keys_in(filled.pseudonym_key) != (key,)
    assert fingerprint(key) not in fingerprint(pseudonym_key(filled))
    (record,) = PrivacyRecords(filled.ledger).all()
    assert (record.kind, record.purpose, dict(record.details)) == ("rotate_pseudonym", "a laptop was lost", counts)


def test_a_rotation_gives_what_an_intake_under_the_new_key_gives(filled: Settings) -> None:
    rotate(filled, "pseudonym", "yearly")
    rotated = {each.path: rows_of(filled, each) for each in DECLARED}
    for submission in Ledger(filled.ledger).all():
        retake(filled, dataset(submission.dataset), submission)
    assert [rows_of(filled, each).equals(rotated[each.path]) for each in DECLARED] == [True] * 3


def test_the_next_run_knows_that_new_pseudonyms_have_to_be_built(filled: Settings) -> None:
    before = Ledger(filled.ledger).last_sequence(changing=True)
    rotate(filled, "vault", "yearly")
    assert Ledger(filled.ledger).last_sequence(changing=True) == before
    rotate(filled, "pseudonym", "yearly")
    assert Ledger(filled.ledger).last_sequence(changing=True) == before + 1


@pytest.mark.parametrize("killed_at", [1, 2, 3])
def test_a_rotation_that_was_killed_is_finished_by_the_next_run(
    filled: Settings, monkeypatch: pytest.MonkeyPatch, killed_at: int
) -> None:
    met, before, calls = joins(filled), keyed(filled), []
    real = rotation._rewrite

    def killed(*arguments: object) -> None:
        calls.append(arguments)
        if len(calls) == killed_at:
            raise KeyboardInterrupt
        real(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(rotation, "_rewrite", killed)
        with pytest.raises(KeyboardInterrupt):
            rotate(filled, "pseudonym", "yearly")
    assert len(keys_in(filled.pseudonym_key)) == 2
    assert PrivacyRecords(filled.ledger).all() == []
    assert finish_rotations(filled)["bronze_files"] == 4 - killed_at
    assert finish_rotations(filled) == {}
    (key,) = keys_in(filled.pseudonym_key)
    assert all(is_under(file, key) for file in filled.bronze.glob(f"*/{16 * '?'}.parquet"))
    assert joins(filled) == met
    assert [values & before[path] for path, values in keyed(filled).items()] == [set()] * 3
    assert list(filled.home.rglob(".*")) == []


def test_bronze_of_an_older_kho_that_names_no_key_is_brought_along(filled: Settings) -> None:
    met = joins(filled)
    for file in filled.bronze.glob(f"*/{16 * '?'}.parquet"):
        pq.write_table(pq.read_table(file).replace_schema_metadata(None), file)
    assert rotate(filled, "pseudonym", "yearly")["bronze_files"] == 3
    assert joins(filled) == met


def test_rows_whose_vault_is_gone_get_pseudonyms_that_agree_among_themselves_only(filled: Settings) -> None:
    (submission,) = Ledger(filled.ledger).of_dataset(COMPLETIONS.path)
    before = keyed(filled)
    vault_file(filled, COMPLETIONS, submission.submission_id).unlink()
    assert rotate(filled, "pseudonym", "yearly")["without_vault"] == 1
    assert len(keyed(filled)[COMPLETIONS.path]) == len(before[COMPLETIONS.path])
    assert keyed(filled)[COMPLETIONS.path] & before[COMPLETIONS.path] == set()
    assert [met for one, other, met in joins(filled) if COMPLETIONS.path in (one, other) and one != other] == [[]] * 4
    assert {len(value) for value in keyed(filled)[COMPLETIONS.path]} == {16, 32}


def test_what_was_decided_about_a_person_follows_the_new_pseudonym(filled: Settings) -> None:
    def person(row: int) -> str:
        frame = rows_of(filled, COMPLETIONS)
        return str(frame.filter(pl.col("source_row") == row)["citizen_key"][0])

    decisions, at = DifferenceDecisions(filled.ledger), filled.clock()
    decisions.record(f"learner_name/{person(3)}", Kind.explained, why="married", who="anna", at=at)
    decisions.record("village_households/0264-17", Kind.accepted, why="counted later", who="anna", at=at)
    assert rotate(filled, "pseudonym", "yearly")["decisions"] == 1
    ids = [each.difference_id for each in decisions.all()]
    assert ids == [f"learner_name/{person(3)}", "village_households/0264-17"]


def test_a_rotation_of_the_vaults_key_changes_every_file_and_no_row(filled: Settings) -> None:
    files = sorted(filled.vault.glob("*/*.parquet"))
    rows, raw = [vault_files.read(filled, file) for file in files], [file.read_bytes() for file in files]
    (old,) = keys_in(filled.vault_key)
    assert rotate(filled, "vault", "yearly") == {"vault_files": len(files)}
    assert [vault_files.opened_under(old, file) for file in files] == [None] * len(files)
    assert [vault_files.read(filled, file).equals(each) for file, each in zip(files, rows, strict=True)] == [
        True
    ] * len(files)
    assert not any(file.read_bytes() == each for file, each in zip(files, raw, strict=True))
