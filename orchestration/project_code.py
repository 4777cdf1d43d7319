"""Which dbt project this is: a hash of its files, for whatever is worked out once for a state of the code.

Belongs here: that hash. Does not belong here: what is kept under it (``building/dbt_calls.py``,
``lineage/exported.py``), and which warehouse was built by which code (``building/warehouse.py``).
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

import duckdb

from orchestration.settings import Settings

_FILES = ("*.sql", "*.yml", "*.csv")


def project_code(settings: Settings) -> str:
    """Hash of everything besides the ledger that decides what the warehouse holds."""
    files = sorted(file for pattern in _FILES for file in settings.dbt_project.rglob(pattern))
    facts = ((file, file.stat()) for file in files)
    return _code(
        settings.province, settings.dbt_project, tuple((file, at.st_mtime_ns, at.st_size) for file, at in facts)
    )


@lru_cache(maxsize=4)
def _code(province: str, folder: Path, files: tuple[tuple[Path, int, int], ...]) -> str:
    """The hash of files as they stand: a run asks for it some sixteen times."""
    digest = hashlib.sha256(f"{province} {duckdb.__version__}".encode())
    for file, *_ in files:
        digest.update(f"\0{file.relative_to(folder)}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
