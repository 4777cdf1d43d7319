"""The ledger: what was committed stays, and what counts now follows from it and from the decisions."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import os
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from orchestration.intake.ledger import Decision, Ledger, Submission
from orchestration.intake.ledger_file import SECTIONS, VERSION, LedgerVersionError
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


def place(number: int) -> str:
    """Where the file stands that was the ``number``-th to be recorded, having arrived at the usual time."""
    return f"2026-11-02T08:00:00+00:00#{number:09}"


# --- facts ------------------------------------------------------------------------------------------------
def test_a_submission_is_read_back_as_it_was_recorded(ledger: Ledger) -> None:
    given_in = submission("a", details={"reasons": [{"rule": "required", "count": 2}], "ignored": {"ghi chú": 1}})
    assert ledger.record(given_in)
    expected = dataclasses.replace(given_in, sequence=1, position=place(1), is_current=True)
    assert ledger.all() == [expected]
    assert ledger.get("a") == expected
    assert ledger.of_dataset("population/residents") == [expected]
    assert (ledger.get("b"), ledger.of_dataset("land/parcels")) == (None, [])


def test_a_submission_without_period_is_read_back_without(ledger: Ledger) -> None:
    refused = submission("a", verdict="refused", unit="", period="", period_start=None, period_end=None)
    ledger.record(refused)
    assert ledger.all() == [dataclasses.replace(refused, sequence=1, position=place(1))]


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
    with ledger.connect() as connection:
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


# --- one connection for a stretch of work -------------------------------------------------------------------
@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[sqlite3.Connection]:
    """Every connection that is opened from now on."""
    opened: list[sqlite3.Connection] = []
    real = sqlite3.connect

    def connect(*arguments: Any, **named: Any) -> sqlite3.Connection:
        opened.append(real(*arguments, **named))
        return opened[-1]

    monkeypatch.setattr(sqlite3, "connect", connect)
    return opened


def is_open(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("select 1")
    except sqlite3.ProgrammingError:
        return False
    return True


def test_a_stretch_of_work_opens_one_connection_and_closes_it(
    settings: Settings, ledger: Ledger, connections: list[sqlite3.Connection]
) -> None:
    with ledger.held_open():
        assert ledger.all() == []
        assert not settings.home.exists(), "reading makes no ledger"
        ledger.record(submission("a"))
        with Ledger(settings.ledger).held_open():
            assert ledger.decide("a", "withdraw", why="x", who="y", at=AT)
        assert [each.verdict for each in Ledger(settings.ledger).all()] == ["withdrawn"]
        assert (len(connections), is_open(connections[0])) == (1, True)
    assert not is_open(connections[0])
    assert [path.name for path in settings.home.iterdir()] == [settings.ledger.name], "its log was written back"
    ledger.all()
    assert len(connections) == 2


def test_a_stretch_sees_at_once_what_other_connections_commit(settings: Settings, ledger: Ledger) -> None:
    with ledger.held_open(), ThreadPoolExecutor(1) as pool:
        ledger.record(submission("a"))
        assert pool.submit(Ledger(settings.ledger).record, submission("b")).result()
        assert [each.submission_id for each in ledger.all()] == ["a", "b"]


def test_each_thread_has_its_own_stretch(ledger: Ledger, connections: list[sqlite3.Connection]) -> None:
    with ledger.held_open(), ThreadPoolExecutor(1) as pool:
        ledger.record(submission("a"))
        assert pool.submit(ledger.last_sequence).result() == 1
        assert (len(connections), is_open(connections[0])) == (2, True)


def test_a_file_that_takes_the_place_of_a_ledger_held_open_is_the_ledger_from_then_on(
    settings: Settings, ledger: Ledger, connections: list[sqlite3.Connection]
) -> None:
    other = Ledger(settings.home / "other.sqlite")
    other.record(submission("other"))
    with ledger.held_open():
        ledger.record(submission("a"))
        for left in settings.home.glob(f"{settings.ledger.name}*"):
            left.unlink()
        assert ledger.all() == []
        other.path.replace(settings.ledger)
        assert [each.submission_id for each in ledger.all()] == ["other"]
        assert [is_open(each) for each in connections[1:]] == [False, True]


def test_a_fork_in_a_stretch_shares_no_connection_with_its_parent(
    settings: Settings, ledger: Ledger, connections: list[sqlite3.Connection]
) -> None:
    with ledger.held_open():
        ledger.record(submission("a"))
        child = os.fork()
        if child == 0:
            ledger.record(submission("b"))
            os._exit(0 if len(connections) == 2 and not is_open(connections[0]) else 1)
        assert os.waitpid(child, 0)[1] == 0
        ledger.record(submission("c"))
        assert {each.submission_id for each in ledger.all()} == {"a", "b", "c"}
        assert [is_open(each) for each in connections] == [False, True]


def test_a_broken_call_leaves_nothing_behind_in_a_stretch(
    ledger: Ledger, connections: list[sqlite3.Connection]
) -> None:
    with ledger.held_open():
        ledger.record(submission("a"))
        with pytest.raises(InterruptedError), ledger.connect() as connection:
            connection.execute("begin immediate")
            connection.execute("update submission set receipt_written = 1")
            assert ledger.get("a") == submission("a", sequence=1, position=place(1), is_current=True)
            raise InterruptedError
        assert [each.submission_id for each in ledger.without_receipt("population/residents")] == ["a"]
        assert not is_open(connections[0])


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


def test_threads_that_open_a_new_ledger_at_the_same_moment_all_get_it(tmp_path: Path) -> None:
    def opened(path: Path, together: threading.Barrier) -> str:
        together.wait()
        with Ledger(path).connect() as connection:
            return str(connection.execute("pragma journal_mode").fetchone()[0])

    with ThreadPoolExecutor(8) as pool:
        for attempt in range(60):  # SQLite answered "locked" to one of 240, without having waited
            together = threading.Barrier(8)
            done = [pool.submit(opened, tmp_path / f"{attempt}.sqlite", together) for _ in range(8)]
            assert [each.result() for each in done] == ["wal"] * 8


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


# --- versions -----------------------------------------------------------------------------------------------
#: What version 1 executed to make a ledger, as it was released; its statements were committed one by one.
VERSION_1 = """
-- The ledger's tables, and the view that derives from them what counts now (see ledger.py).
create table if not exists submission (
    sequence         integer primary key autoincrement,
    submission_id    text not null unique,
    department       text not null,
    dataset          text not null,          -- department/name
    unit             text not null,          -- reporting unit: department, or a commune's code; '' if unknown
    period           text not null,          -- 2026-10, 2026Q4, 2026; '' if unknown
    period_start     text,
    period_end       text,
    load             text not null,          -- full, upsert
    file_name        text not null,
    file_sha256      text not null,
    file_bytes       integer not null,
    file_identity    text not null,          -- device:inode:mtime_ns:size of the incoming file
    received_at      text not null,          -- UTC, ISO 8601
    verdict          text not null check (verdict in ('accepted', 'partly', 'refused', 'waiting', 'duplicate')),
    rows_read        integer not null,
    rows_accepted    integer not null,
    rows_rejected    integer not null,
    rows_ignored     integer not null,
    details          text not null,          -- JSON: counts, reasons, notices; never a cell's value
    receipt_written  integer not null default 0,
    incoming_removed integer not null default 0,
    check (rows_read = rows_accepted + rows_rejected + rows_ignored)
);
create index if not exists submission_by_slot on submission (dataset, unit, period, sequence);
create index if not exists submission_by_file on submission (dataset, file_sha256);
create index if not exists submission_unfinished on submission (dataset)
    where receipt_written = 0 or incoming_removed = 0;
