"""Spans of knowledge say for every moment what the ledger as known at that moment says."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from orchestration.intake.known import known_ledger
from orchestration.intake.ledger import Ledger
from orchestration.intake.spans import FOR_EVER, spans
from tests.test_known import arrive, at, decide


def told(ledger: Ledger) -> list[tuple[str, datetime.datetime, datetime.datetime]]:
    return [(each.submission_id, each.known_from, each.known_to) for each in spans(ledger.path, ledger.all())]


def test_a_file_counts_from_its_arrival_until_the_next_of_its_period(ledger: Ledger) -> None:
    arrive(ledger, "a", 2)
    arrive(ledger, "b", 5)
    arrive(ledger, "other", 6, period="2026-11")
    arrive(ledger, "refused", 7, verdict="refused")
    assert told(ledger) == [("a", at(2), at(5)), ("b", at(5), FOR_EVER), ("other", at(6), FOR_EVER)]


def test_what_was_withdrawn_gives_way_to_what_it_had_replaced(ledger: Ledger) -> None:
    arrive(ledger, "a", 2)
    arrive(ledger, "b", 5)
    decide(ledger, "b", "withdraw", 9)
    assert told(ledger) == [("a", at(2), at(5)), ("b", at(5), at(9)), ("a", at(9), FOR_EVER)]


def test_what_waited_counts_from_the_day_on_which_it_was_accepted(ledger: Ledger) -> None:
    arrive(ledger, "a", 2)
    arrive(ledger, "b", 5, verdict="waiting")
    decide(ledger, "b", "accept", 8)
    assert told(ledger) == [("a", at(2), at(8)), ("b", at(8), FOR_EVER)]


EVENT = st.fixed_dictionaries(
    {
        "day": st.integers(1, 12),
        "period": st.sampled_from(["2026-10", "2026-11"]),
        "unit": st.sampled_from(["population", "03006"]),
        "verdict": st.sampled_from(["accepted", "partly", "refused", "waiting"]),
        "load": st.sampled_from(["full", "full", "upsert"]),
        "about": st.one_of(st.none(), st.integers(0, 5)),
        "decides": st.sampled_from(["", "accept", "reject", "withdraw"]),
    }
)


@effort(max_examples=25, deadline=None, derandomize=True)
@given(events=st.lists(EVENT, min_size=2, max_size=8))
def test_at_every_moment_the_spans_name_what_counted_then(
    events: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    ledger = Ledger(tmp_path_factory.mktemp("spans") / "ledger.sqlite")
    arrived: list[str] = []
    for number, event in enumerate(sorted(events, key=lambda each: each["day"])):
        earlier = arrived[event["about"] % len(arrived)] if event["about"] is not None and arrived else None
        if earlier and event["decides"]:
            decide(ledger, earlier, event["decides"], event["day"])
            continue
        facts = {name: event[name] for name in ("period", "unit", "verdict", "load")}
        first = ledger.get(earlier) if earlier else None
        if first:
            facts |= {"replays": first.origin, "load": first.load}
        arrive(ledger, str(number), event["day"], **facts)
        arrived.append(str(number))
    found = spans(ledger.path, ledger.all())
    for day in range(1, 13):
        with known_ledger(ledger.path, at(day, 12)) as known:
            counted = {each.submission_id for each in known.all() if each.is_current}
        assert counted == {each.submission_id for each in found if each.known_from <= at(day, 12) < each.known_to}
