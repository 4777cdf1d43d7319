"""The state of a home at a glance: what waits, what was taken in, what is published. Imports nothing heavy."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from orchestration.dataset_paths import dataset_paths
from orchestration.intake.discover import skipped_files, waiting_files
from orchestration.intake.ledger import Ledger, Submission
from orchestration.settings import Settings
from orchestration.sharing.versions import current


@dataclass(frozen=True)
class DatasetStatus:
    """One dataset: files that wait or are skipped, submissions by verdict, and the newest one."""

    dataset: str
    waiting_files: list[str]
    skipped_files: list[str]
    verdicts: dict[str, int]
    last: Submission | None


@dataclass(frozen=True)
class Status:
    """The whole home."""

    home: str
    sources: str
    datasets: list[DatasetStatus]
    published: dict[str, Any] | None

    def as_json(self) -> dict[str, Any]:
        """For programs; dates as ISO 8601 text."""
        facts = asdict(self)
        for each in facts["datasets"]:
            if each["last"]:
                each["last"] = {
                    name: each["last"][name] for name in ("submission_id", "file_name", "period", "unit", "verdict")
                }
        return facts


def status_of(settings: Settings) -> Status:
    """Read the state from folders, ledger and ``current.json``."""
    ledger = Ledger(settings.ledger)
    verdicts, newest = ledger.tally(), ledger.newest_of_each()
    found = []
    for path in dataset_paths():
        waiting = [file.name for file in waiting_files(settings, path)]
        skipped = [file.name for file in skipped_files(settings, path)]
        found.append(DatasetStatus(path, waiting, skipped, verdicts.get(path, {}), newest.get(path)))
    published = current(settings)
    facts = None
    if published:
        facts = {"version": published.version, "file": str(published.path), "published_at": str(published.published_at)}
    return Status(str(settings.home), str(settings.sources), found, facts)