create table if not exists decision (
    decision_id   integer primary key autoincrement,
    submission_id text not null references submission (submission_id),
    kind          text not null check (kind in ('accept', 'reject', 'withdraw')),
    why           text not null,
    who           text not null,
    decided_at    text not null
);
create view if not exists effective_submission as
with latest_decision as (
    select submission_id, max(decision_id) as decision_id from decision group by submission_id
),
decided as (
    select submission.*, decision.kind
    from submission
    left join latest_decision using (submission_id)
    left join decision using (decision_id)
),
judged as (
    select
        *,
        case
            when verdict = 'waiting' and kind = 'accept' and rows_rejected > 0 then 'partly'
            when verdict = 'waiting' and kind = 'accept' then 'accepted'
            when verdict = 'waiting' and kind = 'reject' then 'refused'
            when verdict in ('accepted', 'partly', 'waiting') and kind = 'withdraw' then 'withdrawn'
            else verdict
        end as effective_verdict
    from decided
),
-- A full submission is superseded by the next one of its dataset, unit and period that was taken in.
successor as (
    select submission_id, lead(submission_id) over (partition by dataset, unit, period order by sequence) as next_id
    from judged
    where effective_verdict in ('accepted', 'partly') and load = 'full'
)
select
    judged.*,
    successor.next_id as superseded_by,
    judged.effective_verdict in ('accepted', 'partly') and successor.next_id is null as is_current
