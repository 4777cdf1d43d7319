"""The files of a submission while it is being made, and the moment when they get their final names.

Belongs here: writing bronze, vault, returned rows and findings batch by batch, and mending them when the whole file
shows that a row repeats another. Nothing here is visible to dbt: that is decided by the ledger alone.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.files import private_folder, sync_folder
from orchestration.intake.bronze import bronze_file, bronze_schema, vault_file, vault_schema
from orchestration.intake.findings import FINDINGS
from orchestration.intake.readers.table import column_names
from orchestration.intake.uniqueness import MEMORY_LIMIT
from orchestration.settings import Settings
from schemas import Declaration

KINDS = ("bronze", "vault", "returned", "findings")


class Stage:
    """A folder below ``<home>/tmp`` with the four files of one submission. ``keep`` or ``discard`` ends it."""

    def __init__(self, settings: Settings, declaration: Declaration, submission_id: str, width: int) -> None:
        self._settings, self._declaration, self.submission_id = settings, declaration, submission_id
        self.folder = private_folder(settings.temporary) / f"{declaration.table}-{submission_id}-{os.getpid()}"
        shutil.rmtree(self.folder, ignore_errors=True)
        private_folder(self.folder)
        returned = {"source_sheet": pl.String, "source_row": pl.Int64, **dict.fromkeys(column_names(width), pl.String)}
        self._schemas: dict[str, pa.Schema] = {
            "bronze": bronze_schema(declaration),
            "vault": vault_schema(declaration),
            "returned": pl.DataFrame(schema=returned).to_arrow().schema,
            "findings": pl.DataFrame(schema=FINDINGS).to_arrow().schema,
        }
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._unsorted: set[str] = set()
        self.rows = dict.fromkeys(KINDS, 0)

    def file(self, kind: str) -> Path:
        """The staged file of a kind."""
        return self.folder / f"{kind}.parquet"

    def add(self, kind: str, frame: pl.DataFrame, *, late: bool = False) -> None:
        """Append rows to a file. ``late``: they belong before rows that were already written."""
        if frame.is_empty():
            return
        if kind not in self._writers:
            self._writers[kind] = pq.ParquetWriter(self.file(kind), self._schemas[kind], compression="zstd")
        self._writers[kind].write_table(frame.to_arrow().cast(self._schemas[kind]))
        self.rows[kind] += frame.height
        if late:
            self._unsorted.add(kind)

    def close(self) -> None:
        """End writing; late rows are sorted in."""
        for writer in self._writers.values():
            writer.close()
        for kind in KINDS:
            if kind not in self._writers:
                pq.write_table(self._schemas[kind].empty_table(), self.file(kind))
        for kind in self._unsorted:
            self._rewrite(kind, f"select * from staged order by {_order(kind)}")
        self._writers, self._unsorted = {}, set()

    @contextmanager
    def collect(self, kind: str) -> Iterator[Callable[[pl.DataFrame], None]]:
        """Insert rows into a closed file; of returned rows only those that are not there yet."""
        extra = self.folder / f"{kind}.extra.parquet"
        schema = self._schemas[kind]
        with pq.ParquetWriter(extra, schema) as writer:
            yield lambda frame: writer.write_table(frame.to_arrow().cast(schema))
        keys = "sheet, row" if kind == "findings" else "source_sheet, source_row"
        unless_present = f"anti join staged using ({keys})" if kind == "returned" else ""
        self._rewrite(
            kind,
            f"""select * from (select * from staged union all
                select * from read_parquet('{_quoted(extra)}') {unless_present}) order by {_order(kind)}""",
        )

    def leave_out(self, removed: Path, kinds: tuple[str, ...], where: str) -> None:
        """Drop the rows that a Parquet of (sheet, row, …) names, as far as ``where`` holds there. After ``close``."""
        for kind in kinds:
            sheet, row = ("sheet", "row") if kind == "findings" else ("source_sheet", "source_row")
            self._rewrite(
                kind,
                f"""select staged.* from staged
                    anti join (select sheet, row from read_parquet('{_quoted(removed)}') where {where}) as removed
                    on staged.{sheet} = removed.sheet and staged.{row} = removed.row
                    order by {_order(kind)}""",
            )

    def _rewrite(self, kind: str, sql: str) -> None:
        target = self.file(kind)
        made = target.with_suffix(".new")
        config: dict[str, Any] = {"memory_limit": MEMORY_LIMIT, "threads": 2, "temp_directory": str(self.folder)}
        with duckdb.connect(config=config) as connection:
            connection.execute(f"create view staged as select * from read_parquet('{_quoted(target)}')")
            connection.execute(f"copy ({sql}) to '{_quoted(made)}' (format parquet, compression zstd)")
            counted = connection.execute(f"select count(*) from read_parquet('{_quoted(made)}')").fetchone()
        made.replace(target)
        self.rows[kind] = int(counted[0]) if counted else 0

    def drop_accepted(self) -> None:
        """Nothing of this file goes in: empty bronze and vault. After ``close``."""
        for kind in ("bronze", "vault"):
            pq.write_table(self._schemas[kind].empty_table(), self.file(kind))
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
        for writer in self._writers.values():
            writer.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def _order(kind: str) -> str:
    return "sheet, row, position" if kind == "findings" else "source_sheet, source_row"


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
