"""The header is found wherever it stands, and a column is taken for another one never."""

from __future__ import annotations

import dataclasses
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.intake.recognise import Layout, LayoutError, find_layout
from schemas import Declaration, datasets
from tests.office import COMPLETIONS, PARCELS, RESIDENTS

Cells = list[list[str]]

#: The form PL3 of the national land register: three groups of land type, area, origin, form and term of use.
PL3 = [
    "Mã ĐVHC cấp xã",
    "Số phát hành GCN",
    "Ngày cấp GCN",
    "Số vào sổ GCN",
    "Tên tổ chức",
    "Số định danh tổ chức",
    "Họ và tên chủ sử dụng/\nHọ tên người đại diện tổ chức",
    "Ngày, tháng, năm sinh",
    "Giới tính",
    "Số định danh cá nhân/CCCD",
    "Địa chỉ thường trú",
    "Pháp nhân trên GCN",
    "Vai trò pháp nhân trên GCN",
    "Tên người sử dụng hiện tại",
    "Số định danh cá nhân (CCCD)",
    "địa chỉ thường trú (2 cấp)",
    "Lý do thay đổi (thừa kế, tặng cho, chuyển nhượng...)",
    "Mã định danh thửa đất",
    "Số tờ bản đồ ghi trên GCN",
    "Số thứ tự thửa đất ghi trên GCN",
    "Số hiệu tờ trên bản đồ địa chính",
    "Số thứ tự thửa trên bản đồ địa chính",
    "Địa chỉ thửa đất",
    "Diện tích thửa đất",
    "Loại đất",
    "Diện tích",
    "Nguồn gốc sử dụng",
    "Hình thức sử dụng ",
    "Thời hạn sử dụng",
    "Loại đất",
    "Diện tích",
    "Nguồn gốc sử dụng",
    "Hình thức sử dụng ",
    "Thời hạn sử dụng",
    "Loại đất",
    "Diện tích",
    "Nguồn gốc sử dụng",
    "Hình thức sử dụng ",
    "Thời hạn sử dụng",
    "Loại tài sản gắn liền với đất",
    "Khu nhà chung cư, nhà hỗn hợp",
    "Nhà chung cư",
    "Số căn hộ",
    "Diện tích xây dựng",
    "Diện tích sàn",
    "Hình thức sở hữu",
    "Thời hạn sở hữu",
    "Cấp hạng",
    "Tên file quét GCN/CCCD",
]


def found(declaration: Declaration, *rows: str) -> dict[str, str]:
    """Header of every declared column that is found in rows of cells separated by |."""
    layout = layout_of(declaration, *rows)
    return {name: layout.headers[position] for name, position in layout.columns.items()}


def layout_of(declaration: Declaration, *rows: str) -> Layout:
    return find_layout(declaration, [row.split("|") for row in rows])


def rule_of(declaration: Declaration, *rows: str) -> tuple[str, str]:
    with pytest.raises(LayoutError) as error:
        layout_of(declaration, *rows)
    return error.value.rule_id, error.value.title


