"""Who looked into the vault and why, and what was done for the law on personal data: two tables of the ledger's file.

Belongs here: adding to them and reading them back; the ledger lets nobody change or delete a line. Does not belong
here: what such an action does (``orchestration/privacy/``).
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from orchestration.intake.ledger import Ledger

Kind = Literal["find", "export", "correct", "erase", "retain", "rotate_pseudonym", "rotate_vault"]


@dataclass(frozen=True, kw_only=True)
class Access:
    """One look at one row of the vault. access_id: the order of looks, from 1."""

    access_id: int
    at: datetime.datetime
    who: str
    purpose: str
    dataset: str
    submission_id: str
    source_sheet: str
    source_row: int


@dataclass(frozen=True, kw_only=True)
class PrivacyRecord:
    """One action. subject: keyed hash of the person's citizen id, if it is about one. details: counts and ids."""

    record_id: int
    at: datetime.datetime
    who: str
    kind: Kind
    subject: str | None
    purpose: str
    details: Mapping[str, Any]


class PrivacyRecords:
    """The two tables in the ledger's file at ``path``."""

    def __init__(self, path: Path) -> None:
        self._ledger = Ledger(path)

    def note_access(
        self, *, at: datetime.datetime, who: str, purpose: str, dataset: str, submission_id: str, sheet: str, row: int
    ) -> None:
        """Add a look at a row; it is on the disk when this returns."""
        with self._ledger.connect() as connection:
            connection.execute(
                "insert into vault_access (at, who, purpose, dataset, submission_id, source_sheet, source_row) "
                "values (?, ?, ?, ?, ?, ?, ?)",
                (at.isoformat(), who, purpose, dataset, submission_id, sheet, row),
            )

    def record(
        self,
        kind: Kind,
        *,
        at: datetime.datetime,
        who: str,
        purpose: str,
        details: Mapping[str, Any],
        subject: str | None = None,
    ) -> int:
        """Add an action; returns its number."""
        with self._ledger.connect() as connection:
            done = connection.execute(
                "insert into privacy_record (at, who, kind, subject, purpose, details) values (?, ?, ?, ?, ?, ?)",
                (at.isoformat(), who, kind, subject, purpose, json.dumps(details, ensure_ascii=False, sort_keys=True)),
            )
            assert done.lastrowid is not None
            return done.lastrowid

    def accesses(self) -> list[Access]:
        """Every look, oldest first."""
        return [Access(**each) for each in self._rows("vault_access", "access_id")]

    def all(self) -> list[PrivacyRecord]:
        """Every action, oldest first."""
        rows = self._rows("privacy_record", "record_id")
        return [PrivacyRecord(**{**each, "details": json.loads(each["details"])}) for each in rows]

    def erasures(self) -> list[PrivacyRecord]:
        """The plans by which something went, oldest first: details has ``originals``, hashes of archived files."""
        return [each for each in self.all() if each.kind in ("erase", "retain") and "finishes" not in each.details]

    def unfinished_erasures(self) -> list[PrivacyRecord]:
        """Those that were broken off."""
        finished = {each.details.get("finishes") for each in self.all()}
        return [each for each in self.erasures() if each.record_id not in finished]

    def erased_originals(self) -> set[str]:
        """Hashes of the archived files that were erased; bronze and vault are all there is of them."""
        return {sha256 for each in self.erasures() for sha256 in each.details["originals"]}

    def _rows(self, table: str, order: str) -> list[dict[str, Any]]:
        if not self._ledger.path.exists():
            return []
        with self._ledger.connect() as connection:
            rows = [dict(row) for row in connection.execute(f"select * from {table} order by {order}")]
        return [{**each, "at": datetime.datetime.fromisoformat(each["at"])} for each in rows]
