"""Files of the repository that follow from the declarations: dbt's ``sources.yml``, and the models that gather the
KPIs, the pairs of the reconciliation register, and the sources of all facts.

Belongs here: turning declarations into the text of a committed file, and writing it where it differs. Does not belong
here: anything that needs data, and what dbt makes of the sources (``dbt_project/``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from orchestration.building import changes, kpis, predecessor, reconciliation
from orchestration.intake import exported
from orchestration.intake.bronze import SUBMISSIONS
from orchestration.lineage import derived as derived_lineage
from orchestration.lineage import exported as exported_lineage
from orchestration.settings import Settings
from schemas import Declaration, datasets

#: The tables that dbt reads beside bronze and ``submission``.
EXPORTED = (*exported.TABLES, *predecessor.TABLES, *exported_lineage.TABLES, *changes.TABLES)
#: What the columns of ``bronze/submission.parquet`` mean: the ledger as dbt sees it.
_SUBMISSION_TEXTS = {
    "sequence": "Order of acceptance; later ones are newer.",
    "submission_id": "Id of the submission; every row of bronze names the one that brought it.",
    "department": "Department that handed the file in.",
    "dataset": "Dataset, as department/name.",
    "unit": "Reporting unit: the department, the code of a commune, or the key of an old one; empty if unknown.",
    "period": "Period that the file reports: 2026-10, 2026Q4 or 2026; empty if unknown.",
    "period_start": "First day of the period.",
    "period_end": "Last day of the period.",
    "load": "full: replaces the older file of its unit and period; upsert: by key.",
    "file_name": "Name of the file as it was handed in.",
    "file_sha256": "SHA-256 of the file; its copy in the archive has this name.",
    "received_at": "Time of acceptance, in UTC.",
    "verdict": "accepted, partly, refused, waiting, duplicate or withdrawn.",
    "rows_read": "Data rows found in the file.",
    "rows_accepted": "Rows that went into bronze.",
    "rows_rejected": "Rows that were returned to the department.",
    "rows_ignored": "Rows that hold no data, or repeat another row.",
    "superseded_by": "Submission that replaced this one.",
    "replays": "Submission with which the file arrived, where it was judged again; else null.",
    "position": "Order in which the files arrived; a file that is judged again keeps its place.",
    "days_late": "Days after the due day on which the file arrived; 0 in time, null where the period is unknown.",
    "is_current": "Its rows count now: accepted or partly, and not superseded.",
}

#: The same of ``bronze/difference_decision.parquet``.
_DECISION_TEXTS = {
    "decision_id": "Order of the decisions; the newest about a difference counts.",
    "difference_id": "The difference, as mart_difference names it.",
    "kind": "explained, corrected, accepted or reopened.",
    "why": "The reason, as it was given.",
    "who": "User who decided.",
    "decided_at": "Time of the decision, in UTC.",
}

_SQL_TYPES: dict[Any, str] = {
    pl.String: "string",
    pl.Int32: "int",
    pl.Int64: "bigint",
    pl.Boolean: "boolean",
    pl.Date: "date",
    pl.Datetime: "timestamp",
}

_HEADER = """\
# Derived from schemas/ by orchestration/building/derive.py; do not edit. A test fails when it is stale.
version: 2

sources:
  - name: bronze
    description: Accepted rows of the departments' files, without restricted values; one Parquet file per submission.
    config:
      meta:
        # {name} is the table; dbt-duckdb fills it in. Every table has an empty file, so the pattern always matches.
        external_location: "read_parquet('%(home)s/bronze/{name}/*.parquet', %(options)s)"
    tables:
"""
_OPTIONS = "union_by_name = true, hive_partitioning = false"
_HOME = r"{{ env_var('KHO_HOME') | replace(\"'\", \"''\") }}"


def sql_type(dtype: Any) -> str:
    """The name of a stored type in SQL, in a form that DuckDB and Spark share."""
    if isinstance(dtype, pl.Decimal):
        return f"decimal({dtype.precision}, {dtype.scale})"
    base = dtype.base_type() if isinstance(dtype, pl.DataType) else dtype
    if base not in _SQL_TYPES:
        raise TypeError(f"{dtype} has no SQL type; add it to orchestration/building/derive.py")
    return _SQL_TYPES[base]


def _text(value: str) -> str:
    """A YAML scalar. JSON strings are YAML; braces would be Jinja to dbt."""
    return json.dumps(value.replace("{{", "{ {").replace("{%", "{ %"), ensure_ascii=False)


def _column(name: str, dtype: Any, description: str, meta: dict[str, str]) -> Iterator[str]:
    yield f"          - name: {name}"
    yield f"            description: {_text(description)}"
    yield f"            data_type: {sql_type(dtype)}"
    yield "            config:"
    yield "              meta:"
    for key, value in meta.items():
        yield f"                {key}: {_text(value)}"


def _exported_table(name: str, grain: str, columns: Mapping[str, tuple[Any, str]]) -> Iterator[str]:
    yield f"      - name: {name}"
    yield f"        description: {_text(grain)}"
    yield "        config:"
    yield "          meta:"
    yield f"            external_location: \"read_parquet('{_HOME}/bronze/{name}.parquet')\""
    yield "        columns:"
    for column, (dtype, text) in columns.items():
        yield from _column(column, dtype, text, {"classification": "internal"})


def _dataset_table(declaration: Declaration) -> Iterator[str]:
    yield f"      - name: {declaration.table}"
    yield f"        description: {_text(declaration.grain)}"
    yield "        config:"
    yield "          meta:"
    # What decides about obligations stands here, too, so that a change of it is a change of the project.
    for key in ("title", "owner", "period", "load", "legal_basis", "due_day", "lock_day", "owed_by", "owed_from"):
        value = getattr(declaration, key)
        if value is not None:
            yield f"            {key}: {_text(value) if isinstance(value, str) else value}"
    yield "        columns:"
    for each in declaration.warehouse_columns:
        meta = {"title": each.title, "classification": each.classification}
        yield from _column(each.name, each.dtype, each.description, meta)


def sources_yaml(declarations: Iterable[Declaration]) -> str:
    """The text of dbt's ``sources.yml``: the ledger, what is exported beside it, the bronze table of every dataset."""
    submission = {name: (dtype, _SUBMISSION_TEXTS[name]) for name, dtype in SUBMISSIONS.items()}
    lines = [*_exported_table("submission", "One row per submission, whatever became of it.", submission)]
    for table in EXPORTED:
        lines.extend(_exported_table(table.name, table.grain, table.columns))
    for declaration in declarations:
        lines.extend(_dataset_table(declaration))
    return _HEADER % {"home": _HOME, "options": _OPTIONS} + "\n".join(lines) + "\n"


def sources_path(settings: Settings) -> Path:
    """Where dbt reads its sources."""
    return settings.dbt_project / "models" / "sources.yml"


def refresh(settings: Settings) -> list[Path]:
    """Write the derived files that differ from what the declarations say; returns those that changed."""
    changed = []
    models = settings.dbt_project / "models"
    gathering = kpis.derived_files(models / "kpi") | reconciliation.derived_files(models / "reconciliation")
    gathering |= derived_lineage.derived_files(models)
    for path, text in {sources_path(settings): sources_yaml(datasets().values()), **gathering}.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(path)
    return changed


if __name__ == "__main__":
    from orchestration.settings import settings as read_settings

    for written in refresh(read_settings()):
        print(f"written: {written}")
