"""What a resubmission changes: counted in the ledger, cell by cell in the vault, before and after in the receipt."""

from __future__ import annotations

import polars as pl

from orchestration.intake.bronze import vault_file
from orchestration.intake.ledger import Submission
from orchestration.settings import Settings
from schemas import Declaration
from tests.conftest import HandIn
from tests.office import RESIDENTS, resident, rows_csv


def changes(settings: Settings, declaration: Declaration, submission: Submission) -> list[tuple[object, ...]]:
    """The vault's file of changes, with the key as a tuple."""
    frame = pl.read_parquet(vault_file(settings, declaration, submission.submission_id, "changes"))
    names = ("kind", "source_row", "key", "column_name", "before", "after")
    return [tuple(tuple(each) if isinstance(each, list) else each for each in row) for row in frame[names].rows()]


def test_a_corrected_file_shows_new_changed_vanished_and_unchanged_rows(settings: Settings, hand_in: HandIn) -> None:
    first = hand_in(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, [resident(number) for number in range(6)]))
    assert "changes" not in first.details
    assert not vault_file(settings, RESIDENTS, first.submission_id, "changes").exists()
    rows = [resident(5), resident(1, household_no="HK9"), resident(2, full_name="Lò Thị Mới", commune="Xã Bát Xát")]
    second = hand_in(RESIDENTS, "2026-10 sửa.csv", rows_csv(RESIDENTS, [*rows, resident(3), resident(4), resident(7)]))
    assert second.verdict == "accepted"
    assert second.details["changes"] == {
        "against": [first.submission_id],
        "updates": False,
        "new": 1,
        "changed": 2,
        "vanished": 1,
        "unchanged": 3,
        "columns": {"full_name": 1, "commune": 1, "household_no": 1},
    }
    ids = {number: (resident(number)["citizen_id"],) for number in range(8)}
    assert changes(settings, RESIDENTS, second) == [
        ("changed", 3, ids[1], "household_no", "HK00000", "HK9"),
        ("changed", 4, ids[2], "full_name", "Lò Thị C0", "Lò Thị Mới"),
        ("changed", 4, ids[2], "commune", "02680", "02683"),
        ("vanished", 2, ids[0], None, None, None),
        ("new", 7, ids[7], None, None, None),
    ]
