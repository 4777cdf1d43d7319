"""A synthetic Lào Cai: communes, villages, households and persons, the same for the same seed and size.

Belongs here: who lives where, and how the months differ. Does not belong here: what they own (``parcels.py``), what
they learn (``learning.py``), how departments write it down (``files.py``) and the mistakes they make (``mistakes.py``).

Nothing here reads the clock or the environment, and nothing depends on hash order.
"""

from __future__ import annotations

import csv
import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from orchestration.demo.vocabulary import NAME_PATTERNS, RURAL_MAJORITY, VILLAGE_FIRST, VILLAGE_SECOND
from orchestration.intake.old_communes import OldCommunes

PROVINCE = "15"
#: Citizen ids start with the province of birth registration: Lào Cai and Yên Bái before the merger, and where people
#: of the province come from otherwise.
PREFIX_NORTH, PREFIX_SOUTH = "010", "015"
OTHER_PREFIXES = ("001", "002", "012", "014", "025", "026", "036", "038", "019")


@dataclass(frozen=True)
class Commune:
    """A present commune with the old ones that it was made of."""

    code: str
    name: str
    is_ward: bool
    old_communes: tuple[str, ...]
    villages: tuple[str, ...]
    majority: str
    weight: float


@dataclass
class Person:
    """One person. ``arrived``/``left``: registered since, or until, the month before the last one."""

    citizen_id: str
    full_name: str
    sex: str
    birth: datetime.date
    birth_precision: int
    ethnicity: str
    commune: Commune
    village: str
    household_no: str
    relation: str
    residence_type: str = "permanent"
    death: datetime.date | None = None
    arrived: bool = False
    left: bool = False

    @property
    def born(self) -> str:
        """ISO 8601 to the precision that the register knows: year, month or day."""
        return self.birth.isoformat()[: self.birth_precision]


@dataclass
class Province:
    """Everybody, household by household, in the order of the communes."""

    communes: list[Commune]
    persons: list[Person]
    households: list[list[Person]]
    month_end: datetime.date


@dataclass
class _Register:
    """What the making of persons shares: chance, ids given out, the last number of a household in each commune."""

    chance: Random
    month_start: datetime.date
    month_end: datetime.date
    ids: set[str] = field(default_factory=set)
    numbers: dict[str, int] = field(default_factory=dict)


def month_before(day: datetime.date) -> tuple[datetime.date, datetime.date]:
    """First and last day of the last month that is over on ``day``."""
    end = day.replace(day=1) - datetime.timedelta(days=1)
    return end.replace(day=1), end


def build_province(seeds: Path, *, rows: int, seed: int, today: datetime.date) -> Province:
    """A province whose register holds exactly ``rows`` persons at the end of the last full month before ``today``."""
    start, end = month_before(today)
    register = _Register(Random(f"people {seed}"), start, end)
    communes = _communes(seeds, Random(f"communes {seed}"))
    households: list[list[Person]] = []
    persons = 0
    for commune in _places(communes, register.chance):
        household = list(_household(register, commune))
        present = 0
        for position, person in enumerate(household):
            present += not person.left
            if persons + present == rows:
                household = household[: position + 1]
                break
        persons += present
        households.append(household)
        if persons == rows:
            break
    order = {commune.code: position for position, commune in enumerate(communes)}
    households.sort(key=lambda members: (order[members[0].commune.code], members[0].household_no))
    return Province(communes, [person for members in households for person in members], households, end)


def _communes(seeds: Path, chance: Random) -> list[Commune]:
    with (seeds / "commune.csv").open(encoding="utf-8", newline="") as file:
        present = [row for row in csv.DictReader(file) if row["province_code"] == PROVINCE]
    old: dict[str, list[str]] = {}
    for each in OldCommunes(seeds, {row["commune_code"] for row in present}).every:
        for code in each.went:
            old.setdefault(code, []).append(each.name)
    communes = []
    for row in sorted(present, key=lambda row: row["commune_code"]):
        is_ward = row["commune_kind"] == "ward"
        majority = "Kinh" if is_ward else chance.choices(list(RURAL_MAJORITY), list(RURAL_MAJORITY.values()))[0]
        communes.append(
            Commune(
                code=row["commune_code"],
                name=row["commune_name"],
                is_ward=is_ward,
                old_communes=tuple(sorted(old[row["commune_code"]])),
                villages=_villages(chance, is_ward),
                majority=majority,
                weight=chance.uniform(0.5, 1.6) * (2.2 if is_ward else 1),
            )
        )
    return communes


def _villages(chance: Random, is_ward: bool) -> tuple[str, ...]:
    wanted = chance.randint(5, 12)
    if is_ward:
        return tuple(f"Tổ dân phố số {number}" for number in range(1, wanted + 1))
    names: dict[str, None] = {}
    while len(names) < wanted:
        names[f"Thôn {chance.choice(VILLAGE_FIRST)} {chance.choice(VILLAGE_SECOND)}"] = None
    return tuple(names)


