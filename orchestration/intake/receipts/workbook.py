"""The receipt's workbook: the officer's own with its bad cells marked, or a new one with the returned rows.

Belongs here: which of the two it is, and putting the sheets together. Does not belong here: what stands in a sheet
(``front_sheet``, ``returned_sheet``), marking (``marked_copy``), text safety (``orchestration/spreadsheet.py``).
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from orchestration.files import private_folder
from orchestration.intake.receipts.changes_sheet import CHANGES_SHEET, write_changes
from orchestration.intake.receipts.evidence import Evidence, Place, evidence_of
from orchestration.intake.receipts.front_sheet import write_front
from orchestration.intake.receipts.marked_copy import (
    DROPPED,
    MOST_COMMENTS,
    Marking,
    plan_marking,
    write_marked_copy,
)
from orchestration.intake.receipts.names import receipt_stem
from orchestration.intake.receipts.returned_sheet import MOST_ROWS, ReturnedSheet, returned_link
from orchestration.intake.receipts.sentences import next_steps
from orchestration.intake.receipts.styles import Styles
from orchestration.intake.receipts.summary import Summary
from orchestration.intake.wording import ERRORS, FRONT_SHEET, RETURNED_SHEET, Words, count_vi
from orchestration.settings import Settings
from orchestration.spreadsheet import stamp_cells, workbook, write_stamp

Links = Mapping[tuple[str, int, int], str]
NOT_CARRIED_OVER = Words(
    f"Không chép sang bản này: {DROPPED.vi}. Tệp gốc của bạn vẫn được giữ nguyên từng byte.",
    f"Not carried over into this copy: {DROPPED.en}. Your original is kept byte by byte.",
)
NOT_COPIED = Words(
    "Không chép được cả tệp của bạn để đánh dấu, nên biên nhận này chỉ có các dòng trả lại. Tệp gốc vẫn được giữ "
    "nguyên từng byte.",
    "Your file could not be copied to be marked, so this receipt has the returned rows only. The original is kept.",
)


def write_workbook(settings: Settings, summary: Summary, path: Path) -> list[Words]:
    """Write the receipt's workbook to ``path``; returns the steps that it tells the officer to take.

    What is needed meanwhile lies in a private folder, because it holds restricted values.
    """
    evidence = evidence_of(settings, summary.declaration, summary.submission)
    marking = plan_marking(settings, summary, evidence)
    with tempfile.TemporaryDirectory(dir=private_folder(settings.temporary)) as folder:
        if marking:
            steps = _steps(summary, marked=marking.sheets)
            fronts = _write_fronts(settings, summary, marking, steps, Path(folder))
            if write_marked_copy(settings, summary, marking, fronts, Path(folder), path):
                return steps
        return _write_returned(settings, summary, evidence, [NOT_COPIED] if marking else [], path, folder)


def _steps(summary: Summary, *, shown: int = 0, total: int = 0, marked: Sequence[str] = ()) -> list[Words]:
    earlier = f"{receipt_stem(summary.earlier)}.xlsx" if summary.earlier else ""
    return next_steps(summary, shown=shown, total=total, earlier_receipt=earlier, marked=marked)


def _write_fronts(
    settings: Settings, summary: Summary, marking: Marking, steps: Sequence[Words], folder: Path
) -> tuple[Path, Path]:
    """The receipt's own sheets for a marked copy, without and with the line about what is not carried over."""
    links = {
        (each.sheet, each.row, each.position): marking.link(each.sheet, each.row, each.position)
        for each in summary.reasons
        if each.sheet in marking.plans
    }
    remarks = []
    if marking.marked_cells > MOST_COMMENTS:
        most = count_vi(MOST_COMMENTS)
        remarks.append(
            Words(
                f"{most} ô đầu có ghi chú; các ô tô màu còn lại xem lý do ở cột «{ERRORS}».",
                f"The first {MOST_COMMENTS:,} cells have comments; column '{ERRORS}' has the reasons of all.",
            )
        )
    plain, dropped = folder / "front.xlsx", folder / "front-dropped.xlsx"
    for path, more in ((plain, []), (dropped, [NOT_CARRIED_OVER])):
        with workbook(path, title=_title(summary), created=summary.submission.received_at) as book:
            styles = Styles(book)
            write_front(book.add_worksheet(FRONT_SHEET), styles, summary, steps, links, [*remarks, *more])
            write_changes(settings, summary, styles, book)
    return plain, dropped


def _title(summary: Summary) -> str:
    return f"{FRONT_SHEET} {summary.submission.submission_id}"


def _write_returned(
    settings: Settings, summary: Summary, evidence: Evidence, remarks: Sequence[Words], path: Path, spool: str
) -> list[Words]:
    """A new workbook, written row by row: memory does not grow with the number of returned rows."""
    facts = summary.submission
    whole = facts.rows_read <= settings.marked_whole
    places = evidence.places(MOST_ROWS if whole else min(settings.marked_rows, MOST_ROWS))
    total = evidence.total_returned()
    steps = _steps(summary, shown=len(places), total=total)
    options = {"constant_memory": True, "tmpdir": spool}
    with workbook(path, title=_title(summary), created=facts.received_at, options=options) as book:
        styles = Styles(book)
        write_front(book.add_worksheet(FRONT_SHEET), styles, summary, steps, _links(summary, places), remarks)
        if places:
            ReturnedSheet(book.add_worksheet(RETURNED_SHEET), styles, summary).write(evidence, places, total)
            if summary.declaration.load == "upsert":  # officers may mend that sheet and send this very workbook
                stamp = stamp_cells(
                    summary.declaration, period=facts.period, unit=facts.unit, receipt=facts.submission_id
                )
                ours = f"{FRONT_SHEET}/{CHANGES_SHEET}"
                write_stamp(book, [ours if each is None else each for each in stamp])
        write_changes(settings, summary, styles, book)
    return steps


def _links(summary: Summary, places: Mapping[Place, int]) -> Links:
    """For each reason's example that stands among the returned rows, the cell to jump to."""
    return {
        (each.sheet, each.row, each.position): returned_link(places[each.sheet, each.row], each.position)
        for each in summary.reasons
        if (each.sheet, each.row) in places
    }
