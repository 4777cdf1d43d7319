"""Counts far outside their own history are mentioned in the receipt, and nothing is held back for them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.places import communes
from orchestration.intake.plausibility import FAR, MOST_NAMED, is_far
from orchestration.settings import Settings
from schemas import Declaration, plausibility_rules
from tests.conftest import HandIn
from tests.office import COMPLETIONS, RESIDENTS, learner, resident, rows_csv

LAO_CAI, BAT_XAT, HOP_THANH = "02647", "02683", "02680"
NAMES = {LAO_CAI: "Phường Lào Cai", BAT_XAT: "Xã Bát Xát", HOP_THANH: "Xã Hợp Thành"}
MONTHS = ("2026-05", "2026-06", "2026-07", "2026-08", "2026-09")


def month(counts: Mapping[str, int]) -> str:
    """So many residents of each commune."""
    places = [NAMES[code] for code, count in counts.items() for _ in range(count)]
    return rows_csv(RESIDENTS, [resident(number, commune=place) for number, place in enumerate(places)])


def said(submission: Submission) -> list[str]:
    """What the notices about counts name."""
    notices = submission.details["notices"]
    return [each["title"] for each in notices if each["rule"] == plausibility_rules.UNUSUAL_COUNT]


def history(hand_in: HandIn, months: Sequence[str], counts: Mapping[str, int]) -> None:
    """The same counts for so many months, which nobody doubts."""
    for each in months:
        submission = hand_in(RESIDENTS, f"{each}.csv", month(counts))
        assert (submission.verdict, said(submission), submission.details["groups"]) == ("accepted", [], counts)


def test_a_count_far_outside_its_history_is_mentioned_and_nothing_waits(
    settings: Settings, ledger: Ledger, hand_in: HandIn
) -> None:
    history(hand_in, MONTHS[:4], {LAO_CAI: 40, HOP_THANH: 30, BAT_XAT: 45})
    found = hand_in(RESIDENTS, "2026-09.csv", month({LAO_CAI: 42, HOP_THANH: 30, BAT_XAT: 4}))
    assert said(found) == ["Xã Bát Xát: 45 → 4"]
    assert (found.verdict, found.is_current, found.rows_accepted) == ("accepted", True, 76)
    (report,) = settings.receipts(RESIDENTS.path).glob("2026-09*.json")
    notices = json.loads(report.read_text(encoding="utf-8"))["notices"]
    texts = [each for each in notices if each["rule"] == plausibility_rules.UNUSUAL_COUNT]
    assert "Số dòng khác hẳn các kỳ trước (trước đây → kỳ này): Xã Bát Xát: 45 → 4" in json.dumps(
        texts, ensure_ascii=False
    )


def test_a_commune_that_is_missing_or_was_never_there_is_mentioned_too(hand_in: HandIn) -> None:
    history(hand_in, MONTHS[:4], {LAO_CAI: 40, HOP_THANH: 30})
    found = hand_in(RESIDENTS, "2026-09.csv", month({LAO_CAI: 40, BAT_XAT: 45}))
    assert said(found) == ["Xã Bát Xát: 0 → 45; Xã Hợp Thành: 30 → 0"]


def test_fewer_than_four_earlier_periods_say_nothing(hand_in: HandIn) -> None:
    history(hand_in, MONTHS[:3], {LAO_CAI: 40, BAT_XAT: 45})
    assert said(hand_in(RESIDENTS, "2026-08.csv", month({LAO_CAI: 40, BAT_XAT: 4}))) == []


def test_only_periods_before_the_files_own_are_its_history(hand_in: HandIn) -> None:
    history(hand_in, MONTHS[1:], {LAO_CAI: 40, BAT_XAT: 45})
    assert said(hand_in(RESIDENTS, "2026-05.csv", month({LAO_CAI: 40, BAT_XAT: 4}))) == []


def test_a_replaced_file_is_no_part_of_the_history(hand_in: HandIn) -> None:
    """Of four months one was wrong and is corrected: three say 45, the corrected one too."""
    history(hand_in, MONTHS[:3], {BAT_XAT: 45})
    hand_in(RESIDENTS, "2026-08.csv", month({BAT_XAT: 35}))
    hand_in(RESIDENTS, "2026-08.csv", month({BAT_XAT: 46}))
    assert said(hand_in(RESIDENTS, "2026-09.csv", month({BAT_XAT: 4}))) == ["Xã Bát Xát: 45 → 4"]


def test_a_declared_share_holds_against_the_last_period_alone(hand_in: HandIn) -> None:
    strict = dataclasses.replace(RESIDENTS, plausible_change=(-0.25, 0.5))
    hand_in(strict, "2026-08.csv", month({LAO_CAI: 40, BAT_XAT: 40, HOP_THANH: 40}))
    found = hand_in(strict, "2026-09.csv", month({LAO_CAI: 30, BAT_XAT: 29, HOP_THANH: 61}))
    assert said(found) == ["Xã Hợp Thành: 40 → 61; Xã Bát Xát: 40 → 29"]


def test_files_of_one_period_that_add_to_each_other_are_counted_together(hand_in: HandIn) -> None:
    declaration = dataclasses.replace(COMPLETIONS, plausible_change=(-0.2, 0.2))

    def learners(first: int, count: int) -> str:
        numbers = range(first, first + count)
        return rows_csv(COMPLETIONS, [learner(number, commune=NAMES[BAT_XAT]) for number in numbers])

    hand_in(declaration, "2026-09.csv", learners(0, 20))
    hand_in(declaration, "2026-09 bổ sung.csv", learners(20, 20))
    assert said(hand_in(declaration, "2026-10.csv", learners(40, 40))) == []
    assert said(hand_in(declaration, "2026-10 lần 2.csv", learners(80, 20))) == ["Xã Bát Xát: 40 → 20"]


def test_a_notice_names_the_furthest_and_says_how_many_more(settings: Settings, hand_in: HandIn) -> None:
    declaration = dataclasses.replace(RESIDENTS, plausible_change=(-0.1, 0.1))
    names = sorted(each.name for each in communes(settings).own)[: MOST_NAMED + 2]
    before = [resident(number, commune=name) for number, name in enumerate(names)]
    after = [resident(2 * number + more, commune=name) for number, name in enumerate(names) for more in range(2)]
    after += [resident(1000 + number, commune=names[-1]) for number in range(3)]
    hand_in(declaration, "2026-08.csv", rows_csv(RESIDENTS, before))
    (title,) = said(hand_in(declaration, "2026-09.csv", rows_csv(RESIDENTS, after)))
    first, *others, more = title.split("; ")
    assert (first, more, len(others)) == (f"{names[-1]}: 1 → 5", "… (+2)", MOST_NAMED - 1)


@pytest.mark.parametrize("name", ["citizen_id", "village", "nothing"])
def test_texts_and_persons_are_never_what_is_counted(name: str) -> None:
    with pytest.raises(TypeError, match="counted_by"):
        dataclasses.replace(RESIDENTS, counted_by=name)


def test_another_column_of_a_list_can_be_counted(hand_in: HandIn) -> None:
    by_sex: Declaration = dataclasses.replace(COMPLETIONS, counted_by="result")
    found = hand_in(by_sex, "2026-09.csv", rows_csv(COMPLETIONS, [learner(1), learner(2, result="Chưa hoàn thành")]))
    assert found.details["groups"] == {"completed": 1, "not_completed": 1}


COUNTS = st.lists(st.integers(0, 100_000), min_size=4, max_size=12)


@given(history=COUNTS, count=st.integers(0, 100_000), more=st.integers(0, 100_000))
def test_what_lies_further_out_is_no_less_far(history: list[int], count: int, more: int) -> None:
    middle = sorted(history)[len(history) // 2]
    if is_far(history, middle + count):
        assert is_far(history, middle + count + more)


@given(count=st.integers(0, 1_000_000), periods=st.integers(4, 12))
def test_a_count_that_never_changed_may_change_by_one_or_by_a_hundredth(count: int, periods: int) -> None:
    for now in (count, count + 1, count + count // 100, count - count // 100):
        assert not is_far([count] * periods, now)
    assert is_far([count] * periods, count + int(FAR * max(1, count**0.5, count / 100)) + 1)
