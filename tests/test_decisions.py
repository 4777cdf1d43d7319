"""Decisions of the data engineer: who decides what about which submission, and what follows."""

from __future__ import annotations

import contextlib
import dataclasses
import getpass
import json
import sqlite3

import openpyxl
import pytest

from orchestration.decisions import DecisionError, decide, find_submission
from orchestration.intake import take_in
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


def test_a_withdrawn_submission_gives_way_to_the_one_that_it_had_superseded(
    settings: Settings, ledger: Ledger, hand_in: HandIn
) -> None:
    older = hand_in(RESIDENTS, "2026-10.csv", people(*range(6)))
    newer = hand_in(RESIDENTS, "2026-10 lần 2.csv", people(*range(5)))
    assert states(ledger) == [("accepted", False), ("accepted", True)]
    said = decide(settings, newer.submission_id, "withdraw", "gửi nhầm kỳ")
    assert f"is withdrawn now; {older.submission_id} (2026-10.csv) counts for population, 2026-10" in said
    assert states(ledger) == [("accepted", True), ("withdrawn", False)]
    assert ledger.all()[0].superseded_by is None
    said = decide(settings, older.submission_id, "withdraw", "cũng nhầm")
    assert "nothing stands for population, 2026-10 any more" in said
    assert states(ledger) == [("withdrawn", False), ("withdrawn", False)]


def test_a_withdrawn_file_that_is_sent_again_is_no_duplicate(
    settings: Settings, ledger: Ledger, hand_in: HandIn
) -> None:
    first = hand_in(RESIDENTS, "2026-10.csv", people(1, 2))
    decide(settings, first.submission_id, "withdraw", "x")
    assert hand_in(RESIDENTS, "2026-10.csv", people(1, 2)).verdict == "accepted"
    assert states(ledger) == [("withdrawn", False), ("accepted", True)]


def test_what_waits_can_be_taken_back_and_what_was_never_in_cannot(
    settings: Settings, ledger: Ledger, waiting: Submission, hand_in: HandIn
) -> None:
    decide(settings, waiting.submission_id, "withdraw", "x")
    refused = hand_in(RESIDENTS, "2026-11.csv", "")
    for each, verdict in ((waiting, "withdrawn"), (refused, "refused")):
        with pytest.raises(DecisionError, match=f"cannot be withdrawn: it is {verdict}"):
            decide(settings, each.submission_id, "withdraw", "y")
    assert [kind for kind, _ in states(ledger)] == ["accepted", "withdrawn", "refused"]


def test_every_decision_stands_in_the_fresh_receipt(settings: Settings, waiting: Submission) -> None:
    decide(settings, waiting.submission_id, "accept", "có công văn")
    decide(settings, waiting.submission_id, "withdraw", "công văn bị hủy")
    (report,) = settings.receipts("population/residents").glob(f"*.{waiting.submission_id[:8]}.json")
    found = json.loads(report.read_text(encoding="utf-8"))
    signed = {"who": getpass.getuser(), "decided_at": "2026-11-02T08:00:00+00:00"}
    assert found["verdict"] == "withdrawn"
    assert found["decisions"] == [
        {"kind": "accept", "why": "có công văn", **signed},
        {"kind": "withdraw", "why": "công văn bị hủy", **signed},
    ]
    front = openpyxl.load_workbook(report.with_suffix(".xlsx"))["Biên nhận"]
    said = " ".join(str(cell) for row in front.iter_rows(values_only=True) for cell in row if cell)
    assert "có công văn" in said
    assert "công văn bị hủy" in said


def test_a_decision_whose_receipt_cannot_be_written_is_taken_and_the_next_run_writes_it(
    settings: Settings, ledger: Ledger, waiting: Submission
) -> None:
    with pytest.MonkeyPatch.context() as patch:

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        patch.setattr(take_in, "write_receipt", full)
        decide(settings, waiting.submission_id, "accept", "x")
    assert states(ledger) == [("accepted", False), ("accepted", True)]
    assert [each.submission_id for each in ledger.without_receipt("population/residents")] == [waiting.submission_id]
    take_in.take_in_dataset(settings, RESIDENTS)
    assert ledger.without_receipt("population/residents") == []


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
