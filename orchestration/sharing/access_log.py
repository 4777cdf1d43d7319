"""Who saw restricted values of which rows, when and what for: lines that are only ever added.

Belongs here: the shape of a line, adding and reading lines. Does not belong here: who may see what. Never a value:
rows are named by submission, sheet and number.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from orchestration.files import private_folder

_NAME = "restricted_access.jsonl"


def log_file(home: Path) -> Path:
    """Where the lines stand."""
    return home / _NAME


def record_access(home: Path, line: dict[str, Any]) -> None:
    """Add a line, durably; it is there before anything is shown."""
    private_folder(home)
    descriptor = os.open(log_file(home), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, (json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n").encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def accesses(home: Path) -> Iterator[dict[str, Any]]:
    """The lines, oldest first."""
    if log_file(home).exists():
        for line in log_file(home).read_text(encoding="utf-8").splitlines():
            yield json.loads(line)
