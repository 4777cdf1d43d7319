"""Zip archives: every table inside is a part of one document, its sheets named ``member › sheet``.

Belongs here: which members are tables, limits, a member's name. Does not belong here: reading a member (the caller
says how). A member is unpacked under a number and never under its name, so no name leads anywhere. What cannot be
read although its name says that it is a table refuses the archive: half of a delivery would replace the whole of an
older one. What is no table and does not say so is left out and named. Archives inside are refused.
"""

from __future__ import annotations

import contextlib
import stat
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath

from orchestration.intake.readers.member_names import readable_name
from orchestration.intake.readers.table import Document, Sheet, TextBatch, UnreadableError
from orchestration.settings import Settings
from schemas import file_rules

#: A province has at most 129 communes, so as many files; a reader's process takes half a second for each.
MOST_MEMBERS = 400
#: Bytes of a list of contents: a hundred for each member, and workbooks of ten thousand parts exist.
MOST_DIRECTORY_BYTES = 4 << 20
#: Bytes of all members unpacked, and how many times one may grow: real tables shrink to a tenth, bombs to a thousandth.
MOST_UNPACKED_BYTES = 2 << 30
MOST_INFLATION = 100
_SMALL_MEMBER = 1 << 20
_READ_BYTES = 1 << 20
#: Others inflate a kilobyte to gigabytes at one call, or need libraries that are not there.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
#: Endings of files that are meant as tables, or hold some.
TABLE_ENDINGS = frozenset(
    {".xlsx", ".xlsm", ".xltx", ".xls", ".xlt", ".xlsb", ".ods", ".csv", ".tsv", ".txt", ".tab", ".psv"}
    | {".parquet", ".jsonl", ".ndjson", ".zip"}
)
_DIRECTORY_END, _DIRECTORY_END_64 = b"PK\x05\x06", b"PK\x06\x06"
_DAMAGES = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)

Open = Callable[[Settings, Path], AbstractContextManager[Document]]


@dataclass(frozen=True)
class _Member:
    """A file inside, under the name by which people know it."""

    info: zipfile.ZipInfo
    name: str

    @property
    def is_hidden(self) -> bool:
        """What macOS and Excel leave beside the files that people see."""
        parts = PurePosixPath(self.name).parts
        return any(part.startswith((".", "~$")) or part == "__MACOSX" for part in parts)

    @property
    def is_link(self) -> bool:
        return stat.S_ISLNK(self.info.external_attr >> 16)

    @property
    def claims_a_table(self) -> bool:
        return PurePosixPath(self.name).suffix.lower() in TABLE_ENDINGS


