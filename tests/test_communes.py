"""The commune seed: the facts that everything joined by place rests on. The numbers are the published ones."""

import csv
import re
import unicodedata
from collections import Counter

import pytest

from orchestration.settings import Settings

COLUMNS = [
    "commune_code",
    "commune_name",
    "commune_bare_name",
    "commune_kind",
    "province_code",
    "province_name",
    "valid_from",
    "valid_to",
]


@pytest.fixture(scope="module")
def communes() -> list[dict[str, str]]:
    with (Settings().seeds / "commune.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_there_are_3321_units_in_34_provinces(communes):
    assert list(communes[0]) == COLUMNS
    assert len(communes) == 3321
    assert len({each["province_code"] for each in communes}) == 34
    assert len({each["province_name"] for each in communes}) == 34


@pytest.mark.parametrize(
    ("province", "name", "expected"),
    [
        ("15", "Tỉnh Lào Cai", 99),
        ("56", "Tỉnh Khánh Hòa", 65),
        ("44", "Tỉnh Quảng Trị", 78),
        ("12", "Tỉnh Lai Châu", 38),
        ("01", "Thành phố Hà Nội", 126),
        ("79", "Thành phố Hồ Chí Minh", 168),
        ("75", "Thành phố Đồng Nai", 95),
    ],
)
def test_each_province_has_as_many_units_as_published(communes, province, name, expected):
    found = [each for each in communes if each["province_code"] == province]
    assert len(found) == expected
    assert {each["province_name"] for each in found} == {name}


def test_codes_are_unique_five_digit_text_with_leading_zeros(communes):
    codes = [each["commune_code"] for each in communes]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch("[0-9]{5}", code) for code in codes)
    assert sum(code.startswith("0") for code in codes) > 300
    assert codes == sorted(codes)


def test_a_full_name_is_its_kind_and_its_bare_name_and_unique_in_its_province(communes):
    prefixes = {"commune": "Xã", "ward": "Phường", "special_zone": "Đặc khu"}
    for each in communes:
        assert each["commune_name"] == f"{prefixes[each['commune_kind']]} {each['commune_bare_name']}"
    names = Counter((each["province_code"], each["commune_name"]) for each in communes)
    assert max(names.values()) == 1


def test_the_communes_that_became_wards_in_2026_are_wards_since_that_day(communes):
    changed = Counter(
        (each["province_name"], each["valid_from"], each["commune_kind"])
        for each in communes
        if each["valid_from"] != "2025-07-01"
    )
    assert changed == {
        ("Thành phố Đồng Nai", "2026-04-30", "ward"): 10,
        ("Thành phố Bắc Ninh", "2026-09-20", "ward"): 12,
    }
    assert Counter(each["commune_kind"] for each in communes) == {"commune": 2599, "ward": 709, "special_zone": 13}
    assert {each["valid_to"] for each in communes} == {"9999-12-31"}


def test_text_is_nfc_and_without_stray_spaces(communes):
    for each in communes:
        for value in each.values():
            assert unicodedata.is_normalized("NFC", value)
            assert value == " ".join(value.split()) != ""


def test_every_province_of_a_citizen_id_lies_in_a_present_province(communes):
    with (Settings().seeds / "citizen_id_province.csv").open(encoding="utf-8", newline="") as file:
        prefixes = list(csv.DictReader(file))
    assert len(prefixes) == 63
    assert {each["province_code_2025"] for each in prefixes} == {each["province_code"] for each in communes}


def test_an_older_land_type_has_the_class_of_the_one_that_replaced_it():
    with (Settings().seeds / "land_type.csv").open(encoding="utf-8", newline="") as file:
        land_types = {each["land_type_code"]: each for each in csv.DictReader(file)}
    replaced = [each for each in land_types.values() if each["replaced_by_code"]]
    assert replaced
    for each in replaced:
        assert each["land_class"] == land_types[each["replaced_by_code"]]["land_class"]
