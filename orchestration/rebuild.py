"""Making all that is derived anew: bronze and vault from the archive, then the warehouse and a published version."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orchestration.building.warehouse import remove
from orchestration.intake.bronze import bronze_file
from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.privacy_records import PrivacyRecords
from orchestration.intake.retake import retake
from orchestration.locks import WAREHOUSE, lock
from orchestration.privacy.rotation import encrypt_all
from orchestration.run import RunOutcome, run
from orchestration.settings import Settings
from schemas import dataset

if TYPE_CHECKING:
    from orchestration.runs import OnProgress


@dataclass
class Rebuilt:
    """What was made anew. ``differences``: submissions whose archived file now gives something else, and what.

    outdated: the same of submissions that do not count, as one is after a replay.
    """

    outcome: RunOutcome
    submissions: int = 0
    differences: list[str] = field(default_factory=list)
    outdated: list[str] = field(default_factory=list)


def rebuild(settings: Settings, *, on_progress: OnProgress | None = None) -> Rebuilt:
    """Read every accepted submission again as of its own day, build and publish. Raises BusyError.

    Vault files that an older kho left plain are encrypted, also those of files that the archive has lost.

    A difference means that the code or a declaration has changed since; the ledger keeps what was decided then.
    """
    rebuilt = Rebuilt(RunOutcome())
    ledger = Ledger(settings.ledger)
    with lock(settings, WAREHOUSE), ledger.held_open():
        erased = PrivacyRecords(settings.ledger).erased_originals()
        for submission in ledger.all():
            if submission.rows_accepted and submission.file_sha256 not in erased:  # else its rows are all there is
                rebuilt.submissions += 1
                difference = _retake(settings, submission)
                if difference:
                    found = rebuilt.differences if submission.is_current else rebuilt.outdated
                    found.append(f"{submission.submission_id} ({submission.file_name}): {difference}")
        encrypt_all(settings)
        remove(settings)
        shutil.rmtree(settings.homes_as_of, ignore_errors=True)  # they were built from the old bronze
    rebuilt.outcome = run(settings, anyway=True, on_progress=on_progress)
    return rebuilt


def _retake(settings: Settings, submission: Submission) -> str:
    declaration = dataset(submission.dataset)
    examined = retake(settings, declaration, submission)
    if examined is None:
        kept = bronze_file(settings, declaration, submission.submission_id).exists()
        return "its archived file cannot be read" + ("; the old rows stay" if kept else " and its rows are gone")
    then = (submission.rows_accepted, submission.rows_rejected, submission.rows_ignored)
    now = (examined.rows_accepted, examined.rows_rejected, examined.rows_ignored)
    return "" if then == now else f"accepted, returned, ignored were {then} and are {now}"
