"""Which files of a dataset's incoming folder are ready to be taken in.

Belongs here: skipping what no officer handed in (Excel's owner files, hidden and system files, links, devices) and
waiting until a file is no longer being copied. Does not belong here: opening it.
"""

from __future__ import annotations

import contextlib
import enum
import logging
import os
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from orchestration.settings import Settings

log = logging.getLogger("kho.intake")

SYSTEM_FILES = frozenset({"thumbs.db", "desktop.ini", ".ds_store"})
#: Half-finished copies and downloads carry these endings until they are complete.
PARTIAL_ENDINGS = (".tmp", ".part", ".partial", ".crdownload", ".download")


@dataclass(frozen=True)
class IncomingFile:
    """A regular file in an incoming folder; ``identity`` changes whenever it is replaced or written to."""

    path: Path
    size: int
    mtime_ns: int
    identity: str

    @property
    def name(self) -> str:
        """The file's name as the ledger has it."""
        return readable_name(self.path)

    def is_stable(self, seconds: float) -> bool:
        """Not written to for so long. (A clock that runs ahead makes a file from the future; it counts as stable.)"""
        age = time.time() - self.mtime_ns / 1e9
        return age >= seconds or age < 0


class Why(enum.Enum):
    """Why something in an incoming folder is not taken in."""

    HIDDEN = "hidden"  # owner files of Excel and LibreOffice, and what an officer does not see either
    SYSTEM = "system"
    PARTIAL = "partial"
    FOLDER = "folder"
    LINK = "link"
    DEVICE = "device"
    TOO_LARGE = "too large"


@dataclass(frozen=True)
class LeftLying:
    """Something in an incoming folder that is not taken in."""

    path: Path
    why: Why
    mtime_ns: int


def readable_name(path: Path) -> str:
    """A file's name; bytes that are no UTF-8, as some network drives have, are shown as question marks."""
    return path.name.encode("utf-8", "replace").decode("utf-8")


def identity_of(facts: object) -> str:
    """device:inode:mtime_ns:size of an ``os.stat_result``."""
    return ":".join(str(getattr(facts, name)) for name in ("st_dev", "st_ino", "st_mtime_ns", "st_size"))


def incoming_files(settings: Settings, dataset: str) -> list[IncomingFile]:
    """Every file that an officer handed in for a dataset, oldest first; empty where there is no folder."""
    found = [
        IncomingFile(path, facts.st_size, facts.st_mtime_ns, identity_of(facts))
        for path, facts in _entries(settings.incoming(dataset))
        if _why_left(settings, path, facts) is None
    ]
    return sorted(found, key=lambda each: (each.mtime_ns, each.path.name))


def stable_files(settings: Settings, dataset: str) -> list[IncomingFile]:
    """The files that are ready: unchanged for ``stable_seconds``."""
    return [each for each in incoming_files(settings, dataset) if each.is_stable(settings.stable_seconds)]


def waiting_files(settings: Settings, dataset: str) -> list[Path]:
    """Paths of all files handed in, ready or not."""
    return [each.path for each in incoming_files(settings, dataset)]


def left_lying(settings: Settings, dataset: str) -> list[LeftLying]:
    """What lies in the folder and is never taken in, by name; without what programs put there and hide."""
    found = []
    for path, facts in _entries(settings.incoming(dataset)):
        why = _why_left(settings, path, facts)
        if why not in (None, Why.HIDDEN):
            assert why is not None
            found.append(LeftLying(path, why, facts.st_mtime_ns))
    return sorted(found, key=lambda each: each.path.name)


def skipped_files(settings: Settings, dataset: str) -> list[Path]:
    """Paths of what is left lying; ``kho status`` shows them, so that nothing is skipped silently."""
    return [each.path for each in left_lying(settings, dataset)]


def _entries(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """What lies in a folder; nothing where there is none, or none that can be read: others must not wait for it."""
    try:
        paths = list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        log.error("%s cannot be listed: %s", folder, error.strerror)
        return
    for path in paths:
        with contextlib.suppress(OSError):  # gone between listing and looking
            yield path, path.lstat()


def _why_left(settings: Settings, path: Path, facts: os.stat_result) -> Why | None:
    """Why an entry is not taken in; None where it is."""
    name = path.name.lower()
    if name.startswith(("~$", ".")):
        return Why.HIDDEN
    if stat.S_ISDIR(facts.st_mode):
        return Why.FOLDER
    if stat.S_ISLNK(facts.st_mode):
        return Why.LINK
    if not stat.S_ISREG(facts.st_mode):
        return Why.DEVICE
    if name in SYSTEM_FILES:
        return Why.SYSTEM
    if name.endswith(PARTIAL_ENDINGS):
        return Why.PARTIAL
    return Why.TOO_LARGE if facts.st_size > settings.largest_file_mb << 20 else None
