"""The vault's part of a receipt: returned rows and findings, read a batch at a time.

Belongs here: reading the two Parquet files of a submission with memory that does not grow with them, and merging the
findings of one cell. Does not belong here: words and layout.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from orchestration.intake import vault_files
from orchestration.intake.bronze import vault_file
from orchestration.intake.ledger import Submission
from orchestration.settings import Settings
from schemas import Declaration

_PLACE = ["sheet", "row"]


@dataclass(frozen=True)
class Finding:
    """One broken rule at a cell (``position`` from 0) or, with -1, at the row or at a column the file lacks."""

    column: str
    position: int
    rule: str
    severity: str
    proposal: str | None


Place = tuple[str, int]


@dataclass(frozen=True)
class Evidence:
    """The returned rows and the findings of one submission; either file may be absent."""

    settings: Settings
    returned: Path
    findings: Path

    def total_returned(self) -> int:
        """How many rows were returned."""
        return vault_files.count(self.settings, self.returned)

    def total_findings(self) -> int:
        """How many findings there are."""
        return vault_files.count(self.settings, self.findings)

    def returned_rows(self, limit: int) -> Iterator[tuple[Place, list[str | None]]]:
        """The first ``limit`` returned rows in their order: where each stood, and its cells as they were."""
        for batch in vault_files.batches(self.settings, self.returned):
            for sheet, row, *cells in batch.head(limit).iter_rows():
                yield (sheet, row), cells
            limit -= min(limit, batch.height)
            if not limit:
                return

    def places(self, limit: int) -> dict[Place, int]:
        """Where each of the first ``limit`` returned rows stands among them, from 0."""
        found: dict[Place, int] = {}
        for batch in vault_files.batches(self.settings, self.returned, ["source_sheet", "source_row"]):
            for place in batch.head(limit - len(found)).iter_rows():
                found[place] = len(found)
            if len(found) >= limit:
                break
        return found

    def finding_batches(self) -> Iterator[pl.DataFrame]:
        """All findings, sorted by place."""
        return vault_files.batches(self.settings, self.findings)

    def findings_at(self, places: dict[Place, int]) -> dict[Place, list[Finding]]:
        """The findings of some rows, errors before warnings."""
        wanted = pl.DataFrame(list(places), schema={"sheet": pl.String, "row": pl.Int64}, orient="row")
        found: dict[Place, list[Finding]] = {}
        for batch in self.finding_batches():
            here = batch.join(wanted, on=_PLACE, how="semi", maintain_order="left")
            for each in here.sort("severity", maintain_order=True).iter_rows(named=True):
                finding = Finding(each["column"], each["position"], each["rule"], each["severity"], each["proposal"])
                found.setdefault((each["sheet"], each["row"]), []).append(finding)
        return found


def evidence_of(settings: Settings, declaration: Declaration, submission: Submission) -> Evidence:
    """The vault's files of a submission."""
    files = [vault_file(settings, declaration, submission.submission_id, kind) for kind in ("returned", "findings")]
    return Evidence(settings, *files)
