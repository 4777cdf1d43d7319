"""Rows that repeat and rows that contradict each other are found in the whole file, however it is cut into batches."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from orchestration.intake import uniqueness
from orchestration.intake.findings import no_findings
from orchestration.intake.normalise import TypedBatch
from orchestration.intake.uniqueness import KeySpool
from tests.office import PARCELS

KEYED_BY_TWO = dataclasses.replace(PARCELS, key=("map_sheet", "parcel_no"))
Place = tuple[str, int]


@dataclasses.dataclass(frozen=True)
class Line:
    """A data row: two parts of a key, a value, and its text where the value could not be cast."""

    sheet: str
    map_sheet: str | None
    parcel_no: str | None
    area: int | None
    text: str | None = None


def batch(first: int, lines: list[Line]) -> tuple[TypedBatch, pl.Series]:
    """A typed batch whose rows are numbered from ``first``, and its rows with a cell that could not be cast."""
    rows = pl.Series("row", range(first, first + len(lines)), dtype=pl.Int64)
    names = {"map_sheet": pl.String, "parcel_no": pl.String, "area": pl.Int64}
    typed = [(each.map_sheet, each.parcel_no, None if each.text else each.area) for each in lines]
    written = [(each.map_sheet, each.parcel_no, each.text or str(each.area)) for each in lines]
    frame = pl.DataFrame(typed, schema=names, orient="row")
    text = pl.DataFrame(written, schema=dict.fromkeys(names, pl.String), orient="row")
    uncast = [first + index for index, each in enumerate(lines) if each.text]
    return TypedBatch(rows, frame, text, no_findings()), pl.Series("row", uncast, dtype=pl.Int64)


def found_by(folder: Path, cuts: list[list[Line]]) -> tuple[set[Place], set[Place]]:
    """Duplicates and conflicts that the spool finds in these batches, as an examination uses them."""
    spool, number = KeySpool(KEYED_BY_TWO, folder), 2
    duplicates: set[Place] = set()
    conflicts: set[Place] = set()
    for lines in cuts:
        typed, uncast = batch(number, lines)
        repeats, differs = spool.add(typed, sheet=lines[0].sheet, uncast=uncast)
        duplicates |= {(lines[0].sheet, row) for row in repeats}
        conflicts |= {(lines[0].sheet, row) for row in differs}
        number += len(lines)
    across = spool.across_batches()
    assert bool(across) == bool(across.duplicates or across.conflicts)
    for found, more in ((duplicates, across.duplicates), (conflicts, across.conflicts)):
        fresh = {(sheet, row) for sheet, rows in more.items() for row in rows}
        assert not fresh & found  # nothing is reported twice
        found.update(fresh)
    assert list(folder.iterdir()) == []
    return duplicates, conflicts - duplicates


def counted_by_hand(cuts: list[list[Line]]) -> tuple[set[Place], set[Place]]:
    """The same in plain Python: by key, then by content, in the order of the file."""
    versions: dict[tuple[str | None, str | None], dict[object, Place]] = defaultdict(dict)
    duplicates: set[Place] = set()
    for number, line in enumerate([each for lines in cuts for each in lines], 2):
        key = (line.map_sheet, line.parcel_no)
        if key == (None, None):
            continue  # a row without a key is an error of its own and repeats nothing
        content = ("text", line.text) if line.text else ("value", line.area)
        if content in versions[key]:
            duplicates.add((line.sheet, number))
        else:
            versions[key][content] = (line.sheet, number)
    conflicts = {place for seen in versions.values() if len(seen) > 1 for place in seen.values()}
    return duplicates, conflicts


LINES = st.builds(
    Line,
    sheet=st.just("Sheet1"),
    map_sheet=st.sampled_from(["1", "12", None]),
    parcel_no=st.sampled_from(["1", "2", "21", None]),
    area=st.sampled_from([None, 0, 5]),
    text=st.sampled_from([None, None, None, "năm", "0"]),
)
CUTS = st.lists(st.lists(LINES, min_size=1, max_size=6), min_size=1, max_size=5)


@effort(max_examples=40, deadline=None, derandomize=True)
@given(cuts=CUTS, slice_rows=st.sampled_from([1, 3, 1000]), second_sheet=st.booleans())
def test_repetition_is_what_plain_python_finds(
    tmp_path_factory: pytest.TempPathFactory, cuts: list[list[Line]], slice_rows: int, second_sheet: bool
) -> None:
    """Keys share parts (1 + 21, 12 + 1) and may lack one; slices are as small as one row."""
    if second_sheet:
        cuts[-1] = [dataclasses.replace(line, sheet="Sheet2") for line in cuts[-1]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uniqueness, "SLICE_ROWS", slice_rows)
        assert found_by(tmp_path_factory.mktemp("spool"), cuts) == counted_by_hand(cuts)


def test_a_row_that_repeats_one_of_two_that_contradict_each_other_is_a_duplicate(tmp_path: Path) -> None:
    lines = [Line("s", "1", "1", area) for area in (10, 20, 10, 20, 10)]
    duplicates = {("s", 4), ("s", 5), ("s", 6)}
    for cuts in ([lines], [lines[:1], lines[1:]], [lines[:3], lines[3:]], [[each] for each in lines]):
        assert found_by(tmp_path, cuts) == (duplicates, {("s", 2), ("s", 3)})


def test_a_number_and_the_same_number_that_could_not_be_read_contradict_each_other(tmp_path: Path) -> None:
    lines = [Line("s", "1", "1", 10), Line("s", "1", "1", None, text="10 m2")]
    assert found_by(tmp_path, [lines]) == (set(), {("s", 2), ("s", 3)})


def test_hundred_thousand_rows_without_repetition_give_none(tmp_path: Path) -> None:
    lines = [Line("s", str(number // 1000), str(number % 1000), number) for number in range(100_000)]
    assert found_by(tmp_path, [lines[:60_000], lines[60_000:]]) == (set(), set())
