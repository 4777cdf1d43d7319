"""What dbt reads beside bronze follows from declarations and ledger alone, whatever the day."""

from __future__ import annotations

import datetime

import polars as pl

from orchestration.intake.bronze import export_for_dbt
from orchestration.intake.exported import TABLES, frames
from orchestration.intake.ledger import Ledger
from orchestration.settings import Settings
from schemas import dataset, datasets
from tests.test_delivery import submission

RESIDENTS = dataset("population/residents")


def exported(settings: Settings, name: str) -> pl.DataFrame:
    """A table as dbt reads it."""
    export_for_dbt(settings)
    return pl.read_parquet(settings.bronze / f"{name}.parquet")


def due(settings: Settings) -> list[tuple[str, str]]:
    """Dataset and period of what was due when the newest file arrived."""
    return exported(settings, "obligation").filter("is_due").select("dataset", "period").rows()


def test_every_table_is_there_before_the_first_file_with_what_is_owed_for_the_first_year(settings: Settings) -> None:
    rows = export_for_dbt(settings)
    assert set(rows) == {"submission", *(each.name for each in TABLES)}
    assert {name: count for name, count in rows.items() if name not in ("dataset", "obligation")} == {
        "submission": 0,
        "submission_quality": 0,
        "submission_reason": 0,
        "difference_decision": 0,
        "submission_known": 0,
    }
    assert rows["dataset"] == len(datasets())
    residents = exported(settings, "obligation").filter(pl.col("dataset") == RESIDENTS.path)
    assert residents["period"].to_list() == ["2026-10", "2026-11", "2026-12"]
    assert residents["due_date"].to_list()[-1] == datetime.date(2027, 1, 5)
    assert due(settings) == []


def test_the_newest_file_that_is_no_duplicate_tells_the_day(settings: Settings, ledger: Ledger) -> None:
    """The register of a rebuilt warehouse is the one that was published, whenever it is rebuilt."""
    ledger.record(submission(RESIDENTS, "october", "2026-10", datetime.date(2026, 11, 5)))
    assert due(settings) == []  # it came on the due day
    ledger.record(
        submission(
            RESIDENTS,
            "again",
            "2026-10",
            datetime.date(2027, 3, 1),
            verdict="duplicate",
            rows_read=10,
            rows_accepted=0,
            rows_ignored=10,
        )
    )
    assert due(settings) == []
    ledger.record(submission(RESIDENTS, "later", "2026-10", datetime.date(2026, 11, 6)))
    assert due(settings) == [("population/residents", "2026-10"), ("public_service/dossiers", "2026-10")]
    ledger.record(submission(RESIDENTS, "next year", "2026-12", datetime.date(2027, 1, 4)))
    assert exported(settings, "obligation")["period_start"].max() == datetime.date(2027, 12, 1)


def test_how_late_a_file_was_is_told_though_the_oldest_ledgers_did_not_keep_it(
    settings: Settings, ledger: Ledger
) -> None:
    ledger.record(submission(RESIDENTS, "old", "2026-10", datetime.date(2026, 11, 12), days_late=None))
    ledger.record(submission(RESIDENTS, "new", "2026-10", datetime.date(2026, 11, 12), days_late=3))
    assert exported(settings, "submission")["days_late"].to_list() == [7, 3]


def test_a_submission_that_was_not_measured_has_no_quality_and_keeps_its_reasons(
    settings: Settings, ledger: Ledger
) -> None:
    reason = {"rule": "required", "severity": "error", "column": "sex", "count": 2}
    ledger.record(submission(RESIDENTS, "old", "2026-10", datetime.date(2026, 11, 2), details={"reasons": [reason]}))
    found = frames(settings, ledger.all())
    assert found["submission_quality"].height == 0
    assert found["submission_reason"].rows() == [
        ("old", "required", "complete", "error", "sex", RESIDENTS.columns["sex"].title, 2, None)
    ]
