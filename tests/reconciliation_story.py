"""Files of nine datasets in which forty disagreements are planted, beside rows that agree.

Belongs here: the rows, and beside each of them what has to be found because of it. Does not belong here: how the
register finds it (the tests). Every person's number names the same person everywhere: below 100 in the register of
residents, from 200 on unknown there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from orchestration.intake.folding import fold
from tests import keyed
from tests.office import Row, learner, parcel, resident

#: Where resident n lives by n modulo 4 (tests/office.py), and the codes of those communes.
LAO_CAI, BAT_XAT, HOP_THANH, CAM_DUONG = "02647", "02683", "02680", "02671"
_LIVING = {"Phường Lào Cai": LAO_CAI, "Xã Bát Xát": BAT_XAT, "Xã Hợp Thành": HOP_THANH, "Phường Cam Đường": CAM_DUONG}
POLICE, OF_BAT_XAT = "2026-10.csv", "2026-10 Xã Bát Xát.csv"


@dataclass(frozen=True)
class Planted:
    """A disagreement that a row causes. value_a is the row's own; None as row_b: nothing stands on side b.

    Values that begin with ``person:`` or ``name:`` stand for the pseudonym of an id, or of an id and a folded name.
    """

    pair: str
    key: str
    value_a: str
    value_b: str | None
    file_b: str | None = None
    row_b: int | None = None
    commune: str | None = None


def person(number: int) -> str:
    return f"person:{resident(number)['citizen_id']}"


def name(number: int, written: str | None = None) -> str:
    known = resident(number)
    return f"name:{known['citizen_id']}\n{fold(written or known['full_name'])}"


def pseudonym(text: str | None, key: str) -> str | None:
    """The text with what stands for a pseudonym replaced by it; any other text as it is."""

    def hashed(found: re.Match[str]) -> str:
        return keyed.pseudonym(key, found[1]) if found[1] else keyed.agreement_key(key, *found[2].split("\n"))

    return text and re.sub(r"person:([0-9]{12})|name:([0-9]{12}\n.*)", hashed, text)


def absent(pair: str, number: int, commune: str | None) -> Planted:
    return Planted(pair, person(number), person(number), None, commune=commune)


def other(pair: str, number: int, value_a: str, value_b: str) -> Planted:
    """A person of whom the register says something else; resident n stands in row n + 2 of the police's file."""
    return Planted(pair, person(number), value_a, value_b, POLICE, number + 2, home(number))


def home(number: int) -> str:
    return _LIVING[resident(number)["commune"]]


Rows = list[tuple[Row, list[Planted]]]


def police() -> Rows:
    """100 residents, 25 in each of four communes, each a household of its own; 96 and 97 are dead, 98 has no number."""
    special: dict[int, Row] = {
        96: {"residence_type": "Đã chết", "death_date": "01/09/2026"},
        97: {"residence_type": "Đã chết", "death_date": "02/09/2026"},
        98: {"household_no": ""},
    }
    return [(resident(number, **special.get(number, {})), []) for number in range(100)]


def bat_xat() -> Rows:
    """The commune reports two of its residents itself, later than the police; its report counts."""
    return [
        (resident(n), [Planted("resident_reported_twice", f"{person(n)}/population", BAT_XAT, "population", POLICE, n + 2, BAT_XAT)])
        for n in (1, 5)
    ]  # fmt: skip


def villages() -> Rows:
    """Lào Cai agrees, Hợp Thành within 5 % (26 to 25 at most); the first row of a commune stands for its sum."""

    def village(code: str, commune: str, households: str) -> Row:
        facts = {"village_code": code, "commune": commune, "households": households}
        return {**facts, "very_difficult": "Không", "mobile_coverage": "4G"}

    pair = "village_households"
    return [
        (village("V1", "Phường Lào Cai", "12"), []),
        (village("V2", "Xã Bát Xát", "30"), [Planted(pair, f"{BAT_XAT}/2026Q3", "30", "24", OF_BAT_XAT, 2, BAT_XAT)]),
        (village("V3", "Xã Hợp Thành", "26"), []),
        (village("V4", "Phường Cam Đường", "10"), [Planted(pair, f"{CAM_DUONG}/2026Q3", "20", "25", POLICE, 5, CAM_DUONG)]),
        (village("V5", "Phường Lào Cai", "12"), []),
        (village("V6", "Phường Cam Đường", "10"), []),
        (village("V7", "Xã Y Tý", "40"), []),  # no file of the register
    ]  # fmt: skip


