"""The files of a submission while it is being made, and the moment when they get their final names.

Belongs here: spooling batches, and writing bronze, vault, returned rows and findings once the whole file is known.
Nothing here is visible to dbt: that is decided by the ledger alone.

Batches are spooled uncompressed and encoded as Parquet at the end, when it is known which rows repeat another:
encoding twice would cost more than all checks together.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from orchestration.files import private_folder, sync_folder
from orchestration.intake.bronze import bronze_file, bronze_types, vault_file, vault_types
from orchestration.intake.findings import FINDINGS
from orchestration.intake.readers.table import column_names
from orchestration.intake.uniqueness import Repetition
from orchestration.settings import Settings
from schemas import Declaration, rules

#: cells: the original text of all data rows, of which the returned ones are kept.
SPOOLED = ("bronze", "vault", "cells", "findings")
KEPT = ("bronze", "vault", "returned", "findings")


class Stage:
    """A folder below ``<home>/tmp`` with the files of one submission. ``keep`` or ``discard`` ends it."""

    def __init__(self, settings: Settings, declaration: Declaration, submission_id: str, width: int) -> None:
        self._settings, self._declaration, self.submission_id = settings, declaration, submission_id
        self.folder = private_folder(settings.temporary) / f"{declaration.table}-{submission_id}-{os.getpid()}"
        shutil.rmtree(self.folder, ignore_errors=True)
        private_folder(self.folder)
        cells = {"source_sheet": pl.String, "source_row": pl.Int64, **dict.fromkeys(column_names(width), pl.String)}
        self._types: dict[str, dict[str, Any]] = {
            "bronze": bronze_types(declaration),
            "vault": vault_types(declaration),
            "cells": cells,
            "findings": FINDINGS,
        }
        self._parts: dict[str, list[_Part]] = {kind: [] for kind in SPOOLED}
        self.rows = dict.fromkeys(KEPT, 0)

    def file(self, kind: str) -> Path:
        """The finished file of a kind."""
        return self.folder / f"{kind}.parquet"

    def add(self, kind: str, sheet: str, frame: pl.DataFrame) -> None:
        """Spool the next rows of a kind, all of one sheet, in the order in which they stand in the file."""
        if frame.is_empty():
            return
        part = self.folder / f"{kind}-{len(self._parts[kind]):06}.arrow"
        frame.select([pl.col(name).cast(dtype) for name, dtype in self._types[kind].items()]).write_ipc(part)
        rows = frame["row" if kind == "findings" else "source_row"]
        self._parts[kind].append(_Part(part, sheet, int(rows[0]), int(rows[-1])))

    def finish(self, repetition: Repetition) -> None:
        """Write the four files: bronze and vault without repeated rows, findings and cells of the returned rows."""
        removed = _united(repetition.duplicates, repetition.conflicts)
        for kind in ("bronze", "vault"):
            self._write(kind, [_without(part, removed, "source_row") for part in self._parts[kind]])
        findings = [_without(part, repetition.duplicates, "row") for part in self._parts["findings"]]
        conflicts = [_conflict_findings(sheet, rows) for sheet, rows in repetition.conflicts.items()]
        self._write("findings", findings + conflicts, order=["sheet", "row", "position"] if conflicts else None)
        self._write("returned", self._returned_parts())
        for parts in self._parts.values():
            for part in parts:
                part.file.unlink()
            parts.clear()

    def _returned_parts(self) -> list[pl.LazyFrame]:
        errors = pl.scan_parquet(self.file("findings")).filter(pl.col("severity") == "error")
        found = []
        for part in self._parts["cells"]:
            here = (pl.col("sheet") == part.sheet) & pl.col("row").is_between(part.first, part.last)
            rows = errors.filter(here).select(pl.col("row").unique()).collect()["row"]
            if not rows.is_empty():
                found.append(pl.scan_ipc(part.file).filter(pl.col("source_row").is_in(rows.implode())))
        return found

    def _write(self, kind: str, parts: list[pl.LazyFrame], order: list[str] | None = None) -> None:
        """Encode one kept file, streamed; ``order``: sort what was added out of order."""
        types = self._types["cells" if kind == "returned" else kind]
        whole = pl.concat(parts) if parts else pl.LazyFrame(schema=types)
        if order:
            whole = whole.sort(order)
        whole.sink_parquet(self.file(kind), compression="zstd", compression_level=1, engine="streaming")
        self.rows[kind] = pq.read_metadata(self.file(kind)).num_rows

    def drop_accepted(self) -> None:
        """Nothing of this file goes in: empty bronze and vault. After ``finish``."""
        for kind in ("bronze", "vault"):
            pl.DataFrame(schema=self._types[kind]).write_parquet(self.file(kind))
            self.rows[kind] = 0

    def keep(self) -> None:
        """Give the files their final names, durably. Doing it again with the same content is harmless."""
        finals = {
            "bronze": bronze_file(self._settings, self._declaration, self.submission_id),
            "vault": vault_file(self._settings, self._declaration, self.submission_id),
            "returned": vault_file(self._settings, self._declaration, self.submission_id, "returned"),
            "findings": vault_file(self._settings, self._declaration, self.submission_id, "findings"),
        }
        private_folder(self._settings.vault)
        private_folder(self._settings.bronze)
        for kind, final in finals.items():
            private_folder(final.parent)
            staged = self.file(kind)
            with staged.open("rb+") as file:
                os.fsync(file.fileno())
            staged.chmod(0o600)
            staged.replace(final)
            sync_folder(final.parent)
        self.discard()

    def discard(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True)
class _Part:
    """A spooled batch: its sheet, and the first and last row in it."""

    file: Path
    sheet: str
    first: int
    last: int


def _within(part: _Part, rows: pl.Series | None) -> pl.Series:
    """Those of the sorted ``rows`` that lie in the range of a part."""
    if rows is None:
        return pl.Series("row", [], dtype=pl.Int64)
    return rows.filter(rows.is_between(part.first, part.last))


def _without(part: _Part, removed: dict[str, pl.Series], column: str) -> pl.LazyFrame:
    frame = pl.scan_ipc(part.file)
    rows = _within(part, removed.get(part.sheet))
    return frame if rows.is_empty() else frame.filter(~pl.col(column).is_in(rows.implode()))


def _united(one: dict[str, pl.Series], other: dict[str, pl.Series]) -> dict[str, pl.Series]:
    sheets = one.keys() | other.keys()
    return {sheet: pl.concat([each[sheet] for each in (one, other) if sheet in each]) for sheet in sheets}


def _conflict_findings(sheet: str, rows: pl.Series) -> pl.LazyFrame:
    """One finding for each row that contradicts another of its key."""
    found = [(sheet, row, "", -1, rules.KEY_CONFLICT, "error", None) for row in rows.to_list()]
    return pl.LazyFrame(found, schema=FINDINGS, orient="row")
