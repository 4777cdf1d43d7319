"""The receipt's first sheet: verdict, counts, what to do next, reasons, facts of the file.

Belongs here: the order of the page that an officer reads first. Does not belong here: its sentences (``sentences``),
the layout of its blocks (``page``) and the returned rows (``returned_sheet``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orchestration.intake.receipts.course import course_sections
from orchestration.intake.receipts.page import WIDTHS, Page
from orchestration.intake.receipts.sentences import count_labels, verdict
from orchestration.intake.receipts.styles import VERDICT_TONES, Styles
from orchestration.intake.receipts.summary import Counted, Summary, vietnam_time
from orchestration.intake.wording import Words, count_vi
from orchestration.spreadsheet import LINE_HEIGHT, SMALL, set_page, text_lines


def write_front(
    sheet: Any,
    styles: Styles,
    summary: Summary,
    steps: Sequence[Words],
    links: Mapping[tuple[str, int, int], str],
    remarks: Sequence[Words] = (),
) -> None:
    """Fill the first sheet. ``links``: where an example cell stands in this workbook. ``remarks``: about this workbook
    itself, below the steps.
    """
    page = Page(sheet, styles, links)
    _heading(page, summary)
    _rows(page, summary)
    page.section(Words("Việc cần làm tiếp theo", "What to do next"))
    for number, step in enumerate(steps, 1):
        page.step(f"{number}." if len(steps) > 1 else "", step)
    for remark in remarks:
        page.step("•", remark)
    _notices(page, summary, "error", Words("Lý do đối với cả tệp", "Why, for the whole file"))
    _reasons(page, summary, "error", Words("Lỗi phải sửa", "Errors to mend"))
    _reasons(
        page, summary, "warning", Words("Lưu ý về số liệu, không bị trả lại", "Warnings; no row is returned for these")
    )
    _notices(page, summary, "warning", Words("Lưu ý về cả tệp", "Warnings about the whole file"))
    for heading, lines in course_sections(summary.declaration, summary.submission, summary.course):
        page.section(heading)
        for label, said in lines:
            page.fact(label, said.vi, said.en)
    _file(page, summary)
    sheet.hide_gridlines(2)
    set_page(sheet, footer=summary.submission.submission_id)


def _heading(page: Page, summary: Summary) -> None:
    styles, sentence = page.styles, verdict(summary)
    tone = VERDICT_TONES[summary.submission.verdict]
    page.line("BIÊN NHẬN DỮ LIỆU", styles.title, height=28)
    period = f", {summary.period.vi}" if summary.submission.period else ""
    page.line(f"{summary.declaration.title}{period}  ·  Data receipt", styles.subtitle, height=16)
    width = sum(WIDTHS) / 1.5  # the banner's letters are half as wide again
    page.line(sentence.vi, styles.banner[tone], height=20 * text_lines(sentence.vi, width) + 12)
    page.line(
        sentence.en, styles.banner_english[tone], height=LINE_HEIGHT * text_lines(sentence.en, sum(WIDTHS), SMALL) + 5
    )


def _rows(page: Page, summary: Summary) -> None:
    if not summary.submission.rows_read:
        return
    page.section(Words("Số dòng", "Rows"))
    page.counts(count_labels(summary))
    for label, counted in (
        (Words("Bỏ qua gồm", "Ignored"), summary.ignored),
        (Words("Đã chuẩn hóa, giữ nghĩa", "Normalised"), summary.mended),
    ):
        if counted:
            words = _list(counted)
            page.fact(label, words.vi, words.en)


def _notices(page: Page, summary: Summary, severity: str, heading: Words) -> None:
    notices = [each for each in summary.notices if each.severity == severity]
    if not notices:
        return
    page.section(heading)
    for notice in notices:
        page.notice(notice)


def _reasons(page: Page, summary: Summary, severity: str, heading: Words) -> None:
    reasons = summary.of_severity(severity)
    if not reasons:
        return
    page.section(heading)
    page.heads(
        Words("Mức", "Severity"),
        Words("Cột", "Column"),
        Words("Lý do", "Reason"),
        Words("Số lần", "Count"),
        Words("Ví dụ", "Example"),
        Words("Cách sửa", "How to mend"),
    )
    for reason in reasons:
        page.reason(reason)


def _file(page: Page, summary: Summary) -> None:
    facts = summary.submission
    received = vietnam_time(facts.received_at)
    page.section(Words("Thông tin tệp", "The file"))
    page.fact(Words("Tên tệp", "File"), facts.file_name)
    page.fact(Words("Bộ dữ liệu", "Dataset"), summary.declaration.title, summary.declaration.path)
    page.fact(Words("Đơn vị", "Unit"), summary.unit.vi, summary.unit.en)
    source = summary.period_source
    page.fact(
        Words("Kỳ báo cáo", "Period"),
        summary.period.vi + (f" – {source.vi}" if source else ""),
        summary.period.en + (f", {source.en}" if source else ""),
    )
    page.fact(Words("Nhận lúc", "Received"), received.vi, received.en)
    if summary.replaced is not None:
        when = vietnam_time(summary.replaced.received_at)
        page.fact(Words("Thay thế", "Replaces"), f"lần gửi lúc {when.vi}", f"the file received {when.en}")
    page.fact(Words("Mã biên nhận", "Receipt no."), facts.submission_id)


def _list(counted: Sequence[Counted]) -> Words:
    return Words(
        "; ".join(f"{count_vi(each.count)} {each.words.vi}" for each in counted),
        "; ".join(f"{each.count:,} {each.words.en}" for each in counted),
    )
