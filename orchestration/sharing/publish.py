"""Publishing: the finished warehouse becomes a new, never changing file that readers open without waiting.

Belongs here: making a version of one audience, announcing it, keeping the last few. Does not belong here: building the
warehouse (``orchestration/warehouse.py``), which audiences there are and what they may see (``publication.py``,
``audiences.py``), reading a version (``query.py``).

A writer excludes every reader of a DuckDB file, so readers get a copy. Each version has a name of its own: replacing
a file under its name would leave processes that have it open with the old data. ``current.json`` is replaced last
and atomically; until then the old version stands, whatever happens.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
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
#: Is there from a rollback to the next publication (``rollback.py``).
TAKEN_BACK = "taken_back.json"
_VERSION = re.compile(r"v([0-9]{6,})\.duckdb")


class PublishError(RuntimeError):
    """The warehouse cannot be published as it is; the version published before stands."""


class UnknownVersionError(LookupError):
    """No version of that name is kept; the message lists those that are."""


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


def folder_of(settings: Settings, audience: str) -> Path:
    """Where the versions of an audience lie. No colons: shares for Windows do not allow them."""
    return settings.publish / audience.replace(":", "-")


def versions(settings: Settings, *, audience: str = SHARED) -> list[Published]:
    """The versions that are kept, oldest first."""
    folder = folder_of(settings, audience)
    found = [_facts(file) for file in _versions(folder)] if folder.exists() else []
    return [_read(facts) for facts in found if facts.exists()]


def current(settings: Settings, *, audience: str = SHARED) -> Published | None:
    """The version that readers are to open; None before the first publication."""
    try:
        return _read(folder_of(settings, audience) / _ANNOUNCEMENT)
    except FileNotFoundError:
        return None


def find_version(settings: Settings, name: str, *, audience: str = SHARED) -> Published:
    """The version of this name, such as v000012 or 12. Raises UnknownVersionError."""
    kept = {each.version: each for each in versions(settings, audience=audience)}
    wanted = f"v{int(name):06}" if name.isdecimal() else name
    if wanted not in kept:
        raise UnknownVersionError(f"no version {name!r} is kept for {audience}; there are: {', '.join(kept) or 'none'}")
    return kept[wanted]


def next_number(settings: Settings) -> int:
    """The number of the next version: one for all audiences, and higher than any that is or was published."""
    folders = [folder for folder in settings.publish.iterdir() if folder.is_dir()] if settings.publish.exists() else []
    return max((_number(file) for folder in folders for file in _versions(folder)), default=0) + 1


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
    for file in (_facts(published.path), published.folder / _ANNOUNCEMENT):
        with replacing(file) as temporary:
            temporary.write_text(text, encoding="utf-8")


def withdraw(settings: Settings, audience: str) -> None:
    """Leave an audience without a version that readers are to open; those that are kept stay."""
    (folder_of(settings, audience) / _ANNOUNCEMENT).unlink(missing_ok=True)


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
    whole = [file for file in _versions(folder) if _facts(file).exists()]
    if not (settings.publish / TAKEN_BACK).exists():
        whole = [file for file in whole if announced and _number(file) <= _number(announced.path)]
    newest = whole[-keep:] if keep else []
    kept = {*newest, *([announced.path] if announced else [])}
    for file in set(_versions(folder)) - kept:
        file.unlink()
        _facts(file).unlink(missing_ok=True)
    for tables in folder.glob("v*"):
        if tables.is_dir() and tables.with_name(f"{tables.name}.duckdb") not in kept:
            shutil.rmtree(tables)


def _read(facts: Path) -> Published:
    return Published(**json.loads(facts.read_text(encoding="utf-8")), folder=facts.parent)


def _facts(file: Path) -> Path:
    return file.with_suffix(".json")


def _number(file: Path) -> int:
    match = _VERSION.fullmatch(file.name)
    return int(match[1]) if match else 0


def _versions(folder: Path) -> list[Path]:
    """Version files, oldest first."""
    return sorted((file for file in folder.iterdir() if _number(file)), key=_number)


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
