"""What the marts should say about the demo, counted in plain Python from the rows that should have been accepted.

Belongs here: counting by the definitions in the marts' descriptions. It shares no code with the intake or with dbt.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orchestration.demo.drafts import COMPLETIONS, PARCELS, RESIDENTS
from orchestration.demo.files import DemoFiles


@dataclass(frozen=True)
class CommuneTotals:
    """Columns of marts.mart_commune_overview for one commune."""

    residents: int
    households: int
    parcels: int
    area_m2: Decimal
    owners: int
    learners: int
    completions: int
    completed_persons: int
    coverage_numerator: int
    coverage_denominator: int


def commune_totals(files: DemoFiles, *, target_age: int) -> dict[str, CommuneTotals]:
    """By commune code; communes in which nothing happened are left out."""
    # A person counts where her newest row places her; someone whose October row was returned still stands in September.
    register = {row["citizen_id"]: row for row in _every(files, RESIDENTS)}
    latest = files.current(RESIDENTS)
    living = [row for row in latest if not _dead(row)]
    year = latest[0]["as_of"].year
    courses = files.current(COMPLETIONS)
    stated = {row["citizen_id"]: row["commune"] for row in _every(files, COMPLETIONS)}
    current = {row["citizen_id"] for row in latest}
    home = {
        learner: register[learner]["commune"] if learner in current else stated[learner]
        for learner in {row["citizen_id"] for row in courses}
    }
    completed = {row["citizen_id"] for row in courses if row["completed"] is not None}
    target = [row for row in living if year - int(row["date_of_birth"][:4]) >= target_age]
    parcels: dict[tuple[str, ...], dict] = {}
    owners: set[tuple[str, str]] = set()
    for row in files.current(PARCELS):
        parcels.setdefault(_parcel(row), row)
        owner = row["owner_citizen_id"] or row["owner_tax_code"] or row["owner_name"]
        if owner:
            owners.add((row["commune"], owner))
    area: Counter[str] = Counter()
    for row in parcels.values():
        area[row["commune"]] += row["area_m2"]
    counts: dict[str, Any] = {
        "residents": Counter(row["commune"] for row in living),
        "households": Counter(commune for commune, _ in {(row["commune"], row["household_no"]) for row in living}),
        "parcels": Counter(row["commune"] for row in parcels.values()),
        "area_m2": area,
        "owners": Counter(commune for commune, _ in owners),
        "learners": Counter(home.values()),
        "completions": Counter(home[row["citizen_id"]] for row in courses if row["completed"] is not None),
        "completed_persons": Counter(home[learner] for learner in completed),
        "coverage_numerator": Counter(row["commune"] for row in target if row["citizen_id"] in completed),
        "coverage_denominator": Counter(row["commune"] for row in target),
    }
    communes = sorted(set().union(*counts.values()))
    return {code: CommuneTotals(**{name: count[code] for name, count in counts.items()}) for code in communes}


def _every(files: DemoFiles, path: str) -> list[dict]:
    """The accepted rows of all files of a dataset, oldest first."""
    return [row for each in files.expectations if each.dataset == path for row in each.values]


def _dead(row: dict) -> bool:
    return row["residence_type"] == "deceased" or row["death_date"] is not None


def _parcel(row: dict) -> tuple[str, ...]:
    if row["parcel_id"]:
        return (row["parcel_id"],)
    return (row["commune"], row["old_commune"].lower(), row["map_sheet"], row["parcel_no"])
