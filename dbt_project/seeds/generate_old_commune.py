"""Writes the seeds of communes as they stood before, and of what became of each: ``old_commune.csv``,
``old_district.csv``, ``old_province.csv`` and ``commune_successor.csv``.

Belongs here: the units of before 1 July 2025 and those that changed their kind since, where each of them went, what the
source has wrong, and the checks that refuse a wrong list. Does not belong here: the present units, which
``generate_commune.py`` writes; run that first, from the same environment.

The source says whether an old commune went whole into a present one, or in parts into several. It knows neither the
area nor the people of a part, so neither does the seed.
"""

from __future__ import annotations

import csv
import json
import sqlite3
import unicodedata
from collections import Counter, defaultdict
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

from generate_commune import KINDS, SINCE_2025, Commune, check, package_file, units_of_2025, with_changes_of_2026

OLD_KINDS = {**KINDS, "Thị trấn": "township"}
DISTRICT_KINDS = {"Huyện": "rural_district", "Quận": "urban_district", "Thị xã": "town", "Thành phố": "city"}
#: First day of validity of what stood before anything that the source knows.
UNKNOWN_START = "1900-01-01"

#: Old communes that the source takes for divided because a namesake in another district went elsewhere: the present
#: communes that they really went into. Two other lists, made apart from the source, agree on each: the conversion table
#: of the National Statistics Office, and an address converter's. Thị trấn Thủ Thừa (28036) has no namesake; resolution
#: 1682/NQ-UBTVQH15 names it in clause 20 only, and not in clause 52, where the source has it too.
NOT_AS_THE_SOURCE_SAYS = {
    "06079": "06079",  # Xã Hồng Phong, Bình Gia; namesake in Cao Lộc
    "10798": "10804 10843",  # Xã Hòa Bình, Kim Thành: divided, but not into that of Vĩnh Bảo
    "11890": "11911",  # Xã Hòa Bình, Vĩnh Bảo
    "25462": "25459",  # Phường 4, Tây Ninh
    "27691": "27694",  # Phường 4, Tân An
    "28036": "28036",  # Thị trấn Thủ Thừa
    "28252": "28249",  # Phường 4, Mỹ Tho
    "28270": "28270",  # Phường 6, Mỹ Tho
    "28437": "28435",  # Phường 3, Cai Lậy
    "28439": "28439",  # Phường 4, Cai Lậy
    "28924": "28921",  # Xã Hòa Lộc, Mỏ Cày Bắc
    "29623": "29623",  # Xã Mỹ An, Mang Thít
    "29734": "29734",  # Xã Hòa Lộc, Tam Bình
    "29902": "29905",  # Phường 3, Sa Đéc
    "29908": "29905",  # Phường 4, Sa Đéc
    "31246": "31246",  # Xã Thạnh Quới, Vĩnh Thạnh
    "31268": "31288",  # Xã Tân Thạnh, Thới Lai
    "31378": "31378",  # Xã Phú Hữu, Châu Thành (Hậu Giang)
    "31379": "31378",  # Xã Phú Tân, Châu Thành (Hậu Giang)
    "31438": "31408",  # Xã Tân Long, Phụng Hiệp
    "31474": "31473",  # Xã Long Bình, Long Mỹ
    "31480": "31480",  # Xã Long Phú, thị xã Long Mỹ
    "31483": "31495",  # Xã Thuận Hưng, Long Mỹ
    "31582": "31582",  # Xã Phú Tân, Châu Thành (Sóc Trăng)
    "31606": "31591",  # Xã Thuận Hưng, Mỹ Tú
    "31657": "31654",  # Xã Phú Hữu, Long Phú
    "31666": "31666",  # Xã Tân Thạnh, Long Phú
    "31669": "31639",  # Xã Long Phú, Long Phú
    "31714": "31726",  # Xã Thạnh Quới, Mỹ Xuyên
    "31741": "31741",  # Xã Tân Long, Ngã Năm
    "31744": "31741",  # Xã Long Bình, Ngã Năm
}

#: Published counts. Five island districts had no communes; they are in the list of districts.
OLD_TOTAL, OLD_DISTRICTS, OLD_PROVINCES, ISLANDS = 10035, 696, 63, 5
#: Old communes that were divided: all, and in the present provinces Hà Nội, Lai Châu, Lào Cai, Khánh Hòa.
DIVIDED = 441
DIVIDED_IN = {"01": 199, "12": 0, "15": 0, "56": 8}
#: Present codes that an old commune had, too; the other five are the special zones made of the island districts.
REUSED = 3316


