"""The receipt of a submission, in its dataset's folder: a workbook, a page to print, and the same as JSON.

Belongs here: writing each so that it appears whole or not at all. Does not belong here: deciding anything about the
submission; a receipt is made from ledger, vault and archive alone, so that it can be made again after a crash.
"""

from __future__ import annotations

from pathlib import Path

from orchestration.files import replacing
from orchestration.intake.ledger import Submission
from orchestration.intake.receipts.html_page import write_page
from orchestration.intake.receipts.names import NOTE, RECEIPT_MARK, receipt_stem
from orchestration.intake.receipts.report import write_report
from orchestration.intake.receipts.summary import summarise
from orchestration.intake.receipts.workbook import write_workbook
from orchestration.settings import Settings
from schemas import Declaration


def write_receipt(settings: Settings, declaration: Declaration, submission: Submission) -> list[Path]:
    """Write workbook, page and JSON of a submission and return their paths. The same submission, the same files.

    Whoever may enter the receipts' folder may read them: files take the folder's permissions.
    """
    workbook, page, report = paths = receipt_files(settings, declaration, submission)
    folder = workbook.parent
    folder.mkdir(parents=True, exist_ok=True)
    mode = folder.stat().st_mode & 0o666
    summary = summarise(settings, declaration, submission)
    with replacing(workbook, mode=mode) as temporary:
        steps = write_workbook(settings, summary, temporary)
    with replacing(page, mode=mode) as temporary:
        write_page(summary, steps, workbook.name, temporary)
    with replacing(report, mode=mode) as temporary:
        write_report(settings, summary, temporary)
    return paths


def receipt_files(settings: Settings, declaration: Declaration, submission: Submission) -> list[Path]:
    """Where workbook, page and JSON of a submission lie, or will."""
    folder = settings.receipts(declaration.path)
    return [folder / (receipt_stem(submission) + ending) for ending in (".xlsx", ".html", ".json")]


def remove_halves(settings: Settings, declaration: Declaration) -> None:
    """Remove halves of receipts and notes that a killed run left in the officers' folder, while none is written."""
    folder = settings.receipts(declaration.path)
    if folder.is_dir():
        for path in folder.glob(".*.tmp"):
            if RECEIPT_MARK in path.name or NOTE in path.name:
                path.unlink(missing_ok=True)
