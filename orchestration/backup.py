"""Backups: what can't be made anew (archive, ledger, keys) copied to another place, proved whole, and brought back.

Belongs here: making, verifying and restoring. Does not belong here: what follows from them (``kho rebuild`` makes
bronze, vault, warehouse and published versions anew).

A backup is a folder that grows: ``archive/<sha256>`` as in the home, one snapshot of the ledger a backup, every key
that ever was, and a manifest that is written last. Of submissions whose original was erased, bronze and vault are all
there is: their files lie in ``kept/``. What no manifest names, or names by another hash, does not count.
Making one disturbs nobody: the ledger is copied by SQLite's own backup while the intake goes on writing, and a file is
in the archive before the ledger knows of it.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

from orchestration.files import private_folder, replacing
from orchestration.intake.bronze import bronze_file, vault_file
from orchestration.intake.ledger import Ledger
from orchestration.intake.privacy_records import PrivacyRecords
from orchestration.settings import Settings
from schemas import dataset

_BLOCK = 4 << 20
_MANIFEST = "backup-{}.json"
#: Called with the number of files that are done, the number of all, and the name of the last one.
Progress = Callable[[int, int, str], None]


def _unseen(done: int, total: int, name: str) -> None:
    return


class BackupError(RuntimeError):
    """A backup can't be made, is damaged, or can't be restored here; the message says what to do."""


@dataclass(frozen=True, kw_only=True)
class Backup:
    """One backup. ``keys``: sha256 by name of the key file; ``archive``: its files, named by their sha256."""

    name: str
    made_at: str  # ISO 8601, UTC
    kho: str
    province: str
    ledger_sha256: str
    keys: dict[str, str]
    archive: list[str]
    kept: dict[str, str] = field(default_factory=dict)  # sha256 by path in the home


def backups(folder: Path) -> list[Backup]:
    """The backups in a folder, oldest first."""
    found = [Backup(**json.loads(file.read_text(encoding="utf-8"))) for file in folder.glob(_MANIFEST.format("*"))]
    return sorted(found, key=lambda each: each.name)


def back_up(settings: Settings, folder: Path, *, progress: Progress = _unseen) -> Backup:
    """Copy what is not in ``folder`` yet. Raises BackupError where the home has nothing to back up, or is damaged."""
    folder = folder.absolute()
    if not settings.ledger.exists():
        raise BackupError(f"{settings.home} has no ledger yet: there is nothing to back up")
    if folder.is_relative_to(settings.home) or folder.is_relative_to(settings.sources):
        raise BackupError("a backup belongs on another disk, not into the home or the sources folder")
    name = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%S%fZ")
    private_folder(folder)
    ledger = _copy_ledger(settings.ledger, private_folder(folder / "ledger") / f"{name}.sqlite")
    snapshot = folder / "ledger" / f"{name}.sqlite"
    erased = PrivacyRecords(settings.ledger).erased_originals()
    archived = [each for each in _archived(snapshot) if each not in erased]
    private_folder(folder / "archive")
    for number, sha256 in enumerate(archived, start=1):
        target = folder / "archive" / sha256
        if not target.exists() and _copy(settings.archive / sha256, target) != sha256:
            target.unlink()
            raise BackupError(f"{settings.archive / sha256} is damaged: its bytes are not those that were taken in")
        progress(number, len(archived), sha256[:12])
    made = Backup(
        name=name,
        made_at=settings.clock().isoformat(),
        kho=version("kho"),
        province=settings.province,
        ledger_sha256=ledger,
        keys=_copy_keys(settings, private_folder(folder / "keys")),
        archive=archived,
        kept=_copy_kept(settings, erased, private_folder(folder / "kept")),
    )
    with replacing(folder / _MANIFEST.format(name)) as file:
        file.write_text(json.dumps(asdict(made), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return made


def chosen(folder: Path, name: str | None = None) -> Backup:
    """The backup of that name in a folder, the newest by default. Raises BackupError if there is none."""
    found = [each for each in backups(folder) if name in (None, each.name)]
    if not found:
        raise BackupError(f"{folder} holds no backup" + (f" named {name}" if name else ""))
    return found[-1]


def damages(folder: Path, backup: Backup, *, progress: Progress = _unseen) -> Iterator[str]:
    """What is missing or has other bytes than when the backup was made."""
    expected = [
        *_keys_and_ledger(folder, backup),
        *((folder / "archive" / each, each) for each in backup.archive),
        *((folder / "kept" / each, each) for each in backup.kept.values()),
    ]
    for number, (file, sha256) in enumerate(expected, start=1):
        if not file.exists():
            yield f"{file} is missing"
        elif _sha256(file) != sha256:
            yield f"{file} is damaged"
        progress(number, len(expected), file.name[:12])


def restore(settings: Settings, folder: Path, backup: Backup, *, progress: Progress = _unseen) -> None:
    """Bring a backup into a home that has neither ledger nor archive. Raises BackupError; then nothing counts yet.

    The ledger comes last: until it is there, the home is one to which the backup can be restored again.
    """
    if settings.ledger.exists():
        raise BackupError(f"{settings.home} has a ledger of its own: restore into an empty home (KHO_HOME)")
    if backup.province != settings.province:
        raise BackupError(f"the backup is of province {backup.province}: set KHO_PROVINCE={backup.province}")
    private_folder(settings.home)
    private_folder(settings.archive)
    for number, sha256 in enumerate(backup.archive, start=1):
        target = settings.archive / sha256
        if not target.exists() or _sha256(target) != sha256:
            _copy_proved(folder / "archive" / sha256, target, sha256)
        progress(number, len(backup.archive), sha256[:12])
    for name, sha256 in backup.kept.items():
        target = settings.home / name
        private_folder(target.parent.parent)
        private_folder(target.parent)
        _copy_proved(folder / "kept" / sha256, target, sha256)
    ledger, *keys = _keys_and_ledger(folder, backup)
    for name, (file, sha256) in zip(backup.keys, keys, strict=True):
        _copy_proved(file, settings.home / name, sha256)
    _copy_proved(ledger[0], settings.ledger, ledger[1])


def _keys_and_ledger(folder: Path, backup: Backup) -> list[tuple[Path, str]]:
    """The ledger's snapshot, then the keys in the order of the manifest, each with its hash."""
    keys = [(folder / "keys" / f"{name}.{sha256[:16]}", sha256) for name, sha256 in backup.keys.items()]
    return [(folder / "ledger" / f"{backup.name}.sqlite", backup.ledger_sha256), *keys]