def _places(communes: list[Commune], chance: Random) -> Iterator[Commune]:
    """Where the next household lives: every commune once, then by weight, without end."""
    yield from communes
    weights = [commune.weight for commune in communes]
    while True:
        yield from chance.choices(communes, weights, k=1000)


def _household(register: _Register, commune: Commune) -> Iterator[Person]:
    """A head, then spouse, parents, children and grandchildren, as chance has it."""
    chance = register.chance
    number = register.numbers[commune.code] = register.numbers.get(commune.code, 0) + 1
    home: dict[str, Any] = {
        "commune": commune,
        "village": chance.choice(commune.villages),
        "household_no": f"{commune.code}-{number:05d}",
        "residence_type": "temporary" if chance.random() < 0.03 else "permanent",
        "arrived": chance.random() < 0.006,
        "left": False,
    }
    home["left"] = not home["arrived"] and chance.random() < 0.004
    group = commune.majority if chance.random() < 0.75 else chance.choice(list(NAME_PATTERNS))
    line = (chance.choice(NAME_PATTERNS[group].surnames), group)
    head_sex = _sex(chance, 0.75)
    head_age = int(chance.triangular(22, 82, 44))
    yield _person(register, home, line, sex=head_sex, age=head_age, relation="head")
    mother_age = head_age
    if chance.random() < (0.85 if head_age < 65 else 0.5):
        mother_age = max(20, head_age + chance.randint(-6, 4))
        other_group = group if chance.random() < 0.9 else "Kinh"
        other_line = (chance.choice(NAME_PATTERNS[other_group].surnames), other_group)
        other_sex = "female" if head_sex == "male" else "male"
        yield _person(register, home, other_line, sex=other_sex, age=mother_age, relation="spouse")
    if head_age < 55 and chance.random() < 0.18:
        age = min(97, head_age + chance.randint(20, 32))
        yield _person(register, home, line, sex=_sex(chance), age=age, relation="parent")
    for _ in range(chance.choices((0, 1, 2, 3, 4), (16, 27, 36, 14, 7))[0]):
        age = mother_age - chance.randint(19, 34)
        if age >= 0 and (age <= 26 or chance.random() < 0.3):
            yield _person(register, home, line, sex=_sex(chance), age=age, relation="child")
    if head_age > 52 and chance.random() < 0.3:
        age = chance.randint(0, min(14, head_age - 45))
        yield _person(register, home, line, sex=_sex(chance), age=age, relation="grandchild")


def _sex(chance: Random, male: float = 0.5) -> str:
    return "male" if chance.random() < male else "female"


def _person(
    register: _Register, home: dict[str, Any], line: tuple[str, str], *, sex: str, age: int, relation: str
) -> Person:
    """A person of a family line (surname, ethnic group) in a household."""
    chance = register.chance
    surname, group = line
    birth = _birth(register, register.month_end.year - age)
    person = Person(
        citizen_id=_citizen_id(register, home["commune"], sex, birth.year),
        full_name=_full_name(chance, surname, group, sex),
        sex=sex,
        birth=birth,
        birth_precision=10,
        ethnicity=group,
        relation=relation,
        **home,
    )
    if birth.year < 1965:  # the register often knows only the year, or the month
        person.birth_precision = chance.choices((10, 7, 4), (85, 3, 12))[0]
    if birth >= register.month_start:
        person.arrived = True
    if relation != "head" and person.residence_type == "permanent" and chance.random() < 0.03:
        person.residence_type = "temporarily_absent"
    age = register.month_end.year - birth.year
    if chance.random() < (0.0008 if age < 60 else 0.02):
        person.residence_type = "deceased"
        last = min(300, (register.month_end - birth).days)
        person.death = register.month_end - datetime.timedelta(days=chance.randint(0, last))
    return person


def _birth(register: _Register, year: int) -> datetime.date:
    first = datetime.date(year, 1, 1)
    last = min(datetime.date(year, 12, 31), register.month_end)
    return first + datetime.timedelta(days=register.chance.randint(0, (last - first).days))


def _citizen_id(register: _Register, commune: Commune, sex: str, year: int) -> str:
    """PPP G YY NNNNNN: G is 0/1 for men/women born in the 20th century, 2/3 in the 21st."""
    chance = register.chance
    prefix = PREFIX_NORTH if commune.code < "04000" else PREFIX_SOUTH
    if chance.random() < 0.1:
        prefix = chance.choice(OTHER_PREFIXES)
    group = (year // 100 - 19) * 2 + (sex == "female")
    while True:
        made = f"{prefix}{group}{year % 100:02d}{chance.randrange(1_000_000):06d}"
        if made not in register.ids:
            register.ids.add(made)
            return made


def _full_name(chance: Random, surname: str, group: str, sex: str) -> str:
    pattern = NAME_PATTERNS[group]
    male = sex == "male"
    middle = chance.choice(pattern.male_middle if male else pattern.female_middle)
    given = chance.choice(pattern.male_given if male else pattern.female_given)
    return f"{surname} {middle} {given}"
