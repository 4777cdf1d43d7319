"""The register of delivery: right on past days, for late, corrected, withdrawn, waiting and missing files."""

from __future__ import annotations

import dataclasses
import datetime
import itertools
import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.console.delivery import headline
from orchestration.delivery import Register, Tally, as_json, register
from orchestration.intake.deadlines import days_late
from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.obligations import Obligation, obligations
from orchestration.intake.period import periods_in
from orchestration.intake.places import communes
from orchestration.settings import PROJECT, Settings
from schemas import Declaration, dataset
from tests import commands

#: Owed by the department for every month from March on, due on the 5th of the next one.
RESIDENTS = dataclasses.replace(dataset("population/residents"), owed_from="2026-03", due_day=5)
PARCELS = dataclasses.replace(dataset("land/parcels"), owed_from="2026Q1", due_day=15)
SPENDING = dataclasses.replace(dataset("finance/digital_spending"), owed_from="2025", due_day=60)
STORY = (RESIDENTS, PARCELS, SPENDING)


def day(month: int, number: int) -> datetime.date:
    """A day of 2026."""
    return datetime.date(2026, month, number)


def morning(on: datetime.date) -> datetime.datetime:
    """Nine o'clock in Vietnam."""
    return datetime.datetime(on.year, on.month, on.day, 2, tzinfo=datetime.UTC)


def submission(
    declaration: Declaration, identifier: str, period: str, on: datetime.date, verdict: str = "accepted", **facts: Any
) -> Submission:
    """A file of ten rows that arrived in the morning of a day."""
    (reported,) = periods_in(period)
    usual: dict[str, Any] = {
        "unit": declaration.department,
        "load": declaration.load,
        "days_late": days_late(declaration, reported.end, morning(on)),
        "rows_read": 10,
        "rows_accepted": 10,
    }
    return Submission(
        **{**usual, **facts},
        submission_id=identifier,
        department=declaration.department,
        dataset=declaration.path,
        period=period,
        period_start=reported.start,
        period_end=reported.end,
        file_name=f"{period}.xlsx",
        file_sha256=identifier,
        file_bytes=1,
        file_identity=identifier,
        received_at=morning(on),
        verdict=verdict,
    )


def write_story(ledger: Ledger) -> None:
    """March in time and corrected; April late; May waits, is accepted later; Q1 withdrawn; the year never came."""
    six = {"rows_accepted": 6, "rows_rejected": 4}
    for each in (
        submission(RESIDENTS, "march", "2026-03", day(4, 3)),
        submission(RESIDENTS, "march corrected", "2026-03", day(5, 20), **six, verdict="partly"),
        submission(RESIDENTS, "april", "2026-04", day(5, 12)),
        submission(RESIDENTS, "may", "2026-05", day(6, 5), verdict="waiting"),
        submission(PARCELS, "quarter", "2026Q1", day(4, 15)),
    ):
        ledger.record(each)
    for identifier, kind, on in (("quarter", "withdraw", day(6, 1)), ("may", "accept", day(6, 10))):
        assert ledger.decide(identifier, kind, why="vì sao", who="an", at=morning(on))


def shown(found: Register) -> list[tuple[Any, ...]]:
    """Every obligation as it stood."""
    return [
        (
            each.owed.dataset,
            each.owed.period,
            each.submission_id,
            each.rows,
            each.days_late,
            each.last_verdict,
        )
        for each in found.deliveries
    ]


MARCH, APRIL, MAY = (("population/residents", f"2026-0{month}") for month in (3, 4, 5))
QUARTER, YEAR = ("land/parcels", "2026Q1"), ("finance/digital_spending", "2025")