@dataclass(frozen=True)
class OldCommune:
    """One line of ``old_commune.csv``; ``district_code`` is empty where there were no districts any more."""

    commune_code: str
    valid_from: str
    commune_name: str
    commune_kind: str
    district_code: str
    valid_to: str


@dataclass(frozen=True)
class OldDistrict:
    """One line of ``old_district.csv``."""

    district_code: str
    district_name: str
    district_kind: str
    old_province_code: str


@dataclass(frozen=True)
class OldProvince:
    """One line of ``old_province.csv``; ``province_code`` is that of the present province that holds its area."""

    old_province_code: str
    old_province_name: str
    province_code: str


@dataclass(frozen=True)
class Successor:
    """One line of ``commune_successor.csv``."""

    old_commune_code: str
    old_valid_from: str
    commune_code: str
    relation: str


def rows_of(table: str) -> list[dict[str, Any]]:
    """All rows of a table of the source."""
    with sqlite3.connect(f"file:{package_file('dataset.db')}?mode=ro", uri=True) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(f"select * from {table}")]


def kind_of(name: str, kinds: dict[str, str]) -> str:
    """The kind that a full name begins with; five names begin with Thị Trấn."""
    return next(kind for words, kind in kinds.items() if name.lower().startswith(f"{words.lower()} "))


def old_communes(legacy: list[dict[str, Any]]) -> list[OldCommune]:
    """The communes of 30 June 2025."""
    return [
        OldCommune(
            row["wardCode"],
            UNKNOWN_START,
            row["ward"],
            kind_of(row["ward"], OLD_KINDS),
            row["districtCode"],
            SINCE_2025,
        )
        for row in legacy
        if row["wardCode"]
    ]


def changed_since(before: list[Commune], present: list[Commune]) -> list[OldCommune]:
    """The communes that have become wards since 1 July 2025, as they stood until then."""
    new = {each.commune_code: each for each in present}
    return [
        OldCommune(each.commune_code, each.valid_from, each.commune_name, each.commune_kind, "", now.valid_from)
        for each in before
        if (now := new[each.commune_code]).valid_from != each.valid_from
    ]


def old_districts(legacy: list[dict[str, Any]]) -> list[OldDistrict]:
    """The districts of 30 June 2025."""
    found = {
        OldDistrict(row["districtCode"], row["district"], kind_of(row["district"], DISTRICT_KINDS), row["provinceCode"])
        for row in legacy
    }
    return sorted(found, key=lambda each: each.district_code)


def old_provinces(legacy: list[dict[str, Any]], converter: dict[str, Any]) -> list[OldProvince]:
    """The provinces of 30 June 2025 and the present one that holds each: every one of them went whole."""
    codes = {row["provinceKey"]: row["provinceCode"] for row in rows_of("admin_units")}
    present = {old: codes[new] for new, olds in converter["DICT_PROVINCE"].items() for old in olds}
    found = {OldProvince(row["provinceCode"], row["province"], present[row["provinceKey"]]) for row in legacy}
    return sorted(found, key=lambda each: each.old_province_code)


def successors(legacy: list[dict[str, Any]], converter: dict[str, Any]) -> list[Successor]:
    """What became of every old commune: one line where it went whole, several lines where it was divided."""
    new = {(row["provinceKey"], row["wardKey"]): row["wardCode"] for row in rows_of("admin_units")}
    old = {f"{row['provinceKey']}_{row['districtKey']}_{row['wardKey'] or ''}": row["wardCode"] or "" for row in legacy}
    went: dict[str, set[str]] = defaultdict(set)
    for province, units in converter["DICT_PROVINCE_WARD_NO_DIVIDED"].items():
        for unit, predecessors in units.items():
            for each in predecessors:
                went[old[each]].add(new[province, unit])
    for province, divided in converter["DICT_PROVINCE_WARD_DIVIDED"].items():
        for each, parts in divided.items():
            went[old[each]] |= {new[province, part["newWardKey"]] for part in parts}
    went.pop("")  # the island districts
    for code, really in NOT_AS_THE_SOURCE_SAYS.items():
        check(set(really.split()) < went[code], f"{code}: the source says {sorted(went[code])}")
        went[code] = set(really.split())
    return [
        Successor(code, UNKNOWN_START, unit, "whole" if len(units) == 1 else "part")
        for code, units in went.items()
        for unit in sorted(units)
    ]