def learners() -> Rows:
    def born(number: int, year: str) -> tuple[Row, list[Planted]]:
        known = resident(number)["date_of_birth"][-4:]
        return learner(number, date_of_birth=year), [other("learner_birth_year", number, year, known)]

    def named(number: int, written: str) -> tuple[Row, list[Planted]]:
        return learner(number, full_name=written), [other("learner_name", number, name(number, written), name(number))]

    unknown = "learner_not_in_population"
    return [
        *((learner(number), []) for number in range(6, 20)),
        (learner(200), [absent(unknown, 200, LAO_CAI)]),
        (learner(200, course_name="An toàn thông tin"), []),  # one person, one disagreement
        (learner(201), [absent(unknown, 201, BAT_XAT)]),
        (learner(202, commune=""), [absent(unknown, 202, None)]),
        (learner(203, commune="Xã Y Tý"), []),  # no file of the register, so nobody is missing from it
        (learner(96), []),  # dead, but known
        (learner(30, sex="Nữ"), [other("learner_sex", 30, "female", "male")]),
        (learner(31, sex="Nam"), [other("learner_sex", 31, "male", "female")]),
        (learner(32, sex="", date_of_birth=""), []),
        born(33, "1990"),
        born(34, "1991"),
        born(35, "1992"),
        named(36, "Lò Văn Khác"),
        named(37, "Vàng A Sử"),
        named(38, "Giàng Thị Dính"),
        (learner(39, full_name=resident(39)["full_name"].upper()), []),
    ]


def officials() -> Rows:
    def official(number: int, unit: str, commune: str = "", **more: str) -> Row:
        facts = {"official_id": resident(number)["citizen_id"], "unit_name": unit, "commune": commune}
        return {**facts, "trained_in_it": "Có", "digital_specialist": "Không", **more}

    unknown, place = "official_not_in_population", "staffing_unit_commune"
    strange = Planted(place, f"ubnd xã hợp thành/{BAT_XAT}", BAT_XAT, HOP_THANH, "2026Q3.csv", 5, BAT_XAT)
    police_of = Planted(place, f"công an phường cam đường/{LAO_CAI}", LAO_CAI, CAM_DUONG, "2026Q3.csv", 7, LAO_CAI)
    return [
        (official(40, "UBND xã Bát Xát", "Xã Bát Xát"), []),
        (official(41, "Ủy ban nhân dân xã Bát Xát", "Xã Bát Xát"), []),
        (official(42, "UBND xã Hợp Thành", "Xã Hợp Thành"), []),
        (official(43, "Ủy ban nhân dân xã Hợp Thành", "Xã Bát Xát"), [strange]),
        (official(44, "UBND xã Hợp Thành", "Xã Bát Xát"), []),  # the same unit, the same commune
        (official(45, "Công an phường Cam Đường", "Phường Lào Cai"), [police_of]),
        (official(46, "Sở Nội vụ", "Phường Lào Cai"), []),
        (official(210, "Sở Nội vụ"), [absent(unknown, 210, None)]),
        (official(211, "Sở Nội vụ", "Phường Lào Cai"), [absent(unknown, 211, LAO_CAI)]),
        (official(212, "Sở Nội vụ", to_date="30/06/2026"), []),  # no longer in post
        (official(47, "Sở Nội vụ", full_name=resident(47)["full_name"]), []),
        (official(48, "Sở Nội vụ", full_name="Lò A"), [other("official_name", 48, name(48, "Lò A"), name(48))]),
        (official(49, "Sở Nội vụ", full_name="Lò B"), [other("official_name", 49, name(49, "Lò B"), name(49))]),
    ]


def owners() -> Rows:
    def dead(number: int, parcel_id: str) -> tuple[Row, list[Planted]]:
        key = f"id:{parcel_id}/{person(number)}"
        found = Planted("land_owner_deceased", key, "owner", "deceased", POLICE, number + 2, home(number))
        return parcel(number, parcel_id=parcel_id), [found]

    def named(number: int, written: str) -> tuple[Row, list[Planted]]:
        bare = written.removeprefix("Ông ")  # a form of address is no part of a name
        found = other("land_owner_name", number, name(number, bare), name(number))
        return parcel(number, owner_name=written), [found]

    unknown = "land_owner_not_in_population"
    return [
        *((parcel(number), []) for number in range(50, 60)),
        (parcel(60, owner_name=f"Ông {resident(60)['full_name'].upper()}"), []),
        (parcel(61, owner_name=""), []),
        (parcel(62, owner_citizen_id="", owner_name="Hộ ông Lò A"), []),
        (parcel(63, owner_citizen_id="", owner_name="", owner_tax_code="0100109106"), []),
        (parcel(220), [absent(unknown, 220, LAO_CAI)]),
        (parcel(220, parcel_id="M-220"), []),
        (parcel(221), [absent(unknown, 221, BAT_XAT)]),
        (parcel(222), [absent(unknown, 222, HOP_THANH)]),
        (parcel(223, commune="Xã Y Tý"), []),
        dead(96, "M-96"),
        dead(96, "N-96"),
        dead(97, "M-97"),
        named(70, "Lò Văn Khác"),
        named(71, "Ông Lò Văn Khác"),
        named(72, "Giàng A Dế"),
    ]


