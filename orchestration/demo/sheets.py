"""How departments lay their files out: CSV as spreadsheets export it, and printed forms kept as workbooks.

Belongs here: notation of values, header rows, letterhead, totals, notes, signatures. Does not belong here: which rows
there are and what is wrong with them.

Every writer gives the same bytes for the same rows, and returns the row number of each record as Excel shows it.
"""

from __future__ import annotations

import csv
import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter

from orchestration.demo.records import Record
from schemas import Column, Declaration
from schemas.column_types import Choice, CitizenId, PartialDate

CSV_SHEET = "csv"
#: Workbooks carry the time of their making; a fixed one keeps the bytes the same.
MADE_AT = datetime.datetime(2026, 1, 1)


@dataclass(frozen=True)
class Heading:
    """A column of a file: its header, the declared column (None: STT, notes …) and the merged header above it."""

    text: str
    name: str | None = None
    above: str | None = None
    width: int = 14


@dataclass(frozen=True)
class Form:
    """A printed form kept as a workbook. ``sections``: text before the first row for which the function is true."""

    sheet: str
    office: tuple[str, ...]
    title: tuple[str, ...]
    headings: Sequence[Heading]
    numbered: bool = False
    total_of: str | None = None
    notes: tuple[str, ...] = ()
    signature: tuple[str, ...] = ()
    sections: Sequence[tuple[str, str]] = field(default_factory=tuple)


@dataclass(frozen=True)
class Written:
    """Where the records stand, and how many rows of the file are not data, by kind."""

    sheet: str
    rows: list[int]
    layout_rows: dict[str, int]


def check_headings(declaration: Declaration, headings: Sequence[Heading]) -> None:
    """Refuse a header that the declaration does not know, so that the demo cannot drift away from it."""
    for each in headings:
        if each.name is not None and each.text not in declaration.columns[each.name].headers:
            raise ValueError(f"{declaration.path}.{each.name} has no header {each.text!r}")


