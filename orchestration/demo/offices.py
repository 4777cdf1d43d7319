"""What the province's other offices know: staff, archives, dossiers, networks, tasks, scores, documents, spending.

Belongs here: rows of the nine datasets about offices instead of persons or land, which fit the synthetic province.
Does not belong here: the files (``office_drafts.py``) and what is wrong in them (``mistakes.py``).
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from random import Random

from orchestration.demo.province import Person, Province
from orchestration.demo.records import Record
from orchestration.demo.vocabulary import DTI_INDICATORS, PROVINCE_UNITS, TASKS

#: Communes with an official trained in IT: 44, so that 55 have none, as Lào Cai reported (55/99).
COMMUNES_WITH_IT_STAFF = 44
DECISION = "1982/QĐ-UBND"
_IT_QUALIFICATIONS = ("bachelor", "bachelor", "master", "college")
_OPERATORS = ("Viettel", "VNPT", "MobiFone")


def staffing_records(province: Province, seed: int) -> list[Record]:
    """Two officials of each commune and five of each office of the province, all of them residents."""
    chance = Random(f"staffing {seed}")
    trained = set(chance.sample([commune.code for commune in province.communes], COMMUNES_WITH_IT_STAFF))
    adults: dict[str, list[Person]] = {}
    for person in province.persons:
        age = province.month_end.year - person.birth.year
        if 25 <= age <= 58 and not person.left and not person.arrived and person.death is None:
            adults.setdefault(person.commune.code, []).append(person)
    made = []
    for commune in province.communes:
        for number, person in enumerate(adults.get(commune.code, [])[:2]):
            in_it = number == 0 and commune.code in trained
            made.append(_official(chance, person, f"UBND {commune.name}", commune.code, in_it=in_it))
    spare = [person for persons in adults.values() for person in persons[2:]]
    for unit in PROVINCE_UNITS:
        for _ in range(5):
            person = spare.pop(chance.randrange(len(spare)))
            made.append(_official(chance, person, unit, None, in_it=chance.random() < 0.2))
    return made


def _official(chance: Random, person: Person, unit: str, commune: str | None, *, in_it: bool) -> Record:
    started = person.birth.year + 24
    return Record(
        {
            "official_id": person.citizen_id,
            "full_name": person.full_name,
            "unit_name": unit,
            "commune": commune,
            "position": chance.choice(("Chuyên viên", "Công chức Văn hóa - Xã hội", "Văn thư", "Phó Trưởng phòng")),
            "trained_in_it": in_it,
            "qualification": chance.choice(_IT_QUALIFICATIONS) if in_it else chance.choice(("bachelor", "college")),
            "digital_specialist": in_it and chance.random() < 0.15,
            "full_time": "full_time" if in_it else "part_time",
            "contract": "civil_servant",
            "from_date": datetime.date(min(started, 2024), chance.randint(1, 12), 1),
            "to_date": None,
        }
    )


def archive_records(province: Province, quarter_end: datetime.date, seed: int) -> list[Record]:
    """One fonds of each commune and of each office; from quarter to quarter more pages are digitised."""
    chance = Random(f"archives {seed}")
    quarters = 4 * (quarter_end.year - 2025) + quarter_end.month // 3
    holders: list[tuple[str, str | None]] = [(f"UBND {each.name}", each.code) for each in province.communes]
    holders += [(unit, None) for unit in PROVINCE_UNITS]
    made = []
    for number, (unit, commune) in enumerate(holders, 1):
        files, pace = chance.randint(400, 6000), chance.uniform(0.02, 0.09)
        pages = files * chance.randint(40, 90)
        share = Decimal(str(round(min(pace * quarters, 1), 4)))
        made.append(
            Record(
                {
                    "fonds_code": f"P{number:03}",
                    "unit_name": unit,
                    "commune": commune,
                    "files": files,
                    "pages": pages,
                    "shelf_metres": Decimal(files) / 10,
                    "files_digitised": int(files * share),
                    "pages_digitised": int(pages * share),
                    "files_with_metadata": int(files * share * Decimal("0.9")),
                    "as_of": quarter_end,
                }
            )
        )
    return made


def dossier_records(province: Province, rows: int, seed: int) -> list[Record]:
    """Dossiers of the last month; most come online, and nearly all are finished in time."""
    chance = Random(f"dossiers {seed}")
    start, end = province.month_end.replace(day=1), province.month_end
    made = []
    for number in range(1, rows + 1):
        commune = chance.choice(province.communes)
        received = start + datetime.timedelta(days=chance.randint(0, (end - start).days))
        due = received + datetime.timedelta(days=chance.randint(5, 20))
        finished = due + datetime.timedelta(
            days=chance.randint(1, 4) if chance.random() < 0.01 else -chance.randint(0, 4)
        )
        over = finished <= end
        made.append(
            Record(
                {
                    "dossier_code": f"000.{int(commune.code) % 100:02}.15.H38-{received:%y%m%d}-{number:04}",
                    "procedure_code": f"{chance.choice((1, 2))}.{chance.randint(1000, 1040):06}",
                    "agency": f"UBND {commune.name}",
                    "commune": commune.code,
                    "channel": chance.choices(("online", "direct", "postal"), (87, 11, 2))[0],
                    "service_level": chance.choice(("full", "partial")),
                    "received_at": received,
                    "due_at": due,
                    "finished_at": finished if over else None,
                    "status": "finished" if over else "in_progress",
                }
            )
        )
    return made


def network_records(province: Province, seed: int) -> list[Record]:
    """Network and equipment of each commune."""
    chance = Random(f"networks {seed}")
    made = []
    for commune in province.communes:
        network, scanners = chance.random() < 0.95, chance.randint(0, 4)
        values = {
            "commune": commune.code,
            "special_network": network,
            "bandwidth_mbps": Decimal(chance.choice((50, 100, 200))),
            "scanners": scanners,
            "computers": chance.randint(15, 45),
            "ready": network and scanners > 0,
        }
        made.append(Record(values, {"commune": commune.name}))
    return made


def village_records(province: Province, seed: int) -> list[Record]:
    """Mobile coverage of each village, with the households that the register of residents has there."""
    chance = Random(f"villages {seed}")
    living: Counter[tuple[str, str]] = Counter()
    for household in province.households:
        if any(not person.left and person.residence_type != "deceased" for person in household):
            living[household[0].commune.code, household[0].village] += 1
    made = []
    for commune in province.communes:
        for number, village in enumerate(commune.villages, 1):
            difficult = not commune.is_ward and chance.random() < 0.2
            coverage = chance.choices(("none", "3g", "4g", "5g"), (5, 10, 80, 5) if difficult else (0, 2, 80, 18))[0]
            made.append(
                Record(
                    {
                        "village_code": f"{commune.code}-{number:02}",
                        "village": village,
                        "commune": commune.code,
                        "very_difficult": difficult,
                        "households": living[commune.code, village],
                        "mobile_coverage": coverage,
                        "operators": None if coverage == "none" else chance.choice(_OPERATORS),
                    },
                    {"commune": commune.name},
                )
            )
    return made


def task_records(quarter_end: datetime.date, seed: int) -> list[Record]:
    """The tasks of one decision by group, and how far each has come."""
    chance = Random(f"tasks {seed}")
    made = []
    for number, (group, title) in enumerate(TASKS, 1):
        status = chance.choices(("not_started", "in_progress", "done_in_substance", "done"), (5, 30, 35, 30))[0]
        made.append(
            Record(
                {
                    "decision_no": DECISION,
                    "task_no": str(number),
                    "task_group": group,
                    "title": title,
                    "lead_unit": chance.choice(PROVINCE_UNITS),
                    "support_units": "Các sở, ngành; UBND các xã, phường",
                    "due": datetime.date(quarter_end.year, 12, 31),
                    "status": status,
                    "updated": quarter_end,
                    "evidence": f"Báo cáo số {100 + number}/BC" if status == "done" else None,
                }
            )
        )
    return made


def score_records(year: int, seed: int) -> list[Record]:
    """The main indicators of the index for each office, in the edition of that year."""
    chance = Random(f"scores {seed}")
    edition = "2025" if year >= 2025 else "2022"
    return [
        Record(
            {
                "unit_name": unit,
                "year": year,
                "edition": edition,
                "indicator_code": str(number),
                "indicator": indicator,
                "max_score": Decimal(maximum),
                "score": Decimal(chance.randint(maximum * 5, maximum * 10)) / 10,
            }
        )
        for unit in PROVINCE_UNITS
        for number, (indicator, maximum) in enumerate(DTI_INDICATORS, 1)
    ]


def document_records(province: Province, seed: int) -> list[Record]:
    """Documents that each office and each commune issued in the last month."""
    chance = Random(f"documents {seed}")
    made = []
    for unit in (*PROVINCE_UNITS, *(f"UBND {commune.name}" for commune in province.communes)):
        issued = chance.randint(40, 900)
        made.append(
            Record(
                {
                    "unit_name": unit,
                    "issued": issued,
                    "electronic": issued,
                    "digitally_signed": issued * chance.randint(95, 100) // 100,
                    "exchanged_between_levels": issued * chance.randint(2, 9),
                }
            )
        )
    return made


def spending_records(year: int, seed: int) -> list[Record]:
    """What each office planned and spent in a year, by source of funds."""
    return list(_spending(Random(f"spending {seed}"), year))


def _spending(chance: Random, year: int) -> Iterator[Record]:
    for unit in PROVINCE_UNITS:
        for source in ("local_budget", "central_budget"):
            planned = Decimal(chance.randint(200, 5000)) * 1_000_000
            values = {
                "unit_name": unit,
                "year": year,
                "fund_source": source,
                "planned_vnd": planned,
                "disbursed_vnd": planned * chance.randint(60, 100) / 100,
            }
            yield Record(values)
