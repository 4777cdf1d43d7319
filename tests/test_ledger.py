"""The ledger: what was committed stays, and what counts now follows from it and from the decisions."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import sqlite3
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from orchestration.intake.ledger import SCHEMA, Ledger, Submission
from orchestration.settings import PROJECT, Settings

AT = datetime.datetime(2026, 11, 2, 8, tzinfo=datetime.UTC)
TAKEN_IN = ("accepted", "partly")


def submission(identifier: str, **facts: Any) -> Submission:
    """A submission of population/residents with ten rows."""
    usual: dict[str, Any] = {
        "submission_id": identifier,
        "department": "population",
        "dataset": "population/residents",
        "unit": "population",
        "period": "2026-10",
        "period_start": datetime.date(2026, 10, 1),
        "period_end": datetime.date(2026, 10, 31),
        "file_name": "2026-10.csv",
        "file_sha256": "ab" * 32,
        "file_bytes": 100,
        "file_identity": "1:2:3:4",
        "received_at": AT,
        "verdict": "accepted",
        "rows_read": 10,
        "rows_accepted": 9,
        "rows_ignored": 1,
    }
    return Submission(**{**usual, **facts})


# --- facts ------------------------------------------------------------------------------------------------
def test_a_submission_is_read_back_as_it_was_recorded(ledger: Ledger) -> None:
    given_in = submission("a", details={"reasons": [{"rule": "required", "count": 2}], "ignored": {"ghi chú": 1}})
    assert ledger.record(given_in)
    expected = dataclasses.replace(given_in, sequence=1, is_current=True)
    assert ledger.all() == [expected]
    assert ledger.get("a") == expected
    assert ledger.of_dataset("population/residents") == [expected]
    assert (ledger.get("b"), ledger.of_dataset("land/parcels")) == (None, [])


def test_a_submission_without_period_is_read_back_without(ledger: Ledger) -> None:
    refused = submission("a", verdict="refused", unit="", period="", period_start=None, period_end=None)
    ledger.record(refused)
    assert ledger.all() == [dataclasses.replace(refused, sequence=1)]


def test_recording_a_submission_twice_keeps_the_first(ledger: Ledger) -> None:
    assert ledger.record(submission("a"))
    assert not ledger.record(submission("a", verdict="refused"))
    assert [each.verdict for each in ledger.all()] == ["accepted"]


@pytest.mark.parametrize(
    "facts",
    [
        {"rows_read": 11},
        {"rows_rejected": 1},
        {"verdict": "withdrawn"},
        {"verdict": "perhaps"},
        {"file_sha256": None},
    ],
)
def test_a_submission_that_contradicts_itself_is_not_recorded(ledger: Ledger, facts: dict[str, Any]) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        ledger.record(submission("a", **facts))
    assert ledger.all() == []


def test_a_decision_needs_a_submission_and_a_known_kind(ledger: Ledger) -> None:
    ledger.record(submission("a", verdict="waiting"))
    for identifier, kind in (("b", "accept"), ("a", "forget")):
        with pytest.raises(sqlite3.IntegrityError):
            ledger.decide(identifier, kind, why="x", who="y", at=AT)
    assert ledger.all()[0].verdict == "waiting"


def test_what_is_left_to_do_after_the_commit_is_known_until_it_is_marked(ledger: Ledger) -> None:
    for name in ("a", "b"):
        ledger.record(submission(name))
    dataset = "population/residents"
    ledger.mark_receipt("a")
    ledger.mark_removed("b")
    assert [each.submission_id for each in ledger.without_receipt(dataset)] == ["b"]
    assert [each.submission_id for each in ledger.not_removed(dataset)] == ["a"]
    assert ledger.without_receipt("land/parcels") == ledger.not_removed("land/parcels") == []


def test_times_seen_counts_the_bytes_within_their_dataset(ledger: Ledger) -> None:
    ledger.record(submission("a"))
    ledger.record(submission("b", verdict="refused", period="2026-11"))
    ledger.record(submission("c", dataset="land/parcels"))
    ledger.record(submission("d", file_sha256="cd" * 32))
    assert [ledger.times_seen("population/residents", each * 32) for each in ("ab", "cd", "ef")] == [2, 1, 0]


def test_reading_a_ledger_that_is_not_there_makes_none(settings: Settings, ledger: Ledger) -> None:
    assert (ledger.all(), ledger.get("a"), ledger.last_sequence()) == ([], None, 0)
    assert (ledger.current("a", "b", "c"), ledger.times_seen("a", "b")) == (None, 0)
    assert not settings.home.exists()


def test_the_ledger_is_for_its_owner_only_and_survives_a_loss_of_power(settings: Settings, ledger: Ledger) -> None:
    ledger.record(submission("a"))
    assert settings.ledger.stat().st_mode & 0o777 == 0o600
    with ledger._connect() as connection:
        pragmas = [connection.execute(f"pragma {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    assert pragmas == ["wal", 2]  # 2: FULL


def test_submissions_and_decisions_only_grow(settings: Settings, ledger: Ledger) -> None:
    """Everything that the class does is an insert, or one of the two flags."""
    statements: list[str] = []
    real = sqlite3.connect

    def connect(*arguments: Any, **named: Any) -> sqlite3.Connection:
        connection = real(*arguments, **named)
        connection.set_trace_callback(statements.append)
        return connection

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", connect)
        ledger.record(submission("a", verdict="waiting"))
        ledger.decide("a", "accept", why="x", who="y", at=AT)
        ledger.mark_receipt("a")
        ledger.mark_removed("a")
        ledger.all()
    words = {" ".join(each.split()[:4]) for each in statements if each.split()[0].lower() in ("update", "delete")}
    assert words == {"update submission set receipt_written", "update submission set incoming_removed"}


# --- several processes --------------------------------------------------------------------------------------
_WRITER = """
import datetime, sys
from pathlib import Path
from orchestration.intake.ledger import Ledger, Submission
ledger = Ledger(Path(sys.argv[1]))
for number in range(int(sys.argv[3])):
    ledger.record(Submission(submission_id=f"{sys.argv[2]}-{number}", department="d", dataset="d/s", file_name="f",
        file_sha256="", file_bytes=0, file_identity="", verdict="refused",
        received_at=datetime.datetime.now(datetime.UTC)))
    ledger.mark_receipt(f"{sys.argv[2]}-{number}")
