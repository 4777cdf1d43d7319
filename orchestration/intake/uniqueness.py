"""Uniqueness over a whole file, in memory that does not grow with it.

Rows identical in every column: the first counts, the others are duplicates. Rows that share the key and differ: all
of them are returned. Repetition within a batch is found at once; for the rest only hashes of key and content are
spooled to disk and compared at the end, in slices of the key space that fit into memory.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from orchestration.intake.normalise import TypedBatch
from schemas import Declaration

#: Rows of the spool that are compared at a time: below what the batches before needed (100 MB).
SLICE_ROWS = 1_500_000
# Two independent 64-bit hashes of the key: two different keys of ten million rows meet with probability 1e-25.
_SEED_A, _SEED_B, _SEED_CONTENT = 1, 2, 3
_KEY = ["key_a", "key_b"]
_SPOOL = {
    "row": pl.Int64,
    "key_a": pl.UInt64,
    "key_b": pl.UInt64,
    "content": pl.UInt64,
    "known": pl.Boolean,
}


@dataclass(frozen=True)
class Repetition:
    """Rows that repeat an earlier row, and rows that contradict another of their key, by sheet, sorted."""

    duplicates: dict[str, pl.Series]
    conflicts: dict[str, pl.Series]

    def __bool__(self) -> bool:
        return bool(self.duplicates or self.conflicts)


class KeySpool:
    """Compares the rows of a file, batch after batch; its spool lies in ``folder``."""

    def __init__(self, declaration: Declaration, folder: Path) -> None:
        self._key = list(declaration.typed_key)
        self._folder = folder
        self._parts: list[tuple[str, Path]] = []
        self._rows = 0

    def add(self, batch: TypedBatch, *, sheet: str, uncast: pl.Series) -> tuple[pl.Series, pl.Series]:
        """Compare a batch with itself: the rows that are duplicates, and those that conflict.

        ``uncast``: rows with a cell that could not be cast; they are compared by their text.
        """
        key = batch.frame.select(self._key)
        content = batch.frame.hash_rows(_SEED_CONTENT)
        if not uncast.is_empty():
            content = content.zip_with(~batch.rows.is_in(uncast.implode()), batch.text.hash_rows(_SEED_CONTENT))
        named = key.select(pl.any_horizontal(pl.all().is_not_null()).alias("named"))["named"]
        hashed = pl.DataFrame(
            {
                "row": batch.rows,
                "key_a": key.hash_rows(_SEED_A),
                "key_b": key.hash_rows(_SEED_B),
                "content": content,
                "known": pl.Series([False]).new_from_index(0, len(batch.rows)),
            },
            schema=_SPOOL,
        )
        if not named.all():
            hashed = hashed.filter(named)
        duplicates, conflicts = _repeated(hashed)
        if len(conflicts):
            hashed = hashed.with_columns(pl.col("row").is_in(conflicts.implode()).alias("known"))
        if len(duplicates):
            hashed = hashed.filter(~pl.col("row").is_in(duplicates.implode()))
        part = self._folder / f"keys-{len(self._parts):06}.arrow"
        hashed.write_ipc(part)
        self._parts.append((sheet, part))
        self._rows += hashed.height
        return duplicates, conflicts

    def across_batches(self) -> Repetition:
        """What repeats a row of another batch and was not reported by ``add``. Call once, at the end."""
        duplicates: list[pl.DataFrame] = []
        conflicts: list[pl.DataFrame] = []
        slices = 1 + self._rows // SLICE_ROWS if len(self._parts) > 1 else 0
        for number in range(slices):
            parts = [(sheet, self._slice(part, number, slices)) for sheet, part in self._parts]
            again = _again(pl.concat([part["key_a"] for _, part in parts]))
            starts = itertools.accumulate((part.height for _, part in parts), initial=0)
            rows = pl.concat(
                part.filter(again.slice(start, part.height)).with_columns(pl.lit(sheet).alias("sheet"))
                for start, (sheet, part) in zip(starts, parts, strict=False)
            )
            repeats, differs = _marks(rows)
            duplicates.append(rows.filter(repeats))
            conflicts.append(rows.filter(differs & ~rows["known"]))
        for _, part in self._parts:
            part.unlink()
        return Repetition(_by_sheet(duplicates), _by_sheet(conflicts))

    def _slice(self, part: Path, number: int, slices: int) -> pl.DataFrame:
        with part.open("rb") as file:  # by its path it would be mapped, and the whole spool count as memory
            rows = pl.read_ipc(file)
        return rows if slices == 1 else rows.filter(pl.col("key_a") % slices == number)


def _repeated(hashed: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    """Rows of a batch that are duplicates, and those that conflict."""
    rows = hashed.filter(_again(hashed["key_a"]))  # nearly all rows are alone with half of their key
    repeats, differs = _marks(rows)
    return rows["row"].filter(repeats), rows["row"].filter(differs)


def _again(hashes: pl.Series) -> pl.Series:
    """Which of these stand there more than once. By sorting: where few do, a third of ``is_duplicated``."""
    ordered = hashes.sort()
    repeated = ordered.filter(ordered == ordered.shift(1)).unique()
    return hashes.is_in(repeated.implode())


def _marks(rows: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    """For rows in the order of the file: which repeat an earlier one; which firsts differ from another of their key."""
    first = rows.select(pl.struct(*_KEY, "content").is_first_distinct().alias("first"))["first"]
    versions = rows.select(pl.col("content").n_unique().over(_KEY).alias("versions"))["versions"]
    return ~first, first & (versions > 1)


def _by_sheet(found: list[pl.DataFrame]) -> dict[str, pl.Series]:
    rows = pl.concat(found) if found else pl.DataFrame(schema={**_SPOOL, "sheet": pl.String})
    return {str(sheet): part["row"].sort() for (sheet,), part in rows.group_by("sheet")}
