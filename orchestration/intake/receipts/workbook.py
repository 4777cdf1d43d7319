"""The receipt's workbook: which sheets it has, and what is known before the first is written.

Belongs here: putting the sheets together. Does not belong here: what stands in a sheet (``front_sheet``,
``returned_sheet``), text safety (``orchestration/spreadsheet.py``).
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from orchestration.files import private_folder
from orchestration.intake.receipts.changes_sheet import write_changes
from orchestration.intake.receipts.evidence import Place, evidence_of
from orchestration.intake.receipts.front_sheet import FRONT_SHEET, write_front
from orchestration.intake.receipts.names import receipt_stem
from orchestration.intake.receipts.returned_sheet import MOST_ROWS, ReturnedSheet, returned_link
from orchestration.intake.receipts.sentences import next_steps
from orchestration.intake.receipts.styles import Styles
from orchestration.intake.receipts.summary import Summary
from orchestration.intake.wording import RETURNED_SHEET
from orchestration.settings import Settings
from orchestration.spreadsheet import workbook, write_stamp


def write_workbook(settings: Settings, summary: Summary, path: Path) -> None:
    """Write the receipt's workbook to ``path``, row by row: memory does not grow with the returned rows' number.

    Sheets are spooled to disk meanwhile; that happens in a private folder, because they hold restricted values.
    """
    facts = summary.submission
    evidence = evidence_of(settings, summary.declaration, facts)
    whole = summary.submission.rows_read <= settings.marked_whole
    places = evidence.places(MOST_ROWS if whole else min(settings.marked_rows, MOST_ROWS))
    total = evidence.total_returned()
    earlier = f"{receipt_stem(summary.earlier)}.xlsx" if summary.earlier else ""
    steps = next_steps(summary, shown=len(places), total=total, earlier_receipt=earlier)
    with (
        tempfile.TemporaryDirectory(dir=private_folder(settings.temporary)) as spool,
        workbook(
            path,
            title=f"Biên nhận {facts.submission_id}",
            created=facts.received_at,
            options={"constant_memory": True, "tmpdir": spool},
        ) as book,
    ):
        styles = Styles(book)
        write_front(book.add_worksheet(FRONT_SHEET), styles, summary, steps, _links(summary, places))
        if places:
            ReturnedSheet(book.add_worksheet(RETURNED_SHEET), styles, summary).write(evidence, places, total)
            if summary.declaration.load == "upsert":  # officers may mend that sheet and send this very workbook
                write_stamp(book, summary.declaration, period=facts.period, unit=facts.unit)
        write_changes(settings, summary, styles, book)


def _links(summary: Summary, places: Mapping[Place, int]) -> dict[tuple[str, int, int], str]:
    """For each reason's example that stands among the returned rows, the cell to jump to."""
    return {
        (each.sheet, each.row, each.position): returned_link(places[each.sheet, each.row], each.position)
        for each in summary.reasons
        if (each.sheet, each.row) in places
    }
