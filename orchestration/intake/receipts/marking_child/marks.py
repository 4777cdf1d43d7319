"""Marking bad cells in a sheet, and taking the marks of an earlier receipt away.

A mark is a fill, a comment, and for each bad row its reasons in a column at the right end. What was there before can
be had back from the mark itself, wherever the cell was moved to: the former colour stands in the fill's second colour,
which a solid fill does not show, and the officer's own comment below ours. LibreOffice puts a colour of its own choice
into second colours; so the stamp lists the former ones, and another is none.

Belongs here: cells, comments, columns. Does not belong here: words (the job has them), sheets (``front``).
"""

from __future__ import annotations

import re
from copy import copy
from math import ceil
from typing import Any

from openpyxl.cell.cell import MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Color, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.dimensions import ColumnDimension
from originals import put_text

AUTHOR = "kho"
#: Between our remark and the comment that was there before; the author stands in the brackets.
_OWN = "\n\n———\n(%s) "
_KEPT = re.compile(r"\n\n———\n\(([^)\n]*)\) ")
#: Width of the column of reasons, height of a line, points of a row that says nothing of its height.
REASONS_WIDTH, _LINE, _ROW_HEIGHT = 60, 13.5, 15
#: A table that reaches beyond this column is none that anybody reads to its end.
MOST_COLUMNS = 1_000
_HEAD_ROWS = 60
_NO_COLOUR = Color(indexed=64)


class Marker:
    """Marks one sheet; ``comments``: how many more may be written into the workbook."""

    def __init__(self, sheet: Any, job: dict[str, Any], comments: int) -> None:
        self._sheet, self._tones, self._words, self._texts = sheet, job["tones"], job["words"], job["texts"]
        self._comments = comments
        self._fills: dict[tuple[str, str], PatternFill] = {}
        self._former = job["former_colours"]

    def mark(self, plan: dict[str, Any]) -> int:
        """Mark the cells and rows of a plan; returns the number of comments written."""
        sheet = self._sheet
        first, last = plan["header"]
        reasons = _last_column(sheet, first) + 1
        if reasons > MOST_COLUMNS:
            raise ValueError("no room for the column of reasons")
        sheet.protection.disable()
        self._head(first, last, reasons)
        cells: dict[tuple[int, int], list[tuple[str, int]]] = {}
        for row, position, tone, text in plan["marks"]:
            place = _anchor(sheet, row, position + 1) if position >= 0 else (row, reasons)
            cells.setdefault(place, []).append((tone, text))
        for row, tone, text in plan["reasons"]:
            self._reasons(row, reasons, tone, text)
        before = self._comments
        for (row, column), remarks in cells.items():
            self._mark_cell(sheet.cell(row, column), remarks)
        _show(sheet, {row for row, _ in cells}, {column for _, column in cells})
        return before - self._comments

    def _head(self, first: int, last: int, column: int) -> None:
        sheet = self._sheet
        head = sheet.cell(first, column)
        put_text(head, self._words["errors"])
        neighbour = sheet.cell(first, max(1, column - 1))
        head.font, head.fill, head.border = copy(neighbour.font), copy(neighbour.fill), copy(neighbour.border)
        head.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
        if last > first:
            sheet.merge_cells(start_row=first, end_row=last, start_column=column, end_column=column)
        dimension = _own_column(sheet, column)
        dimension.width, dimension.hidden = REASONS_WIDTH, False

    def _reasons(self, row: int, column: int, tone: str, text: str) -> None:
        cell = self._sheet.cell(row, column)
        put_text(cell, text)
        rule = Side("thin", self._words["rule_colour"])
        cell.font = Font(name=self._words["font"], sz=self._words["font_size"], color=self._tones[tone][1])
        cell.border = Border(rule, rule, rule, rule)
        cell.alignment = Alignment(vertical="center", wrap_text=True)
        cell.number_format = "@"
        lines = sum(max(1, ceil(len(line) / (1.1 * REASONS_WIDTH))) for line in text.split("\n"))
        dimension = self._sheet.row_dimensions[row]
        usual = self._sheet.sheet_format.defaultRowHeight or _ROW_HEIGHT
        if 3 + _LINE * lines > (dimension.height or usual):
            dimension.height = 3 + _LINE * lines

    def _mark_cell(self, cell: Any, remarks: list[tuple[str, int]]) -> None:
        tone = "error" if any(each == "error" for each, _ in remarks) else "warning"
        cell.fill = self._fill(tone, cell.fill)
        if self._comments <= 0:
            return
        self._comments -= 1
        text = "\n\n".join(self._texts[each] for _, each in remarks)
        if cell.comment:
            text += _OWN % (cell.comment.author or "").translate({ord(")"): None, ord("\n"): " "}) + cell.comment.text
        cell.comment = Comment(text, AUTHOR, height=_comment_height(text), width=300)

    def _fill(self, tone: str, former: Any) -> PatternFill:
        shown = former.fgColor if former.fill_type == "solid" else _NO_COLOUR
        key = (tone, colour_name(shown))
        if key not in self._fills:
            if shown is not _NO_COLOUR:
                self._former.append(key[1])
            self._fills[key] = PatternFill("solid", fgColor=self._tones[tone][0], bgColor=copy(shown))
        return self._fills[key]


