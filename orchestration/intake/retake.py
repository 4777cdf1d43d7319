"""A recorded submission's files made anew from the archive, as they were made when its file arrived.

Belongs here: which day, waivers and confirmed headers hold then. Does not belong here: doing so for all submissions
(``orchestration/rebuild.py``), and judging a file by the rules of today (``again``).
"""

from __future__ import annotations

import datetime

from orchestration.files import private_folder
from orchestration.intake.archive import archived_file
from orchestration.intake.comparison import compare
from orchestration.intake.examine import Examined
from orchestration.intake.judging import begin_examination
from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.mappings import HeaderMappings
from orchestration.intake.readers import UnreadableError, open_document
from orchestration.intake.recognition import RefusedError, recognise
from orchestration.intake.stage import Stage
from orchestration.locks import lock
from orchestration.settings import Settings
from schemas import Declaration


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
                stage, examination = begin_examination(settings, declaration, recognised, submission, arrived_at)
                examined = examination.run()
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
