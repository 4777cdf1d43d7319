"""Archived originals run again: what would change is shown, and recorded only where that is asked for."""

from __future__ import annotations

import dataclasses
import datetime
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from orchestration import decisions
from orchestration.decisions import DecisionError, decide, waive
from orchestration.intake import take_in
from orchestration.intake.archive import archived_file
from orchestration.intake.bronze import bronze_file
from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.stage import Stage
from orchestration.intake.take_in import take_in_dataset
from orchestration.locks import WAREHOUSE, BusyError, lock
from orchestration.replay import Replay, Replayed
from orchestration.replay import replay as run_again
from orchestration.settings import PROJECT, Settings
from schemas import Declaration
from tests.conftest import Drop, HandIn
from tests.office import COMPLETIONS, RESIDENTS, learner, resident, rows_csv

#: The day after the files came.
TOMORROW = datetime.datetime(2026, 11, 3, 8, tzinfo=datetime.UTC)


def with_column(declaration: Declaration, name: str, **facts: Any) -> Declaration:
    """The declaration as it may be tomorrow: one column declared otherwise."""
    column = dataclasses.replace(declaration.columns[name], **facts)
    return dataclasses.replace(declaration, columns={**declaration.columns, name: column})


#: Tomorrow «Tên công dân» is a known header, «Khác giới» a known way to write a sex.
KNOWN_HEADER = with_column(RESIDENTS, "full_name", also=(*RESIDENTS.columns["full_name"].also, "Tên công dân"))
KNOWN_WORD = with_column(
    RESIDENTS,
    "sex",
    choices={**RESIDENTS.columns["sex"].choices, "female": (*RESIDENTS.columns["sex"].choices["female"], "Đàn bà")},
)


def people(*numbers: int, header: str = "", **other: str) -> str:
    """A CSV file of residents; ``header``: of the column of names; other values for the first one."""
    rows = [resident(number, **(other if number == numbers[0] else {})) for number in numbers]
    text = rows_csv(RESIDENTS, rows)
    return text.replace("Họ và tên", header, 1) if header else text


@pytest.fixture
def replay(settings: Settings) -> Callable[..., Replay]:
    """Runs a replay on the day after."""
    later = settings.model_copy(update={"now": TOMORROW})
    return lambda *declarations, **named: run_again(later, declarations, **named)


def outcomes(found: list[Replayed]) -> list[tuple[str, str, int, str, int]]:
    """File, verdict and accepted rows before and after."""
    return [
        (
            each.before.file_name,
            each.before.verdict,
            each.before.rows_accepted,
            each.after.verdict,
            each.after.rows_accepted,
        )
        for each in found
    ]


def standing(ledger: Ledger) -> list[tuple[str, str, bool]]:
    """File name, verdict and whether it counts now, of every submission."""
    return [(each.file_name, each.verdict, each.is_current) for each in ledger.all()]


# --- what would change ----------------------------------------------------------------------------------------
def test_without_a_change_of_rules_nothing_comes_out_differently(
    hand_in: HandIn, replay: Callable[..., Replay], ledger: Ledger
) -> None:
    hand_in(RESIDENTS, "2026-10.csv", people(0, 1, 2, sex="?"))
    hand_in(RESIDENTS, "2026-09.csv", "")
    hand_in(RESIDENTS, "2026-08.csv", people(0, 1, header="Tên công dân"))
    hand_in(COMPLETIONS, "2026-10.csv", rows_csv(COMPLETIONS, [learner(number) for number in range(3)]))
    hand_in(COMPLETIONS, "2026-10 b.csv", rows_csv(COMPLETIONS, [learner(1, result="Không đạt"), learner(7)]))
    before = standing(ledger)
    done = replay(RESIDENTS, COMPLETIONS, why="thử")
    assert (done.files, done.changed, done.left_alone) == (5, [], {})
    assert standing(ledger) == before


