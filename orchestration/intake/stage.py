"""The files of a submission while it is being made, and the moment when they get their final names.

Belongs here: writing bronze, vault, returned rows and findings batch by batch, and amending them where the end of the
file shows that a row repeats one of an earlier batch. Nothing here is visible to dbt: that is decided by the ledger
alone.
"""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.files import private_folder, sync_folder
from orchestration.intake import vault_files
from orchestration.intake.bronze import bronze_file, bronze_types, keyed_schema, vault_file, vault_types
from orchestration.intake.findings import FINDINGS
from orchestration.intake.pseudonyms import pseudonym_key
from orchestration.intake.readers.table import column_names
from orchestration.settings import Settings
from schemas import Declaration, dataset
from schemas.column_types import CitizenId

#: Two files of the same bytes may be examined at a time.
_NUMBERS = itertools.count()
KINDS = ("bronze", "vault", "returned", "findings")
#: Forms of which no value repeats often enough for a dictionary.
_KEYED = ("pseudonym", "agreement")
#: Rows follow each other: differences take a tenth of the space of numbers, and half of the time.
_COUNTED = ("source_row", "row")
_PLACE = {"bronze": ["source_sheet", "source_row"], "vault": ["source_sheet", "source_row"]}
_PLACE |= {"returned": ["source_sheet", "source_row"], "findings": ["sheet", "row"]}


