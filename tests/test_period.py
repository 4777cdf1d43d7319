"""Period and unit are read as offices write them, and never guessed."""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.intake.period import PeriodError, ReportingPeriod, example, find_period, find_unit, periods_in
from orchestration.intake.places import Communes, communes
from orchestration.settings import Settings
from schemas import Declaration, dataset, datasets
from tests.office import COMPLETIONS, PARCELS, RESIDENTS

ROMAN = {1: "I", 2: "II", 3: "III", 4: "IV"}


@pytest.fixture(scope="module")
def places() -> Communes:
    return communes(Settings(province="15"))


def period(declaration: Declaration, name: str, *titles: str, stamp: Sequence[str] = ()) -> tuple[str, str]:
    found, source = find_period(declaration, stamp=stamp, file_name=name, titles=titles)
    return found.label, source


def error(declaration: Declaration, name: str, *titles: str, stamp: Sequence[str] = ()) -> tuple[str, str]:
    with pytest.raises(PeriodError) as raised:
        find_period(declaration, stamp=stamp, file_name=name, titles=titles)
    return raised.value.rule_id, raised.value.title


# --- ways of writing ----------------------------------------------------------------------------------------
MONTHS = (
    "{y}-{m:02}", "{y}_{m:02}", "{y}{m:02}", "{m:02}-{y}", "{m:02}.{y}", "{y}-{m:02}-{d:02}", "{y}{m:02}{d:02}",
    "{d:02}-{m:02}-{y}", "{d}.{m}.{y}", "T{m}-{y}", "t{m:02}.{y}", "thang{m}nam{y}", "Tháng {m} năm {y}", "THÁNG {m:02}/{y}",
    "{y} tháng {m}", "Danh sach dan cu thang {m} nam {y} (lan 2)", "{y}-{m:02} (1)", "Copy of {y}-{m:02}", "{y}-{m:02}_v2",
    "02647_{y}-{m:02}", "Dân cư xã Bát Xát {m:02}-{y} sửa",
)  # fmt: skip
QUARTERS = (
    "{y}Q{q}", "{y}-Q{q}", "Q{q}-{y}", "q{q}{y}", "Quý {r}/{y}", "QUÝ {r} NĂM {y}", "quy {q} nam {y}", "Quy{r}_{y}",
    "{y} quý {r}", "thua dat quy{q}.{y} ban cuoi",
)  # fmt: skip


@given(
    day=st.dates(datetime.date(2020, 1, 1), datetime.date(2099, 12, 31)),
    form=st.sampled_from(MONTHS),
    ending=st.sampled_from([".xlsx", ".XLS", ".csv", ""]),
)
def test_any_month_is_read_in_any_way_it_is_written_in_a_file_name(day: datetime.date, form: str, ending: str) -> None:
    name = form.format(y=day.year, m=day.month, d=day.day) + ending
    label = f"{day.year}-{day.month:02}"
    quarter = f"{day.year}Q{(day.month + 2) // 3}"
    assert period(RESIDENTS, name) == (label, "file_name")
    assert period(PARCELS, name) == (quarter, "file_name")


@given(year=st.integers(2020, 2099), quarter=st.integers(1, 4), form=st.sampled_from(QUARTERS))
def test_any_quarter_is_read_in_any_way_it_is_written(year: int, quarter: int, form: str) -> None:
    name = form.format(y=year, q=quarter, r=ROMAN[quarter])
    assert period(PARCELS, f"{name}.xlsx") == (f"{year}Q{quarter}", "file_name")
    assert error(RESIDENTS, f"{name}.xlsx") == ("file.no_period", f"cần tháng; chỉ thấy {year}Q{quarter}")


@given(kind=st.sampled_from(["month", "quarter", "year"]), year=st.integers(2000, 2099), number=st.integers(1, 12))
def test_a_label_reads_back_and_its_days_are_those_of_the_calendar(kind: str, year: int, number: int) -> None:
    count = {"month": 12, "quarter": 4, "year": 1}[kind]
    one = ReportingPeriod(kind, year, 1 + number % count)  # type: ignore[arg-type]
    assert periods_in(one.label) == [one]
    months = 12 // count
    last = months * one.number
    assert one.start == datetime.date(year, last - months + 1, 1)
    assert one.end == datetime.date(year, last, calendar.monthrange(year, last)[1])


