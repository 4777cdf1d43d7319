"""Land of the synthetic province: parcels with owners who live there, and organisations with valid tax codes.

Belongs here: what the land registry knows. Does not belong here: how it writes it down (``files.py``).
"""

from __future__ import annotations

import csv
import datetime
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random

from orchestration.demo.province import Commune, Person, Province
from orchestration.demo.vocabulary import ORGANISATION_NAMES, ORGANISATIONS

#: Land types with their share and the usual areas in m²; checked against the leaf codes of the seed.
RURAL_LAND = {
    "ONT": (18, 90, 600),
    "ONT+CLN": (14, 250, 3500),
    "LUC": (16, 150, 3200),
    "LUK": (8, 120, 2500),
    "HNK": (14, 200, 6000),
    "CLN": (10, 300, 9000),
    "RSX": (14, 3000, 60000),
    "NTS": (4, 100, 2500),
    "RPH": (2, 5000, 90000),
}
WARD_LAND = {
    "ODT": (60, 45, 350),
    "ODT+CLN": (15, 120, 1500),
    "CLN": (10, 150, 3000),
    "LUC": (8, 100, 1800),
    "SKC": (2, 900, 15000),
    "TMD": (5, 150, 4000),
}
ORGANISATION_LAND = {
    "SKC": (4, 900, 20000),
    "TMD": (3, 300, 8000),
    "RSX": (4, 20000, 400000),
    "SKS": (1, 5000, 80000),
    "DNL": (1, 2000, 30000),
}

TAX_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)
#: 12 characters that no spreadsheet takes for a number or a date.
PARCEL_ALPHABET = "ABCDEGHKLMNPQRSTVXY"


@dataclass(frozen=True)
class Owner:
    """A person or an organisation that owns a parcel, alone or with others."""

    name: str
    role: str
    citizen_id: str | None = None
    tax_code: str | None = None


@dataclass
class Parcel:
    """A parcel and its owners. ``is_new``: not yet registered a quarter earlier."""

    parcel_id: str | None
    old_commune: str
    map_sheet: str
    parcel_no: str
    commune: Commune
    area_m2: Decimal
    land_type: str
    use_term: str
    certificate_no: str | None
    certificate_date: datetime.date | None
    owners: list[Owner]
    is_new: bool


def tax_code(number: int) -> str | None:
    """Ten digits that start with ``number``'s nine, or None where the check digit would have two digits."""
    digits = f"{number:09d}"
    check = 10 - sum(int(digit) * weight for digit, weight in zip(digits, TAX_WEIGHTS, strict=True)) % 11
    return f"{digits}{check}" if check < 10 else None


def build_parcels(province: Province, seeds: Path, *, rows: int, seed: int, quarter_end: datetime.date) -> list[Parcel]:
    """Parcels with ``rows`` owners among them, in the order of communes, old communes, sheets and numbers."""
    chance = Random(f"parcels {seed}")
    _check_land_types(seeds)
    organisations = _organisations(chance, 3 + rows // 150)
    households = [adults for adults in map(_adults, province.households) if adults]
    numbers: dict[tuple[str, str, int], int] = {}
    made: list[Parcel] = []
    owned = 0
    while owned < rows:
        adults = chance.choice(households)
        parcel = _parcel(chance, adults[0].commune, numbers, quarter_end)
        if chance.random() < 0.04:
            _give_to_organisation(parcel, chance, organisations)
        else:
            parcel.owners = _owners(chance, adults)
        parcel.owners = parcel.owners[: rows - owned]
        owned += len(parcel.owners)
        made.append(parcel)
    return sorted(
        made, key=lambda each: (each.commune.code, each.old_commune, int(each.map_sheet), int(each.parcel_no))
    )


def _adults(household: list[Person]) -> list[Person]:
    return [
        person
        for person in household
        if person.relation in ("head", "spouse") and not person.left and not person.arrived and person.death is None
    ]


def _check_land_types(seeds: Path) -> None:
    with (seeds / "land_type.csv").open(encoding="utf-8", newline="") as file:
        leaves = {row["land_type_code"] for row in csv.DictReader(file) if row["is_leaf"] == "true"}
    used = {
        code for table in (RURAL_LAND, WARD_LAND, ORGANISATION_LAND) for types in table for code in types.split("+")
    }
    if not used <= leaves:
        raise ValueError(f"not leaf codes of land_type.csv: {sorted(used - leaves)}")


def _organisations(chance: Random, wanted: int) -> list[Owner]:
    made: dict[str, Owner] = {}
    while len(made) < wanted:
        code = tax_code(530_000_000 + chance.randrange(900_000))  # 53: tax office of Lào Cai
        if code is not None and code not in made:
            name = f"{chance.choice(ORGANISATIONS)} {chance.choice(ORGANISATION_NAMES)} {len(made) + 1}"
            made[code] = Owner(name, "owner", tax_code=code)
    return list(made.values())


def _parcel(
    chance: Random, commune: Commune, numbers: dict[tuple[str, str, int], int], quarter_end: datetime.date
) -> Parcel:
    """A parcel without owners. Every old commune numbers its map sheets from 1."""
    old = chance.choice(commune.old_communes)
    sheet = chance.randint(1, 45)
    number = numbers[commune.code, old, sheet] = numbers.get((commune.code, old, sheet), 0) + chance.randint(1, 9)
    kind, area = _land(chance, WARD_LAND if commune.is_ward else RURAL_LAND)
    has_certificate = chance.random() < 0.85
    issued = quarter_end - datetime.timedelta(days=chance.randint(30, 9000))
    series = "AA" if issued.year >= 2025 else chance.choice("ABCD") + chance.choice("ABCDEGHKLMNPQSTVX")
    digits = 8 if series == "AA" else 6
    is_dwelling = kind[0] == "O"
    return Parcel(
        parcel_id="".join(chance.choices(PARCEL_ALPHABET, k=12)) if chance.random() < 0.85 else None,
        old_commune=old,
        map_sheet=str(sheet),
        parcel_no=str(number),
        commune=commune,
        area_m2=area,
        land_type=kind,
        use_term="Lâu dài" if is_dwelling else f"Đến ngày 15/10/{chance.randint(2033, 2073)}",
        certificate_no=f"{series} {chance.randrange(10**digits):0{digits}d}" if has_certificate else None,
        certificate_date=issued if has_certificate else None,
        owners=[],
        is_new=chance.random() < 0.03,
    )


def _land(chance: Random, table: dict[str, tuple[int, int, int]]) -> tuple[str, Decimal]:
    kind = chance.choices(list(table), [share for share, _, _ in table.values()])[0]
    _, low, high = table[kind]
    tenths = int(chance.triangular(low * 10, high * 10, low * 10 + (high - low) * 2))
    return kind, Decimal(tenths) / 10


def _give_to_organisation(parcel: Parcel, chance: Random, organisations: list[Owner]) -> None:
    parcel.land_type, parcel.area_m2 = _land(chance, ORGANISATION_LAND)
    parcel.use_term = f"Đến ngày 31/12/{chance.randint(2040, 2075)}"
    parcel.owners = [chance.choice(organisations)]


def _owners(chance: Random, adults: list[Person]) -> list[Owner]:
    if len(adults) > 1 and chance.random() < 0.4:
        return [Owner(person.full_name, "co_owner", citizen_id=person.citizen_id) for person in adults]
    person = adults[0]
    return [Owner(person.full_name, "owner", citizen_id=person.citizen_id)]
