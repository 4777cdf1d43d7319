"""The receipt's second sheet: the returned rows with their bad cells marked, ready to be mended and sent back.

Belongs here: the layout of that sheet. Its header row has the file's own headers, so that the intake recognises the
sheet when an officer sends it in; nothing below the header is anything but a returned row. Does not belong here:
reading the vault (``evidence``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from orchestration.intake.receipts.evidence import Evidence, Finding, Place
from orchestration.intake.receipts.remarks import Remarks, tone
from orchestration.intake.receipts.styles import Styles
from orchestration.intake.receipts.summary import Summary, cell_name
from orchestration.intake.wording import ERRORS, RETURNED_SHEET, SOURCE_ROW, SOURCE_SHEET, count_vi
from orchestration.spreadsheet import LINE_HEIGHT, comment_text, plain_text, set_page, text_lines

#: Rows above the first returned row: a note and the header. Columns before the file's own: sheet and row number.
TOP, LEFT = 2, 2
#: Excel has 1,048,576 rows and 16,384 columns.
MOST_ROWS, MOST_COLUMNS = 1_048_000, 16_300
#: Widths in characters of the added columns, and the least and most of the file's own.
SHEET_WIDTH, ROW_WIDTH, ERRORS_WIDTH, LEAST, MOST = 14, 9, 70, 9, 34
#: Rows that are looked at to choose the columns' widths.
SAMPLE = 200


def returned_link(index: int, position: int) -> str:
    """Link to the ``index``-th returned row, at a source column (-1: at its row number)."""
    return f"internal:'{RETURNED_SHEET}'!{cell_name(index + TOP + 1, LEFT + position if position >= 0 else 1)}"


class ReturnedSheet:
    """Writes the sheet row by row."""

    def __init__(self, sheet: Any, styles: Styles, summary: Summary) -> None:
        self.sheet, self.styles, self.summary = sheet, styles, summary
        self.remarks = Remarks(summary.declaration)
        self.widths: list[int] = []
        self.width = 0

    def write(self, evidence: Evidence, places: dict[Place, int], total: int) -> None:
        """Write the rows that stand at ``places``; ``total`` rows were returned in all."""
        findings = evidence.findings_at(places)
        for index, (place, cells) in enumerate(evidence.returned_rows(len(places))):
            if index == 0:
                self._head(len(cells), len(places), total)
            self._row(index + TOP, place, cells[: self.width], findings.get(place, []))
        self._layout(len(places))

    def _head(self, cells: int, shown: int, total: int) -> None:
        headers = self.summary.submission.details.get("headers", [])
        self.width = min(cells, MOST_COLUMNS)
        own = [headers[position] if position < len(headers) else "" for position in range(self.width)]
        self.widths = [min(MOST, max(LEAST, *(len(word) + 1 for word in header.split() or [""]))) for header in own]
        note = "Sửa các ô tô màu (ô đỏ: lỗi, ô vàng: lưu ý); di chuột vào ô để xem lý do và cách sửa."
        if total > shown:
            note += f" Trang này có {count_vi(shown)} dòng đầu trong tổng số {count_vi(total)} dòng trả lại."
        lines = max(text_lines(header, 0.8 * width) for header, width in zip(own, self.widths, strict=True))
        self.sheet.set_row(0, 20)
        self.sheet.set_row(TOP - 1, 8 + LINE_HEIGHT * min(4, lines))
        self.sheet.write_string(0, 0, note, self.styles.note)
        for column, header in enumerate([SOURCE_SHEET, SOURCE_ROW, *own, ERRORS]):
            self.sheet.write_string(TOP - 1, column, plain_text(header), self.styles.returned_head)

    def _row(self, row: int, place: Place, cells: Sequence[str | None], findings: Iterable[Finding]) -> None:
        sheet, styles = self.sheet, self.styles
        by_position: dict[int, list[Finding]] = {}
        for finding in findings:
            shown = finding.position if 0 <= finding.position < self.width else -1
            by_position.setdefault(shown, []).append(finding)
        sheet.write_string(row, 0, plain_text(place[0]), styles.place)
        sheet.write_string(row, 1, str(place[1]), styles.place)
        for position, cell in enumerate(cells):
            marks = by_position.get(position)
            if not cell and not marks:
                continue  # the column's own style shows an empty cell
            text = plain_text(cell or "")
            sheet.write_string(row, LEFT + position, text, styles.marked[tone(marks)] if marks else styles.text)
            if row < TOP + SAMPLE:
                self.widths[position] = min(MOST, max(self.widths[position], len(text) + 2))
        for position, marks in by_position.items():
            column = LEFT + position if position >= 0 else 1
            if position < 0:
                sheet.write_string(row, column, str(place[1]), styles.marked[tone(marks)])
            self._comment(row, column, marks)
        self._reasons(row, [each for position in sorted(by_position) for each in by_position[position]])

    def _reasons(self, row: int, findings: Sequence[Finding]) -> None:
        text = self.remarks.at_row(findings)
        self.sheet.set_row(row, 3 + LINE_HEIGHT * text_lines(text, ERRORS_WIDTH))
        self.sheet.write_string(row, LEFT + self.width, plain_text(text), self.styles.errors[tone(findings)])

    def _comment(self, row: int, column: int, findings: Sequence[Finding]) -> None:
        text = comment_text("\n\n".join(self.remarks.at_cell(each) for each in findings))
        options = {"author": "kho", "font_size": 9, "width": 300, "height": 15 * (text_lines(text, 48) + 1)}
        self.sheet.write_comment(row, column, text, options)

    def _layout(self, shown: int) -> None:
        sheet, last = self.sheet, LEFT + self.width
        sheet.set_column(0, 0, SHEET_WIDTH)
        sheet.set_column(1, 1, ROW_WIDTH)
        for position, width in enumerate(self.widths):
            sheet.set_column(LEFT + position, LEFT + position, width, self.styles.text_column)
        sheet.set_column(last, last, ERRORS_WIDTH)
        sheet.freeze_panes(TOP, LEFT)
        sheet.autofilter(TOP - 1, 0, TOP - 1 + shown, last)
        sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        sheet.repeat_rows(TOP - 1)
        set_page(sheet, footer=self.summary.submission.submission_id)