@pytest.mark.parametrize("declaration", datasets().values(), ids=list(datasets()))
def test_the_name_that_a_refusal_proposes_is_understood(declaration: Declaration) -> None:
    assert period(declaration, example(declaration.period))[1] == "file_name"


@pytest.mark.parametrize(
    "name",
    ["dan cu.xlsx", "2026.xlsx", "2026-13.xlsx", "12345678.csv", "2026Q5.csv", "dc 31-12.xlsx", "bc 6 thang 2026.xls"],
)
def test_a_file_that_names_no_month_is_not_given_one(name: str) -> None:
    assert error(RESIDENTS, name)[0] == "file.no_period"


@pytest.mark.parametrize("digits", ["20261112", "20251231", "2026a401"])
def test_the_digits_in_a_receipts_name_are_no_period(digits: str) -> None:
    assert period(RESIDENTS, f"2026-10.bien-nhan.{digits}.xlsx") == ("2026-10", "file_name")
    assert period(RESIDENTS, f"Bản sao 2026-10.bien-nhan.{digits} (2).xlsx") == ("2026-10", "file_name")


@pytest.mark.parametrize("text", ["6 tháng đầu năm 2026", "9 tháng năm 2026", "6 tháng cuối năm 2026"])
def test_a_part_of_a_year_is_neither_a_month_nor_the_year(text: str) -> None:
    assert periods_in(text) == []


# --- where it is read ---------------------------------------------------------------------------------------
STAMP = ("kho-template", "population/residents", "0", "2026-09", "")


def test_the_stamp_goes_before_the_name_and_the_name_before_the_titles() -> None:
    title = "Tháng 11 năm 2026"
    assert period(RESIDENTS, "2026-10.xlsx", title, stamp=STAMP) == ("2026-09", "template")
    assert period(RESIDENTS, "2026-10.xlsx", title) == ("2026-10", "file_name")
    assert period(RESIDENTS, "dân cư.xlsx", title) == ("2026-11", "title")
    assert period(RESIDENTS, "2026.xlsx", title) == ("2026-11", "title")
    assert period(RESIDENTS, "2026-10.xlsx", stamp=(*STAMP[:3], "", "")) == ("2026-10", "file_name")


@pytest.mark.parametrize(
    ("titles", "label"),
    [
        (("DANH SÁCH CÔNG DÂN THÁNG 10 NĂM 2026",), "2026-10"),
        (("Kỳ báo cáo: tháng 10/2026",), "2026-10"),
        (("(Số liệu tính đến ngày 31/10/2026)",), "2026-10"),
        (("Thời điểm 31 tháng 10 năm 2026",), "2026-10"),
        (("Từ ngày 01/10/2026 đến ngày 31/10/2026",), "2026-10"),
        (("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Lào Cai, ngày 05 tháng 11 năm 2026", "Tháng 10 năm 2026"), "2026-10"),
        (("(Kèm theo Công văn số 128/CAT-QLHC ngày 05/11/2026 của Công an tỉnh)", "Tháng 10/2026"), "2026-10"),
        (("Theo Quyết định số 757/QĐ-BKHCN ngày 29 tháng 4 năm 2025, tháng 10 năm 2026",), "2026-10"),
        (("Luật Cư trú số 68/2020/QH14", "BÁO CÁO THÁNG 10 NĂM 2026"), "2026-10"),
        (("Nghị định 278/2025/NĐ-CP", "Biểu 01/2026", "Tháng 10/2026"), "2026-10"),
    ],
)
def test_titles_tell_the_period_and_dates_of_letters_and_laws_do_not(titles: tuple[str, ...], label: str) -> None:
    assert period(RESIDENTS, "danh sách.xlsx", *titles) == (label, "title")