def test_a_dry_replay_shows_what_would_change_and_changes_nothing(
    settings: Settings, hand_in: HandIn, replay: Callable[..., Replay], ledger: Ledger
) -> None:
    refused = hand_in(RESIDENTS, "2026-10.csv", people(0, 1, 2, header="Tên công dân"))
    assert (refused.verdict, refused.details["notices"][0]["rule"]) == ("refused", "file.missing_columns")
    receipts = {path: path.read_bytes() for path in settings.receipts("population/residents").iterdir()}
    stored = set(settings.home.rglob("*.parquet"))
    seen: list[tuple[int, int, str]] = []
    done = replay(KNOWN_HEADER, on_file=lambda *facts: seen.append(facts))
    assert outcomes(done.changed) == [("2026-10.csv", "refused", 0, "accepted", 3)]
    assert done.changed[0].rules == {"file.missing_columns": (1, 0)}
    assert done.changed[0].recorded is None
    assert seen == [(0, 1, "2026-10.csv"), (1, 1, "")]
    assert standing(ledger) == [("2026-10.csv", "refused", False)]
    assert {path: path.read_bytes() for path in settings.receipts("population/residents").iterdir()} == receipts
    assert set(settings.home.rglob("*.parquet")) == stored


def test_a_refused_file_goes_in_after_its_header_became_known(
    settings: Settings, hand_in: HandIn, replay: Callable[..., Replay], ledger: Ledger
) -> None:
    refused = hand_in(RESIDENTS, "2026-10.csv", people(0, 1, 2, header="Tên công dân"))
    done = replay(KNOWN_HEADER, why=" cột đã được xác nhận ")
    (change,) = done.changed
    assert change.recorded is not None
    recorded = ledger.get(change.recorded)
    assert recorded is not None
    assert (recorded.verdict, recorded.rows_accepted, recorded.is_current) == ("accepted", 3, True)
    assert (recorded.replays, recorded.received_at) == (refused.submission_id, TOMORROW)
    assert recorded.details["replay"] == {
        "of": refused.submission_id,
        "why": "cột đã được xác nhận",
        "who": decisions.who(),
        "at": TOMORROW.isoformat(),
    }
    assert pl.read_parquet(bronze_file(settings, RESIDENTS, change.recorded)).height == 3
    receipts = list(settings.receipts("population/residents").glob(f"*{change.recorded[:8]}*"))
    assert {path.suffix for path in receipts} >= {".xlsx", ".json"}
    again = replay(KNOWN_HEADER, why="lần nữa")
    assert (again.files, again.changed) == (1, [])


def test_returned_rows_go_in_after_a_word_became_known_and_the_former_judgement_is_superseded(
    hand_in: HandIn, replay: Callable[..., Replay], ledger: Ledger
) -> None:
    partly = hand_in(RESIDENTS, "2026-10.csv", people(1, 2, 3, sex="Đàn bà"))
    done = replay(KNOWN_WORD, why="từ mới")
    assert outcomes(done.changed) == [("2026-10.csv", "partly", 2, "accepted", 3)]
    assert done.changed[0].rules == {"choice.unknown": (1, 0)}
    assert standing(ledger) == [("2026-10.csv", "partly", False), ("2026-10.csv", "accepted", True)]
    changes = ledger.all()[1].details["changes"]
    assert (changes["against"], changes["new"], changes["unchanged"]) == ([partly.submission_id], 1, 2)


def test_rows_of_a_file_that_adds_to_others_are_not_doubled_by_a_replay(
    hand_in: HandIn, replay: Callable[..., Replay], ledger: Ledger
) -> None:
    words = COMPLETIONS.columns["result"].choices
    known = with_column(COMPLETIONS, "result", choices={**words, "completed": (*words["completed"], "Tuyệt")})
    hand_in(COMPLETIONS, "2026-10.csv", rows_csv(COMPLETIONS, [learner(0, result="Tuyệt"), learner(1)]))
    hand_in(COMPLETIONS, "2026-10 b.csv", rows_csv(COMPLETIONS, [learner(2)]))
    done = replay(known, why="từ mới")
    assert len(done.changed) == 1
    assert [each.is_current for each in ledger.all()] == [False, True, True]
    assert ledger.all()[2].position == ledger.all()[0].position


