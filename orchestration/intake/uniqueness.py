"""Uniqueness over a whole file, in memory that does not grow with it.

While batches pass, only hashes of key and content are spooled to disk; DuckDB then finds the repeated keys within a
memory limit. Rows identical in every column: the first counts, the others are duplicates. Rows that share the key and
differ: all of them are returned.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.intake.normalise import TypedBatch
from schemas import Declaration

#: Of DuckDB's work on the spool; the rest of the intake needs about 400 MB.
MEMORY_LIMIT = "200MB"
_SPOOL = pa.schema(
    [
        ("sheet", pa.string()),
        ("row", pa.int64()),
        ("key_a", pa.uint64()),
        ("key_b", pa.uint64()),
        ("content", pa.uint64()),
    ]
)
# Two independent 64-bit hashes of the key: two different keys of ten million rows meet with probability 1e-25.
_SEED_A, _SEED_B, _SEED_CONTENT = 1, 2, 3
#: Of the rows that share a key: equal contents after the first are duplicates, firsts of several contents conflict.
_REPETITION = """
    create table repetition as
    with spool as (select * from read_parquet($spool, file_row_number = true)),
    repeated as (select key_a, key_b from spool group by key_a, key_b having count(*) > 1),
    versions as (
        select
            key_a, key_b, content, min(file_row_number) as first_position,
            count(*) over (partition by key_a, key_b) as versions
        from spool semi join repeated using (key_a, key_b)
        group by key_a, key_b, content
    )
    select spool.sheet, spool.row, spool.file_row_number > versions.first_position as is_duplicate
    from spool join versions using (key_a, key_b, content)
    where spool.file_row_number > versions.first_position or versions.versions > 1
"""


@dataclass(frozen=True)
class Repetition:
    """Rows that repeat an earlier one, and rows that contradict another row of the same key.

    ``file``: Parquet with sheet, row, is_duplicate (true: ignored; false: returned as a conflict).
    """

    file: Path
    duplicates: int
    conflicts: int


class KeySpool:
    """Collects the hashes of a file's rows; a context manager that removes its file."""

    def __init__(self, declaration: Declaration, folder: Path) -> None:
        self._declaration = declaration
        self._folder = folder
        self._file = folder / "keys.parquet"
        folder.mkdir(parents=True, exist_ok=True)
        self._writer = pq.ParquetWriter(self._file, _SPOOL, compression="none", use_dictionary=["sheet"])

    def __enter__(self) -> KeySpool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()
        self._file.unlink(missing_ok=True)

    def add(self, batch: TypedBatch, *, sheet: str, uncast: pl.Series) -> None:
        """Spool a batch. ``uncast``: rows with a cell that could not be cast; they are compared by their text."""
        key = batch.frame.select(self._declaration.key)
        content = batch.frame.hash_rows(_SEED_CONTENT)
        if not uncast.is_empty():
            content = content.zip_with(~batch.rows.is_in(uncast), batch.text.hash_rows(_SEED_CONTENT))
        named = key.select(pl.any_horizontal(pl.all().is_not_null()).alias("named"))["named"]
        spooled = pl.DataFrame(
            {
                "sheet": pl.Series([sheet]).new_from_index(0, len(batch.rows)),
                "row": batch.rows,
                "key_a": key.hash_rows(_SEED_A),
                "key_b": key.hash_rows(_SEED_B),
                "content": content,
            }
        ).filter(named)
        self._writer.write_table(spooled.to_arrow().cast(_SPOOL))

    def repetition(self) -> Repetition:
        """Find what repeats. Call once, after the last batch."""
        self._writer.close()
        file = self._folder / "repetition.parquet"
        config: dict[str, Any] = {"memory_limit": MEMORY_LIMIT, "threads": 2, "temp_directory": str(self._folder)}
        with duckdb.connect(config=config) as connection:
            connection.execute(_REPETITION, {"spool": str(self._file)})
            counted = connection.execute(
                "select count(*) filter (is_duplicate), count(*) filter (not is_duplicate) from repetition"
            ).fetchone()
            assert counted is not None
            connection.execute("copy (select * from repetition order by sheet, row) to $file", {"file": str(file)})
        return Repetition(file, duplicates=int(counted[0]), conflicts=int(counted[1]))
