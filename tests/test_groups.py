"""Source columns that together are one declared column are found as such, and no others are."""

from __future__ import annotations

import pytest

from orchestration.intake.marks import Kind
from orchestration.intake.recognise import Layout, LayoutError, find_layout
from schemas import Declaration
from tests.office import COMPLETIONS, RESIDENTS

Parts = tuple[str, list[tuple[int, str]]]


def layout_of(declaration: Declaration, *rows: str) -> Layout:
    return find_layout(declaration, [row.split("|") for row in rows])


def spread(layout: Layout) -> dict[str, Parts]:
    """How each spread column is said, and by which source columns."""
    return {
        name: (each.kind.value, [(part.position, part.word) for part in each.parts])
        for name, each in layout.spread.items()
    }


SEX = {"sex": ("mark", [(3, "Nam"), (4, "Nữ")])}
BIRTH = {
    "date_of_birth": ("held", [(3, "Nam"), (4, "Nữ")]),
    "sex": ("filled", [(3, "Nam"), (4, "Nữ")]),
}
ROW = "1|010085000001|Giàng A Páo|x||1985|Xã Bát Xát"
BORN = "1|010085000001|Giàng A Páo|1985||Xã Bát Xát"


@pytest.mark.parametrize(
    "rows",
    [
        ("TT|Số CCCD|Họ và tên|Giới tính||Ngày sinh|Xã", "|||Nam|Nữ||", ROW),
        ("TT|Số CCCD|Họ và tên|Giới tính|Giới tính|Ngày sinh|Xã", "|||Nam|Nữ||", ROW),
        ("TT|Số CCCD|Họ và tên|Giới tính (đánh dấu x)||Ngày sinh|Xã", "|||Nam|Nữ||", ROW),
        ("TT|Số CCCD|Họ và tên|GIỚI TÍNH||NGÀY SINH|XÃ", "|||NAM|NỮ||", ROW),
        ("TT|So CCCD|Ho va ten|Gioi tinh||Ngay sinh|Xa", "|||Nam|Nu||", ROW),
        ("TT|Số CCCD|Họ và tên|Giới tính Nam|Giới tính Nữ|Ngày sinh|Xã", ROW),
        ("TT|Số CCCD|Họ và tên|Giới tính: Nam (x)|Giới tính: Nữ (x)|Ngày sinh|Xã", ROW),
        ("TT|Số CCCD|Họ và tên|Nam|Nữ|Ngày sinh|Xã", ROW),
        ("TT|Số CCCD|Họ và tên|Nam (đánh dấu x)|Nữ (đánh dấu x)|Ngày sinh|Xã", ROW),
        ("TT|Số CCCD|Họ và tên|Nam|Nữ|Ngày sinh|Xã",),
    ],
    ids=["merged", "unmerged", "with a remark", "capitals", "no diacritics", "in one cell", "with colon", "alone",
         "alone with a remark", "alone above nothing"],
)  # fmt: skip
def test_a_mark_below_nam_or_nu_is_the_sex(rows: tuple[str, ...]) -> None:
    layout = layout_of(RESIDENTS, *rows)
    assert spread(layout) == SEX
    assert layout.columns == {"citizen_id": 1, "full_name": 2, "sex": 3, "date_of_birth": 5, "commune": 6}
    assert (layout.surplus, layout.ambiguous) == ((), ())
    assert layout.last_header_row == (2 if rows[1:] and rows[1].startswith("|") else 1)
    assert layout.places("sex") == (3, 4)


@pytest.mark.parametrize(
    "rows",
    [
        ("TT|Số CCCD|Họ và tên|Năm sinh||Xã", "|||Nam|Nữ|", BORN),
        ("TT|Số CCCD|Họ và tên|Ngày, tháng, năm sinh||Xã", "|||Nam|Nữ|", BORN),
        ("TT|Số CCCD|Họ và tên|Năm sinh Nam|Năm sinh Nữ|Xã", BORN),
        ("TT|So CCCD|Ho va ten|Nam sinh Nam|Nam sinh Nu|Xa", BORN),
    ],
)
def test_a_year_of_birth_below_nam_or_nu_is_date_of_birth_and_sex(rows: tuple[str, ...]) -> None:
    layout = layout_of(RESIDENTS, *rows)
    assert spread(layout) == BIRTH
    assert (layout.columns["date_of_birth"], layout.columns["sex"]) == (3, 3)


