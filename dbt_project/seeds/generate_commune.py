"""Writes ``commune.csv``: the communes, wards and special zones of Vietnam as they stand now.

Belongs here: where the codes and names come from, what has changed since, and the checks that refuse a wrong list.
Does not belong here: older communes and what became of them (``generate_old_commune.py``).

Source: the MIT package ``vietnamadminunits``, version 1.0.4 (units of 1 July 2025). Its data files are read through
importlib.metadata and the package is never imported: its converter can send addresses to a web geocoder.
Run it in an environment of its own: ``pip install --no-deps vietnamadminunits==1.0.4``, then
``python dbt_project/seeds/generate_commune.py``.
"""

from __future__ import annotations

import csv
import importlib.metadata
import json
import sqlite3
import unicodedata
from collections import Counter
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path

PACKAGE, VERSION = "vietnamadminunits", "1.0.4"
SINCE_2025, FOR_EVER = "2025-07-01", "9999-12-31"
KINDS = {"Xã": "commune", "Phường": "ward", "Đặc khu": "special_zone"}

#: Provinces that became cities on 30 April, 1 and 20 September 2026 (resolutions 30, 36 and 39/2026/QH16); no code
#: changed.
CITIES = {"75": "Thành phố Đồng Nai", "22": "Thành phố Quảng Ninh", "24": "Thành phố Bắc Ninh"}
#: Communes that became wards, with code, name and province unchanged: (day, province) and their codes.
WARDS = {
    # Resolution 237/NQ-UBTVQH16: Lộc Ninh, Tân Khai, Đồng Phú, Tân Phú, Trị An, Trảng Bom, Dầu Giây, Long Thành,
    # Xuân Lộc, Nhơn Trạch.
    ("2026-04-30", "75"): "25270 25357 25363 26116 26170 26248 26326 26368 26425 26485",
    # Resolution 388/NQ-UBTVQH16: Bố Hạ, Lạng Giang, Kép, Lục Nam, Hiệp Hòa, Yên Phong, Phù Lãng, Chi Lăng, Tiên Du,
    # Gia Bình, Nhân Thắng, Lương Tài.
    ("2026-09-20", "24"): "07294 07375 07399 07444 07840 09193 09292 09313 09319 09454 09475 09496",
}

#: Published counts (National Statistics Office, units as of 20 September 2026).
TOTAL, PROVINCES = 3321, 34
BY_KIND = {"commune": 2599, "ward": 709, "special_zone": 13}
BY_PROVINCE = {"01": 126, "12": 38, "15": 99, "24": 99, "44": 78, "56": 65, "75": 95}


@dataclass(frozen=True)
class Commune:
    """One line of the seed."""

    commune_code: str
    commune_name: str
    commune_bare_name: str
    commune_kind: str
    province_code: str
    province_name: str
    valid_from: str
    valid_to: str


def package_file(name: str) -> Path:
    """A data file of the installed package, which is not imported."""
    distribution = importlib.metadata.distribution(PACKAGE)
    if distribution.version != VERSION:
        raise SystemExit(f"{PACKAGE} {distribution.version} is installed; the checks are made for {VERSION}")
    for file in distribution.files or []:
        if file.name == name:
            return Path(str(distribution.locate_file(file)))
    raise SystemExit(f"{PACKAGE} {VERSION} has no file {name}")


def units_of_2025() -> list[Commune]:
    """The 3,321 units of 1 July 2025. The kind is read from the full name: the package's own is wrong four times."""
    with sqlite3.connect(f"file:{package_file('dataset.db')}?mode=ro", uri=True) as connection:
        rows = connection.execute(
            "select wardCode, ward, wardShort, provinceCode, province from admin_units"
        ).fetchall()
    found = []
    for code, name, bare_name, province_code, province_name in rows:
        prefix = name.removesuffix(bare_name).strip()
        found.append(Commune(code, name, bare_name, KINDS[prefix], province_code, province_name, SINCE_2025, FOR_EVER))
    return found


def with_changes_of_2026(communes: list[Commune]) -> list[Commune]:
    """The units with the provinces that became cities and the communes that became wards in 2026."""
    became_ward = {code: (day, province) for (day, province), codes in WARDS.items() for code in codes.split()}
    found = []
    for each in communes:
        changed = replace(each, province_name=CITIES.get(each.province_code, each.province_name))
        if each.commune_code in became_ward:
            day, province = became_ward.pop(each.commune_code)
            check(each.province_code == province, f"{each.commune_name} lies in {each.province_name}")
            check(each.commune_kind == "commune", f"{each.commune_name} was no commune before {day}")
            changed = replace(
                changed, commune_name=f"Phường {each.commune_bare_name}", commune_kind="ward", valid_from=day
            )
        found.append(changed)
    check(not became_ward, f"no such codes: {sorted(became_ward)}")
    return found


def check(holds: bool, message: str) -> None:
    """Stop without writing anything unless it holds."""
    if not holds:
        raise SystemExit(f"nothing is written: {message}")


def check_all(communes: list[Commune]) -> None:
    """Refuse a list that differs from what is published, or whose text would not match what departments write."""
    codes = Counter(each.commune_code for each in communes)
    by_kind = Counter(each.commune_kind for each in communes)
    by_province = Counter(each.province_code for each in communes)
    check(len(communes) == TOTAL, f"{len(communes)} units instead of {TOTAL}")
    check(max(codes.values()) == 1, f"codes that occur twice: {[code for code, n in codes.items() if n > 1]}")
    check(len(by_province) == PROVINCES, f"{len(by_province)} provinces instead of {PROVINCES}")
    check(dict(by_kind) == BY_KIND, f"kinds {dict(by_kind)} instead of {BY_KIND}")
    for province, expected in BY_PROVINCE.items():
        check(by_province[province] == expected, f"province {province}: {by_province[province]} units")
    names = Counter((each.province_code, each.commune_name) for each in communes)
    check(max(names.values()) == 1, f"a full name occurs twice in a province: {names.most_common(1)}")
    for each in communes:
        check(len(each.commune_code) == 5 and each.commune_code.isdigit(), f"code {each.commune_code!r}")
        for value in astuple(each):
            check(value == " ".join(value.split()) and value != "", f"spaces in {value!r}")
            check(unicodedata.is_normalized("NFC", value), f"{value!r} is not in Unicode form NFC")


def check_against_converter(communes: list[Commune]) -> None:
    """The package's second file, made apart from the first, must know as many present units in the same provinces."""
    converter = json.loads(package_file("converter_2025.json").read_text(encoding="utf-8"))
    present = set()
    for province, units in converter["DICT_PROVINCE_WARD_NO_DIVIDED"].items():
        present |= {(province, unit) for unit in units}
    for province, divided in converter["DICT_PROVINCE_WARD_DIVIDED"].items():
        present |= {(province, part["newWardKey"]) for parts in divided.values() for part in parts}
    check(len({province for province, _ in present}) == PROVINCES, "the converter knows other provinces")
    check(len(present) == len(communes), f"the converter knows {len(present)} units")


def main() -> None:
    """Check everything, then write the seed beside this script."""
    before = units_of_2025()
    check_against_converter(before)
    communes = sorted(with_changes_of_2026(before), key=lambda each: each.commune_code)
    check_all(communes)
    target = Path(__file__).with_name("commune.csv")
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(field.name for field in fields(Commune))
        writer.writerows(astuple(each) for each in communes)
    print(f"{target}: {len(communes)} units of {PROVINCES} provinces")


if __name__ == "__main__":
    main()
