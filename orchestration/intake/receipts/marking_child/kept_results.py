"""openpyxl with the results of formulas: it reads either a formula or its stored result, and writes formulas bare.

A copy without results would show empty cells until Excel calculates it anew, and would be refused for uncalculated
formulas if it were sent back unopened. Here the reader also notes each result, and the writer writes it again.

Belongs here: these two changes of openpyxl, and that it leaves pictures and charts alone. Does not belong here:
anything about receipts.
"""

from __future__ import annotations

from typing import Any

import cell_writer
import openpyxl.reader.excel as excel_reader
import openpyxl.worksheet._reader as sheet_reader
from cell_writer import write_cell
from openpyxl.cell._writer import etree_write_cell

#: Sheet → (row, column) → type and text of a formula's stored result.
_RESULTS: dict[Any, dict[tuple[int, int], tuple[str, str]]] = {}
#: Types of results that a formula's cell names; a number has none.
_TYPES = ("str", "b", "e")


class _Parser(sheet_reader.WorkSheetParser):
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.results: dict[tuple[int, int], tuple[str, str]] = {}

    def parse_cell(self, element: Any) -> Any:
        cell = super().parse_cell(element)
        if cell["data_type"] == "f":
            result = element.findtext(sheet_reader.VALUE_TAG)
            if result:
                self.results[cell["row"], cell["column"]] = (element.get("t", "n"), result)
        return cell


class _SheetReader(sheet_reader.WorksheetReader):
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        _RESULTS[self.ws] = self.parser.results

    def bind_hyperlinks(self) -> None:
        """A link in an empty cell shows nothing in Excel; openpyxl would write the link's target into it."""
        filled = {place for place, cell in self.ws._cells.items() if cell._value is not None}
        super().bind_hyperlinks()
        for place, cell in self.ws._cells.items():
            if place not in filled and cell._value is not None:
                cell.value = None


class _Element:
    """Takes the element of a cell in place of the file."""

    def write(self, element: Any) -> None:
        self.element = element


def _write_cell(file: Any, sheet: Any, cell: Any, styled: Any = None) -> None:
    result = _RESULTS.get(sheet, {}).get((cell.row, cell.column)) if cell.data_type == "f" else None
    if result is None:
        write_cell(file, sheet, cell, styled)
        return
    taken = _Element()
    etree_write_cell(taken, sheet, cell, styled)
    kind, text = result
    if kind in _TYPES:
        taken.element.set("t", kind)
    taken.element.find("v").text = text
    file.write(taken.element)


def install() -> None:
    """Change openpyxl in this process."""
    sheet_reader.WorkSheetParser = _Parser
    excel_reader.WorksheetReader = _SheetReader
    excel_reader.find_images = lambda *_: ([], [])
    cell_writer.install(_write_cell)
