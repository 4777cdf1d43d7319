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


def seed(name: str) -> list[dict[str, str]]:
    with (Settings().seeds / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def communes() -> list[dict[str, str]]:
    return seed("commune")


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


# --- before 1 July 2025 -------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def old() -> list[dict[str, str]]:
    return [each for each in seed("old_commune") if each["valid_to"] == "2025-07-01"]


@pytest.fixture(scope="module")
def went() -> dict[str, set[str]]:
    """Present codes by the code that an old commune had before July 2025."""
    found: dict[str, set[str]] = {}
    for each in seed("commune_successor"):
        if each["old_valid_from"] == "1900-01-01":
            found.setdefault(each["old_commune_code"], set()).add(each["commune_code"])
    return found


def test_there_were_10035_communes_in_696_districts_of_63_provinces(old):
    """As published (10.035 → 3.321). The Statistics Office's conversion table has 10,033: two of its codes are mistyped."""
    assert len(old) == len({each["commune_code"] for each in old}) == 10035
    assert Counter(each["commune_kind"] for each in old) == {"commune": 7692, "ward": 1726, "township": 617}
    districts = {each["district_code"]: each for each in seed("old_district")}
    assert len(districts) == 696
    without = {
        each["district_name"] for code, each in districts.items() if code not in {o["district_code"] for o in old}
    }
    islands = ("Bạch Long Vĩ", "Cồn Cỏ", "Hoàng Sa", "Lý Sơn", "Côn Đảo")
    assert without == {f"Huyện {name}" for name in islands}
    assert len({each["old_province_code"] for each in districts.values()}) == len(seed("old_province")) == 63


@pytest.mark.parametrize(
    ("province", "expected"),
    [
        ("10", 151),
        ("15", 168),
        ("56", 132),
        ("58", 62),
        ("44", 145),
        ("45", 119),
        ("12", 106),
        ("01", 526),
        ("79", 273),
    ],
)
def test_each_old_province_had_as_many_communes_as_it_had(old, province, expected):
    districts = {each["district_code"] for each in seed("old_district") if each["old_province_code"] == province}
    assert sum(each["district_code"] in districts for each in old) == expected


def test_old_provinces_are_those_of_citizen_ids_and_lie_where_these_say():
    prefixes = {each["prefix"]: each["province_code_2025"] for each in seed("citizen_id_province")}
    assert {f"0{each['old_province_code']}": each["province_code"] for each in seed("old_province")} == prefixes


def test_every_old_commune_went_into_communes_of_the_province_that_holds_its_own(old, went, communes):
    assert {each["commune_code"] for each in old} == set(went)
    held = {each["old_province_code"]: each["province_code"] for each in seed("old_province")}
    district = {each["district_code"]: held[each["old_province_code"]] for each in seed("old_district")}
    province = {each["commune_code"]: each["province_code"] for each in communes}
    for each in old:
        assert {province[code] for code in went[each["commune_code"]]} == {district[each["district_code"]]}
    made_of_nothing = set(province) - {code for codes in went.values() for code in codes}
    assert made_of_nothing == {"11948", "19742", "20333", "21548", "26732"}  # the island districts


def test_441_old_communes_were_divided(went, communes):
    province = {each["commune_code"]: each["province_code"] for each in communes}
    divided = Counter(province[min(codes)] for codes in went.values() if len(codes) > 1)
    assert divided.total() == 441
    assert [divided[code] for code in ("15", "12", "56", "01")] == [0, 0, 8, 199]
    relations = {(row["relation"], len(went[row["old_commune_code"]]) > 1) for row in seed("commune_successor")}
    assert relations == {("whole", False), ("part", True)}


def test_nearly_every_present_code_was_an_old_one_and_in_lao_cai_51_keep_the_name_too(old, went, communes):
    """A join by the bare code returns wrong territory without any error."""
    name = {each["commune_code"]: each["commune_name"] for each in old}
    assert sum(each["commune_code"] in name for each in communes) == 3316
    covers: dict[str, set[str]] = {}
    for code, units in went.items():
        if len(units) == 1:
            covers.setdefault(min(units), set()).add(code)
    several = {code for code, codes in covers.items() if code in codes and len(codes) > 1}
    assert len(several) == 2998  # 2,985 before the corrections of the source
    lao_cai = {each["commune_code"]: each["commune_name"] for each in communes if each["province_code"] == "15"}
    assert sum(code in name for code in lao_cai) == 99
    assert sum(code in several and name[code] == full for code, full in lao_cai.items()) == 51


def test_the_communes_that_became_wards_stood_as_communes_until_that_day(communes):
    changed = [each for each in seed("old_commune") if each["valid_to"] != "2025-07-01"]
    now = {each["commune_code"]: each for each in communes}
    assert len(changed) == 22
    for each in changed:
        ward = now[each["commune_code"]]
        assert (each["valid_from"], each["valid_to"], each["district_code"]) == ("2025-07-01", ward["valid_from"], "")
        assert each["commune_name"] == f"Xã {ward['commune_bare_name']}"


def test_what_the_source_has_wrong_is_corrected(went, old):
    """Namesakes: Phường 4 of Tây Ninh and of Tân An went each into its own, not both into both."""
    assert (went["25462"], went["27691"]) == ({"25459"}, {"27694"})
    # Clause 52 of resolution 1682/NQ-UBTVQH15 makes Nhựt Tảo of Tân Bình, Quê Mỹ Thạnh, Lạc Tấn and a part of Nhị Thành.
    names = {each["commune_code"]: each["commune_name"] for each in old}
    (nhut_tao,) = (each["commune_code"] for each in seed("commune") if each["commune_name"] == "Xã Nhựt Tảo")
    made_of = {names[code]: len(units) for code, units in went.items() if nhut_tao in units}
    assert made_of == {"Xã Tân Bình": 1, "Xã Quê Mỹ Thạnh": 1, "Xã Lạc Tấn": 1, "Xã Nhị Thành": 2}
    assert went["10798"] == {"10804", "10843"}  # Hòa Bình of Kim Thành is divided, that of Vĩnh Bảo is not
    assert len(went["11890"]) == 1


def test_no_seed_is_too_large_to_be_read_in_a_review():
    assert all(file.stat().st_size < 1_000_000 for file in Settings().seeds.glob("*.csv"))


def test_old_text_is_nfc_and_without_stray_spaces():
    for name in ("old_commune", "old_district", "old_province"):
        for each in seed(name):
            for value in each.values():
                assert unicodedata.is_normalized("NFC", value)
                assert value == " ".join(value.split())