def colour_name(colour: Color) -> str:
    """A colour in one word."""
    return f"{colour.type}:{colour.value}:{colour.tint:.3f}"


def _comment_height(text: str) -> int:
    return 15 * (1 + sum(max(1, ceil(len(line) / 52)) for line in text.split("\n")))


def _anchor(sheet: Any, row: int, column: int) -> tuple[int, int]:
    """The cell that shows what a cell inside a merged range says."""
    if isinstance(sheet._cells.get((row, column)), MergedCell):
        for merged in sheet.merged_cells.ranges:
            if merged.min_row <= row <= merged.max_row and merged.min_col <= column <= merged.max_col:
                return merged.min_row, merged.min_col
    return row, column


def _last_column(sheet: Any, header: int) -> int:
    """The last column that holds anything, or that a merged range from the header on covers."""
    filled = max((column for (_, column), cell in sheet._cells.items() if cell.value is not None), default=1)
    merged = max((each.max_col for each in sheet.merged_cells.ranges if each.max_row >= header), default=1)
    return max(filled, merged)


def _span(key: str, dimension: Any) -> tuple[int, int]:
    dimension.reindex()
    return dimension.min, dimension.max


def _own_column(sheet: Any, column: int) -> Any:
    """The dimension of one column alone; Excel repairs files in which the columns of two dimensions overlap."""
    dimensions = sheet.column_dimensions
    for key, dimension in list(dimensions.items()):
        low, high = _span(key, dimension)
        if not low <= column <= high or low == high:
            continue
        del dimensions[key]
        for start, end in ((low, column - 1), (column, column), (column + 1, high)):
            if start <= end:
                letters = get_column_letter(start)
                dimensions[letters] = _part(sheet, dimension, letters, start, end)
    return dimensions[get_column_letter(column)]


def _part(sheet: Any, dimension: Any, letters: str, start: int, end: int) -> ColumnDimension:
    part = ColumnDimension(
        sheet, index=letters, width=dimension.width, hidden=dimension.hidden, outlineLevel=dimension.outlineLevel,
        collapsed=dimension.collapsed, min=start, max=end,
    )  # fmt: skip
    part._style = copy(dimension._style)
    return part


def _show(sheet: Any, rows: set[int], columns: set[int]) -> None:
    """What has to be mended must be seen, also where a filter or a group hides it."""
    for row in rows:
        if row in sheet.row_dimensions and sheet.row_dimensions[row].hidden:
            sheet.row_dimensions[row].hidden = False
    for column in columns:
        for key, dimension in list(sheet.column_dimensions.items()):
            low, high = _span(key, dimension)
            if dimension.hidden and low <= column <= high:
                _own_column(sheet, column).hidden = False


# --- marks of an earlier receipt ------------------------------------------------------------------------------
def remove_marks(book: Any, job: dict[str, Any], earlier: list[str], colours: list[str]) -> None:
    """Take away the sheets ``earlier``, the columns, the comments and the colours that an earlier receipt left.

    colours: names of the colours that marked cells had before.
    """
    for title in earlier:
        if title in book.sheetnames and len(book.sheetnames) > 1:
            book.remove(book[title])
    ours = {fill for fill, _ in job["tones"].values()}
    fills = {
        index
        for index, fill in enumerate(book._fills)
        if isinstance(fill, PatternFill) and fill.fill_type == "solid" and fill.fgColor.rgb in ours
    }
    said = re.compile(rf"(?:{'|'.join(map(re.escape, job['words']['severities']))}): .*?\n\[[a-z_.0-9]+\]", re.DOTALL)
    for sheet in book.worksheets:
        if sheet.title != job["stamp_sheet"]:
            _remove_reasons(sheet, job["words"]["errors"])
            _restore_cells(sheet, fills, said, colours)


def _remove_reasons(sheet: Any, heading: str) -> None:
    """Empty the rightmost column that begins with our heading."""
    tops: dict[int, Any] = {}
    for row in sheet.iter_rows(max_row=_HEAD_ROWS):
        for cell in row:
            if cell.value is not None:
                tops.setdefault(cell.column, cell)
    column = max((column for column, cell in tops.items() if cell.value == heading), default=None)
    if column is None:
        return
    for merged in list(sheet.merged_cells.ranges):
        if merged.min_col == merged.max_col == column:
            sheet.unmerge_cells(merged.coord)
    for row in range(tops[column].row, sheet.max_row + 1):
        if (row, column) in sheet._cells:
            del sheet._cells[row, column]


def _restore_cells(sheet: Any, fills: set[int], said: re.Pattern[str], colours: list[str]) -> None:
    for cell in list(sheet._cells.values()):
        if isinstance(cell, MergedCell):
            continue
        if cell._style is not None and cell._style.fillId in fills:
            former = cell.fill.bgColor
            known = colour_name(former) in colours
            cell.fill = PatternFill("solid", fgColor=copy(former)) if known else PatternFill()
        if cell.comment and said.match(cell.comment.text):
            kept = _KEPT.search(cell.comment.text)
            own = cell.comment.text[kept.end() :] if kept else ""
            author = kept[1] if kept else ""
            cell.comment = Comment(own, author, height=_comment_height(own), width=300) if own else None
