"""Counts behind the scores of quality: cells, filled ones, and rows by broken rule, however a file is cut up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from orchestration.intake.findings import FINDINGS
from orchestration.intake.ledger import Submission
from orchestration.intake.measures import CellCounts, measures
from orchestration.intake.normalise import TypedBatch
from orchestration.intake.readers import text as text_reader
from orchestration.intake.take_in import take_in_dataset
from orchestration.settings import Settings
from schemas.rules import RULES
from tests import office
from tests.conftest import HandIn
from tests.office import RESIDENTS, resident, rows_csv

#: Citizen id, name, birth, sex, commune, ethnicity, household: what a row of the office fills.
FILLED = 7
ROWS = [
    resident(0),
    resident(1, sex="Nam"),  # contradicts the citizen id
    resident(2, date_of_birth="ngày Tết", sex=""),  # cannot be cast, and a required cell is empty
    resident(3, ethnicity="người Sao Hỏa", commune="xã ở đâu đó"),
    resident(4, commune="Phường  LÀO CAI"),  # mended
    resident(4, commune="Phường  LÀO CAI"),  # repeated
]


def of(submission: Submission) -> dict[str, Any]:
    """What was measured."""
    found: dict[str, Any] = submission.details["measures"]
    return found


def test_cells_are_counted_by_declared_columns_and_rows_by_rule(hand_in: HandIn) -> None:
    submission = hand_in(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, ROWS))
    assert (submission.rows_accepted, submission.rows_rejected, submission.rows_ignored) == (2, 3, 2)
    rules = {each["rule"]: each["count"] for each in submission.details["reasons"]}
    assert of(submission) == {
        "cells": 6 * len(RESIDENTS.columns),
        "filled_cells": 6 * FILLED - 1,
        "rows_by_rule": dict.fromkeys(sorted(rules), 1),
        "rows_by_dimension": {"accurate": 1, "clean": 1, "complete": 1, "unified": 1},
        "rows_with_error": {"accurate": 1, "clean": 1, "complete": 1, "unified": 1},
    }
    assert set(rules.values()) == {1}


@pytest.mark.parametrize("rows_at_a_time", [2, 3])
def test_counts_do_not_depend_on_where_batches_end(
    settings: Settings, hand_in: HandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows_at_a_time: int
) -> None:
    whole = hand_in(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, ROWS))
    elsewhere = {"home": tmp_path / "apart", "sources": tmp_path / "other"}
    apart = settings.model_copy(update={**elsewhere, "batch_rows": rows_at_a_time})
    monkeypatch.setattr(text_reader, "MOST_BLOCK_ROWS", rows_at_a_time)
    batches: list[int] = []
    monkeypatch.setattr(CellCounts, "add", _noting(batches))
    office.drop(apart, RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, ROWS))
    (cut,) = take_in_dataset(apart, RESIDENTS)
    assert (sum(batches), len(batches) > 1) == (6, True)
    assert of(cut) == of(whole)


def _noting(batches: list[int]) -> Callable[[CellCounts, TypedBatch], None]:
    add = CellCounts.add

    def noted(counts: CellCounts, typed: TypedBatch) -> None:
        batches.append(typed.frame.height)
        add(counts, typed)

    return noted


def test_an_empty_file_of_findings_means_that_no_row_broke_a_rule(hand_in: HandIn) -> None:
    submission = hand_in(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, [resident(0), resident(1)]))
    nothing: dict[str, int] = {}
    assert of(submission) == {
        "cells": 2 * len(RESIDENTS.columns),
        "filled_cells": 2 * FILLED,
        "rows_by_rule": nothing,
        "rows_by_dimension": nothing,
        "rows_with_error": nothing,
    }


FOUND = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]),
        st.integers(2, 6),
        st.sampled_from(["citizen_id", "sex", ""]),
        st.sampled_from(["required", "citizen_id.sex", "text.pattern", "choice.unknown_optional"]),
    ),
    max_size=30,
)


@given(found=FOUND, at_a_time=st.integers(1, 7))
@effort(max_examples=50)
def test_rows_are_counted_once_a_rule_however_many_findings_are_looked_at_together(
    found: list[tuple[str, int, str, str]], at_a_time: int
) -> None:
    rows = [
        (sheet, row, column, 1, rule, RULES[rule].severity, None) for sheet, row, column, rule in sorted(set(found))
    ]
    frame = pl.DataFrame(rows, schema=FINDINGS, orient="row")
    counted = measures(CellCounts([]), frame.iter_slices(at_a_time))
    by_rule = {rule: {each[:2] for each in found if each[3] == rule} for rule in {each[3] for each in found}}
    assert counted["rows_by_rule"] == {rule: len(places) for rule, places in sorted(by_rule.items())}
    for name, severities in (("rows_by_dimension", ("error", "warning")), ("rows_with_error", ("error",))):
        broken: dict[str, set[tuple[str, int]]] = {}
        for rule, places in by_rule.items():
            if RULES[rule].severity in severities:
                broken.setdefault(RULES[rule].dimension, set()).update(places)
        assert counted[name] == {dimension: len(places) for dimension, places in sorted(broken.items())}
