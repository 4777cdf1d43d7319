"""The archive: the original bytes of every file, named by their sha256. From here on only the archive copy is read."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from orchestration.files import private_folder, sync_folder
from orchestration.intake.discover import IncomingFile, identity_of
from orchestration.settings import Settings

_BLOCK = 4 << 20


@dataclass(frozen=True)
class Archived:
    """A file in the archive, and the incoming file that it was copied from."""

    path: Path
    sha256: str
    size: int
    identity: str
    name: str


def archived_file(settings: Settings, sha256: str) -> Path:
    """Where the bytes with this hash lie."""
    return settings.archive / sha256


def archive(settings: Settings, incoming: IncomingFile) -> Archived | None:
    """Copy a file into the archive. None if it vanished or changed meanwhile: the next run sees it again."""
    folder = private_folder(settings.archive)
    temporary = folder / f".{os.getpid()}.tmp"
    try:
        source = os.open(incoming.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (FileNotFoundError, OSError):
        return None
    digest = hashlib.sha256()
    try:
        if not stat.S_ISREG(os.fstat(source).st_mode) or identity_of(os.fstat(source)) != incoming.identity:
            return None
        with os.fdopen(os.dup(source), "rb") as reader, temporary.open("wb") as writer:
            while block := reader.read(_BLOCK):
                digest.update(block)
                writer.write(block)
            writer.flush()
            os.fsync(writer.fileno())
        if identity_of(os.fstat(source)) != incoming.identity:
            return None
        target = archived_file(settings, digest.hexdigest())
        if not target.exists():
            temporary.chmod(0o400)
            temporary.replace(target)
            sync_folder(folder)
        return Archived(target, digest.hexdigest(), incoming.size, incoming.identity, incoming.path.name)
    finally:
        os.close(source)
        temporary.unlink(missing_ok=True)


def remove_incoming(path: Path, identity: str) -> bool:
    """Remove an incoming file if it is still the one that was archived. False if another file stands there now.

    It is renamed first: what is checked is then what is removed, even if a new file arrives under the old name.
    """
    aside = path.with_name(f".kho-taken-{os.getpid()}-{hashlib.sha256(path.name.encode()).hexdigest()[:8]}")
    try:
        if identity_of(path.lstat()) != identity:
            return False
        path.rename(aside)
    except FileNotFoundError:
        return True
    if identity_of(aside.lstat()) == identity:
        aside.unlink()
        sync_folder(path.parent)
        return True
    if not path.exists():
        aside.rename(path)
    return False
