"""The story of which the tests of the models ask: hand-made bronze with a ledger, as the intake would have left them.

Belongs here: telling it. Does not belong here: what follows from it, worked out by counting (``test_dbt.py``).
"""

import datetime
from decimal import Decimal
from pathlib import Path

import polars as pl

from orchestration.building import changes, predecessor
from orchestration.intake.bronze import SUBMISSIONS
from orchestration.intake.exported import frames
from orchestration.intake.ledger import Submission
from orchestration.lineage import exported as lineage
from orchestration.settings import Settings
from schemas import dataset, datasets

A, B = "02647", "02725"  # Phường Lào Cai, Xã Bản Xèo
ELSEWHERE = "00004"  # in Hà Nội
A_KEY, B_KEY, ELSEWHERE_KEY = (f"{code}@2025-07-01" for code in (A, B, ELSEWHERE))
REFORM = datetime.date(2025, 7, 1)
PERIOD_ENDS = {
    "2026-08": datetime.date(2026, 8, 31),
    "2026-09": datetime.date(2026, 9, 30),
    "2026-10": datetime.date(2026, 10, 31),
    "2026-11": datetime.date(2026, 11, 30),
    "2026Q3": datetime.date(2026, 9, 30),
    "2026Q4": datetime.date(2026, 12, 31),
}
#: What the ledger says of the file of October's residents that counts: eight rows, two returned, one repeated.
OCTOBER = {
    "ignored": {"duplicate": 1, "header": 1},
    "mended": {"text": 2, "date": 1},
    "reasons": [
        {"rule": "citizen_id.sex", "severity": "error", "column": "citizen_id", "count": 2},
        {"rule": "text.pattern", "severity": "error", "column": "household_no", "count": 1},
        {"rule": "text.pattern", "severity": "warning", "column": "village", "count": 1},
        {"rule": "choice.unknown_optional", "severity": "warning", "column": "ethnicity", "count": 1},
        {"rule": "rule.of.former.days", "severity": "warning", "column": "", "count": 1},
    ],
    "measures": {
        "cells": 120,
        "filled_cells": 100,
        "rows_by_rule": {"citizen_id.sex": 2, "text.pattern": 1, "choice.unknown_optional": 1},
        "rows_by_dimension": {"accurate": 2, "clean": 1, "unified": 1},
        "rows_with_error": {"accurate": 2, "clean": 1},
    },
}


def of_time(row: dict) -> dict:
    """What stands beside the commune of a row: all of the story happens since the reform."""
    return {"commune_of_time_key": f"{row['commune']}@2025-07-01"} if row.get("commune") else {}


