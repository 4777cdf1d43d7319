"""The original as an openpyxl workbook: an xlsx with everything that openpyxl keeps, other kinds as values.

Belongs here: opening, and saying what is not carried over. Does not belong here: marks.
"""

from __future__ import annotations

import datetime
import json
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from copy import copy
from pathlib import Path
from typing import Any

import cell_writer
import kept_results
import openpyxl
import python_calamine as calamine
from openpyxl.cell.cell import Cell
from openpyxl.reader.excel import ExcelReader
from openpyxl.utils import get_column_letter
from validations import add_extended_validations

#: Parts of a package that openpyxl does not carry over, by the word of the job that names them.
_PARTS = {
    "picture": r"xl/media/",
    "chart": r"xl/(charts/chart|chartsheets/)",
    "shape": r"xl/(drawings/drawing|diagrams/|ctrlprops/|activex/|embeddings/|slicers/|timelines/)",
    "macro": r".*vbaproject\.bin$",
}
#: Extensions of a sheet that openpyxl warns about, likewise.
_EXTENSIONS = {
    "Conditional Formatting": "format",
    "Sparkline Group": "sparkline",
    "Slicer": "shape",
    "Timeline": "shape",
}
_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_NOT_XML = re.compile("[\x00-\x08\x0b-\x1f\ufffe\uffff]")
_LONGEST_TEXT = 32_767
#: Widths in characters of the columns of a workbook made from another kind, and the rows looked at to choose them.
_LEAST, _MOST, _SAMPLE = 9, 34, 200


def open_original(job: dict[str, Any]) -> tuple[Any, list[str]]:
    """The workbook, and what of the original is not in it (keys of the job's ``dropped`` words)."""
    if job["kind"] == "xlsx":
        book, dropped = _open_xlsx(Path(job["source"]))
        marked = {sheet["title"] for sheet in job["sheets"]}
        locked = any(sheet.protection.sheet for sheet in book.worksheets if sheet.title in marked)
        return book, [*dropped, *(["protection"] if locked else [])]
    cell_writer.install()
    book = openpyxl.Workbook()
    book.remove(book.active)
    book.properties.creator = "kho"
    book.properties.created = datetime.datetime.fromisoformat(job["created"]).replace(tzinfo=None)
    sheets = _text_rows(job) if job["kind"] == "rows" else _calamine_rows(job["source"])
    for title, hidden, merged, rows in sheets:
        _fill(book.create_sheet(title), rows, merged)
        book[title].sheet_state = "hidden" if hidden else "visible"
    return book, [] if job["kind"] == "rows" else ["look"]


def _open_xlsx(path: Path) -> tuple[Any, list[str]]:
    kept_results.install()
    with path.open("rb") as file, warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        reader = ExcelReader(file, rich_text=True)
        reader.read()
        with zipfile.ZipFile(file) as archive:
            add_extended_validations(archive, reader)
            names = [name.replace("\\", "/").lower() for name in archive.namelist()]
    book = reader.wb
    dropped = [word for word, parts in _PARTS.items() if any(re.match(parts, name) for name in names)]
    if {"picture", "chart"} & set(dropped) and "shape" in dropped:
        dropped.remove("shape")  # the drawing that holds the picture
    dropped += [word for kind, word in _EXTENSIONS.items() if any(kind in str(each.message) for each in said)]
    for chart_sheet in book.chartsheets:
        book.remove(chart_sheet)
    book.calculation.fullCalcOnLoad = True
    return book, list(dict.fromkeys(dropped))


Rows = Iterable[tuple[int, list[Any]]]


def _text_rows(job: dict[str, Any]) -> Iterator[tuple[str, bool, list[Any], Rows]]:
    """The sheets of a text file: the parent has read their rows, one JSON array ``[row, [cell, …]]`` a line."""
    for title, name in job["rows"]:
        with Path(name).open(encoding="utf-8") as file:
            yield title, False, [], map(json.loads, file)


def _calamine_rows(path: str) -> Iterator[tuple[str, bool, list[Any], Rows]]:
    workbook = calamine.CalamineWorkbook.from_path(path)
    for position, facts in enumerate(workbook.sheets_metadata):
        if facts.typ != calamine.SheetTypeEnum.WorkSheet:
            continue
        sheet = workbook.get_sheet_by_index(position)
        left = [None] * (sheet.start[1] if sheet.start else 0)
        rows = ((number, left + row) for number, row in enumerate(sheet.iter_rows() if sheet.start else (), 1))
        hidden = facts.visible != calamine.SheetVisibleEnum.Visible
        yield facts.name, hidden, list(sheet.merged_cell_ranges or []), rows


def _fill(sheet: Any, rows: Rows, merged: list[Any]) -> None:
    widths: dict[int, int] = {}
    style: Any = None
    for number, cells in rows:
        filled = [(column, value) for column, value in enumerate(cells, 1) if value not in (None, "")]
        for column, value in filled:
            cell = sheet.cell(number, column)
            if not isinstance(value, str):
                _put_value(cell, value)
            else:
                put_text(cell, value)
                if style is None:
                    cell.number_format = "@"
                    style = cell._style
                else:
                    cell._style = copy(style)  # looking a format up costs as much as writing the text
            if len(filled) > 1 and len(widths) < 512 and number < _SAMPLE:
                widths[column] = max(widths.get(column, _LEAST), len(str(value)) + 2)
    for column, width in widths.items():
        sheet.column_dimensions[get_column_letter(column)].width = min(width, _MOST)
    for (top, left), (bottom, right) in merged:
        sheet.merge_cells(start_row=top + 1, start_column=left + 1, end_row=bottom + 1, end_column=right + 1)


def _put_value(cell: Cell, value: Any) -> None:
    """Write a number, a date, or whatever else is no text."""
    cell.value = value
    if isinstance(value, datetime.datetime):
        cell.number_format = "dd/mm/yyyy" if value.time() == datetime.time() else "dd/mm/yyyy hh:mm:ss"
    elif isinstance(value, datetime.date):
        cell.number_format = "dd/mm/yyyy"


def put_text(cell: Any, text: str) -> None:
    """Write text that never becomes a formula, an error or an escape; what XML cannot hold as Excel escapes it."""
    text = _NOT_XML.sub(lambda found: f"_x{ord(found[0]):04X}_", _ESCAPED.sub("_x005F_", text))
    cell.value = text[:_LONGEST_TEXT]
    cell.data_type = "s"