def test_values_that_are_read_otherwise_are_a_difference_though_all_counts_are_the_same(
    hand_in: HandIn, replay: Callable[..., Replay], ledger: Ledger
) -> None:
    hand_in(RESIDENTS, "2026-10.csv", people(0, 1, 2, 3, village="Bản 1"))
    other = with_column(RESIDENTS, "village", also=("không còn",), title="Cột khác")
    done = replay(other)
    assert outcomes(done.changed) == [("2026-10.csv", "accepted", 4, "accepted", 4)]
    changes = done.changed[0].after.details["changes"]
    assert (changes["changed"], changes["columns"]) == (1, {"village": 1})


def test_a_stricter_rule_that_refuses_a_file_leaves_its_rows_until_they_are_withdrawn(
    hand_in: HandIn, replay: Callable[..., Replay], ledger: Ledger
) -> None:
    accepted = hand_in(RESIDENTS, "2026-10.csv", people(0, 1, 2))
    strict = with_column(RESIDENTS, "full_name", title="Tên mới", also=())
    done = replay(strict, why="quy tắc mới")
    assert outcomes(done.changed) == [("2026-10.csv", "accepted", 3, "refused", 0)]
    assert standing(ledger) == [("2026-10.csv", "accepted", True), ("2026-10.csv", "refused", False)]
    assert replay(strict, why="lần nữa").changed == []
    assert ledger.all()[1].replays == accepted.submission_id


# --- what is left alone -----------------------------------------------------------------------------------------
def test_duplicates_and_what_somebody_turned_down_are_left_alone(
    settings: Settings, hand_in: HandIn, replay: Callable[..., Replay], ledger: Ledger
) -> None:
    withdrawn = hand_in(RESIDENTS, "2026-10.csv", people(1, 2, 3, sex="Đàn bà"))
    assert hand_in(RESIDENTS, "2026-10 bản sao.csv", people(1, 2, 3, sex="Đàn bà")).verdict == "duplicate"
    decide(settings, withdrawn.submission_id, "withdraw", "gửi nhầm")
    waiting = hand_in(
        RESIDENTS,
        "2026-08.csv",
        rows_csv(RESIDENTS, [resident(1, sex="Đàn bà"), resident(3, sex="Đàn bà"), resident(5)]),
    )
    assert waiting.verdict == "waiting"
    decide(settings, waiting.submission_id, "reject", "sai đơn vị")
    done = replay(KNOWN_WORD, why="từ mới")
    assert done.left_alone == {"withdrawn": 1, "rejected": 1}
    assert done.changed == []


def test_a_file_that_a_later_one_replaced_is_left_alone(
    hand_in: HandIn, replay: Callable[..., Replay], ledger: Ledger
) -> None:
    hand_in(RESIDENTS, "2026-10.csv", people(1, 2, 3, sex="Đàn bà"))
    hand_in(RESIDENTS, "2026-10 sửa.csv", people(1, 2, 3))
    hand_in(RESIDENTS, "2026-09.csv", people(1, 2, header="Tên công dân"))
    hand_in(RESIDENTS, "2026-09 sửa.csv", people(1, 2))
    done = replay(with_column(KNOWN_HEADER, "sex", choices=KNOWN_WORD.columns["sex"].choices), why="x")
    assert (done.changed, done.left_alone) == ([], {"replaced by a later file": 2})
    assert len(ledger.all()) == 4