def check_all(
    communes: list[OldCommune], districts: list[OldDistrict], provinces: list[OldProvince], went: list[Successor]
) -> None:
    """Refuse lists that differ from what is published, leave a unit out, or would not match what people write."""
    legacy = {each.commune_code for each in communes if each.valid_to == SINCE_2025}
    check(len(legacy) == OLD_TOTAL, f"{len(legacy)} old codes instead of {OLD_TOTAL}")
    check(sum(each.valid_to == SINCE_2025 for each in communes) == OLD_TOTAL, "an old code occurs twice")
    check(len(districts) == len({each.district_code for each in districts}) == OLD_DISTRICTS, "districts")
    check(len(provinces) == len({each.old_province_code for each in provinces}) == OLD_PROVINCES, "provinces")
    inhabited = {each.district_code for each in communes if each.district_code}
    known = {each.district_code for each in districts}
    check(inhabited < known and len(known - inhabited) == ISLANDS, "districts without communes")
    for line in (*communes, *districts, *provinces):
        for value in astuple(line):
            check(value == " ".join(value.split()), f"spaces in {value!r}")
            check(unicodedata.is_normalized("NFC", value), f"{value!r} is not in Unicode form NFC")
    check_successors(communes, went)


def check_successors(communes: list[OldCommune], went: list[Successor]) -> None:
    """Every old unit is covered, by present units of one province; as many are divided as should be."""
    with Path(__file__).with_name("commune.csv").open(encoding="utf-8", newline="") as file:
        province = {row["commune_code"]: row["province_code"] for row in csv.DictReader(file)}
    parts: dict[tuple[str, str], list[Successor]] = defaultdict(list)
    for each in went:
        parts[each.old_commune_code, each.old_valid_from].append(each)
    check(set(parts) == {(each.commune_code, each.valid_from) for each in communes}, "old communes that went nowhere")
    check({each.commune_code for each in went} <= set(province), "a present commune that is none")
    for key, lines in parts.items():
        check(len({province[each.commune_code] for each in lines}) == 1, f"{key} went into several provinces")
        relations = {each.relation for each in lines}
        check(relations == ({"whole"} if len(lines) == 1 else {"part"}), f"{key} is {relations}")
    divided = Counter(province[lines[0].commune_code] for lines in parts.values() if len(lines) > 1)
    check(divided.total() == DIVIDED, f"{divided.total()} divided communes instead of {DIVIDED}")
    for code, expected in DIVIDED_IN.items():
        check(divided[code] == expected, f"province {code}: {divided[code]} divided communes")
    legacy = {each.commune_code for each in communes if each.valid_to == SINCE_2025}
    check(len(legacy & set(province)) == REUSED, f"{len(legacy & set(province))} reused codes instead of {REUSED}")
    check(len(set(province) - {each.commune_code for each in went}) == ISLANDS, "present communes made of nothing")


def write(name: str, lines: list[Any]) -> None:
    """Write a seed beside this script."""
    target = Path(__file__).with_name(name)
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(field.name for field in fields(lines[0]))
        writer.writerows(astuple(each) for each in lines)
    print(f"{target}: {len(lines)} lines")


def main() -> None:
    """Check everything, then write the seeds."""
    legacy = rows_of("admin_units_legacy")
    converter = json.loads(package_file("converter_2025.json").read_text(encoding="utf-8"))
    before = units_of_2025()
    changed = changed_since(before, with_changes_of_2026(before))
    communes = sorted([*old_communes(legacy), *changed], key=lambda each: (each.commune_code, each.valid_from))
    same_code = [Successor(each.commune_code, each.valid_from, each.commune_code, "whole") for each in changed]
    went = sorted([*successors(legacy, converter), *same_code], key=astuple)
    districts, provinces = old_districts(legacy), old_provinces(legacy, converter)
    check_all(communes, districts, provinces, went)
    write("old_commune.csv", communes)
    write("old_district.csv", districts)
    write("old_province.csv", provinces)
    write("commune_successor.csv", went)


if __name__ == "__main__":
    main()
