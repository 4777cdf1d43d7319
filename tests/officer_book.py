"""A workbook as a commune's office keeps it: letterhead, merged header, sections, totals, formulas, lists, colours.

Belongs here: making it, with mistakes at cells that the caller names. Does not belong here: what should become of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import xlsxwriter

from tests.office import resident

SHEET = "Dân cư tháng 10"
#: The columns, the group that each stands under, and where its values come from (no name: a formula or nothing).
COLUMNS = [
    ("STT", "", ""),
    ("Số CCCD", "", "citizen_id"),
    ("Họ và tên", "", "full_name"),
    ("Ngày sinh", "Thông tin cá nhân", "date_of_birth"),
    ("Giới tính", "Thông tin cá nhân", "sex"),
    ("Dân tộc", "Thông tin cá nhân", "ethnicity"),
    ("Xã/phường", "Nơi cư trú", "commune"),
    ("Số hộ", "Nơi cư trú", "household_no"),
    ("Năm sinh", "", ""),
    ("Ghi chú", "", ""),
]
LETTERS = {name: chr(ord("A") + position) for position, (_, _, name) in enumerate(COLUMNS) if name}
HEADER, FIRST = (6, 7), 9
#: A section title stands above every so many rows.
SECTION = 250

#: Twelve bad cells of six kinds: person → column → what stands there instead.
MISTAKES: dict[int, dict[str, str]] = {
    3: {"citizen_id": ""},
    120: {"citizen_id": "01007012"},
    121: {"citizen_id": "01007112345X"},
    250: {"date_of_birth": "31/02/1985"},
    333: {"date_of_birth": "sinh năm con rồng", "sex": "nam giới"},
    404: {"commune": "Xã Bản Xèoo"},
    500: {"full_name": ""},
    640: {"sex": "Nu nhi"},
    777: {"commune": "Xã Bát Xátt"},
    901: {"citizen_id": "010051000901"},
    998: {"citizen_id": "010198000998"},
}


def row_of(person: int) -> int:
    """The row in which a person stands, as Excel numbers it."""
    return FIRST + person + person // SECTION + 1


def cell_of(person: int, name: str) -> str:
    """The cell in which a value of a person stands."""
    return f"{LETTERS[name]}{row_of(person)}"


def write_officer_book(path: Path, people: int = 1000, mistakes: Mapping[int, Mapping[str, str]] = MISTAKES) -> None:
    """Write the workbook; its rows are right but for the mistakes."""
    with xlsxwriter.Workbook(path) as book:
        sheet, lists = book.add_worksheet(SHEET), book.add_worksheet("Danh mục")
        for row, value in enumerate(("Nam", "Nữ")):
            lists.write_string(row, 0, value)
        book.define_name("GioiTinh", "='Danh mục'!$A$1:$A$2")
        _write_head(book, sheet)
        last = _write_people(book, sheet, people, mistakes)
        sheet.data_validation(f"E{FIRST}:E{last}", {"validate": "list", "source": "=GioiTinh"})
        yellow = book.add_format({"bg_color": "#FFFF99"})
        sheet.conditional_format(
            f"I{FIRST}:I{last}", {"type": "cell", "criteria": "<", "value": 1951, "format": yellow}
        )
        sheet.write_comment(cell_of(121, "citizen_id"), "Hỏi lại công an xã", {"author": "Chị Hoa"})
        sheet.write_comment(cell_of(10, "full_name"), "Đã đối chiếu", {"author": "Chị Hoa"})
        sheet.freeze_panes(HEADER[1], 3)
        sheet.repeat_rows(HEADER[0] - 1, HEADER[1] - 1)
        sheet.print_area(0, 0, last, len(COLUMNS) - 1)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)


def _write_head(book: Any, sheet: Any) -> None:
    bold = book.add_format({"bold": True, "align": "center", "font_name": "Times New Roman"})
    head = book.add_format(
        {"bold": True, "border": 1, "align": "center", "valign": "vcenter", "bg_color": "#D9E1F2", "text_wrap": True}
    )
    for column, width in enumerate((6, 16, 24, 13, 9, 10, 20, 10, 9, 16)):
        sheet.set_column(column, column, width)
    sheet.merge_range("A1:D1", "UBND TỈNH LÀO CAI", bold)
    sheet.merge_range("A2:D2", "CÔNG AN TỈNH", bold)
    sheet.merge_range("A4:J4", "DANH SÁCH DÂN CƯ THÁNG 10 NĂM 2026", bold)
    position = 0
    while position < len(COLUMNS):
        title, group, _ = COLUMNS[position]
        width = sum(1 for each in COLUMNS if group and each[1] == group) or 1
        if group:
            sheet.merge_range(HEADER[0] - 1, position, HEADER[0] - 1, position + width - 1, group, head)
            for inner in range(position, position + width):
                sheet.write_string(HEADER[1] - 1, inner, COLUMNS[inner][0], head)
        else:
            sheet.merge_range(HEADER[0] - 1, position, HEADER[1] - 1, position, title, head)
        position += width
    numbers = book.add_format({"italic": True, "align": "center", "border": 1})
    for position in range(len(COLUMNS)):
        sheet.write_number(HEADER[1], position, position + 1, numbers)


def _write_people(book: Any, sheet: Any, people: int, mistakes: Mapping[int, Mapping[str, str]]) -> int:
    text = book.add_format({"num_format": "@", "border": 1, "font_name": "Times New Roman"})
    plain = book.add_format({"border": 1, "font_name": "Times New Roman"})
    section = book.add_format({"bold": True, "bg_color": "#F2F2F2", "border": 1})
    for person in range(people):
        row = row_of(person) - 1
        if person % SECTION == 0:
            sheet.write_string(row - 1, 0, "I" * (person // SECTION + 1), section)
            sheet.write_string(row - 1, 1, f"Tổ dân phố số {person // SECTION + 1}", section)
        values = {**resident(person), **mistakes.get(person, {})}
        sheet.write_formula(row, 0, f"=ROW()-{row - person}", plain, person + 1)
        for position, (_, _, name) in enumerate(COLUMNS):
            if name:
                sheet.write(row, position, values[name], text)
        year = values["date_of_birth"][-4:]
        sheet.write_formula(row, 8, f"=VALUE(RIGHT(D{row + 1},4))", plain, int(year) if year.isdigit() else "#VALUE!")
    last = row_of(people - 1)
    total = book.add_format({"bold": True, "top": 2})
    sheet.write_string(last, 0, "Tổng cộng", total)
    sheet.write_formula(last, 2, f"=COUNTA(C{FIRST}:C{last})", total, people)
    sheet.write_string(last + 2, 7, "Lào Cai, ngày 2 tháng 11 năm 2026")
    sheet.write_string(last + 3, 7, "NGƯỜI LẬP BIỂU")
    return last
