"""Writing workbooks that officers open: text that stays text, one look, the same bytes for the same content.

Belongs here: what the receipts and the templates share about .xlsx files, the stamp among it. Does not belong here:
what stands in them, and reading workbooks (``intake/readers``).
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from typing import Any

import xlsxwriter

from schemas import Declaration

FONT, FONT_SIZE = "Arial", 10
#: Points that one line of text takes in a row.
LINE_HEIGHT = 13.5
#: Size of the English lines below the Vietnamese ones.
SMALL = 9
#: Excel's own limits of a cell's text (UTF-16 units) and of a comment that can still be read.
LONGEST_TEXT, LONGEST_COMMENT = 32_767, 2_000
INK, GREY, RULE, WHITE = "#1F2937", "#6B7280", "#D1D5DB", "#FFFFFF"
#: Fill and ink of good news, a warning, an error and a plain fact.
TONES = {
    "good": ("#E3F4E8", "#146C3C"),
    "warning": ("#FFF3CD", "#7A5200"),
    "error": ("#FCE0DE", "#A11B12"),
    "fact": ("#E6EEF7", "#1F4E79"),
}
HEADING = "#1F4E79"
_NOT_XML = re.compile("[\x00-\x09\x0b-\x1f\ufffe\uffff]")
#: Hidden sheet of the workbooks that kho made for a dataset, and its first cell.
STAMP_SHEET, STAMP_MARK = "_kho", "kho-template"


def plain_text(text: str) -> str:
    """``text`` as a cell may hold it: no lone surrogates, not too long, and never markup.

    xlsxwriter writes a string between ``<r>`` and ``</r>`` into the file as it stands, as rich text that it made
    itself; a cell of a department's file that looks so would become XML. A space behind it prevents that.
    """
    clean = text.encode("utf-8", "replace").decode("utf-8")
    if len(clean) > LONGEST_TEXT // 2:
        clean = clean.encode("utf-16-le")[: 2 * LONGEST_TEXT].decode("utf-16-le", "ignore")
    return f"{clean} " if clean.startswith("<r>") and clean.endswith("</r>") else clean


def comment_text(text: str) -> str:
    """``text`` as a comment may hold it: xlsxwriter escapes control characters in cells, but not in comments."""
    return _NOT_XML.sub(" ", plain_text(text))[:LONGEST_COMMENT]


def text_lines(text: str, width: float, size: int = FONT_SIZE) -> int:
    """How many lines ``text`` needs in a column ``width`` digits wide: letters are narrower than digits."""
    letters = width * 1.1 * FONT_SIZE / size
    return sum(max(1, ceil(len(line) / letters)) for line in text.split("\n"))


@contextmanager
def workbook(
    path: Path, *, title: str, created: datetime.datetime, options: dict[str, Any] | None = None
) -> Iterator[xlsxwriter.Workbook]:
    """A new workbook at ``path``, written when the block ends. Texts are never taken for formulas, links or numbers."""
    book = xlsxwriter.Workbook(
        path,
        {
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "default_format_properties": {"font_name": FONT, "font_size": FONT_SIZE},
            **(options or {}),
        },
    )
    book.set_properties({"title": title, "created": created.replace(tzinfo=None)})
    try:
        yield book
    except BaseException:
        book.fileclosed = True  # closing would write the half-made file, and fail again
        raise
    book.close()


def stamp_cells(
    declaration: Declaration, *, period: str, unit: str, version: str | None = None, receipt: str = "", kind: str = ""
) -> list[str | None]:
    """What the hidden sheet says of a workbook, a fact a cell from A1 down.

    Mark, dataset, version of its declaration, period, unit (templates may leave the last two empty); then what only
    receipts say: the submission, the titles of our sheets joined by / (None: not known yet), the kind of the file.
    The child that marks adds the former colours of marked cells.
    """
    version = declaration.version if version is None else version
    cells: list[str | None] = [STAMP_MARK, declaration.path, version, period, unit]
    return [*cells, receipt, None, kind] if receipt else cells


def write_stamp(book: xlsxwriter.Workbook, cells: Sequence[str | None]) -> None:
    """Add the hidden sheet that says what the workbook is for."""
    sheet = book.add_worksheet(STAMP_SHEET)
    for row, text in enumerate(cells):
        sheet.write_string(row, 0, text or "")
    sheet.hide()


def set_page(sheet: Any, *, footer: str = "") -> None:
    """Print on A4, landscape, as wide as the page."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    footer = f" {footer}" if footer else ""  # digits behind &8 would be read as another size
    sheet.set_footer(f"&L&8{footer}&R&8&P / &N")