from judged
left join successor using (submission_id);
"""
#: A ledger as version 1 left it: a superseded file, its correction, one that waits and was accepted, a duplicate.
VERSION_1_ROWS = """
insert into submission (submission_id, department, dataset, unit, period, period_start, period_end, load, file_name,
    file_sha256, file_bytes, file_identity, received_at, verdict, rows_read, rows_accepted, rows_rejected, rows_ignored,
    details, receipt_written, incoming_removed)
values
    ('a', 'population', 'population/residents', 'population', '2026-10', '2026-10-01', '2026-10-31', 'full', 'a.csv',
     'aa', 10, '1:1:1:10', '2026-11-01T08:00:00+00:00', 'accepted', 10, 9, 0, 1, '{"ignored": {"header": 1}}', 1, 1),
    ('b', 'population', 'population/residents', 'population', '2026-10', '2026-10-01', '2026-10-31', 'full', 'b.csv',
     'bb', 11, '1:2:1:11', '2026-11-02T08:00:00+00:00', 'waiting', 5, 3, 1, 1, '{"notices": []}', 1, 0),
    ('c', 'population', 'population/residents', '', '', null, null, 'full', 'c.csv',
     'cc', 0, '1:3:1:0', '2026-11-03T08:00:00+00:00', 'refused', 0, 0, 0, 0, '{}', 0, 1);
insert into decision (submission_id, kind, why, who, decided_at)
values ('b', 'accept', 'đúng', 'an', '2026-11-02T09:00:00+00:00');
"""


def made_by_version_1(path: Any, script: str = VERSION_1 + VERSION_1_ROWS + "pragma user_version = 1;") -> None:
    """A ledger file that version 1 wrote."""
    path.parent.mkdir(exist_ok=True)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)


def plain_rows(path: Any, table: str) -> list[dict[str, Any]]:
    """All rows of a table as they are stored."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(f"select * from {table} order by 1")]


def test_a_ledger_of_version_1_keeps_every_row_and_learns_the_new_columns(settings: Settings, ledger: Ledger) -> None:
    made_by_version_1(settings.ledger)
    before = {name: plain_rows(settings.ledger, name) for name in ("submission", "decision")}
    assert [(len(rows)) for rows in before.values()] == [3, 1]

    found = ledger.all()
    assert [(each.submission_id, each.verdict, each.superseded_by, each.is_current) for each in found] == [
        ("a", "accepted", "b", False),
        ("b", "partly", None, True),
        ("c", "refused", None, False),
    ]
    assert [(each.replays, each.days_late, each.position, each.details) for each in found] == [
        (None, None, "2026-11-01T08:00:00+00:00#000000001", {"ignored": {"header": 1}}),
        (None, None, "2026-11-02T08:00:00+00:00#000000002", {"notices": []}),
        (None, None, "2026-11-03T08:00:00+00:00#000000003", {}),
    ]
    assert ledger.decisions("b") == [
        Decision("accept", "đúng", "an", datetime.datetime(2026, 11, 2, 9, tzinfo=datetime.UTC))
    ]
    assert [each.submission_id for each in ledger.without_receipt("population/residents")] == ["c"]
    assert [each.submission_id for each in ledger.not_removed("population/residents")] == ["b"]
    new = {"replays": None, "days_late": None}
    assert plain_rows(settings.ledger, "submission") == [{**row, **new} for row in before["submission"]]
    assert plain_rows(settings.ledger, "decision") == before["decision"]
    assert ledger.record(submission("d", replays="c", days_late=2))
    assert (ledger.all()[-1].position, ledger.all()[-1].days_late) == ("2026-11-03T08:00:00+00:00#000000003", 2)


def test_a_ledger_of_version_1_becomes_the_same_as_a_new_one(settings: Settings, ledger: Ledger) -> None:
    made_by_version_1(settings.ledger)
    fresh = Ledger(settings.home / "fresh.sqlite")
    for each in (ledger, fresh):
        each.record(submission("x"))
    schemas = []
    for path in (ledger.path, fresh.path):
        with contextlib.closing(sqlite3.connect(path)) as connection:
            assert connection.execute("pragma user_version").fetchone() == (VERSION,) == (5,)
            schemas.append(connection.execute("select type, name, sql from sqlite_master order by name").fetchall())
    assert schemas[0] == schemas[1]


