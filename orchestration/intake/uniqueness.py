"""Uniqueness over a whole file, in memory that does not grow with it.

While batches pass, only hashes of key and content are spooled to disk. Afterwards the spool is read in slices of the
key space, each small enough for memory. Rows identical in every column: the first counts, the others are duplicates.
Rows that share the key and differ: all of them are returned.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from orchestration.intake.normalise import TypedBatch
from schemas import Declaration

#: Rows of the spool that are compared at a time: some 50 MB.
SLICE_ROWS = 2_000_000
# Two independent 64-bit hashes of the key: two different keys of ten million rows meet with probability 1e-25.
_SEED_A, _SEED_B, _SEED_CONTENT = 1, 2, 3


@dataclass(frozen=True)
class Repetition:
    """Rows of one file that repeat an earlier row, and rows that contradict another of their key, by sheet, sorted."""

    duplicates: dict[str, pl.Series]
    conflicts: dict[str, pl.Series]

    @property
    def duplicate_count(self) -> int:
        """How many rows are ignored."""
        return sum(map(len, self.duplicates.values()))


class KeySpool:
    """Collects the hashes of a file's rows in ``folder``."""

    def __init__(self, declaration: Declaration, folder: Path) -> None:
        self._key = list(declaration.key)
        self._folder = folder
        self._parts: list[tuple[str, Path]] = []
        self._rows = 0

    def add(self, batch: TypedBatch, *, sheet: str, uncast: pl.Series) -> None:
        """Spool a batch. ``uncast``: rows with a cell that could not be cast; they are compared by their text."""
        key = batch.frame.select(self._key)
        content = batch.frame.hash_rows(_SEED_CONTENT)
        if not uncast.is_empty():
            content = content.zip_with(~batch.rows.is_in(uncast.implode()), batch.text.hash_rows(_SEED_CONTENT))
        spooled = pl.DataFrame(
            {
                "row": batch.rows,
                "key_a": key.hash_rows(_SEED_A),
                "key_b": key.hash_rows(_SEED_B),
                "content": content,
            }
        )
        named = key.select(pl.any_horizontal(pl.all().is_not_null()).alias("named"))["named"]
        part = self._folder / f"keys-{len(self._parts):06}.arrow"
        spooled.filter(named).write_ipc(part)
        self._parts.append((sheet, part))
        self._rows += spooled.height

    def repetition(self) -> Repetition:
        """Find what repeats, and remove the spool."""
        slices = 1 + self._rows // SLICE_ROWS
        found = pl.concat([self._repeated(number, slices) for number in range(slices)])
        for _, part in self._parts:
            part.unlink()
        first = found.select(pl.struct("key_a", "key_b", "content").is_first_distinct().alias("first"))["first"]
        versions = found.select(pl.col("content").n_unique().over("key_a", "key_b").alias("versions"))["versions"]
        return Repetition(
            duplicates=_by_sheet(found.filter(~first)), conflicts=_by_sheet(found.filter(first & (versions > 1)))
        )

    def _repeated(self, number: int, slices: int) -> pl.DataFrame:
        """The rows of a slice of the key space whose key occurs more than once, in the order of the file."""
        rows = pl.concat(list(self._slice(number, slices)))
        rows = rows.filter(rows["key_a"].is_duplicated())  # nearly all rows are alone with half of their key
        return rows.filter(rows.select(pl.struct("key_a", "key_b").is_duplicated().alias("twice"))["twice"])

    def _slice(self, number: int, slices: int) -> Iterator[pl.DataFrame]:
        yield pl.DataFrame(schema={"sheet": pl.String, "row": pl.Int64, **_HASHES})
        for sheet, part in self._parts:
            rows = pl.read_ipc(part)
            if slices > 1:
                rows = rows.filter(pl.col("key_a") % slices == number)
            yield rows.select(pl.lit(sheet).alias("sheet"), pl.all())


_HASHES = dict.fromkeys(("key_a", "key_b", "content"), pl.UInt64)


def _by_sheet(rows: pl.DataFrame) -> dict[str, pl.Series]:
    return {str(sheet): part["row"].sort() for (sheet,), part in rows.group_by("sheet")}
