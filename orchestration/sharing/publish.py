"""Publishing: the finished warehouse becomes a new, never changing file that readers open without waiting.

Belongs here: making a version, announcing it, keeping the last few. Does not belong here: building the warehouse
(``orchestration/warehouse.py``) and reading a version (``query.py``).

A writer excludes every reader of a DuckDB file, so readers get a copy. Each version has a name of its own: replacing
a file under its name would leave processes that have it open with the old data. ``current.json`` is replaced last
and atomically; until then the old version stands, whatever happens.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from orchestration.files import private_folder, replacing
from orchestration.settings import Settings
from orchestration.sharing.reader import open_read_only

SHARED = "shared"
#: The only schemas of a published file.
SCHEMAS = frozenset({"core", "marts", "ops"})
_ANNOUNCEMENT = "current.json"
_VERSION = re.compile(r"v([0-9]{6,})\.duckdb")
_CHUNK = 8 * 1024 * 1024


class PublishError(RuntimeError):
    """The warehouse cannot be published as it is; the version published before stands."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a warehouse was built from: the ledger's sequence, and a hash of the code that built it."""

    ledger_sequence: int
    code: str


@dataclass(frozen=True, kw_only=True)
class Published:
    """A published version: ``file`` lies in ``folder``; ``tables`` maps schema.table to its number of rows."""

    version: str
    file: str
    published_at: str  # ISO 8601, UTC
    ledger_sequence: int
    code: str
    bytes: int
    sha256: str
    tables: dict[str, int]
    folder: Path

    @property
    def path(self) -> Path:
        """The DuckDB file."""
        return self.folder / self.file

    @property
    def facts(self) -> Facts:
        """What this version was built from."""
        return Facts(ledger_sequence=self.ledger_sequence, code=self.code)


def versions(settings: Settings, *, audience: str = SHARED) -> list[Published]:
    """The versions that are kept, oldest first."""
    folder = settings.publish / audience
    found = [folder / f"{file.stem}.json" for file in _versions(folder)] if folder.exists() else []
    return [
        Published(**json.loads(facts.read_text(encoding="utf-8")), folder=folder) for facts in found if facts.exists()
    ]


def current(settings: Settings, *, audience: str = SHARED) -> Published | None:
    """The version that readers are to open; None before the first publication."""
    folder = settings.publish / audience
    try:
        announced = json.loads((folder / _ANNOUNCEMENT).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Published(**announced, folder=folder)


def publish(settings: Settings, *, audience: str = SHARED, facts: Facts) -> Published:
    """Publish the warehouse as it is now. The caller holds the warehouse lock and has closed its connections."""
    folder = private_folder(settings.publish / audience)
    before = current(settings, audience=audience)
    number = max((_number(file) for file in _versions(folder)), default=0) + 1
    _sweep(folder, before, keep=settings.keep_versions)
    _checkpoint(settings.warehouse)
    target = folder / f"v{number:06}.duckdb"
    with replacing(target) as copy:
        size, digest = _copy(settings.warehouse, copy)
        tables = _count_rows(copy)
    published = Published(
        version=target.stem,
        file=target.name,
        published_at=settings.clock().isoformat(),
        bytes=size,
        sha256=digest,
        tables=tables,
        folder=folder,
        **asdict(facts),
    )
    _announce(published)
    _sweep(folder, published, keep=settings.keep_versions)
    return published


def _announce(published: Published) -> None:
    facts = asdict(published)
    del facts["folder"]
    text = json.dumps(facts, indent=1, ensure_ascii=False) + "\n"
    for name in (f"{published.version}.json", _ANNOUNCEMENT):
        with replacing(published.folder / name) as file:
            file.write_text(text, encoding="utf-8")


def _number(file: Path) -> int:
    match = _VERSION.fullmatch(file.name)
    return int(match[1]) if match else 0


def _versions(folder: Path) -> list[Path]:
    """Version files, oldest first."""
    return sorted((file for file in folder.iterdir() if _number(file)), key=_number)


def _sweep(folder: Path, announced: Published | None, *, keep: int) -> None:
    """Remove what a killed publication left, and all but the last ``keep`` versions.

    A reader that still has a removed version open goes on reading it; the kernel frees the space afterwards.
    """
    for leftover in folder.glob(".*.tmp*"):
        leftover.unlink()
    last = _number(announced.path) if announced else 0
    known = [file for file in _versions(folder) if _number(file) <= last]
    for file in set(_versions(folder)) - set(known[-keep:]):
        file.unlink()
        file.with_suffix(".json").unlink(missing_ok=True)


def _checkpoint(warehouse: Path) -> None:
    """Bring everything into the one file. A copy of a file with a .wal beside it would lack what is in the .wal."""
    if not warehouse.exists():
        raise PublishError("there is no warehouse yet; build it first")
    with duckdb.connect(warehouse) as connection:
        connection.execute("checkpoint")
    if warehouse.with_name(warehouse.name + ".wal").exists():
        raise PublishError("the warehouse still has a .wal file after its checkpoint")


def _chunks(source: Path) -> Iterator[bytes]:
    with source.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _copy(source: Path, target: Path) -> tuple[int, str]:
    """Copy a file; returns its size and sha256."""
    digest = hashlib.sha256()
    with target.open("wb") as file:
        os.fchmod(file.fileno(), 0o600)
        for chunk in _chunks(source):
            digest.update(chunk)
            file.write(chunk)
        size = file.tell()
    return size, digest.hexdigest()


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
