"""What an unknown header may mean is proposed with its evidence, in both languages, and never becomes the column."""

from __future__ import annotations

import json
import string

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from orchestration.intake.casts import CastContext
from orchestration.intake.places import communes
from orchestration.intake.proposals import propose
from orchestration.intake.recognise import LayoutError, find_layout
from orchestration.intake.wording import explain
from orchestration.settings import Settings
from schemas import Declaration
from tests.conftest import HandIn
from tests.office import COMPLETIONS, PARCELS, RESIDENTS, as_csv

Cells = list[list[str]]
CONTEXT = CastContext(Settings().clock().date(), communes(Settings(province="15")))


def proposals(declaration: Declaration, header: str, *rows: str) -> list[tuple[str, str, str]]:
    """Rule, column and what is proposed for a table that may be refused."""
    head = [row.split("|") for row in (header, *rows)]
    try:
        doubt = find_layout(declaration, head).doubt
    except LayoutError as error:
        assert error.doubt is not None
        doubt = error.doubt
    found = propose(declaration, doubt, head[doubt.last_header_row :], CONTEXT)
    return [(each["rule"].removeprefix("file."), each["title"], each["limit"]) for each in found]


PEOPLE = [
    "1|010080000001|Giàng A Páo|05/03/1980|Nam|Xã Bát Xát|Mông",
    "2|010180000002|Vàng Thị Mỷ|1980|Nữ|Phường Lào Cai|Mông",
    "3|mất|Lý A Sử|02/1980|Nam|Xã Bát Xát|",
]


def test_each_missing_column_gets_the_unknown_one_that_is_nearest_by_words_letters_and_cells() -> None:
    assert proposals(RESIDENTS, "TT|Mã số CD|Tên gọi đầy đủ|Sinh|Giới tính|Nơi ở|DToc", *PEOPLE) == [
        (
            "proposed_column",
            "Số định danh cá nhân",
            "cột B «Mã số CD» (2/3 ô là số 12 chữ số; tiêu đề gần với «Số CCCD»)",
        ),
        ("proposed_column", "Họ và tên", "cột C «Tên gọi đầy đủ» (3/3 ô là họ tên)"),
        ("proposed_column", "Ngày sinh", "cột D «Sinh» (3/3 ô là ngày hoặc năm hợp lệ; tiêu đề gần với «N.Sinh»)"),
        ("proposed_column", "Dân tộc", "cột G «DToc» (tiêu đề gần với «Dân tộc»)"),
        ("proposed_column", "Xã/phường", "cột F «Nơi ở» (3/3 ô là xã, phường của tỉnh)"),
    ]


def test_the_receipt_of_a_refused_file_says_it_in_vietnamese_and_english(settings: Settings, hand_in: HandIn) -> None:
    rows = [row.split("|") for row in ("TT|Mã số CD|Họ và tên|Ngày sinh|Giới tính|Xã|Dân tộc", *PEOPLE)]
    submission = hand_in(RESIDENTS, "2026-10.csv", as_csv(rows))
    (report,) = settings.receipts(RESIDENTS.path).glob("*.json")
    receipt = json.loads(report.read_text(encoding="utf-8"))
    assert submission.verdict == "refused"
    assert [(each["rule"], each["severity"]) for each in receipt["notices"]] == [
        ("file.missing_columns", "error"),
        ("file.proposed_column", "warning"),
    ]
    assert receipt["notices"][1]["message"] == (
        "Thiếu cột «Số định danh cá nhân». Có phải là cột B «Mã số CD» "
        "(2/3 ô là số 12 chữ số; tiêu đề gần với «Số CCCD»)?"
    )
    assert receipt["notices"][1]["message_en"] == (
        "Column 'Số định danh cá nhân' is missing. Is it column B 'Mã số CD' "
        "(2 of 3 cells are 12-digit numbers; its header is near 'Số CCCD')?"
    )


def test_a_column_whose_cells_are_something_else_is_not_proposed_however_near_its_header_is() -> None:
    rows = [f"{number}|Bản Qua|Giàng A Páo|1980|Nam|Xã Bát Xát" for number in range(5)]
    assert proposals(RESIDENTS, "TT|Số định danh thôn|Họ và tên|Ngày sinh|Giới tính|Xã", *rows) == []


def test_two_columns_that_come_equally_near_are_both_told() -> None:
    rows = [f"010080000001|010080000002|Lý A Sử|1980|Nam|Xã Bát Xát|{number}" for number in range(4)]
    assert proposals(RESIDENTS, "Cột 1|Cột 2|Họ và tên|Ngày sinh|Giới tính|Xã|Ghi chú", *rows) == [
        (
            "proposed_column",
            "Số định danh cá nhân",
            "cột A «Cột 1» (4/4 ô là số 12 chữ số) hay cột B «Cột 2» (4/4 ô là số 12 chữ số)",
        )
    ]


def test_a_column_without_header_is_proposed_by_its_cells() -> None:
    assert proposals(RESIDENTS, "TT||Họ và tên|Ngày sinh|Giới tính|Xã|Dân tộc", *PEOPLE[:2]) == [
        ("proposed_column", "Số định danh cá nhân", "cột B không có tiêu đề (2/2 ô là số 12 chữ số)")
    ]


