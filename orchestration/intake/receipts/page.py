"""The building blocks of the receipt's first sheet: lines, facts, steps, boxes of numbers, tables.

Belongs here: how one block is laid out. Does not belong here: which blocks stand in which order (``front_sheet``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orchestration.intake.receipts.styles import Styles
from orchestration.intake.receipts.summary import Notice, Reason, cell_name
from orchestration.intake.wording import SEVERITIES, Words
from orchestration.spreadsheet import LINE_HEIGHT, SMALL, plain_text, text_lines

#: Widths of columns A to F in characters; together they fill a landscape A4 page.
WIDTHS = (11, 25, 56, 9, 24, 50)
LAST = len(WIDTHS) - 1
#: The sheet that findings of a text file name.
TEXT_SHEET = "csv"


class Page:
    """Writes the page from top to bottom; ``row`` is the next free row."""

    def __init__(self, sheet: Any, styles: Styles, links: Mapping[tuple[str, int, int], str]) -> None:
        self.sheet, self.styles, self.links = sheet, styles, links
        self.row = 0
        for position, width in enumerate(WIDTHS):
            sheet.set_column(position, position, width)

    def bar(self, text: str, style: Any, *, first: int = 0, last: int = LAST, height: float | None = None) -> None:
        """One text across several columns of the current row."""
        if height is not None:
            self.sheet.set_row(self.row, height)
        self.sheet.merge_range(self.row, first, self.row, last, "", style)
        self.sheet.write_string(self.row, first, plain_text(text), style)

    def line(self, text: str, style: Any, *, height: float | None = None) -> None:
        """One text across the page."""
        self.bar(text, style, height=height)
        self.row += 1

    def section(self, words: Words) -> None:
        """A heading, with a blank row above it."""
        self.row += 1
        self.line(f"{words.vi}  ·  {words.en}", self.styles.section, height=18)

    def both(self, column: int, words: Words, style: Any, joint: str = "\n") -> None:
        """Vietnamese with English in grey, in one cell; below it unless ``joint`` says otherwise."""
        parts = [self.styles.vietnamese, plain_text(words.vi), self.styles.english, joint + plain_text(words.en)]
        self.sheet.write_rich_string(self.row, column, *parts, style)

    def fact(self, label: Words, value: str, english: str = "") -> None:
        """One line of facts about the file."""
        width = sum(WIDTHS[2:])
        self.bar(f"{label.vi} · {label.en}", self.styles.label, first=0, last=1)
        joint = "   ·   " if text_lines(value + english, width - 8) == 1 else "\n"
        lines = text_lines(f"{value}{joint}{english}", width)
        self.bar(value, self.styles.fact, first=2, height=LINE_HEIGHT * lines + 4)
        if english:
            self.both(2, Words(value, english), self.styles.fact, joint)
        self.row += 1

    def step(self, number: str, words: Words) -> None:
        """One thing to do."""
        width = sum(WIDTHS[1:])
        self.sheet.set_row(self.row, _height((words.vi, words.en, width)))
        self.sheet.write_string(self.row, 0, number, self.styles.step_number)
        self.sheet.merge_range(self.row, 1, self.row, LAST, "", self.styles.body)
        self.both(1, words, self.styles.body)
        self.row += 1

    def heads(self, *labels: Words) -> None:
        """The header row of a table."""
        self.sheet.set_row(self.row, _height(("", "", 1)))
        for position, words in enumerate(labels):
            self.both(position, words, self.styles.head)
        self.row += 1

    def reason(self, found: Reason) -> None:
        """One line of the table of reasons."""
        styles, explained = self.styles, found.explained
        height = _height(
            (found.title, "", WIDTHS[1]),
            (explained.vi, explained.en, WIDTHS[2]),
            (example_place(found), "", WIDTHS[4]),
            (explained.mend_vi, explained.mend_en, WIDTHS[5]),
        )
        self.sheet.set_row(self.row, height)
        self.sheet.write_string(self.row, 0, SEVERITIES[found.severity].vi, styles.tag[found.severity])
        self.sheet.write_string(self.row, 1, plain_text(found.title or "(cả dòng)"), styles.cell)
        self.both(2, Words(explained.vi, explained.en), styles.cell)
        self.sheet.write_number(self.row, 3, found.count, styles.number)
        link = self.links.get((found.sheet, found.row, found.position))
        if link:
            self.sheet.write_url(self.row, 4, link, styles.link, plain_text(example_place(found)), "Đến ô này")
        else:
            self.sheet.write_string(self.row, 4, plain_text(example_place(found)), styles.cell)
        self.both(5, Words(explained.mend_vi, explained.mend_en), styles.cell)
        self.row += 1

    def notice(self, found: Notice) -> None:
        """One line about the whole file."""
        styles, explained = self.styles, found.explained
        left, right = sum(WIDTHS[1:4]), sum(WIDTHS[4:])
        height = _height((explained.vi, explained.en, left), (explained.mend_vi, explained.mend_en, right))
        self.sheet.set_row(self.row, height)
        self.sheet.write_string(self.row, 0, SEVERITIES[found.severity].vi, styles.tag[found.severity])
        self.sheet.merge_range(self.row, 1, self.row, 3, "", styles.cell)
        self.both(1, Words(explained.vi, explained.en), styles.cell)
        self.sheet.merge_range(self.row, 4, self.row, LAST, "", styles.cell)
        self.both(4, Words(explained.mend_vi, explained.mend_en), styles.cell)
        self.row += 1

    def counts(self, boxes: Sequence[tuple[Words, int]]) -> None:
        """Large numbers side by side: rows read, and the parts that they fall into."""
        spans = ((0, 1), (2, 2), (3, 4), (5, 5))
        styles = self.styles
        signs = ("", "= ", "+ ", "+ ")
        for (first, last), (words, _), sign in zip(spans, boxes, signs, strict=True):
            self._box(first, last, sign + words.vi, styles.count_label)
        self.row += 1
        self.sheet.set_row(self.row, 28)
        for (first, last), (_, count) in zip(spans, boxes, strict=True):
            if last > first:
                self.sheet.merge_range(self.row, first, self.row, last, "", styles.count)
            self.sheet.write_number(self.row, first, count, styles.count)
        self.row += 1
        self.sheet.set_row(self.row, LINE_HEIGHT + 3)
        for (first, last), (words, _) in zip(spans, boxes, strict=True):
            self._box(first, last, words.en, styles.count_english)
        self.row += 1

    def _box(self, first: int, last: int, text: str, style: Any) -> None:
        if last > first:
            self.sheet.merge_range(self.row, first, self.row, last, "", style)
        self.sheet.write_string(self.row, first, text, style)


def _height(*blocks: tuple[str, str, float]) -> float:
    """Height of a row whose cells hold (Vietnamese, English, width in characters)."""
    return 4 + LINE_HEIGHT * max(
        text_lines(vietnamese, width) + text_lines(english, width, SMALL) for vietnamese, english, width in blocks
    )


def example_place(found: Reason) -> str:
    """Where the first one is: text files have one sheet, which needs no name."""
    cell = cell_name(found.row, found.position)
    place = f"ô {cell}" if cell else f"dòng {found.row}"
    return place if found.sheet == TEXT_SHEET else f"{found.sheet}, {place}"
