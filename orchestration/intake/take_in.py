"""The way of a file, from the incoming folder to the receipt. This module alone knows the order of its steps.

Exactly once: everything before ``Ledger.record`` can be done again without harm (same bytes, same submission id, same
file names), everything after it is made good by the next run. A bad file becomes a refused submission with a receipt;
only a full disk or a lost folder raises.
"""

from __future__ import annotations

import datetime
import hashlib
import logging
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from orchestration.errors import place_of
from orchestration.files import private_folder
from orchestration.intake import vault_files
from orchestration.intake.archive import Archived, archive, archived_file, put_back, remove_incoming
from orchestration.intake.bronze import vault_file
from orchestration.intake.comparison import compare
from orchestration.intake.deadlines import days_late
from orchestration.intake.discover import IncomingFile, identity_of, incoming_files, stable_files
from orchestration.intake.examine import Examination, Examined
from orchestration.intake.findings import no_findings
from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.mappings import Confirmed, HeaderMappings
from orchestration.intake.pseudonyms import Pseudonymiser, pseudonym_key
from orchestration.intake.readers import UnreadableError, open_document
from orchestration.intake.receipts import remove_halves, write_receipt
from orchestration.intake.receipts.left_lying import refresh_note
from orchestration.intake.receipts.report import write_report
from orchestration.intake.receipts.summary import summarise
from orchestration.intake.recognition import Recognised, RefusedError, recognise
from orchestration.intake.sheets import sheet_notices
from orchestration.intake.stage import Stage
from orchestration.intake.time_limit import TimeLimitError, time_limit
from orchestration.intake.verdict import refused, verdict
from orchestration.locks import lock
from orchestration.settings import Settings
from schemas import Declaration, file_rules

log = logging.getLogger("kho.intake")

#: Everything but the wish to end this process: polars' panics are no Exceptions.
_ANYTHING = (Exception, pl.exceptions.PanicException)
#: Told the name of each file that is about to be taken in.
OnFile = Callable[[str], None]


@dataclass(frozen=True)
class Checked:
    """What would become of a file: the submission as it would be recorded, its findings and returned rows."""

    submission: Submission
    findings: pl.DataFrame


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
    except _ANYTHING as error:
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
    submission = _blank(declaration, archived, settings.clock(), submission_id(declaration, archived.sha256, attempt))
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


def submission_id(declaration: Declaration, sha256: str, attempt: int) -> str:
    """Sixteen hex digits, the same however often an interrupted intake is begun again."""
    return hashlib.sha256(f"{declaration.path}\n{sha256}\n{attempt}".encode()).hexdigest()[:16]


def _blank(declaration: Declaration, archived: Archived, received_at: datetime.datetime, identifier: str) -> Submission:
    return Submission(
        submission_id=identifier,
        department=declaration.department,
        dataset=declaration.path,
        load=declaration.load,
        file_name=archived.name,
        file_sha256=archived.sha256,
        file_bytes=archived.size,
        file_identity=archived.identity,
        received_at=received_at,
        verdict="refused",
    )


def judge(
    settings: Settings,
    declaration: Declaration,
    ledger: Ledger,
    path: Path,
    submission: Submission,
    *,
    arrived_at: datetime.datetime | None = None,
    confirmed: Confirmed | None = None,
) -> tuple[Submission, Stage | None]:
    """Examine a file and decide what becomes of it. The stage is None where no row of it is worth keeping.

    arrived_at: of a file that is judged again; its dates and its lateness are those of that day. confirmed:
    headers whose meaning was confirmed; by default those of the ledger, as of now.
    """
    arrived_at = arrived_at or submission.received_at
    if confirmed is None:
        confirmed = HeaderMappings(settings.ledger).confirmed(declaration.path)
    stage: Stage | None = None
    try:
        with time_limit(settings.file_seconds), open_document(settings, path) as document:
            sheets = [each.name for each in document.sheets]
            details = {**submission.details, "file_kind": document.kind, "sheets": sheets}
            submission = replace(submission, details={**details, "notices": sheet_notices(document)})
            recognised = recognise(settings, declaration, document, submission.file_name, confirmed)
            submission = _with_recognition(declaration, submission, recognised, arrived_at, confirmed)
            same = _same_bytes(ledger, submission)
            if same:
                details = {**submission.details, "notices": [], "duplicate_of": same.submission_id}
                return replace(submission, verdict="duplicate", details=details), None
            stage = Stage(settings, declaration, submission.submission_id, recognised.width)
            keyed = Pseudonymiser(pseudonym_key(settings))
            examined = Examination(
                settings, declaration, recognised, stage, arrived_at, keyed, waivers=waived_rules(submission)
            ).run()
            return verdict(settings, declaration, ledger, submission, examined, stage), stage
    except TimeLimitError:
        log.warning("%s: not examined within %g s", submission.submission_id, settings.file_seconds)
        notices = [{"rule": file_rules.FILE_LIMITS, "title": "", "limit": ""}]
    except RefusedError as error:
        notices = error.notices
    except UnreadableError as unreadable:
        log.warning("%s: %s", submission.submission_id, unreadable)
        notices = unreadable.notices()
    except (OSError, sqlite3.Error):
        if stage:
            stage.discard()
        raise  # a full disk, a lost folder, a locked ledger are no fault of the file: leave it for the next run
    except _ANYTHING as error:
        log.error("%s: %s", submission.submission_id, place_of(error))
        notices = [{"rule": file_rules.INTERNAL, "title": "", "limit": ""}]
    if stage:
        stage.discard()
    return refused(submission, *notices), None