"""


def test_processes_that_make_the_ledger_at_the_same_moment_all_write_to_it(settings: Settings, ledger: Ledger) -> None:
    settings.home.mkdir()
    command = [sys.executable, "-c", _WRITER, str(settings.ledger)]
    writers = [
        subprocess.Popen([*command, str(number), "10"], cwd=PROJECT, stderr=subprocess.PIPE, text=True)
        for number in range(6)
    ]
    assert [writer.communicate(timeout=60)[1] for writer in writers] == [""] * 6
    assert len(ledger.all()) == 60
    assert ledger.without_receipt("d/s") == []


def test_a_ledger_whose_making_was_interrupted_is_completed(settings: Settings, ledger: Ledger) -> None:
    """SQLite commits the statements of the schema one by one; any number of them may have got through."""
    statements = [each + ";" for each in SCHEMA.split(";\n")]
    settings.home.mkdir()
    for count in range(len(statements)):
        settings.ledger.unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(settings.ledger)) as connection:
            connection.executescript("".join(statements[:count]))
        assert ledger.record(submission("a"))
        assert [each.submission_id for each in ledger.all()] == ["a"]


# --- what counts now: the view against plain Python ---------------------------------------------------------
@dataclasses.dataclass
class Event:
    """A submission that arrives, or a decision about the ``target``-th submission so far."""

    kind: str
    verdict: str = "accepted"
    load: str = "full"
    unit: str = "population"
    period: str = "2026-10"
    returned: int = 0
    target: int = 0


SUBMITTED = st.builds(
    Event,
    kind=st.just("submit"),
    verdict=st.sampled_from(["accepted", "partly", "refused", "waiting", "waiting", "duplicate"]),
    load=st.sampled_from(["full", "full", "upsert"]),
    unit=st.sampled_from(["population", "03006"]),
    period=st.sampled_from(["2026-10", "2026-11"]),
    returned=st.sampled_from([0, 3]),
)
DECIDED = st.builds(
    Event, kind=st.sampled_from(["accept", "reject", "withdraw"]), target=st.integers(min_value=0, max_value=11)
)


class Model:
    """The rules of ledger.sql once more, in words: one list, read from its start for every question."""

    def __init__(self) -> None:
        self.submitted: list[Event] = []
        self.decisions: list[tuple[int, str]] = []

    def verdict(self, number: int) -> str:
        """What the last decision about a submission makes of its verdict."""
        facts, said = self.submitted[number], [kind for target, kind in self.decisions if target == number]
        if not said:
            return facts.verdict
        if said[-1] == "withdraw":
            return "withdrawn" if facts.verdict in (*TAKEN_IN, "waiting") else facts.verdict
        if facts.verdict != "waiting":
            return facts.verdict
        if said[-1] == "reject":
            return "refused"
        return "partly" if facts.returned else "accepted"

    def superseded_by(self, number: int) -> int | None:
        """The next full submission of the same slot that was taken in; nothing supersedes what is added."""
        facts = self.submitted[number]
        if facts.load != "full" or self.verdict(number) not in TAKEN_IN:
            return None
        later = range(number + 1, len(self.submitted))
        return next((each for each in later if self._replaces(each, facts)), None)

    def _replaces(self, number: int, older: Event) -> bool:
        facts = self.submitted[number]
        same = (facts.unit, facts.period) == (older.unit, older.period)
        return same and facts.load == "full" and self.verdict(number) in TAKEN_IN

    def newest(self, unit: str, period: str, verdicts: tuple[str, ...]) -> int | None:
        """The newest submission of a slot with one of these verdicts."""
        numbers = [
            number
            for number, facts in enumerate(self.submitted)
            if (facts.unit, facts.period) == (unit, period) and self.verdict(number) in verdicts
        ]
        return numbers[-1] if numbers else None


def _apply(ledger: Ledger, model: Model, event: Event) -> None:
    if event.kind == "submit":
        number = len(model.submitted)
        model.submitted.append(event)
        rows = {"rows_read": 10, "rows_accepted": 10 - event.returned, "rows_rejected": event.returned}
        facts = {"verdict": event.verdict, "load": event.load, "unit": event.unit, "period": event.period}
        assert ledger.record(submission(str(number), rows_ignored=0, **rows, **facts))
    elif event.target < len(model.submitted):
        model.decisions.append((event.target, event.kind))
        ledger.decide(str(event.target), event.kind, why="why", who="who", at=AT)


@effort(max_examples=60, deadline=None, derandomize=True)
@given(events=st.lists(st.one_of(SUBMITTED, SUBMITTED, DECIDED), max_size=14))
def test_verdict_succession_and_what_is_current_follow_the_rules(
    tmp_path_factory: pytest.TempPathFactory, events: list[Event]
) -> None:
    ledger, model = Ledger(tmp_path_factory.mktemp("ledger") / "ledger.sqlite"), Model()
    marks = [0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ledger, "_connect", _without_waiting_for_the_disk(Ledger._connect))
        for event in events:
            _apply(ledger, model, event)
            marks.append(ledger.last_sequence())
        found = [(each.submission_id, each.verdict, each.superseded_by, each.is_current) for each in ledger.all()]
        slots = [(unit, period) for unit in ("population", "03006") for period in ("2026-10", "2026-11")]
        current = [ledger.current("population/residents", *slot) for slot in slots]
        kept = [ledger.newest_kept("population/residents", *slot) for slot in slots]
    expected = []
    for number in range(len(model.submitted)):
        successor, verdict = model.superseded_by(number), model.verdict(number)
        named = None if successor is None else str(successor)
        expected.append((str(number), verdict, named, verdict in TAKEN_IN and successor is None))
    assert found == expected
    for each, slot in zip(current, slots, strict=True):
        newest = model.newest(*slot, TAKEN_IN)
        assert (each and each.submission_id) == (None if newest is None else str(newest))
    for each, slot in zip(kept, slots, strict=True):
        newest = model.newest(*slot, (*TAKEN_IN, "waiting"))
        assert (each and each.submission_id) == (None if newest is None else str(newest))
    assert len([mark for mark in set(marks) if mark]) == len(model.submitted) + len(model.decisions)


def _without_waiting_for_the_disk(real: Any) -> Any:
    """The property is about SQL; hundreds of fsyncs would only cost time."""

    @contextlib.contextmanager
    def connect(ledger: Ledger) -> Any:
        with real(ledger) as connection:
            connection.execute("pragma synchronous = off")
            yield connection

    return connect


def test_a_new_submission_and_a_decision_both_change_what_a_warehouse_is_built_from(ledger: Ledger) -> None:
    """``changing`` leaves duplicates out: they change no published row."""
    steps = [ledger.last_sequence(changing=True)]
    ledger.record(submission("a", verdict="waiting"))
    steps.append(ledger.last_sequence(changing=True))
    ledger.record(submission("b", verdict="duplicate"))
    steps.append(ledger.last_sequence(changing=True))
    ledger.decide("a", "accept", why="x", who="y", at=AT)
    steps.append(ledger.last_sequence(changing=True))
    assert steps[0] < steps[1] == steps[2] < steps[3]


def test_the_ledger_module_needs_no_heavy_library() -> None:
    """The sensor asks the ledger every few seconds."""
    code = "import sys, orchestration.intake.ledger; print({'polars', 'duckdb', 'pandera'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