# --- where the header stands --------------------------------------------------------------------------------
RESIDENT_HEADER = "Số định danh cá nhân|Họ và tên|Ngày sinh|Giới tính|Xã/phường"
RESIDENT = "010085000001|Giàng A Páo|05/03/1985|Nam|Xã Bát Xát"
LETTERHEAD = ("UBND TỈNH LÀO CAI||||CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "CÔNG AN TỈNH||||Độc lập - Tự do - Hạnh phúc")


@pytest.mark.parametrize("above", range(0, 20, 3))
def test_the_header_is_found_below_any_letterhead(above: int) -> None:
    rows = [*LETTERHEAD, "|DANH SÁCH CÔNG DÂN XÃ BÁT XÁT|||", "||||", "|Số định danh: theo Luật Căn cước|||"]
    layout = layout_of(RESIDENTS, *(rows * 4)[:above], RESIDENT_HEADER, RESIDENT, RESIDENT)
    assert (layout.first_header_row, layout.last_header_row) == (above + 1, above + 1)
    assert layout.columns == {"citizen_id": 0, "full_name": 1, "date_of_birth": 2, "sex": 3, "commune": 4}


def test_a_repeated_header_further_down_is_not_taken_for_the_header() -> None:
    layout = layout_of(RESIDENTS, "Tháng 10 năm 2026", RESIDENT_HEADER, RESIDENT, RESIDENT_HEADER, RESIDENT)
    assert layout.first_header_row == 2


@given(order=st.permutations(range(len(RESIDENTS.columns))), data=st.data())
def test_columns_are_found_in_any_order_under_any_of_their_headers(order: list[int], data: st.DataObject) -> None:
    """Whatever the case, the punctuation, line breaks and columns that no one declared between them."""
    columns = [list(RESIDENTS.columns.values())[position] for position in order]
    headers, expected = [], {}
    for column in columns:
        if data.draw(st.booleans()):
            headers.append(data.draw(st.sampled_from(["STT", "Ghi chú", "", "Tôn giáo", "Số điện thoại"])))
        expected[column.name] = len(headers)
        header = data.draw(st.sampled_from(unshared(RESIDENTS, column.headers)))
        dress = data.draw(st.sampled_from([str.upper, str.lower, str.title, lambda text: f" {text}:\n", str]))
        headers.append(dress(header))
    assert find_layout(RESIDENTS, [headers]).columns == expected


def unshared(declaration: Declaration, headers: tuple[str, ...]) -> list[str]:
    """Those of the headers of one column that no other column has, too."""
    others = [header for column in declaration.columns.values() for header in column.headers]
    return [header for header in headers if others.count(header) == 1]


@pytest.mark.parametrize("declaration", datasets().values(), ids=list(datasets()))
def test_every_declared_header_alone_leads_to_its_column(declaration: Declaration) -> None:
    for name, column in declaration.columns.items():
        for header in unshared(declaration, column.headers):
            titles = [each.title for each in declaration.columns.values() if each.name != name]
            layout = find_layout(declaration, [[*titles, header]])
            assert layout.columns[name] == len(titles), header


# --- merged headers -----------------------------------------------------------------------------------------
def test_below_a_merged_header_the_childs_own_words_go_first() -> None:
    columns = found(
        COMPLETIONS,
        "TT|Học viên||Khóa học|Kết quả||Ghi chú",
        "|Họ và tên|Số CCCD||Xếp loại|Điểm|",
        "1|Giàng A Páo|010085000001|Kỹ năng số|Đạt|8|",
    )
    assert columns == {
        "full_name": "Họ và tên", "citizen_id": "Số CCCD", "course_name": "Khóa học", "result": "Xếp loại", "score": "Điểm",
    }  # fmt: skip


def test_a_child_without_words_of_its_own_is_known_by_its_parent() -> None:
    layout = layout_of(
        COMPLETIONS,
        "Số CCCD|Họ và tên|Khóa học||Thời gian|",
        "||Tên|Mã lớp|bắt đầu|hoàn thành",
        "010085000001|Giàng A Páo|Kỹ năng số|K1|01/10/2026|15/10/2026",
    )
    assert (layout.first_header_row, layout.last_header_row) == (1, 2)
    assert layout.columns["enrolled"] == 4
    assert layout.columns["completed"] == 5
    assert layout.headers[4] == "bắt đầu"


def test_a_header_of_three_rows_is_read() -> None:
    layout = layout_of(
        PARCELS,
        "Mẫu số 03||||||",
        "TT|Xã/phường|Thông tin thửa đất|||Chủ sử dụng|",
        "||Mã thửa đất|Hiện trạng||Họ và tên chủ sử dụng|Số CCCD",
        "|||Diện tích (m2)|Loại đất||",
        "1|Xã Bát Xát|T1|100|ONT|Giàng A Páo|010085000001",
    )
    assert (layout.first_header_row, layout.last_header_row) == (2, 4)
    assert layout.columns == {
        "commune": 1, "parcel_id": 2, "area_m2": 3, "land_type": 4, "owner_name": 5, "owner_citizen_id": 6,
    }  # fmt: skip


def test_a_title_above_the_header_is_not_its_parent() -> None:
    layout = layout_of(RESIDENTS, "DANH SÁCH DÂN CƯ||||", RESIDENT_HEADER, RESIDENT)
    assert (layout.first_header_row, layout.headers) == (2, tuple(RESIDENT_HEADER.split("|")))


def test_a_parent_that_spans_merged_children_begins_a_header_of_three_rows() -> None:
    """The second row has gaps where its own cells are merged."""
    layout = layout_of(
        PARCELS,
        "TT|Xã/phường|Thông tin thửa đất||||Chủ sử dụng|",
        "||Thửa||Hiện trạng||Họ và tên chủ sử dụng|Số CCCD",
        "||Mã thửa đất|Số tờ|Diện tích (m2)|Loại đất||",
        "1|Xã Bát Xát|T1|4|100|ONT|Giàng A Páo|010085000001",
    )
    assert (layout.first_header_row, layout.last_header_row) == (1, 3)
    assert layout.columns == {
        "commune": 1, "parcel_id": 2, "map_sheet": 3, "area_m2": 4, "land_type": 5, "owner_name": 6,
        "owner_citizen_id": 7,
    }  # fmt: skip


def test_a_header_whose_merge_a_program_has_undone_is_read_like_a_merged_one() -> None:
    columns = found(
        COMPLETIONS,
        "TT|Học viên|Học viên|Khóa học|Kết quả|Kết quả",
        "TT|Họ và tên|Số CCCD|Khóa học|Xếp loại|Điểm",
        "1|Giàng A Páo|010085000001|Kỹ năng số|Đạt|8",
    )
    assert columns == {
        "full_name": "Họ và tên", "citizen_id": "Số CCCD", "course_name": "Khóa học", "result": "Xếp loại", "score": "Điểm",
    }  # fmt: skip


@pytest.mark.parametrize(
    "header",
    [
        "1. Số CCCD|2. Họ và tên|3. Ngày sinh|4. GT|5. Xã",
        "(1) Số CCCD|(2) Họ và tên|(3) Ngày sinh|(4) GT|(5) Xã",
        "I. Số CCCD|II. Họ và tên|III. Ngày sinh|IV. GT|V. Xã",
        "a) Số CCCD|b) Họ và tên|c) Ngày sinh|d) GT|đ) Xã",
        "Số CCCD (*)|Họ và tên (*)|Ngày sinh (*)|GT *|Xã **",
        "Số CCCD (1)|Họ và tên (2)|Ngày sinh (3)|GT (4)|Xã (5)",
        "SỐ CCCD:|HỌ VÀ TÊN:|NGÀY SINH:|GT:|XÃ:",
        "Số\nCCCD|Họ và\ntên|Ngày\nsinh|GT|\u00a0Xã\u200b",
        "So\u0302\u0301 CCCD|Ho\u0323 va\u0300 te\u0302n|Nga\u0300y sinh|GT|Xa\u0303",
    ],
)
def test_numbering_marks_breaks_and_unicode_forms_hide_no_header(header: str) -> None:
    columns = layout_of(RESIDENTS, header).columns
    assert columns == {"citizen_id": 0, "full_name": 1, "date_of_birth": 2, "sex": 3, "commune": 4}


def test_rows_that_only_say_how_to_fill_in_belong_to_the_header_but_column_numbers_do_not() -> None:
    rows = ["TT|Xã|Mã thửa|Diện tích|Ngày cấp GCN|Loại đất", "|(tên xã)||(m²)|(dd/mm/yyyy)|", "(1)|(2)|(3)|(4)|(5)|(6)"]
    layout = layout_of(PARCELS, *rows, "1|Xã Bát Xát|T1|100|01/02/2020|ONT")
    assert (layout.first_header_row, layout.last_header_row) == (1, 2)
    assert layout.header_rows == tuple(tuple(row.split("|")) for row in rows[:2])


def test_a_column_without_header_that_holds_something_is_named_by_its_letter() -> None:
    layout = layout_of(RESIDENTS, f"{RESIDENT_HEADER}||", f"{RESIDENT}|ghi thêm|")
    assert layout.surplus == ("(cột F)",)


# --- ties, doubts, what is missing --------------------------------------------------------------------------
def test_diacritics_decide_before_they_are_ignored() -> None:
    columns = found(RESIDENTS, "CCCD|Họ tên|Năm sinh|Nam/Nữ|Xã|Nam")
    assert (columns["date_of_birth"], columns["sex"]) == ("Năm sinh", "Nam/Nữ")
    assert found(RESIDENTS, "So CCCD|Ho va ten|Nam sinh|Gioi tinh|Xa phuong") == {
        "citizen_id": "So CCCD", "full_name": "Ho va ten", "date_of_birth": "Nam sinh", "sex": "Gioi tinh", "commune": "Xa phuong",
    }  # fmt: skip


def test_a_longer_header_is_known_by_the_longest_words_that_it_contains() -> None:
    columns = found(
        RESIDENTS,
        "Số định danh cá nhân của công dân (12 số)|Họ và tên (in hoa)|Ngày sinh (dd/mm/yyyy)|Giới tính|Xã/phường",
    )
    assert columns["citizen_id"] == "Số định danh cá nhân của công dân (12 số)"
    assert columns["date_of_birth"] == "Ngày sinh (dd/mm/yyyy)"


def test_two_columns_that_are_equally_good_for_a_required_one_are_never_guessed() -> None:
    header = "Số CCCD|Họ và tên|Họ và tên|Ngày sinh|Giới tính|Xã/phường"
    assert rule_of(RESIDENTS, header) == ("file.ambiguous_header", "Họ và tên")


def test_two_columns_that_are_equally_good_for_an_optional_one_leave_it_out() -> None:
    layout = layout_of(RESIDENTS, f"{RESIDENT_HEADER}|Dân tộc|Dân tộc")
    assert "ethnicity" not in layout.columns
    assert layout.ambiguous == ("Dân tộc",)


def test_the_preferred_of_two_headers_is_taken_and_the_other_named_as_surplus() -> None:
    layout = layout_of(RESIDENTS, "Xã/phường|Mã xã|Số CCCD|Họ và tên|Ngày sinh|Giới tính|Tôn giáo|Ghi chú|STT")
    assert layout.columns["commune"] == 0
    assert layout.surplus == ("Mã xã", "Tôn giáo")


def test_required_columns_that_are_missing_are_all_named() -> None:
    assert rule_of(RESIDENTS, "Số CCCD|Họ và tên|Xã/phường") == ("file.missing_columns", "Ngày sinh; Giới tính")


def test_optional_columns_that_are_missing_are_all_named() -> None:
    titles = [column.title for column in RESIDENTS.columns.values() if column.nullable]
    assert layout_of(RESIDENTS, RESIDENT_HEADER).absent == tuple(titles)


@pytest.mark.parametrize(
    "rows",
    [(), ("",), ("a|b|c", "1|2|3"), ("Họ và tên|Ghi chú", "A|B"), ("Báo cáo số CCCD của họ và tên công dân|1|2",)],
)
def test_a_sheet_without_such_a_header_is_no_table_of_the_dataset(rows: tuple[str, ...]) -> None:
    assert rule_of(RESIDENTS, *rows) == ("file.no_header", "")


def test_a_sentence_is_no_header() -> None:
    sentence = "Số CCCD và họ và tên ghi theo Căn cước; " * 4
    assert rule_of(RESIDENTS, f"{sentence}|{sentence}|{sentence}") == ("file.no_header", "")


# --- wide sheets and repeated groups ------------------------------------------------------------------------
def test_columns_without_header_belong_to_the_table_only_if_something_stands_in_them() -> None:
    row = f"{RESIDENT}|ghi thêm||"
    layout = layout_of(RESIDENTS, f"{RESIDENT_HEADER}||||", row)
    assert layout.headers == (*RESIDENT_HEADER.split("|"), "")
    assert layout_of(RESIDENTS, f"{RESIDENT_HEADER}||||", RESIDENT).width == 5
    # In a text file a row longer than the header is a shifted one, not a column without header.
    assert layout_of(RESIDENTS, RESIDENT_HEADER, row).width == 5


def test_a_header_with_gaps_keeps_the_places_of_its_columns() -> None:
    layout = layout_of(RESIDENTS, "|Số CCCD||Họ và tên|Ngày sinh||Giới tính|Xã/phường")
    assert layout.columns == {"citizen_id": 1, "full_name": 3, "date_of_birth": 4, "sex": 6, "commune": 7}
    assert layout.surplus == ()


def test_a_very_wide_sheet_is_searched_in_a_moment() -> None:
    rng = random.Random(1)
    wide: Cells = [[rng.choice(["", f"chữ {position}"]) for position in range(16_384)] for _ in range(60)]
    wide[5][:5] = RESIDENT_HEADER.split("|")
    layout = find_layout(RESIDENTS, wide)
    assert (layout.first_header_row, layout.columns["commune"]) == (6, 4)
    assert layout.width <= 512


def test_the_form_of_the_land_register_is_understood() -> None:
    """The parcel's own area, not those of its parts; every land type; the owner's id, not the present user's."""
    layout = find_layout(PARCELS, [PL3])
    assert {name: (PL3[position], position) for name, position in layout.columns.items()} == {
        "commune": ("Mã ĐVHC cấp xã", 0),
        "certificate_no": ("Số phát hành GCN", 1),
        "certificate_date": ("Ngày cấp GCN", 2),
        "owner_tax_code": ("Số định danh tổ chức", 5),
        "owner_name": ("Họ và tên chủ sử dụng/\nHọ tên người đại diện tổ chức", 6),
        "owner_citizen_id": ("Số định danh cá nhân/CCCD", 9),
        "owner_role": ("Vai trò pháp nhân trên GCN", 12),
        "parcel_id": ("Mã định danh thửa đất", 17),
        "map_sheet": ("Số hiệu tờ trên bản đồ địa chính", 20),
        "parcel_no": ("Số thứ tự thửa trên bản đồ địa chính", 21),
        "area_m2": ("Diện tích thửa đất", 23),
        "land_type": ("Loại đất", 24),
    }
    assert layout.further == {"land_type": (29, 34)}
    assert layout.ambiguous == ("Thời hạn sử dụng",)


def test_a_repeated_group_counts_only_where_it_repeats_as_a_whole() -> None:
    """Two columns of one name are a group neither of one column nor with others between them."""
    header = "Xã/phường|Mã thửa đất|Diện tích|Loại đất|Loại đất"
    assert rule_of(PARCELS, header) == ("file.ambiguous_header", "Loại đất")
    header = "Xã/phường|Mã thửa đất|Loại đất|Diện tích (m²)|Nguồn gốc|Loại đất|Ghi chú"
    assert rule_of(PARCELS, header) == ("file.ambiguous_header", "Loại đất")


def test_a_layout_knows_the_cells_of_its_header_rows_as_they_stand() -> None:
    layout = layout_of(RESIDENTS, "x", RESIDENT_HEADER.replace("Ngày sinh", "Ngày\nsinh"), RESIDENT)
    assert layout.header_rows == (tuple(RESIDENT_HEADER.replace("Ngày sinh", "Ngày\nsinh").split("|")),)
    assert dataclasses.is_dataclass(layout)