def _with_recognition(
    declaration: Declaration,
    submission: Submission,
    recognised: Recognised,
    arrived_at: datetime.datetime,
    confirmed: Confirmed,
) -> Submission:
    layout = recognised.layout
    late = days_late(declaration, recognised.period.end, arrived_at)
    notices = [*recognised.notices, *([{"rule": file_rules.LATE, "title": "", "limit": str(late)}] if late else [])]
    return replace(
        submission,
        unit=recognised.unit,
        period=recognised.period.label,
        period_start=recognised.period.start,
        period_end=recognised.period.end,
        days_late=late,
        details={
            **submission.details,
            "period_source": recognised.period_source,
            "headers": list(layout.headers),
            "columns": layout.columns,
            "sheets": [sheet.name for sheet, _ in recognised.tables],
            "header_rows": {
                sheet.name: [layout.first_header_row, layout.last_header_row] for sheet, layout in recognised.tables
            },
            "notices": notices,
            **({"mappings_until": confirmed.last} if confirmed.last else {}),
        },
    )


def _same_bytes(ledger: Ledger, submission: Submission) -> Submission | None:
    """The submission that already holds exactly these bytes for this unit and period, if nothing newer replaced it."""
    newest = ledger.newest_kept(
        submission.dataset, submission.unit, submission.period, apart_from=submission.replays or ""
    )
    return newest if newest and newest.file_sha256 == submission.file_sha256 else None


def waived_rules(submission: Submission) -> frozenset[str]:
    """The rules to which an engineer accepted an exception for this submission."""
    return frozenset(each["rule"] for each in submission.details.get("waivers", []))


def check_file(settings: Settings, declaration: Declaration, path: Path, report: Path | None = None) -> Checked:
    """Examine a file as the intake would, and store nothing; ``report``: where to write the receipt's JSON."""
    facts = path.stat()
    with path.open("rb") as source:
        digest = hashlib.file_digest(source, "sha256").hexdigest()
    archived = Archived(path, digest, facts.st_size, identity_of(facts), path.name)
    with tempfile.TemporaryDirectory(prefix="kho-check-") as scratch:
        apart = settings.model_copy(update={"home": Path(scratch)})
        blank = _blank(declaration, archived, settings.clock(), submission_id(declaration, digest, 0))
        confirmed = HeaderMappings(settings.ledger).confirmed(declaration.path)
        submission, stage = judge(apart, declaration, Ledger(apart.ledger), path, blank, confirmed=confirmed)
        if stage:
            stage.keep()
        if report:
            write_report(apart, summarise(apart, declaration, submission), report)
        file = vault_file(apart, declaration, submission.submission_id, "findings")
        return Checked(submission, vault_files.read(apart, file) if file.exists() else no_findings())


def retake(settings: Settings, declaration: Declaration, submission: Submission) -> Examined | None:
    """Make bronze and vault of a recorded submission anew from the archive, as of the day on which its file arrived.

    Its waivers and the headers that were confirmed by then hold, and its changes are made anew against the submissions
    that they were found against. Returns the counts found now, to be compared with the ledger's; None where the
    archived file is gone or refused.
    """
    path = archived_file(settings, submission.file_sha256)
    if not path.exists():
        return None
    arrived_at = arrival(Ledger(settings.ledger), submission)
    with lock(settings, declaration.table):
        private_folder(settings.temporary)
        until = submission.details.get("mappings_until", 0)
        confirmed = HeaderMappings(settings.ledger).confirmed(declaration.path, until=until)
        stage: Stage | None = None
        try:
            with open_document(settings, path) as document:
                recognised = recognise(settings, declaration, document, submission.file_name, confirmed)
                stage = Stage(settings, declaration, submission.submission_id, recognised.width)
                keyed = Pseudonymiser(pseudonym_key(settings))
                examined = Examination(
                    settings, declaration, recognised, stage, arrived_at, keyed, waivers=waived_rules(submission)
                ).run()
            then = submission.details.get("changes")
            if then:
                files = stage.files("bronze", "vault", "changes")
                compare(settings, declaration, then["against"], files, updates=then["updates"])
            stage.keep()
            return examined
        except (RefusedError, UnreadableError):
            return None
        finally:
            if stage:
                stage.discard()


def arrival(ledger: Ledger, submission: Submission) -> datetime.datetime:
    """When the file of a submission arrived: earlier than the submission itself where it was judged again."""
    first = ledger.get(submission.replays) if submission.replays else None
    return first.received_at if first else submission.received_at


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
