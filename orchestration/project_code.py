"""Which dbt project this is: a hash of its files, for whatever is worked out once for a state of the code.

Belongs here: that hash. Does not belong here: what is kept under it (``building/dbt_calls.py``,
``lineage/exported.py``), and which warehouse was built by which code (``building/warehouse.py``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import duckdb

from orchestration.settings import Settings

_FILES = ("*.sql", "*.yml", "*.csv")


def project_code(settings: Settings) -> str:
    """Hash of everything besides the ledger that decides what the warehouse holds."""
    files = (file for pattern in _FILES for file in settings.dbt_project.rglob(pattern))
    return _code(settings.province, settings.dbt_project, stamps(files))


def stamps(files: Iterable[Path]) -> tuple[tuple[Path, int, int], ...]:
    """Files with their times and sizes, which tell one state of the code from another.

    What is not there is left out: an editor's mark of an unsaved file is a link to nothing.
    """
    found = []
    for file in sorted(files):
        try:
            at = file.stat()
        except FileNotFoundError:
            continue
        found.append((file, at.st_mtime_ns, at.st_size))
    return tuple(found)


@lru_cache(maxsize=4)
def _code(province: str, folder: Path, files: tuple[tuple[Path, int, int], ...]) -> str:
    """The hash of files as they stand: a run asks for it some sixteen times."""
    digest = hashlib.sha256(f"{province} {duckdb.__version__}".encode())
    for file, *_ in files:
        digest.update(f"\0{file.relative_to(folder)}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