def test_before_a_due_day_nothing_is_owed_and_on_it_nothing_is_overdue(settings: Settings, ledger: Ledger) -> None:
    write_story(ledger)
    assert register(settings, day(2, 28), declarations=STORY).deliveries == []
    found = register(settings, day(3, 1), declarations=STORY)  # 60 days after the end of 2025
    assert shown(found) == [(*YEAR, None, 0, None, None)]
    assert found.province == Tally(owed=1, delivered=0, late=0, overdue=0, datasets_owed=1, datasets_complete=0)
    assert register(settings, day(3, 2), declarations=STORY).province.overdue == 1


def test_a_file_that_is_withdrawn_later_was_delivered_before(settings: Settings, ledger: Ledger) -> None:
    """On 10 May: April is missing, the correction of March has not come, the quarter still counts."""
    write_story(ledger)
    found = register(settings, day(5, 10), declarations=STORY)
    assert shown(found) == [
        (*MARCH, "march", 10, 0, "accepted"),
        (*APRIL, None, 0, None, None),
        (*QUARTER, "quarter", 10, 0, "accepted"),
        (*YEAR, None, 0, None, None),
    ]
    assert found.departments == {
        "finance": Tally(owed=1, delivered=0, late=0, overdue=1, datasets_owed=1, datasets_complete=0),
        "land": Tally(owed=1, delivered=1, late=0, overdue=0, datasets_owed=1, datasets_complete=1),
        "population": Tally(owed=2, delivered=1, late=0, overdue=1, datasets_owed=1, datasets_complete=0),
    }
    assert found.province == Tally(owed=4, delivered=2, late=0, overdue=2, datasets_owed=3, datasets_complete=1)
    assert [(each.owed.period, found.days_overdue(each)) for each in found.outstanding] == [
        ("2025", 70),
        ("2026-04", 5),
    ]


def test_a_correction_keeps_the_day_of_the_first_file_and_a_waiting_file_delivers_nothing(
    settings: Settings, ledger: Ledger
) -> None:
    """On 8 June: April came seven days late, the quarter was withdrawn, May waits."""
    write_story(ledger)
    found = register(settings, day(6, 8), declarations=STORY)
    assert shown(found) == [
        (*MARCH, "march corrected", 6, 0, "partly"),
        (*APRIL, "april", 10, 7, "accepted"),
        (*MAY, None, 0, None, "waiting"),
        (*QUARTER, None, 0, None, "withdrawn"),
        (*YEAR, None, 0, None, None),
    ]
    assert found.province == Tally(owed=5, delivered=2, late=1, overdue=3, datasets_owed=3, datasets_complete=0)
    assert found.departments_complete == 0


def test_a_file_that_is_accepted_later_arrived_when_it_arrived(settings: Settings, ledger: Ledger) -> None:
    """On 10 June May is accepted; its file came on the due day, so it is not late."""
    write_story(ledger)
    found = register(settings, day(6, 10), declarations=STORY)
    assert shown(found)[2] == (*MAY, "may", 10, 0, "accepted")
    assert found.deliveries[2].delivered_at == morning(day(6, 5))
    assert headline(found) == (
        "by 10/06/2026: 3/5 delivered, 1 of them late, 2 overdue; 1/3 departments at 100 %; 1/3 datasets complete"
    )
    alone = register(settings, day(6, 10), declarations=STORY, department="population")
    assert alone.deliveries == found.deliveries[:3]
    assert alone.province == found.departments["population"]


def test_a_file_that_is_judged_again_was_delivered_when_it_arrived(settings: Settings, ledger: Ledger) -> None:
    ledger.record(submission(RESIDENTS, "first", "2026-03", day(4, 2), verdict="refused", rows_accepted=0, rows_read=0))
    ledger.record(submission(RESIDENTS, "again", "2026-03", day(4, 20), replays="first", days_late=0))
    before, after = (register(settings, day(4, each), declarations=[RESIDENTS]) for each in (19, 20))
    assert shown(before) == [(*MARCH, None, 0, None, "refused")]
    assert shown(after) == [(*MARCH, "again", 10, 0, "accepted")]
    assert after.deliveries[0].delivered_at == morning(day(4, 2))


