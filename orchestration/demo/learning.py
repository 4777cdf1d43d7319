"""Courses of the synthetic province: who enrolled in which, when, and with what result.

Belongs here: what the learning platforms know. Does not belong here: how it is written down (``files.py``).
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random

from orchestration.demo.province import Person, Province, month_before
from orchestration.demo.vocabulary import COMMUNITY_COURSE, COURSES, WORK_UNITS, Course

#: First and last day.
Month = tuple[datetime.date, datetime.date]
#: The ward that reports its community course itself.
REPORTING_WARD = "03006"


@dataclass(frozen=True)
class Enrolment:
    """A person in a course, as it stood at the end of a month."""

    person: Person
    group: str
    work_unit: str | None
    course: Course
    enrolled: datetime.date
    completed: datetime.date | None
    result: str
    score: Decimal | None


@dataclass
class Learning:
    """What is reported: for the month before the last, for the last month, and by one ward for the last month."""

    earlier: list[Enrolment]
    latest: list[Enrolment]
    of_ward: list[Enrolment]


def build_learning(province: Province, *, rows: int, seed: int) -> Learning:
    """About ``rows`` rows: a third reported a month earlier, of whom those still learning are reported again."""
    chance = Random(f"learning {seed}")
    learners = [person for person in province.persons if _can_learn(person, province.month_end)]
    groups = {person.citizen_id: _group(chance, person, province.month_end.year) for person in learners}
    latest_month = (province.month_end.replace(day=1), province.month_end)
    earlier_month = month_before(province.month_end)
    taken: set[tuple[str, str]] = set()

    def enrol(count: int, month: Month) -> list[Enrolment]:
        made: list[Enrolment] = []
        while len(made) < count:
            person = chance.choice(learners)
            group = groups[person.citizen_id]
            course = chance.choice([course for course in COURSES if group in course.groups])
            if (person.citizen_id, course.code) not in taken:
                taken.add((person.citizen_id, course.code))
                made.append(_enrolment(chance, person, group, course, month))
        return made

    earlier = enrol(rows // 3, earlier_month)
    finished = [_finish(chance, each, latest_month) for each in earlier if each.result == "in_progress"]
    latest = finished + enrol(rows - len(earlier) - len(finished), latest_month)
    chance.shuffle(latest)
    of_ward = [
        _enrolment(chance, person, groups[person.citizen_id], COMMUNITY_COURSE, latest_month)
        for person in learners
        if person.commune.code == REPORTING_WARD and groups[person.citizen_id] in COMMUNITY_COURSE.groups
    ]
    return Learning(earlier, latest, of_ward[:200])


def _can_learn(person: Person, day: datetime.date) -> bool:
    return 11 <= day.year - person.birth.year <= 75 and not person.left and not person.arrived and person.death is None


def _group(chance: Random, person: Person, year: int) -> str:
    age = year - person.birth.year
    if age < 18 or (age < 23 and chance.random() < 0.5):
        return "student"
    if age > 60:
        return "citizen"
    return chance.choices(("citizen", "official", "enterprise_worker"), (74, 12, 14))[0]


def _enrolment(chance: Random, person: Person, group: str, course: Course, month: Month) -> Enrolment:
    start, end = month
    days = (end - start).days
    first = chance.randint(0, days - 3)
    result = chance.choices(("completed", "not_completed", "in_progress"), (80, 8, 12))[0]
    last = chance.randint(first, days)
    score = Decimal(chance.randint(500, 1000) if result == "completed" else chance.randint(50, 499)) / 10
    unit = chance.choice(WORK_UNITS[group]) if group in WORK_UNITS else None
    return Enrolment(
        person=person,
        group=group,
        work_unit=f"{unit} {person.commune.name}" if unit else None,
        course=course,
        enrolled=start + datetime.timedelta(days=first),
        completed=start + datetime.timedelta(days=last) if result == "completed" else None,
        result=result,
        score=None if result == "in_progress" else score,
    )


def _finish(chance: Random, open_one: Enrolment, month: Month) -> Enrolment:
    completed = month[0] + datetime.timedelta(days=chance.randint(0, (month[1] - month[0]).days))
    return replace(open_one, completed=completed, result="completed", score=Decimal(chance.randint(500, 1000)) / 10)
