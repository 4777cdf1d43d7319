"""Rows of the demo's files: what they mean, what is written in their cells, and what should become of them.

Belongs here: turning persons, parcels and enrolments into rows under the declared column names, in the words and
notations that offices use. Does not belong here: the files' layouts (``sheets.py``), mistakes (``mistakes.py``).
"""

from __future__ import annotations

import datetime
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Literal

from orchestration.demo.learning import Enrolment
from orchestration.demo.parcels import Parcel
from orchestration.demo.province import Person, month_before

Fate = Literal["accepted", "rejected", "duplicate"]


@dataclass
class Record:
    """One data row. ``values``: the row as the warehouse should understand it, by declared name.

    cells: what is written instead of the usual notation of a value. stray: a surplus cell written after that column.
    planted: column and rule of the one mistake in it ('' for a rule about the row). repeated: it occurs once more.
    """

    values: dict[str, Any]
    cells: dict[str, Any] = field(default_factory=dict)
    stray: tuple[str, str] | None = None
    planted: tuple[str, str] | None = None
    repeated: bool = False
    fate: Fate = "accepted"

    def copy(self) -> Record:
        """The same row once more."""
        return replace(self, values=dict(self.values), cells=dict(self.cells))


def resident_records(
    persons: Iterable[Person], *, month_end: datetime.date, latest: bool, commune_as: str, seed: int
) -> list[Record]:
    """The register at ``month_end``: the last month (``latest``) or the one before."""
    chance = Random(f"residents {month_end} {seed}")
    made = []
    for person in persons:
        if person.left if latest else person.arrived:
            continue
        died = person.death is not None and person.death <= month_end
        state = person.residence_type if died or person.residence_type != "deceased" else "permanent"
        record = Record(
            {
                "citizen_id": person.citizen_id,
                "full_name": person.full_name,
                "date_of_birth": person.born,
                "sex": person.sex,
                "ethnicity": person.ethnicity,
                "commune": person.commune.code,
                "village": person.village,
                "household_no": person.household_no,
                "relation_to_head": person.relation,
                "residence_type": state,
                "death_date": person.death.isoformat() if person.death and died else None,
                "as_of": month_end,
            }
        )
        if commune_as == "name":
            record.cells["commune"] = person.commune.name
        record.cells["relation_to_head"] = _relation_word(person)
        _type_carelessly(record, chance)
        made.append(record)
    return made


def _relation_word(person: Person) -> str:
    by_sex = {
        "spouse": ("Chồng", "Vợ"),
        "parent": ("Bố", "Mẹ"),
        "child": ("Con", "Con"),
        "grandchild": ("Cháu", "Cháu"),
    }
    return by_sex.get(person.relation, ("Chủ hộ", "Chủ hộ"))[person.sex == "female"]


def _type_carelessly(record: Record, chance: Random) -> None:
    """What people type without changing the meaning: spaces, decomposed Unicode, another tone placement, capitals."""
    name = record.values["full_name"]
    kind = chance.random()
    if kind < 0.004:
        record.cells["full_name"] = f" {name.replace(' ', '  ', 1)} "
    elif kind < 0.006:
        record.cells["full_name"] = unicodedata.normalize("NFD", name)
    elif kind < 0.01 and record.values["sex"] == "female":
        record.cells["sex"] = "nữ"
    commune = record.cells.get("commune")
    if commune is not None and chance.random() < 0.01:
        record.cells["commune"] = commune.replace("Hòa", "Hoà") if "Hòa" in commune else commune.upper()


def parcel_records(parcels: Iterable[Parcel], *, before_quarter: bool, typed: bool, seed: int) -> list[Record]:
    """One row per parcel and owner; ``before_quarter``: as it stood a quarter earlier.

    typed: areas partly typed as text with a decimal comma, partly numbers (a workbook); else left to the layout.
    """
    chance = Random(f"parcel rows {before_quarter} {seed}")
    made = []
    for parcel in parcels:
        if before_quarter and parcel.is_new:
            continue
        area_cell = _typed_area(parcel, chance) if typed else None
        for owner in parcel.owners:
            record = Record(
                {
                    "parcel_id": parcel.parcel_id,
                    "old_commune": parcel.old_commune,
                    "map_sheet": parcel.map_sheet,
                    "parcel_no": parcel.parcel_no,
                    "commune": parcel.commune.code,
                    "area_m2": parcel.area_m2,
                    "land_type": parcel.land_type,
                    "use_term": parcel.use_term,
                    "certificate_no": parcel.certificate_no,
                    "certificate_date": parcel.certificate_date,
                    "owner_citizen_id": owner.citizen_id,
                    "owner_tax_code": owner.tax_code,
                    "owner_name": owner.name,
                    "owner_role": owner.role,
                }
            )
            if typed:
                record.cells["commune"] = parcel.commune.name
            if area_cell is not None:
                record.cells["area_m2"] = area_cell
            made.append(record)
    return made


def _typed_area(parcel: Parcel, chance: Random) -> str | None:
    """The area as text with a decimal comma (1250,5 or 1.250,5), or None for a numeric cell."""
    kind = chance.random()
    if kind > 0.4:
        return None
    whole, tenth = divmod(int(parcel.area_m2 * 10), 10)
    grouped = f"{whole:,}".replace(",", ".") if kind < 0.1 else str(whole)
    return f"{grouped},{tenth}"


def learning_records(enrolments: Iterable[Enrolment], *, ids_as_numbers: bool) -> list[Record]:
    """One row per person and course. ``ids_as_numbers``: numeric cells, so that leading zeros are lost."""
    made = []
    for each in enrolments:
        person = each.person
        record = Record(
            {
                "citizen_id": person.citizen_id,
                "full_name": person.full_name,
                "date_of_birth": person.born,
                "sex": person.sex,
                "person_group": each.group,
                "work_unit": each.work_unit,
                "commune": person.commune.code,
                "course_code": each.course.code,
                "course_name": each.course.name,
                "platform": each.course.platform,
                "enrolled": each.enrolled,
                "completed": each.completed,
                "result": each.result,
                "score": each.score,
            }
        )
        record.cells["commune"] = person.commune.name
        if ids_as_numbers:
            record.cells["citizen_id"] = int(person.citizen_id)
        made.append(record)
    return made


def quarter_before(day: datetime.date) -> datetime.date:
    """Last day of the last quarter that is over on ``day``."""
    end = month_before(day)[1]
    while end.month % 3:
        end = month_before(end)[1]
    return end
