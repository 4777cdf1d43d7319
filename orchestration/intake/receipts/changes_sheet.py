"""The receipt's sheet of changes: the rows that are new, changed or gone, each changed cell before and after.

Belongs here: the layout of that sheet, and how a stored value is shown to officers. Does not belong here: counting and
explaining the changes (``course``), finding them (``comparison``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import xlsxwriter

from orchestration.intake.places import communes
from orchestration.intake.receipts.course import KINDS, MOST_CHANGES
from orchestration.intake.receipts.styles import Styles
from orchestration.intake.receipts.summary import Summary
from orchestration.intake.wording import count_vi
from orchestration.settings import Settings
from orchestration.spreadsheet import plain_text, set_page
from schemas import Column, Declaration
from schemas.column_types import Boolean, CommuneCode, Date, Decimal, PartialDate

CHANGES_SHEET = "Thay đổi"
# None of these is the title of a column of any dataset: officers may send a receipt back with this sheet in it.
_HEADERS = ("Thay đổi", "Trang", "Dòng", "Khóa của dòng", "Cột thay đổi", "Giá trị trước", "Giá trị sau")
_WIDTHS = (16, 14, 9, 44, 26, 34, 34)
_EMPTY = "(trống)"


def write_changes(settings: Settings, summary: Summary, styles: Styles, book: xlsxwriter.Workbook) -> None:
    """Add the sheet of changes to a workbook that is written row by row; none where nothing changed."""
    course, declaration, total = summary.course, summary.declaration, summary.course.total()
    if not total:
        return
    sheet = book.add_worksheet(CHANGES_SHEET)
    note = f"{count_vi(total)} thay đổi so với số liệu trước; mỗi ô thay đổi một dòng."
    if total > MOST_CHANGES:
        note += f" Trang này ghi {count_vi(MOST_CHANGES)} thay đổi đầu."
    sheet.write_string(0, 0, note, styles.note)
    for column, (header, width) in enumerate(zip(_HEADERS, _WIDTHS, strict=True)):
        sheet.set_column(column, column, width, styles.text_column)
        sheet.write_string(1, column, header, styles.returned_head)
    for number, row in enumerate(course.rows(), start=2):
        for column, text in enumerate(_cells(settings, declaration, row)):
            sheet.write_string(number, column, plain_text(text), styles.place if column in (1, 2) else styles.text)
    sheet.freeze_panes(2, 0)
    sheet.autofilter(1, 0, 1 + min(total, MOST_CHANGES), len(_HEADERS) - 1)
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    set_page(sheet, footer=summary.submission.submission_id)


def _cells(settings: Settings, declaration: Declaration, row: Mapping[str, Any]) -> list[str]:
    kind = KINDS[row["kind"]].vi
    keys = [
        shown_value(settings, declaration.columns[name], value)
        for name, value in zip(declaration.key, row["key"], strict=True)
        if value is not None
    ]
    column = declaration.columns.get(row["column_name"] or "")
    place = [row["source_sheet"], str(row["source_row"])]
    if row["kind"] == "vanished":  # where it stood in the file before
        place = ["", ""]
    values = [shown_value(settings, column, row[name]) for name in ("before", "after")] if column else ["", ""]
    return [kind[:1].upper() + kind[1:], *place, "; ".join(keys), column.title if column else "", *values]


def shown_value(settings: Settings, column: Column, value: str | None) -> str:
    """A stored value as officers write it: Nam for male, a commune's name, 31/12/1980, 1,5."""
    if value is None:
        return _EMPTY
    if column.choices.get(value):
        return column.choices[value][0]
    if column.type is CommuneCode:
        commune = communes(settings).of_key(value)
        return f"{commune.name} ({commune.code})" if commune else value
    if column.type in (Date, PartialDate):
        return "/".join(reversed(value.split("-")))
    if column.type is Boolean:
        return "Có" if value == "true" else "Không"
    if column.type is Decimal and "." in value:
        return value.rstrip("0").rstrip(".").replace(".", ",")
    return value
