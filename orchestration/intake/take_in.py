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
from orchestration.intake.archive import archive, put_back, remove_incoming
from orchestration.intake.discover import IncomingFile, incoming_files, stable_files
from orchestration.intake.judging import (
    ANYTHING,
    blank_submission,
    decide,
    look_into,
    still_holds,
    submission_id,
)
from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.receipts import remove_halves, write_receipt
from orchestration.intake.receipts.left_lying import refresh_note
from orchestration.intake.stage import Stage
from orchestration.intake.workers import Workers
from orchestration.locks import lock
from orchestration.settings import Settings
from schemas import Declaration

log = logging.getLogger("kho.intake")

#: Told the name of each file that is about to be taken in.
OnFile = Callable[[str], None]


def take_in_dataset(
    settings: Settings, declaration: Declaration, on_file: OnFile | None = None, workers: Workers | None = None
) -> list[Submission]:
    """Take in the stable files of a dataset; returns the submissions recorded by this call, oldest first.

    After ``dataset_seconds`` no further file is begun (see :func:`is_waiting`), because other datasets wait. A file
    for which the disk has too little space does not stop the files after it; it is raised at the end, and the file
    stays for the next run. ``workers``: of the run that this is a part of. Raises BusyError if another process is
    taking in this dataset.
    """
    ledger = Ledger(settings.ledger)
    with lock(settings, declaration.table), ledger.held_open():
        finish(settings, declaration, ledger)
        taken: list[Submission] = []
        try:
            failures = _take_in_all(settings, declaration, ledger, taken, on_file, workers)
        finally:
            if workers:
                workers.leave(declaration)
        refresh_note(settings, declaration)
        if failures:
            raise failures[0]
        return taken


def _take_in_all(
    settings: Settings,
    declaration: Declaration,
    ledger: Ledger,
    taken: list[Submission],
    on_file: OnFile | None,
    workers: Workers | None,
) -> list[OSError]:
    """Add what is recorded to ``taken``; returns why files stay where they are."""
    turn_ends = time.monotonic() + settings.dataset_seconds
    failures: list[OSError] = []
    for incoming in _not_taken_in(settings, declaration, ledger):
        if (taken or failures) and time.monotonic() > turn_ends:
            break
        if on_file:
            on_file(incoming.name)
        try:
            submission = _take_in(settings, declaration, ledger, incoming, workers)
        except OSError as error:
            log.error("a file of %s stays in incoming/: %s", declaration.path, error.strerror or place_of(error))
            failures.append(error)
            continue
        if submission:
            taken.append(submission)
    return failures


def workers_for(settings: Settings, declarations: Iterable[Declaration]) -> Workers:
    """The workers of a run that takes in these datasets, one after the other in this order."""
    ledger = Ledger(settings.ledger)
    return Workers(settings, [(each, file) for each in declarations for file in _not_taken_in(settings, each, ledger)])


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
        _note_receipt(ledger, submission, error)
    else:
        _note_receipt(ledger, submission, None)


def _note_receipt(ledger: Ledger, submission: Submission, error: BaseException | None) -> None:
    if error:
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
    settings: Settings, declaration: Declaration, ledger: Ledger, incoming: IncomingFile, workers: Workers | None
) -> Submission | None:
    """The submission of a file; None where it changed while it was copied (the next run takes it), or is known."""
    ahead = workers.looked_into(declaration, incoming) if workers else None
    archived = ahead.archived if ahead else archive(settings, incoming)
    if archived is None:
        return None
    attempt = ledger.times_seen(declaration.path, archived.sha256)
    identifier = submission_id(declaration, archived.sha256, attempt)
    looked = ahead.looked if ahead else None
    if not (looked and looked.submission.submission_id == identifier and still_holds(ledger, looked)):
        if looked:
            looked.discard()
        received_at = ahead.received_at if ahead else settings.clock()
        blank = blank_submission(declaration, archived, received_at, identifier)
        looked = look_into(settings, declaration, ledger, archived.path, blank)
    submission, stage = decide(settings, declaration, ledger, looked)
    written, fresh = _record(ledger, submission, stage)

    def answered(error: BaseException | None) -> None:
        _note_receipt(ledger, written, error)
        _remove(ledger, written, [incoming])

    if not (workers and workers.write_receipt(declaration, written, answered)):
        hand_out_receipt(settings, declaration, ledger, written)
        _remove(ledger, written, [incoming])
    return written if fresh else None


def commit(
    settings: Settings, declaration: Declaration, ledger: Ledger, submission: Submission, stage: Stage | None
) -> tuple[Submission, bool]:
    """Keep the files of a submission, record it, hand out its receipt; False if it had been recorded before."""
    written, fresh = _record(ledger, submission, stage)
    hand_out_receipt(settings, declaration, ledger, written)
    return written, fresh


def _record(ledger: Ledger, submission: Submission, stage: Stage | None) -> tuple[Submission, bool]:
    """Keep its files and record it; as it stands in the ledger, and whether this recorded it."""
    try:
        if stage:
            stage.keep()
        fresh = ledger.record(submission)  # the commit
    finally:
        if stage:
            stage.discard()
    written = ledger.get(submission.submission_id)
    assert written is not None
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