def _usual(column: Column, value: Any) -> Any:
    """A value in the words and notation of an office: text for people, dates and numbers still typed."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "Có" if value else "Không"
    if issubclass(column.type, Choice):
        return column.choices[value][0]
    if column.type is PartialDate:
        return "/".join(reversed(value.split("-")))
    return value


def _cell(record: Record, column: Column) -> Any:
    if column.name in record.cells:
        return record.cells[column.name]
    return _usual(column, record.values[column.name])


def _text(value: Any) -> str:
    """The cell of a CSV file: dd/mm/yyyy, decimal comma."""
    if value is None:
        return ""
    if isinstance(value, datetime.date):
        return f"{value:%d/%m/%Y}"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}".replace(".", ",")
    return str(value)


def write_csv(
    path: Path,
    declaration: Declaration,
    headings: Sequence[Heading],
    records: Sequence[Record],
    *,
    delimiter: str,
    mark: bool,
) -> Written:
    """A delimited text file with one header row. ``mark``: with a byte-order mark, as Excel writes it."""
    check_headings(declaration, headings)
    columns = [declaration.columns[each.name] for each in headings if each.name]
    names = [column.name for column in columns]
    with path.open("w", encoding="utf-8-sig" if mark else "utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow([each.text for each in headings])
        for record in records:
            cells = [_text(_cell(record, column)) for column in columns]
            if record.stray:
                cells.insert(names.index(record.stray[0]) + 1, record.stray[1])
            writer.writerow(cells)
    return Written(CSV_SHEET, list(range(2, 2 + len(records))), {"header": 1})


class _FormWriter:
    """Writes one form, row after row."""

    def __init__(self, path: Path, declaration: Declaration, form: Form) -> None:
        check_headings(declaration, form.headings)
        self.declaration, self.form = declaration, form
        self.book = xlsxwriter.Workbook(path)
        self.book.set_properties({"created": MADE_AT})
        self.sheet = self.book.add_worksheet(form.sheet)
        self.bold = self.book.add_format({"bold": True, "align": "center", "valign": "vcenter", "text_wrap": True})
        self.day = self.book.add_format({"num_format": "dd/mm/yyyy"})
        self.boxed = self.book.add_format(
            {"bold": True, "align": "center", "valign": "vcenter", "text_wrap": True, "border": 1}
        )
        self.last = len(form.headings) - 1
        self.row = 0
        self.layout_rows: dict[str, int] = {}

    def _count(self, kind: str, rows: int = 1) -> None:
        self.layout_rows[kind] = self.layout_rows.get(kind, 0) + rows

    def letterhead(self) -> None:
        """The office on the left, the state's motto on the right, a blank row, the title. A plain table has neither."""
        if not self.form.office:
            return
        middle = self.last // 2
        right = ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc")
        for position in range(len(self.form.office)):
            for texts, first, last in ((self.form.office, 0, middle), (right, middle + 1, self.last)):
                if position < len(texts):
                    self.sheet.merge_range(self.row, first, self.row, last, texts[position], self.bold)
            self._count("letterhead")
            self.row += 1
        self.row += 1
        for text in self.form.title:
            self.sheet.merge_range(self.row, 0, self.row, self.last, text, self.bold)
            self._count("letterhead")
            self.row += 1
        self.row += 1

    def header(self) -> None:
        """One row, or two where a heading has another above it; cells are merged as in print."""
        deep = any(each.above for each in self.form.headings)
        position = 0
        while position <= self.last:
            heading = self.form.headings[position]
            self.sheet.set_column(position, position, heading.width)
            end = position
            if heading.above:
                while end < self.last and self.form.headings[end + 1].above == heading.above:
                    end += 1
                self._merge(self.row, position, self.row, end, heading.above)
                for place in range(position, end + 1):
                    self.sheet.write_string(self.row + 1, place, self.form.headings[place].text, self.boxed)
            elif deep:
                self._merge(self.row, position, self.row + 1, position, heading.text)
            else:
                self.sheet.write_string(self.row, position, heading.text, self.boxed)
            position = end + 1
        self._count("header", 2 if deep else 1)
        self.row += 2 if deep else 1
        if self.form.numbered:
            for place in range(self.last + 1):
                self.sheet.write_string(self.row, place, f"({place + 1})", self.boxed)
            self._count("number_row")
            self.row += 1

    def _merge(self, top: int, left: int, bottom: int, right: int, text: str) -> None:
        if (top, left) == (bottom, right):
            self.sheet.write_string(top, left, text, self.boxed)
        else:
            self.sheet.merge_range(top, left, bottom, right, text, self.boxed)

    def section(self, number: str, text: str) -> None:
        """A heading between rows."""
        self.sheet.write_string(self.row, 0, number, self.bold)
        self.sheet.write_string(self.row, 1, text, self.bold)
        self._count("section")
        self.row += 1

    def record(self, number: int, record: Record) -> int:
        """Write a row; returns its number."""
        for place, heading in enumerate(self.form.headings):
            if heading.name is None:
                if place == 0:
                    self.sheet.write_number(self.row, place, number)
                continue
            column = self.declaration.columns[heading.name]
            value = _cell(record, column)
            if isinstance(value, datetime.date):
                self.sheet.write_datetime(self.row, place, value, self.day)
            elif column.type is PartialDate and value is not None and value.count("/") == 2:
                day, month, year = map(int, value.split("/"))
                self.sheet.write_datetime(self.row, place, datetime.date(year, month, day), self.day)
            elif column.type is CitizenId and isinstance(value, int):
                self.sheet.write_number(self.row, place, value)
            elif isinstance(value, Decimal | int):
                self.sheet.write_number(self.row, place, float(value))
            elif value == "#DIV/0!":
                self.sheet.write_formula(self.row, place, "=1/0", None, value)
            elif value is not None:
                self.sheet.write_string(self.row, place, value)
        self.row += 1
        return self.row

    def ending(self, records: Sequence[Record]) -> None:
        """The total, notes and the signature block."""
        if self.form.total_of:
            self.sheet.merge_range(self.row, 0, self.row, 1, "Tổng cộng", self.bold)
            place = [each.name for each in self.form.headings].index(self.form.total_of)
            total = sum(record.values[self.form.total_of] or 0 for record in records)
            self.sheet.write_number(self.row, place, float(total), self.bold)
            self._count("total")
            self.row += 2
        for text in (*self.form.notes, *self.form.signature):
            place = 0 if text in self.form.notes else max(self.last - 3, 0)
            self.sheet.write_string(self.row, place, text)
            self._count("note")
            self.row += 1


def write_form(path: Path, declaration: Declaration, form: Form, records: Sequence[Record]) -> Written:
    """A printed form as a workbook. Sections start at the rows whose commune is not below their code."""
    writer = _FormWriter(path, declaration, form)
    writer.letterhead()
    writer.header()
    rows: list[int] = []
    sections = list(form.sections)
    for number, record in enumerate(records, start=1):
        while sections and record.values["commune"] >= sections[0][0]:
            writer.section("I" * (len(form.sections) - len(sections) + 1), sections.pop(0)[1])
        rows.append(writer.record(number, record))
    writer.ending(records)
    writer.book.close()
    return Written(form.sheet, rows, writer.layout_rows)
