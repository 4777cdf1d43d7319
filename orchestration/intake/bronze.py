"""Bronze: the accepted rows of every submission as Parquet, and the ledger as dbt sees it.

Belongs here: where the files of a submission lie, the types of a dataset's bronze table, the export of the
ledger before a build. An orphan file without a row in the ledger is invisible: dbt joins every row to
``submission.parquet``.
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.files import replacing
from orchestration.intake.deadlines import days_late
from orchestration.intake.exported import frames
from orchestration.intake.keys import fingerprint
from orchestration.intake.ledger import Ledger, Submission
from orchestration.settings import Settings
from schemas import Declaration, datasets

#: A glob without a match is an error in DuckDB; a declared dataset without any submission must still build.
EMPTY = "empty.parquet"
#: In the metadata of a bronze file.
_KEY_NAME = b"kho.pseudonym_key"

SUBMISSIONS: dict[str, Any] = {
    "sequence": pl.Int64,
    "submission_id": pl.String,
    "department": pl.String,
    "dataset": pl.String,
    "unit": pl.String,
    "period": pl.String,
    "period_start": pl.Date,
    "period_end": pl.Date,
    "load": pl.String,
    "file_name": pl.String,
    "file_sha256": pl.String,
    "received_at": pl.Datetime("us"),
    "verdict": pl.String,
    "rows_read": pl.Int64,
    "rows_accepted": pl.Int64,
    "rows_rejected": pl.Int64,
    "rows_ignored": pl.Int64,
    "superseded_by": pl.String,
    "replays": pl.String,
    "position": pl.Int64,
    "days_late": pl.Int64,
    "is_current": pl.Boolean,
}


def bronze_file(settings: Settings, declaration: Declaration, submission_id: str) -> Path:
    """Accepted rows of a submission."""
    return settings.bronze / declaration.table / f"{submission_id}.parquet"


def vault_file(settings: Settings, declaration: Declaration, submission_id: str, kind: str = "") -> Path:
    """Restricted values of a submission; kind ``returned``, ``findings``, ``changes``: another of its files."""
    suffix = f".{kind}" if kind else ""
    return settings.vault / declaration.table / f"{submission_id}{suffix}.parquet"


def keyed_schema(schema: pa.Schema, key: str) -> pa.Schema:
    """The schema of a bronze file that says under which key its pseudonyms were made."""
    return schema.with_metadata({**(schema.metadata or {}), _KEY_NAME: fingerprint(key).encode()})


def is_under(file: Path, key: str) -> bool:
    """Whether the pseudonyms of a bronze file were made under this key; those of an older kho do not say."""
    return (pq.read_schema(file).metadata or {}).get(_KEY_NAME) == fingerprint(key).encode()


def bronze_types(declaration: Declaration) -> dict[str, Any]:
    """Columns of the bronze table and their polars types."""
    return {each.name: each.dtype for each in declaration.warehouse_columns}


def vault_types(declaration: Declaration) -> dict[str, Any]:
    """Columns of the vault's restricted values and their polars types."""
    restricted = {each.name: each.type.physical for each in declaration.restricted_columns}
    return {"source_sheet": pl.String, "source_row": pl.Int64, **restricted}


def _row(submission: Submission, sequence: int, position: int) -> tuple[object, ...]:
    facts = {name: getattr(submission, name) for name in SUBMISSIONS}
    facts |= {"sequence": sequence, "position": position}
    received: datetime.datetime = facts["received_at"]
    declaration = datasets().get(submission.dataset)
    if facts["days_late"] is None and submission.period_end and declaration:  # the oldest ledgers did not keep it
        facts["days_late"] = days_late(declaration, submission.period_end, received)
    facts["received_at"] = received.astimezone(datetime.UTC).replace(tzinfo=None)
    return tuple(facts.values())


def export_for_dbt(settings: Settings) -> dict[str, int]:
    """Write ``submission.parquet``, what follows from it, and the empty tables. Returns rows by exported table."""
    submissions = Ledger(settings.ledger).all()
    # Both orders by the clock of acceptance: a history that is taken in later gives what it would have given then.
    submissions.sort(key=lambda each: (each.received_at, each.sequence))
    positions = {position: number for number, position in enumerate(sorted({each.position for each in submissions}), 1)}
    rows = [_row(each, number, positions[each.position]) for number, each in enumerate(submissions, 1)]
    exported = {"submission": pl.DataFrame(rows, schema=SUBMISSIONS, orient="row"), **frames(settings, submissions)}
    for name, table in exported.items():
        with replacing(settings.bronze / f"{name}.parquet") as file:
            table.write_parquet(file)
    for declaration in datasets().values():
        empty = settings.bronze / declaration.table / EMPTY
        table = pl.DataFrame(schema=bronze_types(declaration))
        if not empty.exists() or pl.read_parquet_schema(empty) != table.schema:
            with replacing(empty) as file:
                table.write_parquet(file)
    return {name: table.height for name, table in exported.items()}
