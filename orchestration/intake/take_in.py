"""The way of a file, from the incoming folder to the receipt: archived, judged, recorded, answered.

Exactly once: everything before ``Ledger.record`` can be done again without harm (same bytes, same submission id, same
file names), everything after it is made good by the next run. Does not belong here: what becomes of the file
(``judging``).
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Iterable

from orchestration.errors import place_of
from orchestration.intake.archive import Archived, archive, put_back, remove_incoming
from orchestration.intake.discover import IncomingFile, incoming_files, stable_files
from orchestration.intake.judging import ANYTHING, blank_submission, judge, submission_id
from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.receipts import remove_halves, write_receipt
from orchestration.intake.receipts.left_lying import refresh_note
from orchestration.intake.stage import Stage
from orchestration.locks import lock
from orchestration.settings import Settings
from schemas import Declaration

log = logging.getLogger("kho.intake")

#: Told the name of each file that is about to be taken in.
OnFile = Callable[[str], None]


def take_in_dataset(settings: Settings, declaration: Declaration, on_file: OnFile | None = None) -> list[Submission]:
    """Take in the stable files of a dataset; returns the submissions recorded by this call, oldest first.

    After ``dataset_seconds`` no further file is begun (see :func:`is_waiting`), because other datasets wait. A file
    for which the disk has too little space does not stop the files after it; it is raised at the end, and the file
    stays for the next run. Raises BusyError if another process is taking in this dataset.
    """
    turn_ends = time.monotonic() + settings.dataset_seconds
    ledger = Ledger(settings.ledger)
    with lock(settings, declaration.table), ledger.held_open():
        finish(settings, declaration, ledger)
        taken: list[Submission] = []
        failures: list[OSError] = []
        for incoming in _not_taken_in(settings, declaration, ledger):
            if (taken or failures) and time.monotonic() > turn_ends:
                break
            if on_file:
                on_file(incoming.name)
            try:
                archived = archive(settings, incoming)
                if archived is None:
                    continue  # it changed while it was copied: the next run takes it
                submission = _take_in(settings, declaration, ledger, incoming, archived)
            except OSError as error:
                log.error("a file of %s stays in incoming/: %s", declaration.path, error.strerror or place_of(error))
                failures.append(error)
                continue
            if submission:
                taken.append(submission)
        refresh_note(settings, declaration)
        if failures:
            raise failures[0]
        return taken


def is_waiting(settings: Settings, declaration: Declaration) -> bool:
    """Whether files of a dataset are ready that were not taken in yet."""
    return bool(_not_taken_in(settings, declaration, Ledger(settings.ledger)))


def _not_taken_in(settings: Settings, declaration: Declaration, ledger: Ledger) -> list[IncomingFile]:
    """Stable files without those that were taken in before, but that the folder does not let be removed."""
    done = {(each.file_identity, each.file_name) for each in ledger.not_removed(declaration.path)}
    return [each for each in stable_files(settings, declaration.path) if (each.identity, each.name) not in done]


def finish(settings: Settings, declaration: Declaration, ledger: Ledger) -> None:
    """Complete what a crash after the commit left undone: receipts to write, incoming files to remove."""
    committed = {(each.file_identity, each.file_name) for each in ledger.not_removed(declaration.path)}
    put_back(settings.incoming(declaration.path), committed)
    remove_halves(settings, declaration)
    for submission in ledger.without_receipt(declaration.path):
        hand_out_receipt(settings, declaration, ledger, submission)
    files = incoming_files(settings, declaration.path)
    for submission in ledger.not_removed(declaration.path):
        _remove(ledger, submission, files)


def hand_out_receipt(settings: Settings, declaration: Declaration, ledger: Ledger, submission: Submission) -> None:
    """Write a receipt. One that cannot be written keeps no other file waiting: the next run tries again."""
    try:
        write_receipt(settings, declaration, submission)
    except ANYTHING as error:
        log.error("%s: no receipt: %s", submission.submission_id, place_of(error))
    else:
        ledger.mark_receipt(submission.submission_id)


def _remove(ledger: Ledger, submission: Submission, files: Iterable[IncomingFile]) -> None:
    """Remove the incoming file of a committed submission, if it is one of these and still the same."""
    try:
        for incoming in files:
            if (incoming.identity, incoming.name) == (submission.file_identity, submission.file_name):
                remove_incoming(incoming.path, incoming.identity)
    except OSError as error:
        log.error("%s: its file stays in incoming/: %s", submission.submission_id, error.strerror)
    else:
        ledger.mark_removed(submission.submission_id)


def _take_in(
    settings: Settings, declaration: Declaration, ledger: Ledger, incoming: IncomingFile, archived: Archived
) -> Submission | None:
    attempt = ledger.times_seen(declaration.path, archived.sha256)
    submission = blank_submission(
        declaration, archived, settings.clock(), submission_id(declaration, archived.sha256, attempt)
    )
    submission, stage = judge(settings, declaration, ledger, archived.path, submission)
    written, fresh = commit(settings, declaration, ledger, submission, stage)
    _remove(ledger, written, [incoming])
    return written if fresh else None


def commit(
    settings: Settings, declaration: Declaration, ledger: Ledger, submission: Submission, stage: Stage | None
) -> tuple[Submission, bool]:
    """Keep the files of a submission, record it, hand out its receipt; False if it had been recorded before."""
    try:
        if stage:
            stage.keep()
        fresh = ledger.record(submission)  # the commit
    finally:
        if stage:
            stage.discard()
    written = ledger.get(submission.submission_id)
    assert written is not None
    hand_out_receipt(settings, declaration, ledger, written)
    return written, fresh


def sweep(settings: Settings) -> None:
    """Remove what killed runs left half made. Only while no intake is running."""
    half_made = (
        each for folder in (settings.archive, settings.bronze, settings.dbt_target) for each in folder.rglob(".*.tmp")
    )
    for left in (*settings.temporary.glob("*"), *half_made):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)