def test_a_ledger_whose_making_was_interrupted_is_completed(settings: Settings, ledger: Ledger) -> None:
    """Version 1 committed the statements of its schema one by one; any number of them may have got through."""
    statements = [each + ";" for each in VERSION_1.split(";\n")]
    for count in range(len(statements)):
        settings.ledger.unlink(missing_ok=True)
        made_by_version_1(settings.ledger, "".join(statements[:count]))
        assert ledger.record(submission("a"))
        assert [each.submission_id for each in ledger.all()] == ["a"]


@pytest.mark.parametrize("statement", [1, 2, 3, 4])
def test_a_change_of_version_that_breaks_off_leaves_the_old_ledger(
    settings: Settings, ledger: Ledger, statement: int
) -> None:
    made_by_version_1(settings.ledger)
    before = plain_rows(settings.ledger, "sqlite_master")
    broken = [*SECTIONS["version 2"], *SECTIONS["view"]]
    broken[statement] = "select no_such_function();"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(SECTIONS, "version 2", broken)
        with pytest.raises(sqlite3.OperationalError):
            ledger.all()
    assert plain_rows(settings.ledger, "sqlite_master") == before
    assert len(ledger.all()) == 3


def test_processes_that_meet_a_ledger_of_version_1_change_it_once(settings: Settings, ledger: Ledger) -> None:
    made_by_version_1(settings.ledger)
    command = [sys.executable, "-c", _WRITER, str(settings.ledger)]
    writers = [
        subprocess.Popen([*command, str(number), "3"], cwd=PROJECT, stderr=subprocess.PIPE, text=True)
        for number in range(4)
    ]
    assert [writer.communicate(timeout=60)[1] for writer in writers] == [""] * 4
    assert len(ledger.all()) == 3 + 12


def test_a_ledger_of_a_newer_version_is_left_alone(settings: Settings, ledger: Ledger) -> None:
    made_by_version_1(settings.ledger, VERSION_1 + "pragma user_version = 99;")
    with pytest.raises(LedgerVersionError, match="version 99"):
        ledger.record(submission("a"))
    assert plain_rows(settings.ledger, "submission") == []


# --- a file that is judged again ------------------------------------------------------------------------------
def standing(ledger: Ledger) -> dict[str, tuple[str, str | None, bool]]:
    """Verdict, successor and whether it counts, by id."""
    return {each.submission_id: (each.verdict, each.superseded_by, each.is_current) for each in ledger.all()}


@pytest.mark.parametrize("load", ["full", "upsert"])
def test_the_newest_judgement_of_a_file_that_was_taken_in_counts(ledger: Ledger, load: str) -> None:
    ledger.record(submission("a", load=load))
    ledger.record(submission("b", load=load, replays="a"))
    ledger.record(submission("c", load=load, replays="a", verdict="refused"))
    assert standing(ledger) == {
        "a": ("accepted", "b", False),
        "b": ("accepted", None, True),
        "c": ("refused", None, False),
    }
    ledger.decide("b", "withdraw", why="x", who="y", at=AT)
    assert standing(ledger)["a"] == ("accepted", None, True)


def test_a_file_judged_again_stands_where_it_arrived(ledger: Ledger) -> None:
    """A later file of its unit and period still wins, whatever the order in which they were judged."""
    ledger.record(submission("a", verdict="refused"))
    ledger.record(submission("b"))
    ledger.record(submission("a2", replays="a"))
    assert standing(ledger) == {
        "a": ("refused", None, False),
        "b": ("accepted", None, True),
        "a2": ("accepted", "b", False),
    }
    slot = ("population/residents", "population", "2026-10")
    assert [each and each.submission_id for each in (ledger.current(*slot), ledger.newest_kept(*slot))] == ["b", "b"]
    ledger.decide("b", "withdraw", why="x", who="y", at=AT)
    assert standing(ledger)["a2"] == ("accepted", None, True)


def test_a_file_judged_again_for_another_period_no_longer_counts_in_the_old_one(ledger: Ledger) -> None:
    ledger.record(submission("a"))
    ledger.record(submission("b", replays="a", period="2026-11"))
    assert standing(ledger) == {"a": ("accepted", "b", False), "b": ("accepted", None, True)}


