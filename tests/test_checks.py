"""What Dagster checks on a dataset: nothing is lost, what was returned and why, what is late."""

from __future__ import annotations

import datetime
from dataclasses import replace

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from orchestration import checks
from orchestration.intake.ledger import Ledger, Submission
from orchestration.settings import Settings
from tests.office import RESIDENTS

NOW = datetime.datetime(2026, 11, 20, 8, tzinfo=datetime.UTC)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"now": NOW})


def submission(**facts: object) -> Submission:
    """A submission of residents in October 2026, ten rows read and accepted."""
    common = {
        "submission_id": "a" * 16,
        "department": "population",
        "dataset": "population/residents",
        "unit": "population",
        "period": "2026-10",
        "period_start": datetime.date(2026, 10, 1),
        "period_end": datetime.date(2026, 10, 31),
        "file_name": "2026-10.xlsx",
        "file_sha256": "0" * 64,
        "file_bytes": 1,
        "file_identity": "1:1:1:1",
        "received_at": NOW,
        "verdict": "accepted",
        "rows_read": 10,
        "rows_accepted": 10,
    }
    return Submission(**{**common, **facts})


def test_reasons_are_counted_over_files_and_come_from_the_declaration_only(settings: Settings, ledger: Ledger) -> None:
    reason = {"rule": "citizen_id.format", "severity": "error", "column": "citizen_id", "count": 3}
    notice = {"rule": "file.extra_column", "title": "CANARY Nguyễn Văn A", "limit": ""}
    absent = {"rule": "file.missing_optional_column", "title": "Dân tộc; Mã hộ", "limit": ""}
    partly = {"verdict": "partly", "rows_accepted": 7, "rows_rejected": 3}
    taken = [
        submission(**partly, details={"reasons": [reason], "notices": [notice]}),
        submission(**partly, details={"reasons": [reason], "notices": [notice, absent]}),
    ]
    result = checks.pandera(settings, RESIDENTS, taken)
    records = [record.data for record in result.metadata["reasons"].records]
    assert (result.passed, result.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert [(each["rule"], each["column"], each["count"]) for each in records] == [
        ("citizen_id.format", "Số định danh cá nhân", 6),
        ("file.extra_column", "", 2),
        ("file.missing_optional_column", "", 1),
    ]
    assert records[0]["reason_en"] == "'Số định danh cá nhân' must have exactly 12 digits"
    assert "Dân tộc; Mã hộ" in records[2]["reason_vi"]
    assert "CANARY" not in str(records)


def test_a_refused_file_is_an_error_and_stays_one_until_a_better_file_comes(settings: Settings, ledger: Ledger) -> None:
    refused = submission(verdict="refused", rows_read=0, rows_accepted=0, details={"notices": []})
    ledger.record(refused)
    same = submission(submission_id="b" * 16, verdict="duplicate", rows_read=0, rows_accepted=0)
    good = submission(submission_id="c" * 16)
    for taken, passed in (([refused], False), ([], False), ([same], False), ([good], True)):
        result = checks.pandera(settings, RESIDENTS, taken)
        assert result.passed is passed
        assert passed or result.severity == dg.AssetCheckSeverity.ERROR


def test_rows_that_are_missing_from_bronze_are_found(settings: Settings, ledger: Ledger) -> None:
    ledger.record(submission())
    stored = settings.bronze / "population_residents" / f"{'a' * 16}.parquet"
    stored.parent.mkdir(parents=True)
    found = []
    for rows in (10, 9, None):
        stored.unlink(missing_ok=True)
        if rows:
            pq.write_table(pa.table({"source_row": range(rows)}), stored)
        found.append(checks.conservation(settings, RESIDENTS, []).passed)
    assert found == [True, False, False]


@pytest.mark.parametrize(
    ("period", "due_day", "today", "expected"),
    [
        ("month", 5, "2026-11-05", "2026-09"),  # October is due until the end of 5 November
        ("month", 5, "2026-11-06", "2026-10"),
        ("month", 5, "2027-01-06", "2026-12"),
        ("month", 40, "2026-11-09", "2026-08"),  # a due date may lie in the month after the next
        ("quarter", 15, "2026-10-15", "2026Q2"),
        ("quarter", 15, "2026-10-16", "2026Q3"),
        ("year", 31, "2027-01-31", "2025"),
        ("year", 31, "2027-02-01", "2026"),
    ],
)
def test_a_file_is_late_from_the_day_after_it_was_due(period: str, due_day: int, today: str, expected: str) -> None:
    declaration = replace(RESIDENTS, period=period, owed_from=None, due_day=due_day)
    assert checks.last_due(declaration, datetime.date.fromisoformat(today)).label == expected


def test_freshness_asks_for_the_last_due_period(settings: Settings, ledger: Ledger) -> None:
    assert not checks.freshness(settings, RESIDENTS).passed
    older = {"period": "2026-09", "period_start": datetime.date(2026, 9, 1), "period_end": datetime.date(2026, 9, 30)}
    ledger.record(submission(submission_id="b" * 16, **older))
    late = checks.freshness(settings, RESIDENTS)
    ledger.record(submission())
    assert (late.passed, checks.freshness(settings, RESIDENTS).passed) == (False, True)
    assert late.metadata["newest_period"].text == "2026-09"
