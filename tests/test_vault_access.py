"""One restricted record at a time: no look without a purpose, none without a line in the log."""

from __future__ import annotations

import getpass
import json
import sqlite3
from contextlib import closing

import polars as pl
import pytest

from orchestration.cli import app
from orchestration.decisions import DecisionError
from orchestration.intake import privacy_records
from orchestration.intake.bronze import bronze_file
from orchestration.intake.ledger import Submission
from orchestration.intake.privacy_records import PrivacyRecords
from orchestration.privacy.vault_access import get_row, get_row_of_person, purpose
from orchestration.settings import Settings
from tests.conftest import HandIn
from tests.office import COMPLETIONS, RESIDENTS, learner, resident, rows_csv

PURPOSE = "identity check for complaint 14"


@pytest.fixture
def submission(hand_in: HandIn) -> Submission:
    return hand_in(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, [resident(number) for number in range(5)]))


def key_of(settings: Settings, submission: Submission, row: int) -> str:
    rows = pl.read_parquet(bronze_file(settings, RESIDENTS, submission.submission_id))
    return str(rows.filter(pl.col("source_row") == row)["citizen_key"][0])


def test_a_record_is_found_by_its_row_and_the_look_is_logged(settings: Settings, submission: Submission) -> None:
    found = get_row(settings, RESIDENTS, submission.submission_id[:6], 4, f"  {PURPOSE}\n")
    person = resident(2)
    assert (found.row, found.restricted["citizen_id"], found.restricted["full_name"]) == (
        4,
        person["citizen_id"],
        person["full_name"],
    )
    assert found.others["household_no"] == person["household_no"]
    (look,) = PrivacyRecords(settings.ledger).accesses()
    assert vars(look) == {
        "access_id": 1,
        "at": settings.clock(),
        "who": getpass.getuser(),
        "purpose": PURPOSE,
        "dataset": RESIDENTS.path,
        "submission_id": submission.submission_id,
        "source_sheet": found.sheet,
        "source_row": 4,
    }


def test_a_record_is_found_by_the_pseudonym_of_its_person(settings: Settings, submission: Submission) -> None:
    found = get_row_of_person(settings, RESIDENTS, key_of(settings, submission, 5), PURPOSE)
    assert (found.row, found.restricted["citizen_id"]) == (5, resident(3)["citizen_id"])
    assert [each.source_row for each in PrivacyRecords(settings.ledger).accesses()] == [5]


def test_a_person_with_several_rows_is_looked_at_row_by_row(settings: Settings, hand_in: HandIn) -> None:
    rows = [learner(1), learner(1, course_name="An toàn thông tin"), learner(2)]
    submission = hand_in(COMPLETIONS, "2026-10.csv", rows_csv(COMPLETIONS, rows))
    key = pl.read_parquet(bronze_file(settings, COMPLETIONS, submission.submission_id))["citizen_key"][0]
    with pytest.raises(DecisionError, match=f"2 rows .* {submission.submission_id} row 2, .* row 3"):
        get_row_of_person(settings, COMPLETIONS, key, PURPOSE)
    assert PrivacyRecords(settings.ledger).accesses() == []


@pytest.mark.parametrize(
    "text", ["", "  ", "test", "ok ok", "abcdefghijklm", "check 12 34 56 78", "card 010 190 123 457 lost"]
)
def test_a_purpose_says_something_and_names_nobody(settings: Settings, submission: Submission, text: str) -> None:
    with pytest.raises(DecisionError):
        purpose(text)
    with pytest.raises(DecisionError):
        get_row(settings, RESIDENTS, submission.submission_id, 4, text)
    assert PrivacyRecords(settings.ledger).accesses() == []


def test_a_record_that_cannot_be_logged_is_not_shown(
    settings: Settings, submission: Submission, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(privacy_records.PrivacyRecords, "note_access", full)
    with pytest.raises(sqlite3.OperationalError):
        get_row(settings, RESIDENTS, submission.submission_id, 4, PURPOSE)


@pytest.mark.parametrize("statement", ["delete from vault_access", "update vault_access set who = 'nobody'"])
def test_the_log_only_grows(settings: Settings, submission: Submission, statement: str) -> None:
    get_row(settings, RESIDENTS, submission.submission_id, 4, PURPOSE)
    with closing(sqlite3.connect(settings.ledger)) as connection, pytest.raises(sqlite3.IntegrityError, match="grows"):
        connection.execute(statement)
    assert len(PrivacyRecords(settings.ledger).accesses()) == 1


@pytest.mark.parametrize(("row", "message"), [(99, "no such row"), (1, "no such row")])
def test_a_row_that_the_vault_does_not_have_is_said(
    settings: Settings, submission: Submission, row: int, message: str
) -> None:
    with pytest.raises(DecisionError, match=message):
        get_row(settings, RESIDENTS, submission.submission_id, row, PURPOSE)
    with pytest.raises(DecisionError, match="not of training/completions"):
        get_row(settings, COMPLETIONS, submission.submission_id, 4, PURPOSE)


def test_the_commands_show_a_record_and_who_looked(
    settings: Settings, submission: Submission, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("orchestration.commands.vault.settings", lambda: settings)
    command = ["vault", "get", RESIDENTS.path, "--submission", submission.submission_id, "--row", "4"]
    app([*command, "--purpose", PURPOSE, "--json"], standalone_mode=False)
    assert json.loads(capsys.readouterr().out)["restricted"]["citizen_id"] == resident(2)["citizen_id"]
    app(["vault", "log"], standalone_mode=False)
    said = capsys.readouterr().out
    assert PURPOSE in said
    assert resident(2)["citizen_id"] not in said