def test_files_that_add_to_each_other_all_count(settings: Settings, ledger: Ledger) -> None:
    dossiers = dataclasses.replace(dataset("public_service/dossiers"), owed_from="2026-03")
    ledger.record(submission(dossiers, "first", "2026-03", day(4, 9)))
    ledger.record(submission(dossiers, "more", "2026-03", day(4, 11), rows_accepted=5, rows_read=5))
    assert shown(register(settings, day(4, 30), declarations=[dossiers])) == [
        ("public_service/dossiers", "2026-03", "more", 15, 4, "accepted")
    ]


def test_a_ledger_that_did_not_keep_how_late_a_file_was_is_told_by_its_arrival(
    settings: Settings, ledger: Ledger
) -> None:
    ledger.record(submission(RESIDENTS, "april", "2026-04", day(5, 12), days_late=None))
    found = register(settings, day(5, 31), declarations=[RESIDENTS])
    assert shown(found)[1] == (*APRIL, "april", 10, 7, "accepted")


def test_the_file_of_another_unit_meets_no_obligation(settings: Settings, ledger: Ledger) -> None:
    ledger.record(submission(RESIDENTS, "ward", "2026-03", day(4, 2), unit="02647"))
    assert shown(register(settings, day(4, 30), declarations=[RESIDENTS])) == [(*MARCH, None, 0, None, None)]


def test_every_present_commune_owes_its_own_file_where_that_is_declared(settings: Settings, ledger: Ledger) -> None:
    own = dataclasses.replace(RESIDENTS, owed_by="commune", owed_from="2025-05")
    ledger.record(submission(own, "ward", "2025-07", datetime.date(2025, 8, 5), unit="02647"))
    found = register(settings, datetime.date(2025, 8, 31), declarations=[own])
    # Nothing for May and June 2025, when other communes existed.
    assert {each.owed.period for each in found.deliveries} == {"2025-07"}
    assert [each.owed.unit for each in found.deliveries] == sorted(each.code for each in communes(settings).own)
    assert [each.owed.unit for each in found.deliveries if each.is_delivered] == ["02647"]
    assert found.province == Tally(owed=99, delivered=1, late=0, overdue=98, datasets_owed=99, datasets_complete=1)


def province_of(counts: Sequence[int]) -> list[Declaration]:
    """Departments that owe so many datasets each for the first quarter."""
    return [
        dataclasses.replace(PARCELS, department=f"department_{number:02}", name=f"dataset_{each:02}")
        for number, count in enumerate(counts)
        for each in range(count)
    ]


def test_a_province_with_310_of_329_datasets_and_12_of_18_departments_at_100_percent(
    settings: Settings, ledger: Ledger
) -> None:
    """Twelve departments with 18 datasets each deliver all; six with 113 in all lack 19."""
    declarations = province_of([18] * 12 + [19, 19, 19, 19, 19, 18])
    lacking = {12: 1, 13: 2, 14: 3, 15: 4, 16: 4, 17: 5}
    assert (len(declarations), sum(lacking.values())) == (329, 19)
    for number, declaration in enumerate(declarations):
        if int(declaration.name[-2:]) >= lacking.get(int(declaration.department[-2:]), 0):
            ledger.record(submission(declaration, f"file {number}", "2026Q1", day(4, 10)))
    found = register(settings, day(4, 30), declarations=declarations)
    assert (found.province.delivered, found.province.owed) == (310, 329)
    assert (found.departments_complete, len(found.departments)) == (12, 18)
    assert headline(found) == (
        "by 30/04/2026: 310/329 delivered, 0 of them late, 19 overdue; 12/18 departments at 100 %; "
        "310/329 datasets complete"
    )
    assert len(as_json(found)["outstanding"]) == 19