def test_of_a_file_that_was_refused_twice_the_later_one_goes_in(
    hand_in: HandIn, replay: Callable[..., Replay], ledger: Ledger
) -> None:
    for _ in range(2):
        hand_in(RESIDENTS, "2026-10.csv", people(1, 2, header="Tên công dân"))
    done = replay(KNOWN_HEADER, why="x")
    assert done.left_alone == {"replaced by a later file": 1}
    first, second, judged_again = ledger.all()
    assert [(each.verdict, each.is_current) for each in (first, second, judged_again)] == [
        ("refused", False),
        ("refused", False),
        ("accepted", True),
    ]
    assert first.position < second.position == judged_again.position


def test_only_files_since_a_day_of_vietnam_are_run_again(settings: Settings, drop: Drop) -> None:
    for hour, name in ((16, "2026-09.csv"), (17, "2026-10.csv")):  # 17:00 UTC is the next day in Vietnam
        drop(RESIDENTS, name, people(1, 2, header="Tên công dân"))
        moment = datetime.datetime(2026, 11, 2, hour, tzinfo=datetime.UTC)
        take_in_dataset(settings.model_copy(update={"now": moment}), RESIDENTS)
    done = run_again(settings, [KNOWN_HEADER], since=datetime.date(2026, 11, 3))
    assert [each.before.file_name for each in done.changed] == ["2026-10.csv"]


def test_a_file_that_the_archive_has_lost_is_said_and_stops_nothing(
    settings: Settings, hand_in: HandIn, replay: Callable[..., Replay]
) -> None:
    lost = hand_in(RESIDENTS, "2026-10.csv", people(1, 2, header="Tên công dân"))
    hand_in(RESIDENTS, "2026-09.csv", people(1, 2, 3, header="Tên công dân"))
    archived_file(settings, lost.file_sha256).unlink()
    done = replay(KNOWN_HEADER)
    assert done.left_alone == {"lost by the archive": 1}
    assert [each.before.file_name for each in done.changed] == ["2026-09.csv"]


# --- what stays as it was decided -------------------------------------------------------------------------------
def test_waivers_hold_in_a_replay(
    settings: Settings, hand_in: HandIn, replay: Callable[..., Replay], ledger: Ledger
) -> None:
    rows = [resident(0), resident(2), resident(4), resident(1, sex="Nam"), resident(3, sex="Đàn bà")]
    first = hand_in(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, rows))
    waived = waive(settings, first.submission_id, ["citizen_id.sex"], "đúng")
    done = replay(KNOWN_WORD, why="từ mới")
    assert outcomes(done.changed) == [("2026-10.csv", "partly", 4, "accepted", 5)]
    last = ledger.all()[-1]
    assert (last.details["waivers"], last.replays) == (waived.details["waivers"], first.submission_id)
    assert [each.is_current for each in ledger.all()] == [False, False, True]


def test_dates_are_judged_as_of_the_day_on_which_the_file_came(
    settings: Settings, hand_in: HandIn, replay: Callable[..., Replay], ledger: Ledger
) -> None:
    """A birth date that lay in the future then is no better years later; nor does the file become late."""
    hand_in(RESIDENTS, "2026-10.csv", people(1, 2, 3, date_of_birth="03/11/2026"))
    later = settings.model_copy(update={"now": datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)})
    assert run_again(later, [RESIDENTS], why="x").changed == []
    (change,) = run_again(later, [with_column(RESIDENTS, "household_no", title="Khác", also=())], why="x").changed
    recorded = ledger.get(str(change.recorded))
    assert recorded is not None
    assert (recorded.days_late, recorded.rows_rejected) == (0, 1)


def test_a_replay_needs_a_reason_and_the_lock_of_the_warehouse(
    settings: Settings, hand_in: HandIn, replay: Callable[..., Replay], ledger: Ledger
) -> None:
    hand_in(RESIDENTS, "2026-10.csv", people(1, 2, header="Tên công dân"))
    with pytest.raises(DecisionError, match="say why"):
        replay(KNOWN_HEADER, why="  ")
    with lock(settings, WAREHOUSE), pytest.raises(BusyError):
        replay(KNOWN_HEADER, why="x")
    assert len(ledger.all()) == 1


