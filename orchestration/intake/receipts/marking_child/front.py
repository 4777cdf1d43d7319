"""The receipt's front sheet, copied into the marked workbook, and the hidden sheet that makes the copy known again.

Belongs here: carrying over a sheet that the parent has written with everything on it. Does not belong here: what it
says (``receipts/front_sheet.py``).
"""

from __future__ import annotations

from copy import copy
from typing import Any

import openpyxl
from openpyxl.cell.cell import MergedCell
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.worksheet.hyperlink import Hyperlink
from originals import put_text


def put_front(book: Any, job: dict[str, Any], dropped: list[str]) -> str:
    """Put the front sheet first; returns its title, which is another where the officer has a sheet of that name."""
    front = openpyxl.load_workbook(job["front_dropped" if dropped else "front"], rich_text=True).worksheets[0]
    sheet = book.create_sheet(front.title, 0)
    words = {mark: ", ".join(names[each] for each in dropped) for mark, names in job["dropped"].items()}
    for row in front.iter_rows():
        for cell in row:
            if cell.has_style or cell.value is not None:
                _copy_cell(cell, sheet.cell(cell.row, cell.column), words)
    for merged in front.merged_cells.ranges:
        sheet.merge_cells(merged.coord)
    for key, dimension in front.column_dimensions.items():
        sheet.column_dimensions[key].width = dimension.width
    for row, dimension in front.row_dimensions.items():
        sheet.row_dimensions[row].height = dimension.height
    sheet.sheet_view.showGridLines = False
    sheet.page_setup = copy(front.page_setup)
    sheet.page_margins = copy(front.page_margins)
    sheet.sheet_properties.pageSetUpPr = copy(front.sheet_properties.pageSetUpPr)
    sheet.oddFooter.left.text, sheet.oddFooter.right.text = front.oddFooter.left.text, front.oddFooter.right.text
    for each in book.worksheets:
        each.sheet_view.tabSelected = each is sheet
    book.active = 0
    for view in book.views:
        view.firstSheet = 0
    return str(sheet.title)


def _copy_cell(source: Any, target: Any, words: dict[str, str]) -> None:
    if isinstance(source, MergedCell):
        return
    target.value = source.value
    if isinstance(source.value, CellRichText):
        for part in source.value:
            if isinstance(part, TextBlock):
                part.text = _filled(part.text, words)
    elif isinstance(source.value, str):
        target.value = _filled(source.value, words)
        target.data_type = "s"  # also where it begins like a formula
    target.font, target.fill, target.border = copy(source.font), copy(source.fill), copy(source.border)
    target.alignment, target.number_format = copy(source.alignment), source.number_format
    if source.hyperlink:
        link = source.hyperlink
        target.hyperlink = Hyperlink(
            ref=target.coordinate, location=link.location, tooltip=link.tooltip, display=link.display
        )


def _filled(text: str, words: dict[str, str]) -> str:
    for mark, word in words.items():
        text = text.replace(mark, word)
    return text


def earlier_front(book: Any, job: dict[str, Any]) -> str:
    """The title of the front sheet that an earlier receipt put into the workbook; empty if it is no receipt."""
    if job["stamp_sheet"] not in book.sheetnames:
        return ""
    said = [book[job["stamp_sheet"]].cell(row, 1).value for row in range(1, len(job["stamp"]) + 1)]
    return str(said[job["stamp"].index(None)] or "") if said[0] == job["stamp"][0] else ""


def put_stamp(book: Any, job: dict[str, Any], front_title: str) -> None:
    """Write the job's stamp into its hidden sheet; what an officer's template says there already is kept."""
    name, cells = job["stamp_sheet"], job["stamp"]
    if name in book.sheetnames:
        sheet = book[name]
        if sheet.cell(1, 1).value != cells[0]:
            raise ValueError("a sheet of the stamp's name that is none")
    else:
        sheet = book.create_sheet(name)
    sheet.sheet_state = "hidden"
    templates = cells.index(None) - 1  # what templates say, too; behind it stands what only receipts do
    for row, text in enumerate(cells, 1):
        if row > templates or not sheet.cell(row, 1).value:
            put_text(sheet.cell(row, 1), front_title if text is None else text)
