"""Rows are data unless something positive says otherwise, and every row left out is counted under its reason."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence

import hypothesis
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.intake.readers.table import MisshapenRow, TextBatch, column_names
from orchestration.intake.recognise import find_layout
from orchestration.intake.rows import RowFilter
from schemas import Declaration
from tests.office import COMPLETIONS, PARCELS, RESIDENTS

Cells = list[list[str]]

HEADER = "STT|Số định danh cá nhân|Họ và tên|Ngày sinh|Giới tính|Xã/phường|Mã hộ|Ghi chú"
DATA = "1|010085000001|Giàng A Páo|05/03/1985|Nam|Xã Bát Xát|HK1|"


def cells(*rows: str) -> Cells:
    return [row.split("|") for row in rows]


def batch_of(rows: Sequence[Sequence[str]], first: int, width: int) -> TextBatch:
    """Rows as a reader yields them: those of another width apart."""
    fitting = [(first + at, row) for at, row in enumerate(rows) if len(row) == width]
    frame = pl.DataFrame(
        [[cell or None for cell in row] for _, row in fitting],
        schema=dict.fromkeys(column_names(width), pl.String),
        orient="row",
    )
    misshapen = tuple(MisshapenRow(first + at, tuple(row)) for at, row in enumerate(rows) if len(row) != width)
    return TextBatch(pl.Series("row", [number for number, _ in fitting], dtype=pl.Int64), frame, misshapen)


def sift(declaration: Declaration, rows: Cells, *, size: int = 1000) -> tuple[list[int], dict[str, int]]:
    """Numbers of the data rows of a sheet (misshapen ones negative), and how many others there are for which reason."""
    layout = find_layout(declaration, rows[:60])
    sieve = RowFilter(declaration, layout)
    numbers: list[int] = []
    for start in range(0, len(rows), size):
        batch = batch_of(rows[start : start + size], start + 1, layout.width)
        data = sieve.apply(batch)
        assert data.cells.rows() == [batch.cells.row(batch.rows.to_list().index(row)) for row in data.rows.to_list()]
        numbers += data.rows.to_list() + [-each.row for each in data.misshapen]
    return numbers, dict(sieve.ignored)


def residents(*below: str, size: int = 1000) -> tuple[list[int], dict[str, int]]:
    """The rows below a header and ten good rows; the first of them is row 12."""
    numbers, ignored = sift(RESIDENTS, cells(HEADER, *[DATA] * 10, *below), size=size)
    assert numbers[:10] == list(range(2, 12))
    assert ignored.pop("header") == 1 + sum(row == HEADER for row in below)
    return numbers[10:], ignored


# --- a whole form -------------------------------------------------------------------------------------------
def test_a_form_as_offices_make_it_is_sifted_row_by_row() -> None:
    form = cells(
        "UBND TỈNH LÀO CAI||||||",
        "DANH SÁCH HỌC VIÊN THÁNG 10 NĂM 2026||||||",
        "||||||",
        "STT|Học viên||Kết quả||Khóa học|Ghi chú",
        "|Họ và tên|Số CCCD|Xếp loại|Điểm||",
        "(1)|(2)|(3)|(4)|(5)|(6)|(7)",
        "I|XÃ BÁT XÁT|||||",
        "1|Giàng A Páo|010085000001|Đạt|8|Kỹ năng số|",
        "2|Vàng Thị Sáo|010185000002|Đạt||Kỹ năng số|",
        "||||||",
        "STT|Học viên||Kết quả||Khóa học|Ghi chú",
        "|Họ và tên|Số CCCD|Xếp loại|Điểm||",
        "II|XÃ Y TÝ|||||",
        "3|Lò Văn Bình||Đạt|7||",
        "|Tổng cộng: 3 học viên|||7,5||",
        "Ghi chú: điểm theo thang 10||||||",
        "||||Lào Cai, ngày 5 tháng 11 năm 2026||",
        "|Người lập biểu|||Thủ trưởng đơn vị||",
        "|||||(Ký, ghi rõ họ tên)|",
        "|Giàng Thị Mỷ|||Vàng A Tủa||",
    )
    assert sift(COMPLETIONS, form) == (
        [8, 9, 14],
        {"letterhead": 2, "header": 4, "number_row": 1, "section": 2, "total": 1, "note": 5},
    )


# --- what is data although it looks poor --------------------------------------------------------------------
@pytest.mark.parametrize(
    "row",
    [
        "7||||||",
        "7|010085000001||||||",
        "7||Giàng A Páo|||||",
        "||Giàng A Páo|||||",
        "|||||Xã Bát Xát||",
        "||||Nam|Xã Bát Xát||",
        "15||Vàng A Tủa||Nam|||thiếu giấy tờ",
        "3|010085000001|Tổng Văn Cộng|05/03/1985|Nam|Xã Bát Xát||",
        "3|010085000001|Ngày Thị Năm|05/03/1985|Nữ|Xã Bát Xát||Người lập gia đình riêng",
        "|1|2|3|4|5|6|",
        "|||||Cộng Hòa||",
        "4||Tống Công|||||",
        "||Cống Trang|||||",
        "||Lưu Ý Nhi|||||",
        "||Bàn Văn Thôn|||||",
        "9||Xã Văn Hội||Nam|||",
        "||Giàng A Páo|ngày 5 tháng 3 năm 1980||||",
        "|010085000001|Giám Đốc|||||",
        "6||Kế Toán|||||",
    ],
)
def test_a_row_that_merely_lacks_values_is_data(row: str) -> None:
    """Its empty cells are errors. A number in the column that counts rows is no value, but with a name it is a row."""
    padded = "|".join((row.split("|") + [""] * 8)[:8])
    expected = ([12], {}) if sum(map(bool, padded.split("|"))) > 1 or not padded.startswith("7") else ([], {"note": 1})
    assert residents(padded) == expected


def test_a_numbered_row_without_values_is_data_not_a_section() -> None:
    assert residents("11||Giàng A Páo|||||", "1.1||Xã Bát Xát|||||", "A||Khối xã|||||") == ([12], {"section": 2})


@pytest.mark.parametrize("name", ["Tống Công", "Tổng Cộng", "Cộng", "Tong Cong"])
def test_nobody_is_left_out_for_a_name_like_a_total(name: str) -> None:
    header = "Họ và tên|Số định danh cá nhân|Ngày sinh|Giới tính|Xã/phường"
    rows = cells(header, *[f"{name}|010085000001|05/03/1985|Nam|Xã Bát Xát"] * 3)
    assert sift(RESIDENTS, rows) == ([2, 3, 4], {"header": 1})


def test_a_village_called_cong_hoa_in_the_first_column_is_no_total() -> None:
    header = "Thôn|Họ và tên|Số định danh cá nhân|Ngày sinh|Giới tính|Xã/phường"
    rows = cells(header, *["Cộng Hòa|Giàng A Páo|010085000001|05/03/1985|Nam|Xã Bát Xát"] * 2, "Cộng Hòa|||||")
    assert sift(RESIDENTS, rows) == ([2, 3, 4], {"header": 1})


def test_a_commune_without_figures_is_data_where_communes_are_the_rows() -> None:
    rows = cells("Xã/phường|Số định danh cá nhân|Họ và tên|Ngày sinh|Giới tính", "Xã Bát Xát||||")
    by_commune = dataclasses.replace(RESIDENTS, key=("commune",))
    assert sift(by_commune, rows) == ([2], {"header": 1})
    assert sift(RESIDENTS, rows) == ([], {"header": 1, "section": 1})


def test_a_numbered_row_right_below_a_foot_is_data() -> None:
    assert residents("||Người lập biểu|||||", "||Giàng Thị Mỷ|||||", "14||Lò Văn Bình|||||") == ([14], {"note": 2})


def test_column_numbers_are_repeated_with_the_header() -> None:
    numbers = "(1)|(2)|(3)|(4)|(5)|(6)|(7)|(8)"
    for size in (1, 2, 3, 1000):
        assert residents(DATA, HEADER, numbers, DATA, numbers, size=size) == ([12, 15, 16], {"number_row": 1})


def test_data_below_a_foot_in_the_middle_is_data_even_if_poor() -> None:
    """Printed pages end with signatures; the next page goes on."""
    foot = ["||Người lập biểu||Thủ trưởng|||", "||Giàng Thị Mỷ|||||"]
    numbers, ignored = residents(*foot, DATA, DATA, "14||Lò Văn Bình|||||", *foot, "|||||Vàng A Tủa||")
    assert (numbers, ignored) == ([14, 15, 16], {"note": 5})


# --- what is not data ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("Tổng cộng|||||||", "total"),
        ("Cộng xã Bát Xát|||||||12", "total"),
        ("|||Cộng thôn Bản Vược||||12", "total"),
        ("|Cộng mục I||||||12", "total"),
        ("Cộng chuyển trang sau|||||||40", "total"),
        ("Mang sang|||||||40", "total"),
        ("Tổng số hộ: 25 hộ|||||||", "total"),
        ("TONG CONG|||||||", "total"),
        ("I|Khối xã|||||| 25 ", "section"),
        ("Xã Bát Xát|||||||", "section"),
        ("||Thôn Bản Vược|||||", "section"),
        ("3|Xã Bát Xát||||||25 người", "section"),
        ("1. Thôn Bản Vược|||||||", "section"),
        ("Trang 2/7|||||||", "note"),
        ("TỔNG CỘNG (I+II):|||||||250", "total"),
        ("|Cộng: 25 người||||||", "total"),
        ("||Tổng số|||||12", "total"),
        ("Toàn tỉnh|||||||", "total"),
        ("Tổng số: 120 người (Một trăm hai mươi)|||||||", "total"),
        ("Danh sách này gồm có 25 người./.|||||||", "note"),
        ("Ghi chú: cột 7 ghi theo sổ|||||||", "note"),
        ("* Nguồn: Công an tỉnh|||||||", "note"),
        ("Nơi nhận:|||||||", "note"),
        ("KT. GIÁM ĐỐC|||||||", "note"),
        ("|||||Lào Cai, ngày     tháng 11 năm 2026||", "note"),
        ("|||||||xem phụ lục", "note"),
        ("I|Xã Bát Xát||||||", "section"),
        ("B|||Khối doanh nghiệp||||", "section"),
        ("II. XÃ BẢN QUA|||||||", "section"),
        ("1.2 - Thôn Ná Nàm|||||||", "section"),
        (HEADER, "header"),
        (HEADER.replace("Ngày sinh", "Ngày\nsinh").replace("Mã hộ", " Mã hộ "), "header"),
    ],
)
def test_a_row_is_left_out_for_a_reason_that_its_words_give(row: str, reason: str) -> None:
    numbers, ignored = sift(RESIDENTS, cells(HEADER, *[DATA] * 10, row))
    header = ignored.pop("header") - 1
    assert numbers == list(range(2, 12))
    assert ignored | ({"header": header} if header else {}) == {reason: 1}


@pytest.mark.parametrize(
    "row", ["Tổng cộng|||1.250,5|||", "||Cộng|Xã Bát Xát|1250|ONT|", "Tổng số|x|T1|Xã Bát Xát|1250|ONT|"]
)
def test_a_total_is_known_even_where_half_of_the_required_cells_are_filled(row: str) -> None:
    header = "TT|Số tờ|Mã thửa đất|Xã/phường|Diện tích (m²)|Loại đất|Ghi chú"
    data = "1|5|T1|Xã Bát Xát|100|ONT|"
    assert sift(PARCELS, cells(header, *[data] * 5, row)) == ([2, 3, 4, 5, 6], {"header": 1, "total": 1})


@pytest.mark.parametrize(
    ("row", "left_out"),
    [
        ("1|2|3|4|5|6|7|8", True),
        ("(1)|(2)|(3)|(4)|(5)|(6)|(7)|(8)", True),
        ("A|B|1|2|3|4=2+3|5|6", True),
        ("|1|2|3||4||", True),
        ("1|1|1|1|1|1|1|1", False),
        ("3|1|2|5|4|6|7|8", False),
    ],
)
def test_a_row_of_column_numbers_goes_up_by_one_and_stands_right_below_the_header(row: str, left_out: bool) -> None:
    numbers, ignored = sift(RESIDENTS, cells(HEADER, row, *[DATA] * 5))
    assert (2 in numbers, ignored.get("number_row", 0)) == (not left_out, int(left_out))
    assert residents(row)[1] == {}


# --- any order, any batch -----------------------------------------------------------------------------------
KINDS = {
    "data": DATA,
    "poor": "12||Lò Văn Bình|||||",
    "blank": "|||||||",
    "spaces": "| |  |||||",
    "total": "Cộng xã Bát Xát|||||||".replace(" xã Bát Xát", ""),
    "note": "Ghi chú: xem phụ lục|||||||",
    "section": "II|Xã Y Tý||||||",
    "header": HEADER,
    "short": "13|010085000003|Vàng A Tủa|05/03/1985|Nam|Xã Bát Xát",
    "long": DATA + "|thừa",
    "short note": "Nguồn: Công an tỉnh",
    "place": "Xã Bát Xát|||||||",
    "short place": "Thôn Bản Vược",
    "subtotal": "|Cộng thôn Bản Vược||||||7",
    "short blank": "",
}


@hypothesis.settings(deadline=None)
@given(kinds=st.lists(st.sampled_from(sorted(KINDS)), max_size=40), size=st.integers(1, 50))
def test_every_row_is_data_or_counted_wherever_batches_end(kinds: list[str], size: int) -> None:
    numbers, ignored = sift(RESIDENTS, cells(HEADER, DATA, DATA, *(KINDS[kind] for kind in kinds)), size=size)
    places = Counter(kinds)
    rows = {kind: [at for at, each in enumerate(kinds, start=4) if each == kind] for kind in KINDS}
    whole = [2, 3, *rows["data"], *rows["poor"]]
    assert sorted(number for number in numbers if number > 0) == sorted(whole)
    assert sorted(-number for number in numbers if number < 0) == sorted(rows["short"] + rows["long"])
    assert +Counter(ignored) == +Counter(
        {
            "header": 1 + places["header"],
            "total": places["total"] + places["subtotal"],
            "note": places["note"] + places["short note"],
            "section": places["section"] + places["place"] + places["short place"],
        }
    )


def test_blank_rows_are_left_out_and_not_counted() -> None:
    blank = ["|||||||"] * 50
    assert residents(*blank, DATA, *blank, size=7) == ([62], {})


def test_titles_in_a_text_file_may_have_fewer_cells_than_the_table() -> None:
    rows = [
        ["CÔNG AN TỈNH"],
        [],
        ["Tháng 10", "năm 2026"],
        *cells(HEADER, DATA, DATA),
        ["Tổng cộng", "2"],
        ["Người lập"],
    ]
    assert sift(RESIDENTS, rows) == ([5, 6], {"letterhead": 2, "header": 1, "total": 1, "note": 1})
