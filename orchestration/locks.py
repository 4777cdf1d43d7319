"""Locks between processes: one holder at a time for a dataset's intake and for the warehouse.

The kernel releases them when the holder dies, so a killed run never leaves one behind.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from orchestration.settings import Settings

#: Name of the lock that a run holds from its first file to the published version.
WAREHOUSE = "warehouse"


class BusyError(RuntimeError):
    """Another process holds the lock."""


@contextmanager
def lock(settings: Settings, name: str) -> Iterator[None]:
    """Hold ``<home>/locks/<name>.lock``. Raises BusyError at once if another process holds it."""
    settings.locks.mkdir(parents=True, exist_ok=True)
    with (settings.locks / f"{name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BusyError(f"{name} is being worked on by another kho process; try again when it has ended") from None
        yield