def test_a_sex_with_a_column_of_its_own_does_not_come_from_the_year_of_birth() -> None:
    layout = layout_of(
        RESIDENTS, "TT|Số CCCD|Họ và tên|Năm sinh||Giới tính|Xã", "|||Nam|Nữ||", "1|010085000001|A B|1985||Nam|X"
    )
    assert spread(layout) == {"date_of_birth": BIRTH["date_of_birth"]}
    assert layout.columns["sex"] == 5


def test_groups_of_persons_and_results_are_read_by_their_marks_beside_columns_of_their_own() -> None:
    layout = layout_of(
        COMPLETIONS,
        "TT|Họ tên|CCCD|Đối tượng||||Khóa học|Kết quả|||Ghi chú",
        "|||HS, SV|Cán bộ|Công chức|Người dân||Đạt|Không đạt|Điểm|",
        "1|Giàng A Páo|010085000001|x||||Kỹ năng số|x||8|",
    )
    assert spread(layout) == {
        "person_group": (
            "mark",
            [
                (3, "Học sinh"),
                (4, "Cán bộ, công chức, viên chức"),
                (5, "Cán bộ, công chức, viên chức"),
                (6, "Người dân"),
            ],
        ),
        "result": ("mark", [(8, "Hoàn thành"), (9, "Không hoàn thành")]),
    }
    assert layout.columns["score"] == 10


def test_a_column_beside_the_listed_values_is_told_as_surplus_and_its_marks_are_no_value() -> None:
    layout = layout_of(
        RESIDENTS,
        "TT|Số CCCD|Họ và tên|Ngày sinh|Giới tính|Tình trạng cư trú|||Xã",
        "|||||Thường trú|Tạm trú|Khác|",
        "1|010085000001|A B|1985|Nam|x|||X",
    )
    assert [(part.word, part.listed) for part in layout.spread["residence_type"].parts] == [
        ("Thường trú", True), ("Tạm trú", True), ("Khác", False),
    ]  # fmt: skip
    assert layout.surplus == ("Tình trạng cư trú Khác",)


def test_three_rows_of_header_lead_to_the_marks_too() -> None:
    layout = layout_of(
        RESIDENTS,
        "TT|Họ và tên|CCCD|Thông tin cá nhân|||Xã",
        "|||Giới tính||Ngày sinh|",
        "|||Nam|Nữ||",
        "1|Giàng A Páo|010085000001|x||1985|Xã Bát Xát",
    )
    assert (layout.first_header_row, layout.last_header_row) == (1, 3)
    assert spread(layout) == SEX
    assert layout.headers[3:6] == ("Giới tính Nam", "Giới tính Nữ", "Ngày sinh")


@pytest.mark.parametrize(
    ("kind", "header", "children", "places"),
    [
        ("name", "Họ và tên|", "Họ đệm|Tên", (2, 3)),
        ("name", "Họ và tên đệm|Tên", "", (2, 3)),
        ("date", "Ngày sinh||", "Ngày|Tháng|Năm", (2, 3, 4)),
        ("date", "Ngày sinh||", "Năm|Tháng|Ngày", (4, 3, 2)),
        ("date", "Ngày sinh: ngày|Ngày sinh: tháng|Ngày sinh: năm", "", (2, 3, 4)),
    ],
)
def test_a_name_and_a_date_may_stand_in_pieces(kind: str, header: str, children: str, places: tuple[int, ...]) -> None:
    other = "Ngày sinh" if kind == "name" else "Họ và tên"
    gap = "|" * header.count("|")
    rows = [f"TT|Số CCCD|{header}|Giới tính|Xã|{other}", *([f"||{children}|||"] if children else [])]
    layout = layout_of(RESIDENTS, *rows, f"1|010085000001|x{gap}|Nam|Xã Bát Xát|y")
    column = {"name": "full_name", "date": "date_of_birth"}[kind]
    assert (layout.spread[column].kind, layout.places(column)) == (Kind(kind), places)
    assert len(layout.columns) == 5


