"""Decisions of the data engineer: who decides what about which submission, and what follows."""

from __future__ import annotations

import contextlib
import dataclasses
import getpass
import sqlite3

import pytest

from orchestration.decisions import DecisionError, decide, find_submission
from orchestration.intake.ledger import Ledger, Submission
from orchestration.settings import Settings
from tests.conftest import HandIn
from tests.office import RESIDENTS, resident, rows_csv


def people(*numbers: int, bad: int = 0) -> str:
    """A CSV file of residents, of whom the first ``bad`` have no sex that the list knows."""
    rows = [resident(number) for number in numbers]
    for row in rows[:bad]:
        row["sex"] = "?"
    return rows_csv(RESIDENTS, rows)


@pytest.fixture
def waiting(hand_in: HandIn) -> Submission:
    """A submission that waits because most rows of the one before it are gone."""
    hand_in(RESIDENTS, "2026-10.csv", people(*range(10)))
    submission = hand_in(RESIDENTS, "2026-10 lần 2.csv", people(1, 2, 3))
    assert submission.verdict == "waiting"
    return submission


def states(ledger: Ledger) -> list[tuple[str, bool]]:
    """Verdict of every submission, and whether it counts now."""
    return [(each.verdict, each.is_current) for each in ledger.all()]


def test_an_accepted_submission_counts_and_supersedes(settings: Settings, ledger: Ledger, waiting: Submission) -> None:
    assert states(ledger) == [("accepted", True), ("waiting", False)]
    said = decide(settings, waiting.submission_id, "accept", "xã đã chuyển dân")
    assert said.startswith(f"{waiting.submission_id} (2026-10 lần 2.csv) is accepted now")
    assert states(ledger) == [("accepted", False), ("accepted", True)]
    assert ledger.all()[0].superseded_by == waiting.submission_id


def test_a_rejected_submission_never_counts(settings: Settings, ledger: Ledger, waiting: Submission) -> None:
    decide(settings, waiting.submission_id, "reject", "tệp thiếu dòng")
    assert states(ledger) == [("accepted", True), ("refused", False)]


def test_a_submission_with_returned_rows_is_accepted_in_part(
    settings: Settings, ledger: Ledger, hand_in: HandIn
) -> None:
    submission = hand_in(RESIDENTS, "2026-10.csv", people(*range(5), bad=3))
    decide(settings, submission.submission_id, "accept", "vẫn dùng được")
    assert states(ledger) == [("partly", True)]


def test_a_file_that_was_taken_in_after_it_still_counts_when_an_older_one_is_accepted(
    settings: Settings, ledger: Ledger, waiting: Submission, hand_in: HandIn
) -> None:
    newer = hand_in(RESIDENTS, "2026-10 lần 3.csv", people(*range(9)))
    decide(settings, waiting.submission_id, "accept", "muộn")
    assert states(ledger) == [("accepted", False), ("accepted", False), ("accepted", True)]
    assert ledger.all()[1].superseded_by == newer.submission_id


def test_who_decided_when_and_why_is_kept(settings: Settings, waiting: Submission) -> None:
    decide(settings, waiting.submission_id, "accept", "  đúng số liệu ")
    with contextlib.closing(sqlite3.connect(settings.ledger)) as connection:
        rows = connection.execute("select submission_id, kind, why, who, decided_at from decision").fetchall()
    who = getpass.getuser()
    assert rows == [(waiting.submission_id, "accept", "đúng số liệu", who, "2026-11-02T08:00:00+00:00")]


@pytest.mark.parametrize("first", ["accept", "reject"])
def test_what_was_decided_is_not_decided_again(settings: Settings, waiting: Submission, first: str) -> None:
    decide(settings, waiting.submission_id, first, "x")
    for kind in ("accept", "reject"):
        with pytest.raises(DecisionError, match="does not wait for a decision"):
            decide(settings, waiting.submission_id, kind, "y")


def test_only_what_waits_can_be_decided_and_only_with_a_reason(
    settings: Settings, ledger: Ledger, waiting: Submission
) -> None:
    before = states(ledger)
    with pytest.raises(DecisionError, match="it is accepted"):
        decide(settings, ledger.all()[0].submission_id, "reject", "x")
    for nothing in ("", "  \n"):
        with pytest.raises(DecisionError, match="say why"):
            decide(settings, waiting.submission_id, "accept", nothing)
    assert states(ledger) == before


def test_a_submission_is_found_by_the_first_digits_of_its_id(
    settings: Settings, ledger: Ledger, waiting: Submission
) -> None:
    assert find_submission(ledger, waiting.submission_id[:8]) == waiting
    for unclear in ("", "không có", waiting.submission_id + "0"):
        with pytest.raises(DecisionError, match="have an id that begins with"):
            find_submission(ledger, unclear)


def test_a_beginning_that_two_ids_share_names_none(ledger: Ledger, waiting: Submission) -> None:
    """Hexadecimal ids share their first digit sooner or later."""
    ledger.record(dataclasses.replace(waiting, submission_id=waiting.submission_id[:10] + "zzzzzz"))
    with pytest.raises(DecisionError, match="2 submissions"):
        find_submission(ledger, waiting.submission_id[:10])
    assert find_submission(ledger, waiting.submission_id) == waiting