def check_directory(path: Path) -> None:
    """Raise UnreadableError where the archive's list of contents is beyond reason: it is read as a whole."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - (64 << 10) - 98))
        tail = file.read()
    end = tail.rfind(_DIRECTORY_END)
    if end < 0:
        return
    listed = int.from_bytes(tail[end + 12 : end + 16], "little")
    wide = tail.rfind(_DIRECTORY_END_64, 0, end)
    if wide >= 0:
        listed = max(listed % 0xFFFFFFFF, int.from_bytes(tail[wide + 40 : wide + 48], "little"))
    if listed > MOST_DIRECTORY_BYTES:
        raise UnreadableError(file_rules.ARCHIVE_LIMITS, f"a list of contents of {listed >> 20} MB")


@contextlib.contextmanager
def open_zip(settings: Settings, path: Path, open_member: Open) -> Iterator[Document]:
    """Open all tables of an archive as one document. Raises UnreadableError."""
    settings.temporary.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="zip-", dir=settings.temporary)))
        unpacking = opened.enter_context(_archive(path))
        documents: list[tuple[_Member, Document]] = []
        left_out: list[str] = []
        unpacked = 0
        deadline = time.monotonic() + settings.reader_seconds
        for position, member in enumerate(_members(unpacking)):
            if member.is_hidden or member.is_link:
                left_out.append(member.name)
                continue
            target = folder / str(position)
            _unpack(unpacking, member, target, MOST_UNPACKED_BYTES - unpacked)
            unpacked += target.stat().st_size
            left = deadline - time.monotonic()
            if left <= 0:
                raise UnreadableError(file_rules.ARCHIVE_LIMITS, f"not read within {settings.reader_seconds:g} s")
            within = settings.model_copy(update={"reader_seconds": left})
            try:
                documents.append((member, opened.enter_context(open_member(within, target))))
            except UnreadableError as error:
                if member.claims_a_table or error.rule_id not in (file_rules.FILE_UNREADABLE, file_rules.FILE_EMPTY):
                    raise _about(member.name, error) from None
                left_out.append(member.name)
                target.unlink()
        if not documents:
            raise UnreadableError(file_rules.FILE_EMPTY, "an archive without any table")
        yield _joined(documents, left_out)


@contextlib.contextmanager
def _archive(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(path)
    except _DAMAGES as error:
        raise UnreadableError(file_rules.FILE_UNREADABLE, f"the archive is damaged ({type(error).__name__})") from None
    with archive:
        yield archive


def _members(archive: zipfile.ZipFile) -> list[_Member]:
    """The files inside, in their order. Raises UnreadableError where two have one name or there are too many."""
    found = [_Member(info, readable_name(info)) for info in archive.infolist() if not info.is_dir()]
    if len(found) > MOST_MEMBERS:
        raise UnreadableError(file_rules.ARCHIVE_LIMITS, f"{len(found)} files, more than {MOST_MEMBERS}")
    names: set[str] = set()
    for member in found:
        if member.name in names:
            raise UnreadableError(file_rules.ARCHIVE_MEMBER, f"two files of the name {member.name}", title=member.name)
        names.add(member.name)
    return found


def _unpack(archive: zipfile.ZipFile, member: _Member, target: Path, room: int) -> None:
    """Write a member to ``target``; what its header says of its size is not believed."""
    info = member.info
    if info.flag_bits & _ENCRYPTED:
        password = UnreadableError(file_rules.FILE_PASSWORD, "protected by a password")
        raise _about(member.name, password)
    if info.compress_type not in _METHODS:
        raise _damaged(member, f"compressed by method {info.compress_type}, not by deflate")
    allowed = min(room, max(_SMALL_MEMBER, MOST_INFLATION * info.compress_size))
    written = 0
    with target.open("wb") as sink:  # what goes wrong in writing is the disk's fault, not the file's
        for block in _blocks(archive, member):
            written += len(block)
            if written > allowed:
                what = "inflates beyond reason" if allowed < room else f"{MOST_UNPACKED_BYTES >> 30} GB unpacked"
                raise UnreadableError(file_rules.ARCHIVE_LIMITS, f"{member.name}: {what}", title=member.name)
            sink.write(block)


def _blocks(archive: zipfile.ZipFile, member: _Member) -> Iterator[bytes]:
    try:
        with archive.open(member.info) as source:
            while block := source.read(_READ_BYTES):
                yield block
    except _DAMAGES as error:
        raise _damaged(member, f"damaged ({type(error).__name__})") from None


def _damaged(member: _Member, why: str) -> UnreadableError:
    return _about(member.name, UnreadableError(file_rules.FILE_UNREADABLE, why))


def _about(name: str, error: UnreadableError) -> UnreadableError:
    return UnreadableError(file_rules.ARCHIVE_MEMBER, f"{name}: {error.detail}", title=name, because=error.rule_id)


def _joined(documents: list[tuple[_Member, Document]], left_out: list[str]) -> Document:
    doubtful: dict[tuple[str, int], dict[str, str]] = {}
    sheets = [
        replace(
            sheet,
            name=_sheet_name(member, document, sheet),
            batches=partial(_batches, member, document, sheet, doubtful),
        )
        for member, document in documents
        for sheet in document.sheets
    ]
    stamps = {tuple(document.stamp) for _, document in documents}
    doubts = [f"{member.name} › {doubt}" for member, document in documents for doubt in document.doubts]
    stamp = stamps.pop() if len(stamps) == 1 else ()
    return Document("zip", sheets, stamp, doubts, doubtful=doubtful, left_out=left_out)


def _sheet_name(member: _Member, document: Document, sheet: Sheet) -> str:
    """A file that is one table needs no second name."""
    return member.name if sheet.name == document.kind else f"{member.name} › {sheet.name}"


def _batches(
    member: _Member,
    document: Document,
    sheet: Sheet,
    doubtful: dict[tuple[str, int], dict[str, str]],
    width: int,
) -> Iterator[TextBatch]:
    """A sheet's batches; what is found doubtful or wrong while reading says in which member."""
    shown = _sheet_name(member, document, sheet)
    try:
        for batch in sheet.batches(width):
            doubtful |= {
                (shown, position): texts for (name, position), texts in document.doubtful.items() if name == sheet.name
            }
            yield batch
    except UnreadableError as error:
        raise _about(member.name, error) from None