def dossiers() -> Rows:
    def dossier(number: int, agency: str, commune: str, named: str = "") -> tuple[Row, list[Planted]]:
        code = f"000.00.56.H38-261005-{number:05}"
        facts = {"dossier_code": code, "agency": agency, "commune": commune, "channel": "Trực tuyến"}
        found = Planted("dossier_commune", code, _LIVING.get(commune, ""), named, POLICE, number, _LIVING.get(commune))
        return {**facts, "received_at": "05/10/2026"}, [found] if named else []

    return [
        dossier(2, "UBND xã Bát Xát", "Xã Bát Xát"),
        dossier(3, "UBND phường Lào Cai", "Xã Bát Xát", LAO_CAI),
        dossier(4, "UBND phường Lào Cai", "Xã Bát Xát", LAO_CAI),
        dossier(5, "Uỷ ban nhân dân xã Hợp Thành", "Phường Cam Đường", HOP_THANH),
        dossier(6, "Sở Tư pháp", "Xã Bát Xát"),
        dossier(7, "UBND xã Bát Xát", ""),
    ]


def archives() -> Rows:
    def fonds(code: str, unit: str, commune: str = "") -> Row:
        return {"fonds_code": code, "unit_name": unit, "commune": commune, "pages": "10", "pages_digitised": "5"}

    unknown = "archive_unit_not_in_staffing"
    depot = Planted(unknown, "kho lưu trữ tỉnh", "Kho lưu trữ tỉnh", None)
    commune = Planted(unknown, "ubnd xã y tý", "UBND xã Y Tý", None, commune="02701")
    return [
        (fonds("P1", "Sở Nội vụ"), []),
        (fonds("P2", "UBND Xã Bát Xát", "Xã Bát Xát"), []),
        (fonds("P3", "Kho lưu trữ tỉnh"), [depot]),
        (fonds("P4", "Kho lưu trữ tỉnh"), []),
        (fonds("P5", "UBND xã Y Tý", "Xã Y Tý"), [commune]),
    ]


def documents() -> Rows:
    figures = {"issued": "9", "electronic": "9", "digitally_signed": "9"}
    unknown = "document_unit_not_in_staffing"
    return [
        ({"unit_name": "sở nội vụ", **figures}, []),
        ({"unit_name": "Sở Tài chính", **figures}, [Planted(unknown, "sở tài chính", "Sở Tài chính", None)]),
        ({"unit_name": "Sở Y tế", **figures}, [Planted(unknown, "sở y tế", "Sở Y tế", None)]),
    ]


def scores() -> Rows:
    def score(unit: str, indicator: str = "1.1") -> Row:
        facts = {"unit_name": unit, "year": "2025", "edition": "2025", "indicator_code": indicator}
        return {**facts, "max_score": "10", "score": "5"}

    unknown = "dti_unit_not_in_staffing"
    return [
        (score(""), []),  # the province itself
        (score("Sở Nội vụ"), []),
        (score("Sở Xây dựng"), [Planted(unknown, "sở xây dựng", "Sở Xây dựng", None)]),
        (score("Sở Xây dựng", "1.2"), []),
        (score("Sở Công Thương"), [Planted(unknown, "sở công thương", "Sở Công Thương", None)]),
        (score("Sở Tư pháp"), [Planted(unknown, "sở tư pháp", "Sở Tư pháp", None)]),
    ]


def files() -> Iterator[tuple[str, str, Rows]]:
    """Dataset, name and rows of every file, in the order in which they arrive."""
    yield "population/residents", POLICE, police()
    yield "population/residents", OF_BAT_XAT, bat_xat()
    yield "connectivity/villages", "2026Q3.csv", villages()
    yield "training/completions", "2026-10.csv", learners()
    yield "home_affairs/staffing", "2026Q3.csv", officials()
    yield "land/parcels", "2026Q3.csv", owners()
    yield "public_service/dossiers", "2026-10.csv", dossiers()
    yield "home_affairs/archives", "2026Q3.csv", archives()
    yield "direction/documents", "2026-10.csv", documents()
    yield "direction/dti_scores", "2025.csv", scores()
