"""Old communes are the present ones that they went into whole, or an error that lists what they may be; never a guess.

What is expected is read from the seeds by themselves, or written here by hand from the resolutions of June 2025.
"""

from __future__ import annotations

import csv
import datetime
from collections import defaultdict
from functools import cache

import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from orchestration.intake.bronze import bronze_file
from orchestration.intake.period import find_unit
from orchestration.intake.places import Communes, Found, Unresolved, communes
from orchestration.intake.receipts.summary import summarise
from orchestration.intake.wording import unit_words
from orchestration.settings import Settings
from tests.conftest import HandIn
from tests.office import RESIDENTS, resident, rows_csv
from tests.test_places import DRESSES, ascii_only

BEFORE, SINCE = datetime.date(2025, 6, 30), datetime.date(2025, 7, 1)
SEEDS = Settings().seeds


@cache
def seed(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def went() -> dict[str, set[str]]:
    """Present codes by the code that an old commune had before July 2025."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in seed("commune_successor"):
        if row["old_valid_from"] < "2025":
            found[row["old_commune_code"]].add(row["commune_code"])
    return found


@cache
def places(province: str) -> Communes:
    return communes(Settings(province=province))


PROVINCES = sorted({row["province_code"] for row in seed("commune")})
DISTRICTS = {row["district_code"]: row["district_name"] for row in seed("old_district")}
OLD_PROVINCES = {row["old_province_code"]: row["old_province_name"] for row in seed("old_province")}
DISTRICT_PROVINCE = {row["district_code"]: row["old_province_code"] for row in seed("old_district")}
LAO_CAI, KHANH_HOA, HA_NOI = places("15"), places("56"), places("01")
#: The old communes of the two provinces that make up Lào Cai now.
ONCE = [row for row in seed("old_commune") if DISTRICT_PROVINCE.get(row["district_code"]) in ("10", "15")]


# --- every old commune --------------------------------------------------------------------------------------
def test_lao_cai_was_made_of_the_319_communes_of_old_lao_cai_and_yen_bai() -> None:
    assert len(ONCE) == 151 + 168
    assert {each.code for each in LAO_CAI.old.every} == {row["commune_code"] for row in ONCE}


WRITTEN = st.sampled_from(
    (
        "{name}, {district}", "{name} - {district}", "{name} ({district})", "{name} {district}", "{name}, {short}",
        "{name}; {district}; {province}", "{name}, {district}, tỉnh Lào Cai", "{name} thuộc {district}", "{code} - {name}, {district}",
    )
)  # fmt: skip


@effort(deadline=None)  # the first look-up reads the seeds
@given(old=st.sampled_from(ONCE), form=WRITTEN, dress=st.sampled_from(DRESSES), day=st.sampled_from((None, BEFORE)))
def test_an_old_commune_with_its_district_is_the_present_one_in_any_dress(old, form, dress, day) -> None:
    district = DISTRICTS[old["district_code"]]
    short = district.replace("Thành phố", "TP.").replace("Thị xã", "TX").replace("Huyện", "H.")
    province = OLD_PROVINCES[DISTRICT_PROVINCE[old["district_code"]]]
    text = form.format(
        name=old["commune_name"], code=old["commune_code"], district=district, short=short, province=province
    )
    if "{code}" in form and day is None and old["commune_code"] in LAO_CAI.by_code:
        return  # that code is a present commune's
    assert {LAO_CAI.resolve(dress(text), on=day)} == went()[old["commune_code"]]


@effort(deadline=None)  # the first look-up reads the seeds
@given(old=st.sampled_from(ONCE), kind=st.booleans(), plain=st.booleans(), day=st.sampled_from((None, BEFORE)))
def test_without_a_district_an_old_name_is_one_of_its_namesakes_or_they_are_proposed(old, kind, plain, day) -> None:
    name = (
        old["commune_name"]
        if kind
        else old["commune_name"].split(" ", 2 if "Thị trấn" in old["commune_name"] else 1)[-1]
    )
    folded = ascii_only(name).casefold()
    alike = [row for row in ONCE if f" {ascii_only(row['commune_name']).casefold()}".endswith(f" {folded}")]
    present = {each.code for each in LAO_CAI.own if f" {ascii_only(each.name).casefold()}".endswith(f" {folded}")}
    found = LAO_CAI.look_up(ascii_only(name) if plain else name, on=day)
    if isinstance(found, Found):
        assert found.code in present | {code for row in alike for code in went()[row["commune_code"]]}
    else:
        assert found.rule_id == "commune.ambiguous"
        assert len(present) + len(alike) > 1
        assert all(code in (found.proposal or "") for code in went()[old["commune_code"]])


@effort(deadline=None)  # the first look-up reads the seeds
@given(old=st.sampled_from(ONCE), form=st.sampled_from(["{}", "'{}", "{}.0", " {} "]))
def test_a_code_in_an_old_file_is_an_old_one_and_in_a_new_file_never(old, form: str) -> None:
    text = form.format(old["commune_code"])
    assert {LAO_CAI.resolve(text, on=BEFORE)} == went()[old["commune_code"]]
    now = LAO_CAI.look_up(text)
    if old["commune_code"] in LAO_CAI.by_code:
        assert now == Found(old["commune_code"])
    else:
        assert isinstance(now, Unresolved)
        assert now.rule_id == "commune.old_code"
        assert (now.proposal or "").startswith(f"{old['commune_name']}, ")
        assert all(f"({code})" in (now.proposal or "") for code in went()[old["commune_code"]])


def test_all_10035_codes_and_names_of_all_provinces_are_read_as_the_seeds_say() -> None:
    """Whole: the present commune. Divided: an error with all its parts. By the code, and by name and district."""
    whole, divided = 0, 0
    for province in PROVINCES:
        here = places(province)
        for old in here.old.every:
            if not old.district:
                continue
            expected = went()[old.code]
            for text in (old.code, old.full_name):
                found = here.look_up(text, on=BEFORE)
                if len(expected) == 1:
                    assert isinstance(found, Found), old
                    assert {found.code} == expected, old
                    whole += 1
                else:
                    assert isinstance(found, Unresolved), old
                    assert found.rule_id == "commune.divided", old
                    assert all(f"({code})" in (found.proposal or "") for code in expected), old
                    divided += 1
    assert (whole, divided) == (2 * (10035 - 441), 2 * 441)


def test_the_trap_a_present_code_in_an_old_file_is_not_the_present_commune_where_that_one_was_divided() -> None:
    present = {row["commune_code"]: row["province_code"] for row in seed("commune")}
    trapped = [code for code in present if len(went().get(code, ())) > 1]
    assert len([code for code in present if code in went()]) == 3316
    assert len(trapped) > 100
    for code in trapped:
        here = places(present[code])
        assert here.resolve(code) == code
        found = here.resolve(code, on=BEFORE)
        assert isinstance(found, Unresolved)
        assert found.rule_id == "commune.divided"


# --- by hand ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Thị trấn Bát Xát", "02683"), ("TT. Bát Xát", "02683"), ("xã Quang Kim", "02683"), ("Quang Kim - Bát Xát", "02683"),
        ("Quang Kim, huyện Bát Xát", "02683"), ("XA QUANG KIM H. BAT XAT", "02683"), ("Bát Xát, Bát Xát", "02683"),
        ("Phường Cốc Lếu, TP Lào Cai, tỉnh Lào Cai", "02647"), ("Cốc Lếu, Lào Cai", "02647"), ("Phường Lào Cai, TP. Lào Cai", "02647"),
        ("Minh Bảo, TP Yên Bái", "04273"), ("xã Minh Bảo, tỉnh Yên Bái", "04273"), ("02734 - Xã Quang Kim", "02683"),
        ("02734 Quang Kim, huyện Bát Xát", "02683"), ("02683 - Quang Kim", "02683"),
    ],
)  # fmt: skip
def test_an_officer_writes_an_old_commune_as_she_is_used_to(text: str, code: str) -> None:
    assert LAO_CAI.resolve(text) == code


def test_namesakes_of_several_districts_are_told_apart_by_the_district_or_proposed() -> None:
    both = (
        "Xã Tân Thịnh, thành phố Yên Bái → Phường Văn Phú (04279); Xã Tân Thịnh, huyện Văn Chấn → Xã Chấn Thịnh (04699)"
    )
    assert LAO_CAI.resolve("Xã Tân Thịnh") == Unresolved("commune.ambiguous", both)
    assert LAO_CAI.resolve("Xã Tân Thịnh, Văn Chấn") == "04699"
    assert LAO_CAI.resolve("Tân Thịnh (TP Yên Bái)") == "04279"
    assert LAO_CAI.resolve("Tân Thịnh", district="Huyện Văn Chấn") == "04699"
    assert LAO_CAI.resolve("Tân Thịnh", district="Văn Chấn") == "04699"
    assert LAO_CAI.resolve("Tân Thịnh", district="không rõ") == Unresolved("commune.ambiguous", both)
    assert LAO_CAI.resolve("Tân Thịnh, huyện Bát Xát") == Unresolved("commune.unknown", both)
    contradiction = LAO_CAI.resolve("Tân Thịnh, Văn Chấn", district="TP Yên Bái")
    assert isinstance(contradiction, Unresolved)


def test_namesakes_that_went_into_one_commune_are_that_one() -> None:
    yen_vien = [each for each in HA_NOI.old.every if each.name.endswith(" Yên Viên")]
    assert {each.name for each in yen_vien} == {"Thị trấn Yên Viên", "Xã Yên Viên"}
    for text in ("Yên Viên", "Yên Viên, Gia Lâm", "xã Yên Viên", "TT Yên Viên"):
        assert HA_NOI.resolve(text) == HA_NOI.resolve(text, on=BEFORE) == HA_NOI.resolve("Xã Phù Đổng")


def test_a_present_name_goes_first_since_july_2025_and_the_old_one_before() -> None:
    """Phường Nam Cường of the city Lào Cai is in Cam Đường now; today's Nam Cường is that of Yên Bái."""
    assert LAO_CAI.resolve("Phường Nam Cường") == "04273"
    assert LAO_CAI.resolve("Phường Nam Cường", on=SINCE) == "04273"
    assert LAO_CAI.resolve("Phường Nam Cường", on=BEFORE) == Unresolved(
        "commune.ambiguous",
        "Phường Nam Cường, thành phố Lào Cai → Phường Cam Đường (02671); "
        "Phường Nam Cường, thành phố Yên Bái → Phường Nam Cường (04273)",
    )
    assert LAO_CAI.resolve("Phường Nam Cường, TP Lào Cai") == "02671"


def test_code_and_name_of_different_old_communes_contradict_each_other() -> None:
    old = "Thị trấn Bát Xát, huyện Bát Xát → Xã Bát Xát (02683); Xã Quang Kim, huyện Bát Xát → Xã Bát Xát (02683)"
    assert LAO_CAI.resolve("02683 - Xã Quang Kim", on=BEFORE) == Unresolved("commune.ambiguous", old)
    assert LAO_CAI.resolve("02734 - Xã Bản Vược") == Unresolved(
        "commune.old_code", "Xã Quang Kim, huyện Bát Xát → Xã Bát Xát (02683)"
    )
    assert LAO_CAI.resolve("02647 - Xã Quang Kim") == Unresolved(
        "commune.ambiguous", "Phường Lào Cai (02647); Xã Quang Kim, huyện Bát Xát → Xã Bát Xát (02683)"
    )


def parts(found: object) -> set[str]:
    """Names of the present communes that an error about a divided one lists."""
    assert isinstance(found, Unresolved)
    assert found.rule_id == "commune.divided"
    return {part.rpartition(" (")[0] for part in (found.proposal or "").split("; ")}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Xã Cam An Bắc", {"Xã Cam An", "Xã Cam Lâm"}),
        ("Xã Cam An Nam", {"Xã Cam An", "Xã Cam Lâm"}),
        ("Xã Cam Hiệp Bắc", {"Xã Cam Hiệp", "Xã Cam Lâm"}),
        ("Xã Cam Hiệp Nam", {"Xã Cam Hiệp", "Xã Cam Lâm"}),
        ("Xã Cam Hòa", {"Xã Cam Hiệp", "Xã Cam Lâm", "Xã Suối Dầu"}),
        ("Xã Cam Tân", {"Xã Cam Hiệp", "Xã Cam Lâm", "Xã Suối Dầu"}),
        ("Xã Suối Tân", {"Xã Cam Hiệp", "Xã Cam Lâm", "Xã Suối Dầu"}),
        ("Phường Đông Hải, TP Phan Rang - Tháp Chàm", {"Phường Đông Hải", "Xã Phước Dinh"}),
    ],
)
def test_the_eight_divided_communes_of_khanh_hoa_list_their_parts(name: str, expected: set[str]) -> None:
    assert parts(KHANH_HOA.resolve(name, on=BEFORE)) == expected
    assert parts(KHANH_HOA.resolve(name)) == expected


