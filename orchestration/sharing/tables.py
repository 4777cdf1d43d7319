"""A published version as Parquet: a file for each table, and a manifest that says what they are.

Belongs here: the folder ``publish/<audience>/<version>/``. Does not belong here: the DuckDB file of the version
(``publish.py``), what an audience may see (``audiences.py``).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from orchestration.files import private_folder, sync_folder
from orchestration.sharing.audiences import OPEN, Audience, Relation
from orchestration.sharing.extract import FLAG, Described, described
from orchestration.sharing.versions import Published

MANIFEST = "manifest.json"
_SUBMISSIONS = "core.fct_submission"
#: What a manifest says of the submissions that count: the same for every audience.
_SOURCES = ("valid_from", "valid_to", "sources")


def folder_of_tables(version: Published) -> Path:
    """Where the tables of a version lie."""
    return version.folder / version.version


def write_tables(
    version: Published, audience: Audience, relations: Mapping[str, Relation], *, same_as: Published | None
) -> Path:
    """Write the tables of a version and their manifest; returns their folder, which appears as a whole.

    same_as: the version of those who see everything; a table that is the same there is a second name of the same file.
    Raises OSError where the disk is full; nothing is left then but a folder that the next publication removes.
    """
    target = folder_of_tables(version)
    temporary = target.with_name(f".{target.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    shutil.rmtree(target, ignore_errors=True)
    private_folder(temporary)
    manifest_of_all = _manifest_of(same_as) if same_as else {}
    whole = {each["name"]: each for each in manifest_of_all.get("tables", [])}
    with duckdb.connect(version.path, read_only=True) as connection:
        known = described(connection, version.version)
        tables = []
        for name, rows in version.tables.items():
            columns = _columns(known[name], relations.get(name))
            file = temporary / f"{name}.parquet"
            if same_as and name in whole and whole[name]["columns"] == columns:
                os.link(folder_of_tables(same_as) / file.name, file)
                tables.append(whole[name])
            else:
                facts = _write_table(connection, name, file)
                about = {"name": name, "description": known[name].comment, "rows": rows}
                tables.append({**about, **facts, "columns": columns})
    manifest = {
        "audience": audience.name,
        "version": version.version,
        "published_at": version.published_at,
        "licence": audience.licence,
        "ledger_sequence": version.ledger_sequence,
        "code": version.code,
        **({name: manifest_of_all[name] for name in _SOURCES} if same_as else _sources(version)),
        "tables": tables,
    }
    (temporary / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    _settled(temporary / MANIFEST)
    sync_folder(temporary)
    temporary.rename(target)
    return target


def _manifest_of(version: Published) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((folder_of_tables(version) / MANIFEST).read_text(encoding="utf-8"))
    return manifest


def _write_table(connection: duckdb.DuckDBPyConnection, name: str, file: Path) -> dict[str, Any]:
    connection.execute(f"copy (from {name}) to {_literal(str(file))} (format parquet, compression zstd)")
    return {"file": file.name, "bytes": file.stat().st_size, "sha256": _settled(file)}


def _columns(described: Described, relation: Relation | None) -> list[dict[str, str]]:
    classifications = relation.columns if relation else {}
    return [
        {
            "name": each.name,
            "type": each.type,
            "classification": OPEN if each.name == FLAG else classifications.get(each.name, "internal"),
            "description": each.comment,
        }
        for each in described.columns
    ]


def _sources(version: Published) -> dict[str, Any]:
    """The submissions whose rows count, without the names of their files, and the days that they tell of."""
    if _SUBMISSIONS not in version.tables:
        return {"valid_from": None, "valid_to": None, "sources": []}
    with duckdb.connect(version.path, read_only=True) as connection:
        found = connection.execute(
            "select submission_id, dataset, unit, period, period_start, period_end "
            f"from {_SUBMISSIONS} where is_current order by dataset, period, unit, submission_id"
        ).fetchall()
    starts, ends = ([str(row[position]) for row in found if row[position]] for position in (4, 5))
    return {
        "valid_from": min(starts, default=None),
        "valid_to": max(ends, default=None),
        "sources": [dict(zip(("submission_id", "dataset", "unit", "period"), row, strict=False)) for row in found],
    }


def _settled(file: Path) -> str:
    """Bring a file to the disk; returns its sha256."""
    with file.open("rb") as content:
        os.fsync(content.fileno())
        file.chmod(0o600)
        return hashlib.file_digest(content, "sha256").hexdigest()


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
