"""The versions that are published: what each was built from, which ones are kept, which one readers open.

Belongs here: names, and looking. Does not belong here: making, announcing and removing versions (``publish.py``). It
imports no database: whoever only asks what is published need not wait for one.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from orchestration.settings import Settings

SHARED = "shared"
#: The facts of the version that readers are to open; beside it lie those of each version that is kept.
ANNOUNCEMENT = "current.json"
_VERSION = re.compile(r"v([0-9]{6,})\.duckdb")


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
    found = [facts_file(file) for file in version_files(folder)] if folder.exists() else []
    return [_read(facts) for facts in found if facts.exists()]


def current(settings: Settings, *, audience: str = SHARED) -> Published | None:
    """The version that readers are to open; None before the first publication."""
    try:
        return _read(folder_of(settings, audience) / ANNOUNCEMENT)
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
    return max((number_of(file) for folder in folders for file in version_files(folder)), default=0) + 1


def _read(facts: Path) -> Published:
    return Published(**json.loads(facts.read_text(encoding="utf-8")), folder=facts.parent)


def facts_file(file: Path) -> Path:
    """Where the facts of a version file stand, once it is whole."""
    return file.with_suffix(".json")


def number_of(file: Path) -> int:
    """The number of a version file; 0 for any other."""
    match = _VERSION.fullmatch(file.name)
    return int(match[1]) if match else 0


def version_files(folder: Path) -> list[Path]:
    """Version files, oldest first."""
    return sorted((file for file in folder.iterdir() if number_of(file)), key=number_of)