def test_a_commune_of_khanh_hoa_that_was_not_divided_goes_whole() -> None:
    assert KHANH_HOA.resolve("Thị trấn Cam Đức") == KHANH_HOA.resolve("Xã Cam Lâm")
    assert KHANH_HOA.resolve("Phường Đông Hải") == "22780"
    assert KHANH_HOA.resolve("Phường Đông Hải (22768)") == Unresolved(
        "commune.old_code",
        "Phường Đông Hải, thành phố Phan Rang - Tháp Chàm → Phường Đông Hải (22780) / Xã Phước Dinh (22888)",
    )
    assert sum(len(each.went) > 1 for each in KHANH_HOA.old.every) == 8


def test_ha_noi_as_its_resolution_says() -> None:
    hoan_kiem, cua_nam, ba_dinh = (HA_NOI.resolve(f"Phường {name}") for name in ("Hoàn Kiếm", "Cửa Nam", "Ba Đình"))
    for name in ("Hàng Bạc", "Hàng Bồ", "Hàng Buồm", "Hàng Đào", "Hàng Gai", "Hàng Mã", "Lý Thái Tổ"):
        assert HA_NOI.resolve(name) == HA_NOI.resolve(f"P. {name}, quận Hoàn Kiếm", on=BEFORE) == hoan_kiem
    for name in ("Hàng Bài", "Phan Chu Trinh", "Trần Hưng Đạo"):
        assert HA_NOI.resolve(f"phường {name}") == cua_nam
    for name in ("Quán Thánh", "Trúc Bạch"):
        assert HA_NOI.resolve(f"{name}, Ba Đình, Hà Nội") == ba_dinh
    assert parts(HA_NOI.resolve("Phường Cửa Đông")) == {"Phường Hoàn Kiếm", "Phường Ba Đình"}
    assert parts(HA_NOI.resolve("Phường Tràng Tiền")) == {"Phường Hoàn Kiếm", "Phường Cửa Nam"}
    assert HA_NOI.resolve("Phường Cửa Nam", on=SINCE) == cua_nam
    assert parts(HA_NOI.resolve("Phường Cửa Nam", on=BEFORE)) == {
        "Phường Hoàn Kiếm", "Phường Cửa Nam", "Phường Ba Đình", "Phường Văn Miếu - Quốc Tử Giám",
    }  # fmt: skip