class Bronze:
    """Writes bronze below a home as the intake does: one Parquet file a submission, and the ledger beside them."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "bronze"
        self.submissions: list[dict] = []
        self.details: dict[str, dict] = {}
        for declaration in datasets().values():
            self._write(declaration.table, "empty", [])

    def submit(self, path: str, period: str, rows: list[dict], **facts) -> None:
        declaration = dataset(path)
        sequence = len(self.submissions) + 1
        submission_id = f"{sequence:016x}"
        self.details[submission_id] = facts.pop("details", {})
        facts = {"unit": declaration.department, "verdict": "accepted", "is_current": True, **facts}
        self.submissions.append(
            {
                "sequence": sequence,
                "submission_id": submission_id,
                "department": declaration.department,
                "dataset": path,
                "period": period,
                "period_start": None,
                "period_end": PERIOD_ENDS[period],
                "load": declaration.load,
                "file_name": f"{period}.xlsx",
                "file_sha256": f"{sequence:064x}",
                "received_at": datetime.datetime(2026, 12, 1, 8, 0, sequence),
                "rows_read": len(rows),
                "rows_accepted": len(rows),
                "rows_rejected": 0,
                "rows_ignored": 0,
                "superseded_by": None,
                "replays": None,
                "position": sequence,
                "days_late": 0,
                **facts,
            }
        )
        provenance = {"submission_id": submission_id, "source_sheet": "Sheet1"}
        self._write(
            declaration.table,
            submission_id,
            [{**provenance, "source_row": number, **of_time(row), **row} for number, row in enumerate(rows, start=2)],
        )

    def _write(self, table: str, name: str, rows: list[dict]) -> None:
        schema = {each.name: each.dtype for each in dataset(table).warehouse_columns}
        assert not {key for row in rows for key in row} - set(schema)
        (self.folder / table).mkdir(parents=True, exist_ok=True)
        frame = pl.DataFrame([{**dict.fromkeys(schema), **row} for row in rows], schema=schema)
        frame.write_parquet(self.folder / table / f"{name}.parquet")

    def write_ledger(self) -> None:
        pl.DataFrame(self.submissions, schema=SUBMISSIONS).write_parquet(self.folder / "submission.parquet")
        ledger = [in_ledger(details=self.details[each["submission_id"]], **each) for each in self.submissions]
        nothing_before = {table.name: table.frame([]) for table in (*predecessor.TABLES, *changes.TABLES)}
        settings = Settings(home=self.folder)
        for name, table in (frames(settings, ledger) | nothing_before | lineage.frames(settings)).items():
            table.write_parquet(self.folder / f"{name}.parquet")


def in_ledger(position: int, received_at: datetime.datetime, details: dict | None = None, **facts) -> Submission:
    """A submission as the ledger gives it out."""
    given = {"received_at": received_at.replace(tzinfo=datetime.UTC), "position": f"{position:09}"}
    return Submission(**facts, **given, details=details or {}, file_bytes=0, file_identity="")


def resident(person: str, commune: str, household: str | None, birth_year: int, **more) -> dict:
    sex = more.pop("sex", "female")
    values = {"citizen_key": person, "commune": commune, "household_no": household, "birth_year": birth_year}
    return {**values, "sex": sex, **more}


def completion(person: str, course: str, result: str | None = "completed", **more) -> dict:
    return {"citizen_key": person, "course_name": course, "result": result, **more}


def parcel(commune: str, area: str, land_type: str, **more) -> dict:
    return {"commune": commune, "area_m2": Decimal(area), "land_type": land_type, **more}


def write_story(home: Path) -> None:
    bronze = Bronze(home)
    # Residents. The first file of October was replaced: p9 stands in it alone and must be nowhere.
    bronze.submit(
        "population/residents",
        "2026-10",
        [resident("p1", A, "1", 1980), resident("p9", A, "1", 1980)],
        is_current=False,
        superseded_by=f"{2:016x}",
    )
    bronze.submit(
        "population/residents",
        "2026-10",
        [
            resident("p1", A, "1", 1980, sex="male", village="Cũ", residence_type="permanent"),
            resident("p2", A, "1", 1985),
            resident("p3", A, "2", 1950, residence_type="deceased"),
            resident("p4", B, "1", 2012),  # 14: too young for the target group
            resident("p5", B, "2", 2011),  # 15: in it
            resident("p6", A, "2", 1990, residence_type="permanent", death_year=2026),
            resident("p10", A, "5", 1970),
            resident("p13", ELSEWHERE, "1", 1970),
        ],
        rows_read=11,
        rows_rejected=2,
        rows_ignored=1,
        days_late=26,
        details=OCTOBER,
    )
    # A late file of September is history: p7 has left since, p1 lived in B.
    bronze.submit("population/residents", "2026-09", [resident("p1", B, "8", 1980), resident("p7", A, "3", 1999)])
    # Commune B reports by itself and newer: p2 moved there. p8 has no household number.
    bronze.submit(
        "population/residents",
        "2026-11",
        [resident("p2", B, "9", 1985), resident("p8", B, None, 2000)],
        unit=B,
    )
    # Commune A reports October too: its row of p1 is the later submission of the same period.
    bronze.submit(
        "population/residents",
        "2026-10",
        [resident("p1", A, "1", 1980, sex="male", village="Mới", residence_type="permanent")],
        unit=A,
    )
    # Commune B's October is not its newest file, so it does not take p10 away from A though it came later.
    bronze.submit("population/residents", "2026-10", [resident("p10", B, "7", 1970)], unit=B)

    # Training: the newest submission wins by person and course, whatever its period.
    bronze.submit(
        "training/completions",
        "2026-09",
        [
            completion("p1", "KN1", "in_progress"),
            completion("p1", "KN2", None, completed=datetime.date(2026, 8, 30)),
            completion("p2", "KN1", commune=A),  # counts in B, where p2 resides
            completion("L1", "KN1", commune=A, birth_year=2001),
            completion("L1", "KN3", commune=B, sex="male"),
            completion("L2", "KN1", "not_completed", completed=datetime.date(2026, 8, 30)),  # no commune anywhere
            completion("p3", "KN1"),
            completion("L3", "KN1", commune=ELSEWHERE),
        ],
    )
    bronze.submit(
        "training/completions", "2026-10", [completion("p1", "KN1"), completion("L1", "KN1", None)], days_late=21
    )
    bronze.submit("training/completions", "2026-08", [completion("p4", "KN1", commune=A), completion("p1", "KN2")])

    # Land. M1 has two owners; two unnumbered parcels share sheet and number but not the commune.
    numbered = {"old_commune": "Xã Cũ", "map_sheet": "1", "parcel_no": "5"}
    bronze.submit(
        "land/parcels",
        "2026Q4",
        [
            parcel(A, "100.5000", "ONT", parcel_id="M1", owner_citizen_key="p1", owner_role="owner"),
            parcel(A, "100.5000", "ONT", parcel_id="M1", owner_citizen_key="X1", owner_role="co_owner"),
            parcel(A, "250", "ONT 100+CLN 150", parcel_id="M2", owner_tax_code="0100109106"),
            parcel(A, "300", "LUC", **numbered, owner_name_key="n1"),
            parcel(A, "300", "LUC", **{**numbered, "old_commune": "XÃ CŨ"}, owner_name_key="n2"),
            parcel(B, "400", "BCS", **numbered, owner_name_key="n1"),
            parcel(B, "50", "CLN+LUC", parcel_id="M3", owner_citizen_key="p1"),
            parcel(B, "70", "SKX", parcel_id="M4"),
            parcel(A, "10", "LUN", parcel_id="M6", owner_citizen_key="p1"),
        ],
    )
    bronze.submit(
        "land/parcels",
        "2026Q3",
        [
            parcel(A, "90", "ONT", parcel_id="M1", owner_citizen_key="p1"),
            parcel(A, "999", "ONT", parcel_id="M5", owner_citizen_key="p1"),
        ],
    )
    # Files that do not count, although rows of theirs lie in bronze.
    refused = {"verdict": "refused", "is_current": False, "rows_read": 5, "rows_accepted": 0, "rows_rejected": 5}
    bronze.submit("land/parcels", "2026Q4", [parcel(A, "1", "ONT", parcel_id="M8")], **refused)
    bronze.submit(
        "population/residents", "2026-11", [resident("p11", A, "1", 1980)], verdict="waiting", is_current=False
    )
    # A file that was refused in time, and judged again later: it stands where it arrived.
    bronze.submit("direction/documents", "2026-10", [], verdict="refused", is_current=False)
    first = bronze.submissions[-1]
    again = {name: first[name] for name in ("position", "days_late")}
    bronze.submit("direction/documents", "2026-10", [], replays=first["submission_id"], **again)
    bronze.write_ledger()
    bronze.submit("population/residents", "2026-11", [resident("p12", A, "1", 1980)])  # killed before its commit
