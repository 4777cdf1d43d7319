"""The receipt's own sheets, copied into the marked workbook, and the hidden sheet that makes the copy known again.

Belongs here: carrying over sheets that the parent has written with everything on them. Does not belong here: what
they say (``receipts/front_sheet.py``, ``receipts/changes_sheet.py``).
"""

from __future__ import annotations

from copy import copy
from typing import Any

import openpyxl
from openpyxl.cell.cell import MergedCell
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.worksheet.hyperlink import Hyperlink
from originals import put_text

#: Between titles of sheets, none of which can hold it, and between names of colours.
JOINT = "/"
#: Number of a style in our own book → the same style in the officer's.
Styles = dict[int, Any]


def put_front(book: Any, job: dict[str, Any], dropped: list[str]) -> str:
    """Put the receipt's first sheet in front and its others at the end.

    Returns their titles, joined by what no title can hold; they differ where the officer has sheets of such names.
    """
    ours = openpyxl.load_workbook(job["front_dropped" if dropped else "front"], rich_text=True).worksheets
    words = {mark: ", ".join(names[each] for each in dropped) for mark, names in job["dropped"].items()}
    sheets = [book.create_sheet(each.title, None if number else 0) for number, each in enumerate(ours)]
    styles: Styles = {}
    for source, sheet in zip(ours, sheets, strict=True):
        _copy_sheet(source, sheet, words, styles)
    for each in book.worksheets:
        each.sheet_view.tabSelected = each is sheets[0]
    book.active = 0
    for view in book.views:
        view.firstSheet = 0
    return JOINT.join(str(sheet.title) for sheet in sheets)


def _copy_sheet(source: Any, sheet: Any, words: dict[str, str], styles: Styles) -> None:
    for row in source.iter_rows():
        for cell in row:
            if cell.has_style or cell.value is not None:
                _copy_cell(cell, sheet.cell(cell.row, cell.column), words, styles)
    for merged in source.merged_cells.ranges:
        sheet.merge_cells(merged.coord)
    for key, dimension in source.column_dimensions.items():
        sheet.column_dimensions[key].width = dimension.width
    for row, dimension in source.row_dimensions.items():
        sheet.row_dimensions[row].height = dimension.height
    sheet.sheet_view.showGridLines = source.sheet_view.showGridLines
    sheet.freeze_panes, sheet.auto_filter.ref = source.freeze_panes, source.auto_filter.ref
    sheet.page_setup, sheet.page_margins = copy(source.page_setup), copy(source.page_margins)
    sheet.sheet_properties.pageSetUpPr = copy(source.sheet_properties.pageSetUpPr)
    sheet.oddFooter.left.text, sheet.oddFooter.right.text = source.oddFooter.left.text, source.oddFooter.right.text


def _copy_cell(source: Any, target: Any, words: dict[str, str], styles: Styles) -> None:
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
    _copy_style(source, target, styles)
    if source.hyperlink:
        link = source.hyperlink
        target.hyperlink = Hyperlink(
            ref=target.coordinate, location=link.location, tooltip=link.tooltip, display=link.display
        )


def _copy_style(source: Any, target: Any, styles: Styles) -> None:
    """Give a cell the look of another book's. Looking a style up costs 2 ms, and thousands of cells share a few."""
    known = styles.get(source.style_id)
    if known is None:
        target.font, target.fill, target.border = copy(source.font), copy(source.fill), copy(source.border)
        target.alignment, target.number_format = copy(source.alignment), source.number_format
        styles[source.style_id] = copy(target._style)
    else:
        target._style = copy(known)


def _filled(text: str, words: dict[str, str]) -> str:
    for mark, word in words.items():
        text = text.replace(mark, word)
    return text


def earlier_marks(book: Any, job: dict[str, Any]) -> tuple[list[str], list[str]]:
    """What an earlier receipt says of itself in its stamp: titles of its sheets, former colours of marked cells."""
    if job["stamp_sheet"] not in book.sheetnames:
        return [], []
    said = [str(book[job["stamp_sheet"]].cell(row, 1).value or "") for row in range(1, len(job["stamp"]) + 2)]
    if said[0] != job["stamp"][0]:
        return [], []
    titles, colours = said[job["stamp"].index(None)], said[-1]
    return titles.split(JOINT) if titles else [], colours.split(JOINT)


def put_stamp(book: Any, job: dict[str, Any], titles: str) -> None:
    """Write the job's stamp into its hidden sheet; what an officer's template says there already is kept."""
    name, cells = job["stamp_sheet"], [*job["stamp"], JOINT.join(sorted(set(job["former_colours"])))]
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
            put_text(sheet.cell(row, 1), titles if text is None else text)