def test_what_a_layout_calls_its_columns_leads_to_the_same_columns_in_one_row() -> None:
    """The returned rows of a receipt have one header row, and are sent back."""
    layout = layout_of(
        COMPLETIONS,
        "TT|Họ và tên||Năm sinh||CCCD|Đối tượng|||Khóa học|Ngày hoàn thành||",
        "|Họ đệm|Tên|Nam|Nữ||Học sinh|Cán bộ, công chức, viên chức|Khác||Ngày|Tháng|Năm",
        "1|Giàng A|Páo|1985||010085000001|x|||Kỹ năng số|1|2|2026",
    )
    assert layout.spread.keys() == {"full_name", "date_of_birth", "sex", "person_group", "completed"}
    again = find_layout(COMPLETIONS, [["Trang gốc", "Dòng gốc", *layout.headers, "Lỗi"]])
    assert {name: [at - 2 for at in again.places(name)] for name in again.columns if name != "person_group"} == {
        name: list(layout.places(name)) for name in layout.columns if name != "person_group"
    }
    assert [(part.position - 2, part.word) for part in again.spread["person_group"].parts] == [
        (6, "Học sinh"),
        (7, "Cán bộ, công chức, viên chức"),
    ]
    assert again.headers[2:-1] == layout.headers


# --- what is no such group ----------------------------------------------------------------------------------
def test_values_of_a_list_over_other_things_than_marks_are_columns_nobody_declared() -> None:
    layout = layout_of(
        RESIDENTS,
        "TT|Họ và tên|CCCD|Năm sinh|Thường trú|Tạm trú|Nam/Nữ|Xã",
        "1|A B|010085000001|1985|Thôn 1|Thôn 2|Nam|X",
        "2|A C|010085000002|1985|Thôn 1|x|Nam|X",
    )
    assert layout.spread == {}
    assert layout.surplus == ("Thường trú", "Tạm trú")


def test_a_column_under_its_own_title_goes_before_values_that_no_title_names() -> None:
    layout = layout_of(RESIDENTS, "TT|Họ và tên|CCCD|Năm sinh|Nam|Nữ|Giới tính|Xã", "1|A B|010085000001|1985|x||Nam|X")
    assert (layout.columns["sex"], layout.spread, layout.surplus) == (6, {}, ("Nam", "Nữ"))


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        (("TT|Họ và tên|CCCD|Năm sinh|Giới tính||Giới tính|Xã", "||||Nam|Nữ||"), "file.ambiguous_header"),
        (("TT|Họ và tên|CCCD|Năm sinh|Giới tính||Dân tộc|Giới tính||Xã", "||||Nam|Nữ||Nam|Nữ|"), "file.ambiguous_header"),
        (("TT|Họ và tên|CCCD|Ngày sinh|Nữ|Xã", "1|A B|010085000001|1985|x|X"), "file.missing_columns"),
        (("TT|Họ và tên|CCCD|Ngày sinh|Nam|Ghi chú|Nữ|Xã", "1|A B|010085000001|1985|x|||X"), "file.missing_columns"),
        (("TT|Họ và tên|CCCD|Ngày sinh|Nam|Nữ|Xã", "1|A B|010085000001|1985|12|30|X"), "file.missing_columns"),
        (("TT|Họ và tên|CCCD|Ngày sinh|Năm|Nữ|Xã", "1|A B|010085000001|1985|x||X"), "file.missing_columns"),
    ],
    ids=["group and column", "two groups", "one of two", "not side by side", "counts", "Năm is not Nam"],
)  # fmt: skip
def test_what_could_be_read_in_two_ways_or_in_none_is_not_guessed(rows: tuple[str, ...], rule: str) -> None:
    with pytest.raises(LayoutError) as error:
        layout_of(RESIDENTS, *rows)
    assert (error.value.rule_id, error.value.title) == (rule, "Giới tính")