def test_a_judgement_that_waits_is_done_with_when_its_file_was_judged_again(ledger: Ledger) -> None:
    ledger.record(submission("a", verdict="waiting"))
    ledger.record(submission("b", verdict="waiting", replays="a"))
    assert standing(ledger) == {"a": ("waiting", "b", False), "b": ("waiting", None, False)}
    waiting = {"waiting"}
    assert not ledger.decide("a", "accept", why="x", who="y", at=AT, about=waiting)
    assert ledger.decide("b", "accept", why="x", who="y", at=AT, about=waiting)
    assert not ledger.decide("b", "accept", why="x", who="y", at=AT, about=waiting)
    assert standing(ledger) == {"a": ("waiting", "b", False), "b": ("accepted", None, True)}


def test_a_submission_has_the_predecessor_that_it_would_supersede(ledger: Ledger) -> None:
    def predecessor(**facts: Any) -> str | None:
        found = ledger.predecessor(submission("new", **facts))
        return found.submission_id if found else None

    assert predecessor() is None
    for name, facts in {"a": {"verdict": "refused"}, "b": {}, "c": {"verdict": "waiting"}, "d": {}}.items():
        ledger.record(submission(name, **facts))
    ledger.record(submission("b2", replays="b"))
    assert predecessor() == "d"
    assert predecessor(period="2026-11") is None
    assert predecessor(load="upsert") is None
    assert predecessor(replays="a", position=place(1)) is None
    assert predecessor(replays="c", position=place(3)) == "b2"
    assert predecessor(replays="b", position=place(2)) == "b2"
    assert predecessor(replays="b", position=place(2), load="upsert") == "b2"