# --- kills ----------------------------------------------------------------------------------------------------
class Killed(BaseException):
    """Ends a command where it stands; nothing catches it."""


def killed(owner: Any, name: str, command: Callable[[], object]) -> None:
    """Give a command that dies when it calls a function."""

    def die(*_arguments: Any, **_named: Any) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        patch.setattr(owner, name, die)
        command()


_KILLED = """
import os, signal, sys, datetime
from orchestration import decisions
from orchestration.intake import take_in
from orchestration.settings import Settings
take_in.write_receipt = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
settings = Settings(home=sys.argv[1] + "/home", sources=sys.argv[1] + "/sources", stable_seconds=0,
    now=datetime.datetime(2026, 11, 3, 8, tzinfo=datetime.UTC))
decisions.decide(settings, sys.argv[2], "withdraw", "x")
"""


def receipt_texts(settings: Settings, submission: Submission) -> str:
    """The receipt's JSON as text; empty if there is none."""
    found = settings.receipts(submission.dataset).glob(f"*.{submission.submission_id[:8]}.json")
    return "".join(path.read_text(encoding="utf-8") for path in found)


def test_a_kill_between_a_decision_and_its_receipt_is_made_good_by_the_next_run(
    settings: Settings, hand_in: HandIn, ledger: Ledger
) -> None:
    submission = hand_in(RESIDENTS, "2026-10.csv", people(0, 1, 2))
    command = [sys.executable, "-c", _KILLED, str(settings.home.parent), submission.submission_id]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    assert standing(ledger) == [("2026-10.csv", "withdrawn", False)]
    assert '"verdict": "accepted"' in receipt_texts(settings, submission)
    take_in_dataset(settings, RESIDENTS)
    assert '"verdict": "withdrawn"' in receipt_texts(settings, submission)
    assert ledger.without_receipt("population/residents") == []


@pytest.mark.parametrize(
    ("owner", "name", "recorded"),
    [(Stage, "keep", False), (Ledger, "record", False), (take_in, "write_receipt", True)],
)
def test_a_waiver_that_is_killed_is_recorded_as_a_whole_or_not_at_all(
    settings: Settings, hand_in: HandIn, ledger: Ledger, owner: Any, name: str, recorded: bool
) -> None:
    first = hand_in(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, [resident(0), resident(2), resident(1, sex="Nam")]))
    killed(owner, name, lambda: waive(settings, first.submission_id, ["citizen_id.sex"], "x"))
    assert [each.is_current for each in ledger.all()] == ([False, True] if recorded else [True])
    take_in_dataset(settings, RESIDENTS)
    if not recorded:
        waive(settings, first.submission_id, ["citizen_id.sex"], "x")
    assert [(each.verdict, each.is_current) for each in ledger.all()] == [("partly", False), ("accepted", True)]
    last = ledger.all()[1]
    assert pl.read_parquet(bronze_file(settings, RESIDENTS, last.submission_id)).height == 3
    assert '"rule": "citizen_id.sex"' in receipt_texts(settings, last)


def test_a_replay_that_is_killed_midway_goes_on_where_it_was(
    settings: Settings, hand_in: HandIn, ledger: Ledger
) -> None:
    for period in ("2026-08", "2026-09", "2026-10"):
        hand_in(RESIDENTS, f"{period}.csv", people(0, 1, header="Tên công dân"))

    def stop(done: int, _total: int, _name: str) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_again(settings, [KNOWN_HEADER], why="x", on_file=stop)
    assert [each.verdict for each in ledger.all()] == ["refused"] * 3 + ["accepted"] * 2
    done = run_again(settings, [KNOWN_HEADER], why="x")
    assert [each.before.file_name for each in done.changed] == ["2026-10.csv"]
    assert [each.is_current for each in ledger.all()] == [False] * 3 + [True] * 3
