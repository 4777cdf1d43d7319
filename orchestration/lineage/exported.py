"""Lineage between relations and between columns, as tables that dbt reads and the warehouse shows in ``ops``.

Belongs here: their columns with what they mean, their rows, writing them. Does not belong here: working lineage out
(``columns``), and the lineage of rows, which is a model over the facts (``derived``).
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from orchestration.files import replacing
from orchestration.intake.exported import ExportedTable
from orchestration.lineage.columns import ColumnLineage, Source
from orchestration.lineage.project import BRONZE, Project
from orchestration.project_code import project_code
from orchestration.settings import Settings
from schemas import datasets

RELATION = ExportedTable(
    "lineage_relation",
    "One row per model and relation that it is made of, directly or through other models.",
    {
        "relation": (pl.String, "The model, as schema.name."),
        "source_relation": (pl.String, "What it is made of: a model, a seed, or a table of bronze."),
        "dataset": (pl.String, "Dataset whose accepted rows stand in that table of bronze; null for everything else."),
        "is_direct": (pl.Boolean, "The model reads it itself."),
    },
)
COLUMN = ExportedTable(
    "lineage_column",
    "One row per column of a model and column that it is made of, in the relations it reads and where it all begins.",
    {
        "relation": (pl.String, "The model, as schema.name."),
        "column_name": (pl.String, "Its column."),
        "reach": (pl.String, "direct: in a relation that the model reads; origin: in bronze or a seed."),
        "source_relation": (pl.String, "Relation of the column that it is made of."),
        "source_column": (pl.String, "That column; * where its rows are counted."),
        "how": (pl.String, "copied as it is, computed with other values of the row, or aggregated over rows."),
        "dataset": (pl.String, "Dataset of that relation, where it holds the accepted rows of one; else null."),
        "source_title": (pl.String, "Vietnamese title of that column in the dataset's files; else null."),
    },
)
TABLES = (RELATION, COLUMN)
#: States of the code whose tables are kept: several homes of one machine may have different ones.
_KEPT = 4


def export_lineage(settings: Settings) -> dict[str, int]:
    """Write the tables for dbt. Returns their numbers of rows."""
    rows = {}
    for name, kept in _kept(settings).items():
        with replacing(settings.bronze / f"{name}.parquet") as file:
            shutil.copyfile(kept, file)
        rows[name] = pq.read_metadata(kept).num_rows
    return rows


def _kept(settings: Settings) -> dict[str, Path]:
    """The tables as files, worked out once for all builds of the same code: following columns takes seconds."""
    code = _code(settings)
    files = {each.name: settings.parsed_projects / f"{each.name}-{code}.parquet" for each in TABLES}
    if not all(file.exists() for file in files.values()):
        for name, table in _worked_out(settings).items():
            with replacing(files[name]) as file:
                table.write_parquet(file)
        found = settings.parsed_projects.glob("lineage_*-*.parquet")
        for stale in sorted(found, key=lambda file: -file.stat().st_mtime)[_KEPT * len(TABLES) :]:
            stale.unlink(missing_ok=True)
    return files


def _code(settings: Settings) -> str:
    """Hash of all that the tables follow from: the dbt project, the declared titles, and this package."""
    titles = {path: {each.name: each.title for each in one.warehouse_columns} for path, one in datasets().items()}
    digest = hashlib.sha256(json.dumps([project_code(settings), titles], sort_keys=True).encode())
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def frames(settings: Settings) -> dict[str, pl.DataFrame]:
    """The tables by name; they follow from the dbt project and the declarations alone."""
    return {name: pl.read_parquet(kept) for name, kept in _kept(settings).items()}


def _worked_out(settings: Settings) -> dict[str, pl.DataFrame]:
    lineage = ColumnLineage(Project(settings.dbt_project, settings.province))
    return {RELATION.name: RELATION.frame(_relations(lineage)), COLUMN.name: COLUMN.frame(_columns(lineage))}


def _relations(lineage: ColumnLineage) -> Iterator[dict[str, object]]:
    tables = {f"{BRONZE}.{each.table}": path for path, each in datasets().items()}
    for name in lineage.relations:
        direct = lineage.sources(name)
        for source in sorted(lineage.all_sources(name)):
            yield {
                "relation": name,
                "source_relation": source,
                "dataset": tables.get(source),
                "is_direct": source in direct,
            }


def _columns(lineage: ColumnLineage) -> Iterator[dict[str, object]]:
    for name, relation in lineage.relations.items():
        for column in relation.columns:
            for reach, found in (("direct", lineage.direct(name, column)), ("origin", lineage.origins(name, column))):
                for source in found:
                    yield {"relation": name, "column_name": column, "reach": reach, **_source(source)}


def _source(source: Source) -> dict[str, object]:
    tables = {f"{BRONZE}.{each.table}": each for each in datasets().values()}
    declaration = tables.get(source.relation)
    titles = {each.name: each.title for each in declaration.warehouse_columns if each.form} if declaration else {}
    return {
        "source_relation": source.relation,
        "source_column": source.column,
        "how": source.how,
        "dataset": declaration.path if declaration else None,
        "source_title": titles.get(source.column),
    }