@effort(max_examples=24, deadline=None, derandomize=True)
@given(order=st.permutations(range(4)))
def test_files_supersede_each_other_by_their_arrival_whatever_the_order_of_recording(
    order: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    ledger = Ledger(tmp_path_factory.mktemp("ledger") / "ledger.sqlite")
    for day in order:
        before = ledger.predecessor(submission("new", received_at=AT + datetime.timedelta(days=day)))
        ledger.record(submission(f"day {day}", received_at=AT + datetime.timedelta(days=day)))
        earlier = [each for each in order[: order.index(day)] if each < day]
        assert (before and before.submission_id) == (f"day {max(earlier)}" if earlier else None)
    assert standing(ledger) == {
        "day 0": ("accepted", "day 1", False),
        "day 1": ("accepted", "day 2", False),
        "day 2": ("accepted", "day 3", False),
        "day 3": ("accepted", None, True),
    }


def test_a_decision_makes_the_receipt_due_again(ledger: Ledger) -> None:
    """A kill between the decision and its receipt is made good by the next run."""
    ledger.record(submission("a", verdict="waiting"))
    ledger.mark_receipt("a")
    ledger.decide("a", "accept", why="x", who="y", at=AT)
    assert [each.submission_id for each in ledger.without_receipt("population/residents")] == ["a"]


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
    again: bool = False


SUBMITTED = st.builds(
    Event,
    kind=st.just("submit"),
    verdict=st.sampled_from(["accepted", "partly", "refused", "waiting", "waiting", "duplicate"]),
    load=st.sampled_from(["full", "full", "upsert"]),
    unit=st.sampled_from(["population", "03006"]),
    period=st.sampled_from(["2026-10", "2026-11"]),
    returned=st.sampled_from([0, 3]),
    target=st.integers(min_value=0, max_value=11),
    again=st.sampled_from([False, False, True]),
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

    def arrived(self, number: int) -> int:
        """The number with which the file of a submission arrived."""
        event = self.submitted[number]
        return self.arrived(event.target) if event.again else number

    def superseded_by(self, number: int) -> int | None:
        """The next judgement of the same file, else the next full file of the same slot; nothing replaces what is added.

        A judgement that waits is done with by the next one that was taken in or waits, any other by one taken in.
        """
        own = [each for each in self._later(number) if self.arrived(each) == self.arrived(number)]
        if self.verdict(number) == "waiting":
            return next((each for each in own if self.verdict(each) in (*TAKEN_IN, "waiting")), None)
        if self.verdict(number) not in TAKEN_IN:
            return None
        again = next((each for each in own if self.verdict(each) in TAKEN_IN), None)
        if again is not None or self.submitted[number].load != "full":
            return again
        standing = [each for each in range(len(self.submitted)) if self._replaces(each, number)]
        return min(standing, key=self.arrived, default=None)

    def _later(self, number: int) -> range:
        return range(number + 1, len(self.submitted))

    def _replaces(self, number: int, older: int) -> bool:
        """Whether a full submission, the last of its file that was taken in, came after another in the same slot."""
        facts, other = self.submitted[number], self.submitted[older]
        own = [each for each in self._later(number) if self.arrived(each) == self.arrived(number)]
        return (
            self.arrived(number) > self.arrived(older)
            and (facts.unit, facts.period, facts.load) == (other.unit, other.period, "full")
            and self.verdict(number) in TAKEN_IN
            and not any(self.verdict(each) in TAKEN_IN for each in own)
        )

    def newest(self, unit: str, period: str, verdicts: tuple[str, ...]) -> int | None:
        """The newest submission of a slot with one of these verdicts: by the arrival of its file."""
        numbers = [
            number
            for number, facts in enumerate(self.submitted)
            if (facts.unit, facts.period) == (unit, period) and self.verdict(number) in verdicts
        ]
        return max(numbers, key=lambda number: (self.arrived(number), number), default=None)


def _apply(ledger: Ledger, model: Model, event: Event) -> None:
    if event.kind == "submit":
        number = len(model.submitted)
        event = dataclasses.replace(event, again=event.again and event.target < number)
        model.submitted.append(event)
        rows = {"rows_read": 10, "rows_accepted": 10 - event.returned, "rows_rejected": event.returned}
        facts: dict[str, Any] = {
            "verdict": event.verdict,
            "load": event.load,
            "unit": event.unit,
            "period": event.period,
        }
        if event.again:
            facts["replays"] = str(model.arrived(number))
        assert ledger.record(submission(str(number), rows_ignored=0, **rows, **facts))
    elif event.target < len(model.submitted):
        model.decisions.append((event.target, event.kind))
        ledger.decide(str(event.target), event.kind, why="why", who="who", at=AT)


@effort(max_examples=40, deadline=None, derandomize=True)
@given(events=st.lists(st.one_of(SUBMITTED, SUBMITTED, DECIDED), max_size=14))
def test_verdict_succession_and_what_is_current_follow_the_rules(
    tmp_path_factory: pytest.TempPathFactory, events: list[Event]
) -> None:
    ledger, model = Ledger(tmp_path_factory.mktemp("ledger") / "ledger.sqlite"), Model()
    marks = [0]
    with pytest.MonkeyPatch.context() as patch, ledger.held_open():
        patch.setattr(Ledger, "connect", _without_waiting_for_the_disk(Ledger.connect))
        for event in events:
            _apply(ledger, model, event)
            marks.append(ledger.last_sequence())
        found = [(each.submission_id, each.verdict, each.superseded_by, each.is_current) for each in ledger.all()]
        slots = [(unit, period) for unit in ("population", "03006") for period in ("2026-10", "2026-11")]
        current = [ledger.current("population/residents", *slot) for slot in slots]
        kept = [ledger.newest_kept("population/residents", *slot) for slot in slots]
        tally = ledger.tally()
    expected = []
    for number in range(len(model.submitted)):
        successor, verdict = model.superseded_by(number), model.verdict(number)
        named = None if successor is None else str(successor)
        expected.append((str(number), verdict, named, verdict in TAKEN_IN and successor is None))
    assert found == expected
    verdicts = Counter(verdict for _, verdict, _, _ in expected)
    assert tally == ({"population/residents": verdicts} if verdicts else {})
    for each, slot in zip(current, slots, strict=True):
        newest = model.newest(*slot, TAKEN_IN)
        assert (each and each.submission_id) == (None if newest is None else str(newest))
    for each, slot in zip(kept, slots, strict=True):
        newest = model.newest(*slot, (*TAKEN_IN, "waiting"))
        assert (each and each.submission_id) == (None if newest is None else str(newest))
    assert len([mark for mark in set(marks) if mark]) == len(model.submitted) + len(model.decisions)


def test_the_newest_of_each_dataset_is_the_one_that_was_recorded_last(ledger: Ledger) -> None:
    assert (ledger.newest_of_each(), ledger.tally()) == ({}, {})
    for name, path in (("a", "land/parcels"), ("b", "population/residents"), ("c", "land/parcels")):
        ledger.record(submission(name, dataset=path))
    ledger.record(submission("d", dataset="land/parcels", verdict="refused", period="2026-09"))
    ledger.decide("a", "withdraw", why="why", who="who", at=AT)
    newest = {path: each.submission_id for path, each in ledger.newest_of_each().items()}
    assert newest == {"land/parcels": "d", "population/residents": "b"}
    assert ledger.tally() == {
        "land/parcels": {"accepted": 1, "refused": 1, "withdrawn": 1},
        "population/residents": {"accepted": 1},
    }


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
