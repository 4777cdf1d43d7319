"""The archive: the original bytes of every file, named by their sha256. From here on only the archive copy is read."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import logging
import os
import stat
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from orchestration.files import private_folder, sync_folder
from orchestration.intake.discover import IncomingFile, identity_of, readable_name
from orchestration.settings import Settings

log = logging.getLogger("kho.intake")

_BLOCK = 4 << 20
#: Hidden folder beside the officers' files; a file stands in it for the moment before it is removed.
ASIDE = ".kho-taken"


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
    except FileNotFoundError:
        return None
    except OSError as error:
        log.warning("%s cannot be opened and stays in incoming/: %s", incoming.name, error.strerror)
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
        return Archived(target, digest.hexdigest(), incoming.size, incoming.identity, incoming.name)
    finally:
        os.close(source)
        temporary.unlink(missing_ok=True)


def remove_incoming(path: Path, identity: str) -> bool:
    """Remove an incoming file if it is still the one that was archived. False if another file stands there now.

    It is set aside first: what is checked is then what is removed, even if a new file arrives under the old name.
    """
    aside = path.parent / ASIDE / path.name
    try:
        if identity_of(path.lstat()) != identity:
            return False
        aside.parent.mkdir(exist_ok=True)
        if not _is_folder(aside.parent):
            raise NotADirectoryError(errno.ENOTDIR, f"{ASIDE} is a link or a file")
        path.rename(aside)
    except FileNotFoundError:
        return True
    same = identity_of(aside.lstat()) == identity
    if same:
        aside.unlink()
    put_back(path.parent)
    sync_folder(path.parent)
    return same


def put_back(folder: Path, committed: Collection[tuple[str, str]] = ()) -> None:
    """Return to the officers' folder what was set aside and is not to go: a run died, or it was another file.

    committed: identity and name of files that were taken in; what is left of them is removed.
    """
    if not _is_folder(folder / ASIDE):
        return  # a link would bring files of another folder here
    for aside in (folder / ASIDE).glob("*"):
        if (identity_of(aside.lstat()), readable_name(aside)) in committed:
            aside.unlink()
            continue
        number = 1
        while not _moved(aside, folder / _numbered(aside, number)):  # yet another file came under that name
            number += 1
    with contextlib.suppress(OSError):
        (folder / ASIDE).rmdir()


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


def _moved(source: Path, target: Path) -> bool:
    """Move a file under a name that nothing has; False where something has it. Renaming would replace that."""
    try:
        os.link(source, target, follow_symlinks=False)
    except FileExistsError:
        if not os.path.samestat(source.lstat(), target.lstat()):
            return False
        # a run died between the two steps
    except OSError:  # a file system without links, or a folder
        if os.path.lexists(target):
            return False
        source.rename(target)
        return True
    source.unlink()
    return True


def _numbered(path: Path, number: int) -> str:
    """The file's own name, or one with a number, that a folder can hold (255 bytes)."""
    if number == 1:
        return path.name
    ending = os.fsencode(f" ({number}){path.suffix[:20]}")
    stem = os.fsencode(path.stem)[: 255 - len(ending)]
    return os.fsdecode(stem.decode("utf-8", "ignore").encode() + ending)