def test_a_commune_that_became_a_ward_is_known_by_both_names() -> None:
    dong_nai = places("75")
    ward = dong_nai.resolve("Phường Long Thành")
    assert ward == "26368"
    assert dong_nai.resolve("Xã Long Thành") == ward
    assert dong_nai.resolve("Xã Long Thành", on=datetime.date(2025, 12, 31)) == ward
    assert dong_nai.resolve("Thị trấn Long Thành", on=BEFORE) == ward


# --- reporting units ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "titles", "day", "expected"),
    [
        ("2024-12 xã Quang Kim.xlsx", (), BEFORE, "02734@1900-01-01"),
        ("2024-12 02683.xlsx", (), BEFORE, "02683@1900-01-01"),
        ("2024-12 huyện Bát Xát.xlsx", (), BEFORE, "population"),
        ("2024-12.xlsx", ("UBND THỊ TRẤN BÁT XÁT",), BEFORE, "02683@1900-01-01"),
        ("2024-12 xã Tân Thịnh.xlsx", (), BEFORE, "population"),
        ("2026-10 xã Quang Kim.xlsx", (), SINCE, "02734@1900-01-01"),
        ("2026-10 02683.xlsx", (), SINCE, "02683"),
        ("2026-10 xã Bát Xát.xlsx", (), SINCE, "02683"),
    ],
)
def test_two_old_communes_that_are_one_now_do_not_replace_each_others_files(name, titles, day, expected) -> None:
    assert find_unit(RESIDENTS, LAO_CAI, stamp=(), file_name=name, titles=titles, on=day) == expected