@pytest.mark.parametrize(
    "titles",
    [
        (),
        ("Lào Cai, ngày 05 tháng 11 năm 2026",),
        ("Lào Cai, ngày    tháng 11 năm 2026",),
        ("(Kèm theo Công văn số 128/CAT ngày 05/11/2026)",),
        ("Quyết định số 06/QĐ-TTg ngày 06/01/2022",),
        ("DANH SÁCH CÔNG DÂN",),
        ("Năm 2026",),
    ],
)
def test_titles_without_a_period_leave_it_unknown(titles: tuple[str, ...]) -> None:
    assert error(RESIDENTS, "danh sách.xlsx", *titles)[0] == "file.no_period"


def test_several_periods_in_one_place_are_never_chosen_from() -> None:
    assert error(RESIDENTS, "2026-09 va 2026-10.xlsx") == ("file.ambiguous_period", "2026-09, 2026-10")
    assert error(RESIDENTS, "x.xlsx", "Từ ngày 01/09/2026 đến ngày 31/10/2026") == (
        "file.ambiguous_period", "2026-09, 2026-10",
    )  # fmt: skip
    assert period(PARCELS, "2026-10 2026-11 2026-12.xlsx") == ("2026Q4", "file_name")
    assert period(RESIDENTS, "2026-10 quy 4 2026.xlsx") == ("2026-10", "file_name")
    assert period(COMPLETIONS, "2026-10-01 2026-10-31.csv") == ("2026-10", "file_name")


# --- units --------------------------------------------------------------------------------------------------
def unit(places: Communes, name: str, *titles: str, stamp: Sequence[str] = ()) -> str:
    return find_unit(RESIDENTS, places, stamp=stamp, file_name=name, titles=titles)


def test_a_file_that_names_no_commune_reports_for_the_department(places: Communes) -> None:
    for name in ("2026-10.xlsx", "2026-10 Lào Cai.xlsx", "dân cư tỉnh Lào Cai 2026-10.xlsx", "20261031.xlsx"):
        assert unit(places, name) == "population"
    assert unit(places, "2026-10.xlsx", "UBND TỈNH LÀO CAI", "CÔNG AN TỈNH", "Xã Bát Xát gửi ngày 5") == "population"


def test_a_commune_is_read_from_stamp_name_and_letterhead_in_this_order(places: Communes) -> None:
    lao_cai, bat_xat = places.resolve("Phường Lào Cai"), places.resolve("Xã Bát Xát")
    letterhead = ("ỦY BAN NHÂN DÂN", "UBND XÃ BÁT XÁT", "CÔNG AN TỈNH LÀO CAI")
    stamp = (*STAMP[:4], "Phường Lào Cai")
    assert unit(places, "02647 2026-10.xlsx", *letterhead, stamp=stamp) == lao_cai
    assert unit(places, f"{lao_cai}_2026-10.xlsx", *letterhead) == lao_cai
    assert unit(places, "phuong lao cai thang 10 2026.xlsx", *letterhead) == lao_cai
    assert unit(places, "2026-10 bat xat.xlsx") == bat_xat
    assert unit(places, "2026-10.xlsx", *letterhead) == bat_xat
    assert unit(places, "2026-10.xlsx", "Đơn vị báo cáo: Xã Bát Xát") == bat_xat
    assert unit(places, "2026-10.xlsx", stamp=(*STAMP[:4], "Phòng QLHC")) == "Phòng QLHC"


def test_words_of_the_dataset_are_no_commune_that_is_written_alike(places: Communes) -> None:
    """Lào Cai has a Xã Văn Bàn."""

    def unit_of(name: str) -> str:
        return find_unit(dataset("direction/documents"), places, stamp=(), file_name=name, titles=())

    assert unit_of("Văn bản điện tử 2026-10.csv") == unit_of("van ban 2026-10.csv") == "direction"
    assert unit_of("Văn bản của xã Văn Bàn 2026-10.csv") == places.resolve("Xã Văn Bàn")
    assert unit(places, "Văn Bàn 2026-10.csv") == places.resolve("Xã Văn Bàn")


def test_two_communes_in_a_name_are_never_chosen_from(places: Communes) -> None:
    assert unit(places, "xã Bát Xát và phường Lào Cai 2026-10.xlsx") == "population"