def test_columns_that_tie_are_told_with_what_is_in_them() -> None:
    rows = ["010080000001|Lý A Sử|12/5|1980|Nam|Xã Bát Xát", "010080000002|Lý A Páo|7|1980|Nam|Xã Bát Xát"]
    assert proposals(RESIDENTS, "CCCD|Họ và tên|Họ và tên|Ngày sinh|Giới tính|Xã", *rows) == [
        (
            "tied_columns",
            "Họ và tên",
            "cột B «Họ và tên» (2/2 ô là họ tên); cột C «Họ và tên» (0/2 ô là họ tên)",
        )
    ]


def test_everything_that_is_wrong_with_a_header_is_said_at_once() -> None:
    with pytest.raises(LayoutError) as error:
        find_layout(RESIDENTS, [["Họ và tên", "Họ và tên", "Ngày sinh", "Xã"]])
    assert (error.value.rule_id, error.value.title) == ("file.ambiguous_header", "Họ và tên")
    assert error.value.further == (("file.missing_columns", "Số định danh cá nhân; Giới tính"),)


def test_an_optional_column_is_proposed_only_where_the_header_is_near() -> None:
    header = "Số CCCD|Họ và tên|Khóa học|Điểm kiểm tra cuối khóa|Ngày vào lớp|Ngày hoàn thàn"
    rows = [f"010080000001|Lý A Sử|Kỹ năng số|8|01/10/2026|{day}/10/2026" for day in range(11, 15)]
    assert proposals(COMPLETIONS, header, *rows) == [
        ("proposed_column", "Ngày hoàn thành", "cột F «Ngày hoàn thàn» (4/4 ô là ngày hợp lệ; tiêu đề gần với «Ngày hoàn thành»)")
    ]  # fmt: skip


def test_short_headers_that_share_letters_by_chance_are_not_near() -> None:
    rows = [f"010080000001|Lý A Sử|1980|Nam|Xã Bát Xát|091234567{number}" for number in range(4)]
    assert proposals(RESIDENTS, "CCCD|Họ và tên|Ngày sinh|Giới tính|Xã|SĐT", *rows) == []


def test_initials_of_a_header_are_near_it() -> None:
    rows = [f"010080000001|Lý A Sử|1980|Nam|Xã Bát Xát|{number}" for number in range(4)]
    found = proposals(RESIDENTS, "CCCD|HVT|Ngày sinh|Giới tính|Xã|Ghi chú", *rows)
    assert found == [("proposed_column", "Họ và tên", "cột B «HVT» (4/4 ô là họ tên; tiêu đề gần với «Họ và tên»)")]


def test_proposals_are_made_for_a_file_of_which_hardly_a_header_is_known(hand_in: HandIn) -> None:
    rows = [row.split("|") for row in ("TT|Mã số CD|Người dân|Sinh|Nam hay nữ|Nơi ở|Dân tộc", *PEOPLE)]
    submission = hand_in(RESIDENTS, "2026-10.csv", as_csv(rows))
    assert [(each["rule"], each["title"]) for each in submission.details["notices"]] == [
        ("file.no_header", ""),
        ("file.proposed_column", "Số định danh cá nhân"),
        ("file.proposed_column", "Họ và tên"),
        ("file.proposed_column", "Ngày sinh"),
        ("file.proposed_column", "Giới tính"),
        ("file.proposed_column", "Xã/phường"),
    ]


def test_an_area_in_another_unit_is_not_taken_for_square_metres() -> None:
    rows = ["Xã Bát Xát|T1|0,5|ONT", "Xã Bát Xát|T2|1,25|LUC"]
    for header in ("Diện tích (ha)", "Diện tích thửa đất, ha", "Diện tích (ĐVT: ha)"):
        with pytest.raises(LayoutError) as error:
            find_layout(PARCELS, [row.split("|") for row in (f"Xã|Mã thửa|{header}|Loại đất", *rows)])
        assert (error.value.rule_id, error.value.title) == ("file.missing_columns", "Diện tích (m²)")
    assert find_layout(PARCELS, [["Xã", "Mã thửa", "Diện tích đất (m2)", "Loại đất"]]).columns["area_m2"] == 2


@pytest.mark.parametrize("value", ["010080000001", "05/03/1980", "Xã Bát Xát"])
def test_nothing_is_quoted_where_a_row_of_data_may_stand_for_the_header(value: str) -> None:
    """A receipt's notices are kept in the ledger, which holds no such value."""
    assert proposals(RESIDENTS, f"Họ và tên|Giới tính|Lý A Sử|{value}", "a|b|Lý A Páo|Xã Bát Xát") == []


@effort(max_examples=40, deadline=None)
@given(
    st.lists(st.text(string.printable + "ăđêơưNămsinhCCCD", max_size=12), min_size=1, max_size=6),
    st.lists(st.lists(st.text("0123456789/x Nam", max_size=12), min_size=8, max_size=8), max_size=6),
)
def test_whatever_stands_in_a_sheet_the_proposals_are_about_missing_columns_and_unknown_ones(
    headers: list[str], rows: Cells
) -> None:
    head = [["Họ và tên", "Giới tính", *headers], *rows]
    try:
        doubt = find_layout(RESIDENTS, head).doubt
    except LayoutError as error:
        if error.doubt is None:
            return
        doubt = error.doubt
    missing = {RESIDENTS.columns[name].title for name in (*doubt.missing, *doubt.tied)}
    for each in propose(RESIDENTS, doubt, rows, CONTEXT):
        assert each["title"] in missing
        said = explain(RESIDENTS, each["rule"], title=each["title"], limit=each["limit"], limit_en=each["limit_en"])
        assert "{" not in said.vi.replace(each["limit"], "") + said.en.replace(each["limit_en"], "")
