"""Retention: what no longer may be kept of files whose time is over (``retention_years`` of their dataset).

Belongs here: which submissions these are, and handing them over. Does not belong here: removing (``erasure.py``).

The original, every restricted value and the receipts go. The pseudonymised rows stay, so that the past can still be
counted: after the next exchange of the key for pseudonyms they agree with nothing else (``rotation.py``).
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from orchestration.decisions import who
from orchestration.intake.archive import archived_file
from orchestration.intake.deadlines import local_day
from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.privacy_records import PrivacyRecords
from orchestration.locks import WAREHOUSE, lock
from orchestration.privacy.erasure import all_datasets_held, finish_erasures
from orchestration.settings import Settings
from schemas import dataset


@dataclass(frozen=True)
class Expired:
    """A submission whose time is over. until: the last day on which it could be kept; file_bytes: of its original,
    0 where that stays because the same bytes came with another submission, too, or is gone already."""

    submission: Submission
    until: datetime.date
    file_bytes: int


def expired(settings: Settings) -> list[Expired]:
    """What is still kept of submissions whose time is over, oldest first."""
    today, submissions = local_day(settings.clock()), Ledger(settings.ledger).all()
    done = {name for each in PrivacyRecords(settings.ledger).erasures() for name in each.details.get("submissions", ())}
    until = {each.submission_id: _kept_until(each) for each in submissions}
    needed = {each.file_sha256 for each in submissions if until[each.submission_id] >= today}
    found = []
    for each in submissions:
        if until[each.submission_id] < today and each.submission_id not in done:
            original = archived_file(settings, each.file_sha256)
            goes = each.file_sha256 not in needed and original.exists()
            found.append(Expired(each, until[each.submission_id], each.file_bytes if goes else 0))
    return sorted(found, key=lambda each: (each.until, each.submission.sequence))


def _kept_until(submission: Submission) -> datetime.date:
    """So many years after the end of its period; a file without one counts from its arrival."""
    begins = submission.period_end or local_day(submission.received_at)
    year = begins.year + dataset(submission.dataset).retention_years
    try:
        return begins.replace(year=year)
    except ValueError:  # the 29th of February
        return begins.replace(year=year, day=28)


def retain(settings: Settings, why: str) -> list[Expired]:
    """Remove what is expired, and keep a record of it. Raises BusyError while a run is going."""
    with lock(settings, WAREHOUSE), all_datasets_held(settings):
        found = expired(settings)
        if found:
            details = {
                "submissions": [each.submission.submission_id for each in found],
                "originals": sorted({each.submission.file_sha256 for each in found if each.file_bytes}),
            }
            PrivacyRecords(settings.ledger).record(
                "retain", at=settings.clock(), who=who(), purpose=why, details=details
            )
            finish_erasures(settings)
    return found
