"""What the version published before this one showed, as tables that dbt compares with what is built now.

Belongs here: finding that version and exporting its KPIs and its submissions. Does not belong here: what a difference
is and which file explains it (``mart_change``).

The version before is the newest one that shows an earlier state of the ledger, so that building the same ledger again
compares with the same version. It is one of the last few that are kept (``KHO_KEEP_VERSIONS``).
"""

from __future__ import annotations

import datetime

import duckdb
import polars as pl

from orchestration.files import replacing
from orchestration.intake.exported import ExportedTable
from orchestration.settings import Settings
from orchestration.sharing.reader import open_read_only
from orchestration.sharing.versions import Facts, Published, versions

_DECIMAL = pl.Decimal(24, 4)

VERSION = ExportedTable(
    "previous_version",
    "One row per version with which this one is compared: the one published before, or none.",
    {
        "version": (pl.String, "Name of the version."),
        "published_at": (pl.Datetime("us"), "Time of its publication, in UTC."),
    },
)
KPI = ExportedTable(
    "previous_kpi",
    "One row per KPI, geography, breakdown and period of the version published before.",
    {
        "kpi_id": (pl.String, "Id of the KPI."),
        "geography_level": (pl.String, "commune or province."),
        "geography_code": (pl.String, "Code of the commune or province."),
        "breakdown": (pl.String, "Group within which numerator and denominator add up."),
        "period": (pl.String, "Period of the KPI."),
        "period_end": (pl.Date, "Last day of the period."),
        "numerator": (_DECIMAL, "What was counted then."),
        "denominator": (_DECIMAL, "Of what."),
        "value": (_DECIMAL, "The value shown then."),
    },
)
SUBMISSION = ExportedTable(
    "previous_submission",
    "One row per submission that the version published before knew.",
    {
        "submission_id": (pl.String, "Id of the submission."),
        "verdict": (pl.String, "Its verdict then."),
        "is_current": (pl.Boolean, "Its rows counted then."),
    },
)
TABLES = (VERSION, KPI, SUBMISSION)
_RELATIONS = {KPI.name: "marts.mart_kpi", SUBMISSION.name: "core.fct_submission"}


def predecessor(settings: Settings, facts: Facts) -> Published | None:
    """The version that stood before the ledger's present state; None if none is left."""
    earlier = [each for each in versions(settings) if each.ledger_sequence < facts.ledger_sequence]
    return earlier[-1] if earlier else None


def export_predecessor(settings: Settings, facts: Facts) -> dict[str, int]:
    """Write the tables for dbt; they are empty where there is no version before, or where its code had no KPIs.

    Returns their numbers of rows.
    """
    before = predecessor(settings, facts)
    rows = [_version(before)] if before else []
    frames = {VERSION.name: VERSION.frame(rows)}
    for table in (KPI, SUBMISSION):
        frames[table.name] = _read(before, table) if before else table.frame([])
    for name, frame in frames.items():
        with replacing(settings.bronze / f"{name}.parquet") as file:
            frame.write_parquet(file)
    return {name: frame.height for name, frame in frames.items()}


def _version(before: Published) -> dict[str, object]:
    moment = datetime.datetime.fromisoformat(before.published_at).astimezone(datetime.UTC)
    return {"version": before.version, "published_at": moment.replace(tzinfo=None)}


def _read(before: Published, table: ExportedTable) -> pl.DataFrame:
    schema = {name: dtype for name, (dtype, _) in table.columns.items()}
    try:
        with open_read_only(before.path) as connection:
            found = connection.execute(f"select {', '.join(schema)} from {_RELATIONS[table.name]}").fetchall()
    except (duckdb.CatalogException, duckdb.BinderException):
        return table.frame([])
    return pl.DataFrame(found, schema=schema, orient="row")
