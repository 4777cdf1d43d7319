"""``kho doctor``: is this installation sound, and is this home as it should be."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from orchestration.intake import vault_files
from orchestration.intake.keys import KeyFileError, keys_in
from orchestration.intake.privacy_records import PrivacyRecords
from orchestration.settings import Settings

_PACKAGES = ("duckdb", "polars", "pandera", "pyarrow", "python-calamine", "dagster", "dbt-core", "dbt-duckdb")
#: Below this a build may fail half-way: warehouse, its copy and the published version stand side by side.
_LEAST_FREE_GB = 2


@dataclass(frozen=True)
class HomeFinding:
    """One thing that was looked at; ``cure`` is empty where it is well."""

    what: str
    found: str
    cure: str = ""


def examine_home(settings: Settings) -> Iterator[HomeFinding]:
    """Look at everything, one finding each."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    yield HomeFinding("python", python, "" if (3, 11) <= sys.version_info[:2] <= (3, 12) else "use Python 3.11 or 3.12")
    for package in _PACKAGES:
        yield HomeFinding(package, version(package))
    yield from _declarations()
    if not settings.home.exists():
        yield HomeFinding("home", f"{settings.home} does not exist yet: the first run makes it")
        return
    yield from _modes(settings)
    yield from _ledger(settings)
    yield _disk(settings)
    left = list(settings.temporary.glob("*")) if settings.temporary.is_dir() else []
    yield HomeFinding("leftovers", f"{len(left)} in {settings.temporary}; the next run removes them")


def _declarations() -> Iterator[HomeFinding]:
    from schemas import datasets

    try:
        declared = datasets()
        for each in declared.values():
            _ = each.schema
        yield HomeFinding("declarations", f"{len(declared)} datasets")
    except Exception as error:  # a broken declaration is what the engineer asked about
        yield HomeFinding("declarations", str(error), "mend the file in schemas/ that it names")


def _modes(settings: Settings) -> Iterator[HomeFinding]:
    keys = (settings.pseudonym_key, settings.vault_key)
    for path in (settings.vault, settings.archive, settings.bronze, settings.ledger, *keys):
        if path.exists():
            mode = stat.S_IMODE(path.stat().st_mode)
            expected = "0700" if path.is_dir() else "0600"
            yield HomeFinding(str(path), f"mode {mode:04o}", f"chmod {expected} {path}" if mode & 0o077 else "")


def _ledger(settings: Settings) -> Iterator[HomeFinding]:
    if not settings.ledger.exists():
        return
    with sqlite3.connect(f"file:{settings.ledger}?mode=ro", uri=True) as connection:
        said = connection.execute("pragma integrity_check").fetchone()[0]
        hashes = [row[0] for row in connection.execute("select distinct file_sha256 from submission")]
    yield HomeFinding("ledger", said, "" if said == "ok" else "restore the ledger from its backup")
    erased = PrivacyRecords(settings.ledger).erased_originals()
    lost = [each for each in hashes if each not in erased and not (settings.archive / each).exists()]
    back = [each for each in sorted(erased) if (settings.archive / each).exists()]
    if back:
        again = f"{len(back)} originals were sent again, such as archive/{back[0][:8]}…"
        yield HomeFinding("erased", again, "ask the department; kho person erase, kho retain remove them again")
    yield HomeFinding("archive", f"{len(hashes)} files, {len(lost)} lost", "restore the archive" if lost else "")
    # Without the key that made them, old pseudonyms never join with new ones again.
    yield _key(settings.pseudonym_key, is_needed=any(settings.bronze.glob(f"*/{16 * '?'}.parquet")))
    vault = list(settings.vault.glob("*/*.parquet"))
    plain = sum(map(vault_files.is_plain, vault))
    yield _key(settings.vault_key, is_needed=len(vault) > plain)
    yield HomeFinding("vault", f"{len(vault)} files, {plain} not encrypted", "run kho rebuild" if plain else "")


def _key(file: Path, *, is_needed: bool) -> HomeFinding:
    if not file.exists():
        cure = f"restore {file.name} from its backup before the next run" if is_needed else ""
        return HomeFinding(file.name, "not made yet", cure)
    try:
        unfinished = len(keys_in(file)) > 1
    except KeyFileError as error:
        return HomeFinding(file.name, "damaged", str(error))
    return HomeFinding(file.name, "present", "a rotation was interrupted: run kho run" if unfinished else "")


def _disk(settings: Settings) -> HomeFinding:
    free = shutil.disk_usage(settings.home).free / 1e9
    writable = os.access(Path(settings.home), os.W_OK)
    cure = "" if writable and free > _LEAST_FREE_GB else "make room, or make the home writable"
    return HomeFinding("disk", f"{free:.0f} GB free", cure)
