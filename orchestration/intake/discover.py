"""Which files of a dataset's incoming folder are ready to be taken in.

Belongs here: skipping what no officer handed in (Excel's owner files, hidden and system files, links, devices) and
waiting until a file is no longer being copied. Does not belong here: opening it.
"""

from __future__ import annotations

import stat
import time
from dataclasses import dataclass
from pathlib import Path

from orchestration.settings import Settings

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
        """The file's name; bytes that are no UTF-8, as some network drives have, are shown as question marks."""
        return self.path.name.encode("utf-8", "replace").decode("utf-8")

    def is_stable(self, seconds: float) -> bool:
        """Not written to for so long. (A clock that runs ahead makes a file from the future; it counts as stable.)"""
        age = time.time() - self.mtime_ns / 1e9
        return age >= seconds or age < 0


def identity_of(facts: object) -> str:
    """device:inode:mtime_ns:size of an ``os.stat_result``."""
    return ":".join(str(getattr(facts, name)) for name in ("st_dev", "st_ino", "st_mtime_ns", "st_size"))


def _is_handed_in(name: str) -> bool:
    lowered = name.lower()
    return not (name.startswith(("~$", ".")) or lowered in SYSTEM_FILES or lowered.endswith(PARTIAL_ENDINGS))


def incoming_files(settings: Settings, dataset: str) -> list[IncomingFile]:
    """Every file that an officer handed in for a dataset, oldest first; empty where there is no folder."""
    folder = settings.incoming(dataset)
    if not folder.is_dir():
        return []
    found = []
    for path in folder.iterdir():
        try:
            facts = path.lstat()
        except FileNotFoundError:
            continue  # gone between listing and looking
        if stat.S_ISREG(facts.st_mode) and _is_handed_in(path.name):
            found.append(IncomingFile(path, facts.st_size, facts.st_mtime_ns, identity_of(facts)))
    return sorted(found, key=lambda each: (each.mtime_ns, each.path.name))


def stable_files(settings: Settings, dataset: str) -> list[IncomingFile]:
    """The files that are ready: unchanged for ``stable_seconds``."""
    return [each for each in incoming_files(settings, dataset) if each.is_stable(settings.stable_seconds)]


def waiting_files(settings: Settings, dataset: str) -> list[Path]:
    """Paths of all files handed in, ready or not."""
    return [each.path for each in incoming_files(settings, dataset)]


def skipped_files(settings: Settings, dataset: str) -> list[Path]:
    """What lies in the folder and is never taken in; ``kho status`` shows it, so that nothing is skipped silently."""
    folder = settings.incoming(dataset)
    if not folder.is_dir():
        return []
    taken = set(waiting_files(settings, dataset))
    quiet = ("~$", ".")
    return sorted(each for each in folder.iterdir() if each not in taken and not each.name.startswith(quiet))
