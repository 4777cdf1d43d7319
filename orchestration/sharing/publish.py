"""Publishing: the finished warehouse becomes a new, never changing file that readers open without waiting.

Belongs here: making a version of one audience, announcing it, keeping the last few. Does not belong here: building the
warehouse (``orchestration/building/``), which audiences there are and what they may see (``publication.py``,
``audiences.py``), reading a version (``query.py``).

A writer excludes every reader of a DuckDB file, so readers get a copy. Each version has a name of its own: replacing
a file under its name would leave processes that have it open with the old data. ``current.json`` is replaced last
and atomically; until then the old version stands, whatever happens.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import duckdb

from orchestration.files import private_folder, replacing
from orchestration.settings import Settings
from orchestration.sharing.reader import open_read_only
from orchestration.sharing.versions import (
    ANNOUNCEMENT,
    SHARED,
    Facts,
    Published,
    current,
    facts_file,
    folder_of,
    next_number,
    number_of,
    version_files,
)

#: The only schemas of a published file.
SCHEMAS = frozenset({"core", "marts", "ops"})
#: Is there from a rollback to the next publication (``rollback.py``).
TAKEN_BACK = "taken_back.json"


class PublishError(RuntimeError):
    """The warehouse cannot be published as it is; the version published before stands."""


def publish(settings: Settings, *, facts: Facts) -> Published:
    """Publish the warehouse as it is now for those who see all of it, and for nobody else.

    The caller holds the warehouse lock and has closed its connections.
    """
    sweep(settings, SHARED)
    checkpoint(settings.warehouse)
    published = prepare(settings, audience=SHARED, number=next_number(settings), facts=facts)
    announce(published)
    sweep(settings, SHARED)
    return published


def prepare(
    settings: Settings,
    *,
    audience: str,
    number: int,
    facts: Facts,
    write: Callable[[Path], None] | None = None,
) -> Published:
    """Make a version of an audience, which nobody reads before it is announced.

    write: makes its file; by default it is a copy of the whole warehouse, of which a checkpoint was made.
    """
    target = private_folder(folder_of(settings, audience)) / f"v{number:06}.duckdb"
    with replacing(target) as file:
        if write:
            write(file)
            size, digest = file.stat().st_size, _sha256(file)
        else:
            size, digest = _copy(settings.warehouse, file)
        tables = _count_rows(file)
    return Published(
        version=target.stem,
        file=target.name,
        published_at=settings.clock().isoformat(),
        bytes=size,
        sha256=digest,
        tables=tables,
        folder=target.parent,
        **asdict(facts),
    )


def announce(published: Published) -> None:
    """Make a prepared version, or an earlier one that is kept, the one that readers open."""
    facts = asdict(published)
    del facts["folder"]
    text = json.dumps(facts, indent=1, ensure_ascii=False) + "\n"
    for file in (facts_file(published.path), published.folder / ANNOUNCEMENT):
        with replacing(file) as temporary:
            temporary.write_text(text, encoding="utf-8")


def withdraw(settings: Settings, audience: str) -> None:
    """Leave an audience without a version that readers are to open; those that are kept stay."""
    (folder_of(settings, audience) / ANNOUNCEMENT).unlink(missing_ok=True)


def keep_only_current(settings: Settings) -> None:
    """Remove every version but the announced one of each audience: they hold what must not be read any more."""
    for folder in settings.publish.glob("*"):
        sweep(settings, folder.name, keep=0)


def sweep(settings: Settings, audience: str, *, keep: int | None = None) -> None:
    """Remove what a killed publication left, and all but the last ``keep`` versions and the announced one.

    A version whose facts were written is whole. One that is newer than the announced one was taken back, or else the
    publication was killed before it was announced, and goes. A reader that still has a
    removed version open goes on reading it; the kernel frees the space afterwards.
    """
    folder = folder_of(settings, audience)
    if not folder.is_dir():
        return
    keep = settings.keep_versions if keep is None else keep
    for leftover in folder.glob(".*.tmp*"):
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    announced = current(settings, audience=audience)
    whole = [file for file in version_files(folder) if facts_file(file).exists()]
    if not (settings.publish / TAKEN_BACK).exists():
        whole = [file for file in whole if announced and number_of(file) <= number_of(announced.path)]
    newest = whole[-keep:] if keep else []
    kept = {*newest, *([announced.path] if announced else [])}
    for file in set(version_files(folder)) - kept:
        file.unlink()
        facts_file(file).unlink(missing_ok=True)
    for tables in folder.glob("v*"):
        if tables.is_dir() and tables.with_name(f"{tables.name}.duckdb") not in kept:
            shutil.rmtree(tables)


def checkpoint(warehouse: Path) -> None:
    """Bring everything into the one file. A copy of a file with a .wal beside it would lack what is in the .wal."""
    if not warehouse.exists():
        raise PublishError("there is no warehouse yet; build it first")
    log = warehouse.with_name(warehouse.name + ".wal")
    if log.exists():  # else whoever closed it last has done it: to open it again would take longer than to publish it
        with duckdb.connect(warehouse) as connection:
            connection.execute("checkpoint")
    if log.exists():
        raise PublishError("the warehouse still has a .wal file after its checkpoint")


def _sha256(file: Path) -> str:
    with file.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _copy(source: Path, target: Path) -> tuple[int, str]:
    """Copy a file to the disk; returns its size and sha256, for which a second core reads it meanwhile."""
    with ThreadPoolExecutor(1, thread_name_prefix="sha256") as beside:
        digest = beside.submit(_sha256, source)
        target.touch(mode=0o600)
        shutil.copyfile(source, target)
        with target.open("rb+") as file:
            os.fsync(file.fileno())
        return target.stat().st_size, digest.result()


def _count_rows(file: Path) -> dict[str, int]:
    """Rows of every table and view, counted in the copy as a reader sees it: proof that it opens and answers."""
    with open_read_only(file) as connection:
        relations = connection.execute(
            "select table_schema, table_name from information_schema.tables order by all"
        ).fetchall()
        foreign = sorted({schema for schema, _ in relations} - SCHEMAS)
        if foreign:
            raise PublishError(f"the warehouse holds schemas that are not published: {', '.join(foreign)}")
        counts = {}
        for schema, table in relations:
            found = connection.execute(f'select count(*) from "{schema}"."{table}"').fetchone()
            counts[f"{schema}.{table}"] = int(found[0]) if found else 0
    return counts