def test_an_old_reporting_unit_is_shown_by_its_name() -> None:
    assert unit_words(Settings(province="15"), RESIDENTS, "02734@1900-01-01").vi == "Xã Quang Kim cũ (mã 02734)"
    assert unit_words(Settings(province="15"), RESIDENTS, "02683").vi == "Xã Bát Xát (mã 02683)"


# --- a whole file -------------------------------------------------------------------------------------------
def test_a_file_of_2024_goes_in_under_the_present_communes_and_the_receipt_counts_them(
    settings: Settings, hand_in: HandIn
) -> None:
    written = ["Thị trấn Bát Xát", "02734", "Quang Kim - Bát Xát", "02683", "Xã Tân Thịnh", "02725"]
    cells = [resident(number, commune=commune) for number, commune in enumerate(written)]
    submission = hand_in(RESIDENTS, "2024-12.csv", rows_csv(RESIDENTS, cells))
    assert (submission.verdict, submission.rows_accepted, submission.rows_rejected) == ("partly", 5, 1)
    stored = pl.read_parquet(bronze_file(settings, RESIDENTS, submission.submission_id))
    assert stored["commune"].to_list() == ["02683"] * 4 + ["02725"]
    assert submission.details["mended"]["old_commune"] == 5
    assert [each["rule"] for each in submission.details["reasons"]] == ["commune.ambiguous"]
    summary = summarise(settings, RESIDENTS, submission)
    assert ("xã, phường cũ đổi thành đơn vị hiện hành", 5) in [(each.words.vi, each.count) for each in summary.mended]
