"""What becomes of one file: recognised, examined, decided.

Belongs here: the order of these steps, and that a bad file becomes a refused submission; only a full disk, a lost
folder or a locked ledger raises. Does not belong here: taking a file out of its folder and recording it (``take_in``).
"""

from __future__ import annotations

import datetime
import hashlib
import logging
import sqlite3
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from orchestration.errors import place_of
from orchestration.intake.archive import Archived
from orchestration.intake.deadlines import days_late
from orchestration.intake.examine import Examination, Examined
from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.mappings import Confirmed, HeaderMappings
from orchestration.intake.pseudonyms import Pseudonymiser, pseudonym_key
from orchestration.intake.readers import UnreadableError, open_document
from orchestration.intake.recognition import Recognised, RefusedError, recognise
from orchestration.intake.sheets import sheet_notices
from orchestration.intake.stage import Stage
from orchestration.intake.time_limit import TimeLimitError, time_limit
from orchestration.intake.verdict import refused, verdict
from orchestration.settings import Settings
from schemas import Declaration, file_rules

log = logging.getLogger("kho.intake")

#: Everything but the wish to end this process: polars' panics are no Exceptions.
ANYTHING = (Exception, pl.exceptions.PanicException)


def submission_id(declaration: Declaration, sha256: str, attempt: int) -> str:
    """Sixteen hex digits, the same however often an interrupted intake is begun again."""
    return hashlib.sha256(f"{declaration.path}\n{sha256}\n{attempt}".encode()).hexdigest()[:16]


def blank_submission(
    declaration: Declaration, archived: Archived, received_at: datetime.datetime, identifier: str
) -> Submission:
    """A submission of an archived file of which nothing is known yet."""
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


@dataclass(frozen=True)
class LookedInto:
    """A file that was read, before it is held against the ledger. ``stage`` and ``examined``: None where it is decided.

    It is then refused, or a duplicate of what the ledger held at that moment.
    """

    submission: Submission
    stage: Stage | None = None
    examined: Examined | None = None

    def discard(self) -> None:
        """Give up what was made of it."""
        if self.stage:
            self.stage.discard()


def look_into(
    settings: Settings,
    declaration: Declaration,
    ledger: Ledger,
    path: Path,
    submission: Submission,
    *,
    arrived_at: datetime.datetime | None = None,
    confirmed: Confirmed | None = None,
) -> LookedInto:
    """Recognise and examine a file: what costs time, and does not depend on the files before it.

    But one thing does: bytes that the ledger holds already are not examined (:func:`still_holds`). arrived_at: of a
    file that is judged again; its dates and its lateness are those of that day. confirmed: headers whose meaning was
    confirmed; by default those of the ledger, as of now.
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
                return LookedInto(replace(submission, verdict="duplicate", details=details))
            stage, examination = begin_examination(settings, declaration, recognised, submission, arrived_at)
            return LookedInto(submission, stage, examination.run())
    except (TimeLimitError, *ANYTHING) as error:
        return LookedInto(_refused_for(settings, submission, stage, error))


def decide(
    settings: Settings, declaration: Declaration, ledger: Ledger, looked: LookedInto
) -> tuple[Submission, Stage | None]:
    """Hold an examined file against the ledger: its verdict. The stage is None where no row of it is worth keeping."""
    submission, stage, examined = looked.submission, looked.stage, looked.examined
    if stage is None or examined is None:
        return submission, None
    try:
        with time_limit(settings.file_seconds):
            return verdict(settings, declaration, ledger, submission, examined, stage), stage
    except (TimeLimitError, *ANYTHING) as error:
        return _refused_for(settings, submission, stage, error), None


def _refused_for(settings: Settings, submission: Submission, stage: Stage | None, error: BaseException) -> Submission:
    """The submission as one that an error refuses; raises it where the file is not to blame. The stage is discarded."""
    if stage:
        stage.discard()
    if isinstance(error, TimeLimitError):
        log.warning("%s: not examined within %g s", submission.submission_id, settings.file_seconds)
        return refused(submission, {"rule": file_rules.FILE_LIMITS, "title": "", "limit": ""})
    if isinstance(error, RefusedError):
        return refused(submission, *error.notices)
    if isinstance(error, UnreadableError):
        log.warning("%s: %s", submission.submission_id, error)
        return refused(submission, *error.notices())
    if isinstance(error, OSError | sqlite3.Error):
        raise error  # a full disk, a lost folder, a locked ledger are no fault of the file: leave it for the next run
    log.error("%s: %s", submission.submission_id, place_of(error))
    return refused(submission, {"rule": file_rules.INTERNAL, "title": "", "limit": ""})


def begin_examination(
    settings: Settings,
    declaration: Declaration,
    recognised: Recognised,
    submission: Submission,
    arrived_at: datetime.datetime,
) -> tuple[Stage, Examination]:
    """The stage of a submission and the examination that fills it; whoever asks for them ends the stage."""
    keyed = Pseudonymiser(pseudonym_key(settings))
    stage = Stage(settings, declaration, submission.submission_id, recognised.width)
    waivers = waived_rules(submission)
    return stage, Examination(settings, declaration, recognised, stage, arrived_at, keyed, waivers=waivers)


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


def still_holds(ledger: Ledger, looked: LookedInto) -> bool:
    """Whether the ledger says of these bytes what it said when the file was looked into."""
    duplicate_of = looked.submission.details.get("duplicate_of")
    if looked.stage is None and duplicate_of is None:
        return True  # refused for what it is
    same = _same_bytes(ledger, looked.submission)
    return (same.submission_id if same else None) == duplicate_of


def _same_bytes(ledger: Ledger, submission: Submission) -> Submission | None:
    """The submission that already holds exactly these bytes for this unit and period, if nothing newer replaced it."""
    newest = ledger.newest_kept(
        submission.dataset, submission.unit, submission.period, apart_from=submission.replays or ""
    )
    return newest if newest and newest.file_sha256 == submission.file_sha256 else None


def waived_rules(submission: Submission) -> frozenset[str]:
    """The rules to which an engineer accepted an exception for this submission."""
    return frozenset(each["rule"] for each in submission.details.get("waivers", []))