@given(start=st.dates(datetime.date(2020, 1, 1), datetime.date(2030, 1, 1)), months=st.integers(0, 40))
def test_periods_are_owed_without_gap_or_overlap_and_due_after_their_end(start: datetime.date, months: int) -> None:
    declaration = dataclasses.replace(RESIDENTS, owed_from=f"{start:%Y-%m}")
    until = start + datetime.timedelta(days=30 * months)
    owed = obligations(Settings(), [declaration], until)
    assert owed[0].period_start <= start
    assert owed[-1].period_start <= until <= owed[-1].period_end
    for before, after in itertools.pairwise(owed):
        assert after.period_start == before.period_end + datetime.timedelta(days=1)
    assert all(each.due_date == each.period_end + datetime.timedelta(days=5) for each in owed)


def test_a_dataset_for_which_nothing_is_declared_owes_nothing(settings: Settings) -> None:
    free = dataclasses.replace(RESIDENTS, owed_from=None)
    assert obligations(settings, [free], until=day(12, 31)) == []
    assert obligations(settings, [SPENDING], until=day(1, 1)) == [
        Obligation("finance/digital_spending", "finance", "finance", "2025", *dates)
        for dates in [(datetime.date(2025, 1, 1), datetime.date(2025, 12, 31), day(3, 1))]
    ] + [
        Obligation("finance/digital_spending", "finance", "finance", "2026", *dates)
        for dates in [(day(1, 1), day(12, 31), datetime.date(2027, 3, 1))]
    ]


@pytest.mark.parametrize("label", ["2026Q4", "2026-13", "2026", "10/2026"])
def test_the_first_period_owed_is_one_of_the_datasets_cadence(label: str) -> None:
    with pytest.raises(TypeError, match="names no month"):
        dataclasses.replace(RESIDENTS, owed_from=label)


def kho(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command on a home in a process of its own."""
    script = (
        "import sys\nfrom orchestration.cli import main\n"
        "try:\n    main()\nfinally:\n"
        "    assert not {'dagster', 'dbt'} & set(sys.modules)\n"
    )
    environment = {"KHO_HOME": str(settings.home), "KHO_NOW": "2026-12-06T01:00:00+00:00", "PYTHONPATH": str(PROJECT)}
    return subprocess.run(
        [sys.executable, "-c", script, "delivery", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_shows_the_register_of_a_day_without_dagster_or_dbt(settings: Settings, ledger: Ledger) -> None:
    ledger.record(submission(dataset("population/residents"), "october", "2026-10", day(11, 9)))
    today = kho(settings, "--department", "population", "--json")
    assert (today.returncode, today.stderr) == (0, "")
    facts = json.loads(today.stdout)
    november = {"dataset": "population/residents", "department": "population", "unit": "population"}
    november |= {"period": "2026-11", "due_date": "2026-12-05", "delivered_at": None, "submission_id": None, "rows": 0}
    november |= {"days_late": None, "last_verdict": None, "days_overdue": 1}
    assert (facts["on"], facts["outstanding"]) == ("2026-12-06", [november])
    assert facts["departments"] == {
        "population": {
            "owed": 2,
            "delivered": 1,
            "late": 1,
            "overdue": 1,
            "datasets_owed": 1,
            "datasets_complete": 0,
        }
    }
    home = {"KHO_HOME": settings.home, "KHO_NOW": "2026-12-06T01:00:00+00:00"}
    before = commands.kho("delivery", "--department", "population", "--on", "2026-11-08", **home)
    assert "0/1 delivered, 0 of them late, 1 overdue; 0/1 departments at 100 %" in before.stdout
    assert "05/11/2026" in before.stdout
    assert commands.kho("delivery", "--on", "2026-09-30", **home).stdout == "Nothing was due by 30/09/2026.\n"
    unknown = commands.kho("delivery", "--department", "fishery", **home)
    assert (unknown.returncode, "there is no department 'fishery'" in " ".join(unknown.stderr.split())) == (2, True)