def _copy_ledger(ledger: Path, target: Path) -> str:
    """A snapshot of the ledger as one file; returns its sha256."""
    with replacing(target) as copy:
        source, sink = sqlite3.connect(f"file:{ledger}?mode=ro", uri=True), sqlite3.connect(copy)
        try:
            source.backup(sink)
            sink.execute("pragma journal_mode = delete")
        finally:
            source.close()
            sink.close()
    return _sha256(target)


def _archived(ledger: Path) -> list[str]:
    """The archived files that a ledger speaks of and that were kept."""
    connection = sqlite3.connect(f"file:{ledger}?mode=ro&immutable=1", uri=True)
    try:
        return [row[0] for row in connection.execute("select distinct file_sha256 from submission order by 1")]
    finally:
        connection.close()


def _copy_keys(settings: Settings, folder: Path) -> dict[str, str]:
    """Copy every key of the home; a key that was changed since keeps its older copies."""
    keys = {}
    for key in sorted(settings.home.glob("*.key")):
        sha256 = _sha256(key)
        target = folder / f"{key.name}.{sha256[:16]}"
        if not target.exists():
            _copy(key, target)
        keys[key.name] = sha256
    return keys


def _copy_kept(settings: Settings, erased: set[str], folder: Path) -> dict[str, str]:
    """Copy bronze and vault of the submissions whose original was erased."""
    kept = {}
    for submission in Ledger(settings.ledger).all() if erased else ():
        if submission.file_sha256 in erased:
            declaration, identifier = dataset(submission.dataset), submission.submission_id
            kinds = ("", "returned", "findings", "changes")
            vault = [vault_file(settings, declaration, identifier, kind) for kind in kinds]
            for file in (bronze_file(settings, declaration, identifier), *vault):
                if file.exists():
                    sha256 = _sha256(file)
                    if not (folder / sha256).exists():
                        _copy(file, folder / sha256)
                    kept[str(file.relative_to(settings.home))] = sha256
    return kept


def _copy_proved(source: Path, target: Path, sha256: str) -> None:
    if not source.exists():
        raise BackupError(f"{source} is missing: the backup is not whole; try another one (kho backup --list)")
    if _copy(source, target) != sha256:
        target.unlink()
        raise BackupError(f"{source} is damaged: the backup is not whole; try another one (kho backup --list)")


def _copy(source: Path, target: Path) -> str:
    """Copy a file so that it is there as a whole or not at all; returns the sha256 of what was copied."""
    if not source.exists():
        raise BackupError(f"{source} is missing: `kho doctor` says what the home has lost")
    digest = hashlib.sha256()
    with replacing(target) as copy, source.open("rb") as reader, copy.open("wb") as writer:
        while block := reader.read(_BLOCK):
            digest.update(block)
            writer.write(block)
    return digest.hexdigest()


def _sha256(file: Path) -> str:
    with file.open("rb") as reader:
        return hashlib.file_digest(reader, "sha256").hexdigest()
