"""What would become of a file: examined as the intake would, and nothing stored.

Belongs here: ``kho check``. Does not belong here: what the command prints (``console``).
"""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from orchestration.intake import vault_files
from orchestration.intake.archive import Archived
from orchestration.intake.bronze import vault_file
from orchestration.intake.discover import identity_of
from orchestration.intake.findings import no_findings
from orchestration.intake.judging import blank_submission, decide, look_into, submission_id
from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.mappings import HeaderMappings
from orchestration.intake.receipts.report import write_report
from orchestration.intake.receipts.summary import summarise
from orchestration.settings import Settings
from schemas import Declaration


@dataclass(frozen=True)
class Checked:
    """What would become of a file: the submission as it would be recorded, its findings and returned rows."""

    submission: Submission
    findings: pl.DataFrame


def check_file(settings: Settings, declaration: Declaration, path: Path, report: Path | None = None) -> Checked:
    """Examine a file as the intake would, and store nothing; ``report``: where to write the receipt's JSON."""
    facts = path.stat()
    with path.open("rb") as source:
        digest = hashlib.file_digest(source, "sha256").hexdigest()
    archived = Archived(path, digest, facts.st_size, identity_of(facts), path.name)
    with tempfile.TemporaryDirectory(prefix="kho-check-") as scratch:
        apart = settings.model_copy(update={"home": Path(scratch)})
        blank = blank_submission(declaration, archived, settings.clock(), submission_id(declaration, digest, 0))
        confirmed = HeaderMappings(settings.ledger).confirmed(declaration.path)
        ledger = Ledger(apart.ledger)
        looked = look_into(apart, declaration, ledger, path, blank, confirmed=confirmed)
        submission, stage = decide(apart, declaration, ledger, looked)
        if stage:
            stage.keep()
        if report:
            write_report(apart, summarise(apart, declaration, submission), report)
        file = vault_file(apart, declaration, submission.submission_id, "findings")
        return Checked(submission, vault_files.read(apart, file) if file.exists() else no_findings())
