"""The ledger as known at a past moment: what came later is not in it, what follows from it follows anew."""

from __future__ import annotations

import contextlib
import datetime
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from orchestration.intake.known import known_ledger, ledger_as_known
from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.ledger_file import LedgerVersionError
from orchestration.intake.mappings import HeaderMappings
from orchestration.settings import Settings
from tests.test_ledger import made_by_version_1, submission


def at(day: int, hour: int = 8) -> datetime.datetime:
    """A moment of November 2026, in UTC."""
    return datetime.datetime(2026, 11, day, hour, tzinfo=datetime.UTC)


def arrive(ledger: Ledger, identifier: str, day: int, **facts: Any) -> None:
    """A file of the usual unit and period arrives."""
    ledger.record(submission(identifier, received_at=at(day), file_sha256=identifier, **facts))


def decide(ledger: Ledger, identifier: str, kind: str, day: int) -> None:
    """Somebody decides about it."""
    assert ledger.decide(identifier, kind, why="vì sao", who="an", at=at(day))


def standing(ledger: Ledger) -> list[tuple[str, str, str | None, bool]]:
    """Every submission with what follows from the others."""
    return [(each.submission_id, each.verdict, each.superseded_by, each.is_current) for each in ledger.all()]


def on(settings: Settings, day: int) -> list[tuple[str, str, str | None, bool]]:
    """What stood on the morning of a day."""
    with known_ledger(settings.ledger, at(day)) as ledger:
        return standing(ledger)


def test_what_came_later_had_not_happened_yet(settings: Settings, ledger: Ledger) -> None:
    arrive(ledger, "a", 2)
    arrive(ledger, "b", 4)
    decide(ledger, "b", "withdraw", 6)
    arrive(ledger, "w", 8, verdict="waiting")
    decide(ledger, "w", "accept", 10)
    assert on(settings, 1) == []
    assert on(settings, 2) == on(settings, 3) == [("a", "accepted", None, True)]
    assert on(settings, 4) == [("a", "accepted", "b", False), ("b", "accepted", None, True)]
    assert on(settings, 6) == [("a", "accepted", None, True), ("b", "withdrawn", None, False)]
    assert on(settings, 8) == [*on(settings, 6), ("w", "waiting", None, False)]
    assert on(settings, 10) == standing(ledger)
    assert on(settings, 10) == [
        ("a", "accepted", "w", False),
        ("b", "withdrawn", None, False),
        ("w", "accepted", None, True),
    ]


def test_a_file_that_is_judged_again_counts_from_that_day(settings: Settings, ledger: Ledger) -> None:
    arrive(ledger, "a", 2, verdict="refused")
    arrive(ledger, "again", 5, replays="a")
    assert on(settings, 4) == [("a", "refused", None, False)]
    assert on(settings, 5) == [("a", "refused", None, False), ("again", "accepted", None, True)]


def test_what_names_an_unknown_file_is_not_known_either(settings: Settings, ledger: Ledger) -> None:
    """The clock can be set, so a judgement may say that it is older than its file."""
    arrive(ledger, "a", 9, verdict="refused")
    arrive(ledger, "again", 2, replays="a")
    decide(ledger, "a", "reject", 3)
    with known_ledger(settings.ledger, at(5)) as known:
        assert (known.all(), known.decisions("a")) == ([], [])


def test_a_moment_is_the_same_in_every_time_zone(settings: Settings, ledger: Ledger) -> None:
    vietnam = datetime.timezone(datetime.timedelta(hours=7))
    arrive(ledger, "utc", 2)
    local = datetime.datetime(2026, 11, 3, 6, tzinfo=vietnam)  # still the 2nd in UTC
    ledger.record(submission("local", received_at=local))
    with known_ledger(settings.ledger, at(2, hour=23)) as known:
        assert [each.submission_id for each in known.all()] == ["utc", "local"]
    with known_ledger(settings.ledger, datetime.datetime(2026, 11, 2, 15, tzinfo=vietnam)) as known:
        assert [each.submission_id for each in known.all()] == ["utc"]
    with pytest.raises(ValueError, match="time zone"), known_ledger(settings.ledger, datetime.datetime(2026, 11, 2)):
        pass


def test_the_headers_confirmed_by_then_are_known(settings: Settings, ledger: Ledger, tmp_path: Path) -> None:
    mappings = HeaderMappings(settings.ledger)
    for day, header in ((2, "Mã số CD"), (4, "Số CC")):
        mappings.record("population/residents", header, "citizen_id", why="vì sao", who="an", at=at(day))
    arrive(ledger, "a", 2)
    ledger_as_known(settings.ledger, at(3), tmp_path / "copy.sqlite")
    assert [each.header for each in HeaderMappings(tmp_path / "copy.sqlite").history()] == ["Mã số CD"]


def test_the_original_stays_as_it_was_and_the_copy_leaves_no_work(
    settings: Settings, ledger: Ledger, tmp_path: Path
) -> None:
    arrive(ledger, "a", 2)
    arrive(ledger, "b", 4)
    before = (ledger.all(), ledger.without_receipt("population/residents"))
    copy = ledger_as_known(settings.ledger, at(3), tmp_path / "copies" / "ledger.sqlite")
    assert [each.submission_id for each in copy.all()] == ["a"]
    assert copy.without_receipt("population/residents") == copy.not_removed("population/residents") == []
    assert (ledger.all(), ledger.without_receipt("population/residents")) == before
    assert len(before[1]) == 2
    assert copy.path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        ledger_as_known(settings.ledger, at(3), copy.path)


def test_before_the_first_file_the_ledger_is_empty(settings: Settings, tmp_path: Path) -> None:
    copy = ledger_as_known(settings.ledger, at(3), tmp_path / "copy.sqlite")
    assert (copy.all(), settings.ledger.exists()) == ([], False)


def test_a_ledger_of_an_older_version_is_understood_and_not_changed(settings: Settings) -> None:
    made_by_version_1(settings.ledger)
    assert [each[0] for each in on(settings, 2)] == ["a", "b"]
    with contextlib.closing(sqlite3.connect(settings.ledger)) as original:
        assert original.execute("pragma user_version").fetchone() == (1,)


def test_a_ledger_of_a_newer_version_is_refused_and_leaves_no_copy(
    settings: Settings, ledger: Ledger, tmp_path: Path
) -> None:
    arrive(ledger, "a", 2)
    with contextlib.closing(sqlite3.connect(settings.ledger)) as original:
        original.execute("pragma user_version = 99")
    with pytest.raises(LedgerVersionError):
        ledger_as_known(settings.ledger, at(3), tmp_path / "copy.sqlite")
    assert not (tmp_path / "copy.sqlite").exists()


EVENTS = st.lists(st.sampled_from(["accepted", "waiting", "accept", "reject", "withdraw"]), max_size=8)


@given(events=EVENTS)
@effort(max_examples=25)
def test_what_is_known_on_a_day_is_what_the_ledger_said_on_that_day(
    events: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Day by day, decisions about the newest file; afterwards every past day is asked for again."""
    ledger = Ledger(tmp_path_factory.mktemp("ledger") / "ledger.sqlite")
    said: list[list[Submission]] = []
    for day, event in enumerate(events, 2):
        if event in ("accepted", "waiting"):
            arrive(ledger, f"file {day}", day, verdict=event)
        elif ledger.all():
            decide(ledger, ledger.all()[-1].submission_id, event, day)
        said.append(ledger.all())
    for day, then in enumerate(said, 2):
        with known_ledger(ledger.path, at(day, hour=12)) as known:
            assert known.all() == then