class Stage:
    """A folder below ``<home>/tmp`` with the files of one submission. ``keep`` or ``discard`` ends it.

    Beside the four that it writes there may be ``changes``, made by ``comparison`` where there is something to compare.
    """

    def __init__(self, settings: Settings, declaration: Declaration, submission_id: str, width: int) -> None:
        self._settings, self._declaration, self.submission_id = settings, declaration, submission_id
        self._width = width
        # Made here where they are missing: files are written by several threads, which would make one key at a time.
        self._key = pseudonym_key(settings)
        vault_files.vault_keys(settings)
        own = f"{declaration.table}-{submission_id}-{os.getpid()}-{next(_NUMBERS)}"
        self.folder = private_folder(settings.temporary) / own
        shutil.rmtree(self.folder, ignore_errors=True)
        private_folder(self.folder)
        cells = {"source_sheet": pl.String, "source_row": pl.Int64, **dict.fromkeys(column_names(width), pl.String)}
        self._types: dict[str, dict[str, Any]] = {
            "bronze": bronze_types(declaration),
            "vault": vault_types(declaration),
            "returned": cells,
            "findings": FINDINGS,
        }
        self._unique = {each.name for each in declaration.warehouse_columns if each.form in _KEYED}
        self._unique |= {*_COUNTED, *(each.name for each in declaration.columns.values() if each.type is CitizenId)}
        self._writers: dict[str, pq.ParquetWriter] = {}
        self.rows = dict.fromkeys(KINDS, 0)

    def __reduce__(self) -> tuple[Any, ...]:
        """A closed stage goes from the process that filled it to the one that keeps it (``workers``)."""
        path = self._declaration.path
        return _taken_over, (self._settings, path, self.submission_id, self._width, self.folder, self.rows)

    def file(self, kind: str) -> Path:
        """The staged file of a kind; one of the vault has its final name already, of which its key is derived."""
        if kind == "bronze":
            return self.folder / "bronze.parquet"
        final = self._final(kind)
        return self.folder / final.parent.name / final.name

    def _final(self, kind: str) -> Path:
        if kind == "bronze":
            return bronze_file(self._settings, self._declaration, self.submission_id)
        suffix = "" if kind == "vault" else kind
        return vault_file(self._settings, self._declaration, self.submission_id, suffix)

    def add(self, kind: str, frame: pl.DataFrame) -> None:
        """Append the next rows of a kind, in the order in which they stand in the file."""
        if frame.is_empty():
            return
        table = self._arrow(kind, frame)
        if kind not in self._writers:
            self._writers[kind] = self._writer(kind, self.file(kind), table.schema)
        self._writers[kind].write_table(table)
        self.rows[kind] += frame.height

    def _writer(self, kind: str, file: Path, schema: pa.Schema) -> pq.ParquetWriter:
        options: dict[str, Any] = {
            "compression": "zstd",
            "compression_level": 1,
            # Ids repeat nowhere: the attempt at a dictionary of them costs a tenth of the writing.
            "use_dictionary": [name for name in schema.names if name not in self._unique],
            "column_encoding": {name: "DELTA_BINARY_PACKED" for name in _COUNTED if name in schema.names},
            # Readers skip files and row groups by where a row came from, by nothing else.
            "write_statistics": [name for name in ("submission_id", "source_row", "row") if name in schema.names],
        }
        if kind == "bronze":
            return pq.ParquetWriter(file, keyed_schema(schema, self._key), **options)
        return vault_files.writer(self._settings, file, schema, **options)

    def _opened(self, kind: str) -> pq.ParquetFile:
        return (
            pq.ParquetFile(self.file(kind)) if kind == "bronze" else vault_files.opened(self._settings, self.file(kind))
        )

    def batches(self, kind: str, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """The rows of a closed vault file, a batch at a time."""
        return vault_files.batches(self._settings, self.file(kind), columns)

    def files(self, *kinds: str) -> dict[str, Path]:
        """The staged files of some kinds."""
        return {kind: self.file(kind) for kind in kinds}

    def _made_again(self, kind: str) -> Path:
        """Where a file is made that replaces the staged one."""
        return self.folder / "again" / self.file(kind).relative_to(self.folder)

    def _arrow(self, kind: str, frame: pl.DataFrame) -> pa.Table:
        return self._typed(kind, frame).to_arrow(compat_level=pl.CompatLevel.newest())

    def _typed(self, kind: str, frame: pl.DataFrame) -> pl.DataFrame:
        return frame.select([pl.col(name).cast(dtype) for name, dtype in self._types[kind].items()])

    def close(self) -> None:
        """End writing; a kind without rows gets an empty file of its columns."""
        for writer in self._writers.values():
            writer.close()
        for kind in KINDS:
            if kind not in self._writers:
                self._empty(kind)
        self._writers = {}

    def _empty(self, kind: str) -> None:
        table = self._arrow(kind, pl.DataFrame(schema=self._types[kind]))
        with self._writer(kind, self.file(kind), table.schema) as writer:
            writer.write_table(table)
        self.rows[kind] = 0

    def drop(self, kind: str, *, without: Mapping[str, pl.Series]) -> None:
        """Drop rows of a closed file by sheet and row number. One row group at a time: memory does not grow."""
        made = private_folder(self._made_again(kind).parent) / self.file(kind).name
        kept = 0
        with self._opened(kind) as source, self._writer(kind, made, source.schema_arrow) as writer:
            for number in range(source.num_row_groups):
                group = pl.DataFrame(source.read_row_group(number)).filter(_others(kind, without))
                writer.write_table(self._arrow(kind, group))
                kept += group.height
        made.replace(self.file(kind))
        self.rows[kind] = kept

    def amend(self, kind: str, *, without: dict[str, pl.Series], more: pl.DataFrame | None = None) -> None:
        """Drop rows of a closed vault file by sheet and row number, and insert others; what is there twice stays once.

        What is inserted are the rows that contradict one of another batch; with them, the file is sorted in memory.
        """
        if more is None:
            return self.drop(kind, without=without)
        frame = vault_files.read(self._settings, self.file(kind)).filter(_others(kind, without))
        once = ["sheet", "row", "column", "rule"] if kind == "findings" else _PLACE[kind]
        frame = pl.concat([frame, self._typed(kind, more)]).unique(once, keep="first", maintain_order=True)
        frame = frame.sort(_PLACE[kind], maintain_order=True)
        made = self._made_again(kind)
        with self._writer(kind, made, self._arrow(kind, frame.head(0)).schema) as writer:
            for part in frame.iter_slices(vault_files.BATCH_ROWS):
                writer.write_table(self._arrow(kind, part))
        made.replace(self.file(kind))
        self.rows[kind] = frame.height
        return None

    def drop_accepted(self) -> None:
        """Nothing of this file goes in: empty bronze and vault. After ``close``."""
        for kind in ("bronze", "vault"):
            self._empty(kind)

    def keep(self) -> None:
        """Give the files their final names, durably. Doing it again with the same content is harmless."""
        kinds = [*KINDS, *(["changes"] if self.file("changes").exists() else [])]
        private_folder(self._settings.vault)
        private_folder(self._settings.bronze)
        for kind in kinds:
            staged, final = self.file(kind), self._final(kind)
            private_folder(final.parent)
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


def _taken_over(
    settings: Settings, path: str, submission_id: str, width: int, folder: Path, rows: dict[str, int]
) -> Stage:
    stage = Stage(settings, dataset(path), submission_id, width)
    stage.folder.rmdir()
    stage.folder, stage.rows = folder, rows
    return stage


def _others(kind: str, without: Mapping[str, pl.Series]) -> pl.Expr:
    """The rows of a kind that stand elsewhere."""
    sheet, row = _PLACE[kind]
    here = [(pl.col(sheet) == name) & pl.col(row).is_in(rows.implode()) for name, rows in without.items()]
    return ~pl.any_horizontal(here) if here else pl.lit(True)
