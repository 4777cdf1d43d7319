"""Readers: from the bytes of one file to text cells with (sheet, row, column).

Belongs here: opening a file by what it contains, never by its name. Does not belong here: which rows are a table
(``recognise``), what a cell means (``casts``).
"""

from __future__ import annotations

import contextlib
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from orchestration.intake.readers import json_lines
from orchestration.intake.readers.legacy_cells import with_legacy_text
from orchestration.intake.readers.table import Document, UnreadableError
from orchestration.intake.readers.text import open_text
from orchestration.intake.readers.workbook import open_workbook
from orchestration.intake.readers.zipped import check_directory, open_zip
from orchestration.settings import Settings
from schemas import file_rules

__all__ = ["TEXT_KIND", "Document", "UnreadableError", "file_kind", "open_document"]

#: Kind of every delimited text file, whatever its delimiter.
TEXT_KIND = "csv"
ZIP_KIND = "zip"

COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # xls, and password-protected xlsx
PARQUET, ENCRYPTED_PARQUET = b"PAR1", b"PARE"
NOT_TABLES = {
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
}
ARCHIVES = {
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"\x1f\x8b": "a gzip archive",
}
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")


def _kind_of_zip(path: Path) -> str:
    check_directory(path)
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.replace("\\", "/").lower() for name in archive.namelist()}
            purpose = archive.read("mimetype")[:200] if "content.xml" in names and "mimetype" in names else b""
    except (zipfile.BadZipFile, OSError, ValueError, KeyError, NotImplementedError, RuntimeError, zlib.error) as error:
        why = f"the archive is damaged or cut short ({type(error).__name__})"
        raise UnreadableError(file_rules.FILE_UNREADABLE, why) from None
    if "xl/workbook.bin" in names:
        return "xlsb"
    if names & {"word/document.xml", "ppt/presentation.xml"} or (purpose and b"spreadsheet" not in purpose):
        raise UnreadableError(file_rules.FILE_UNREADABLE, "a document or presentation, not a table")
    if "[content_types].xml" in names or "xl/workbook.xml" in names:
        return "xlsx"
    return "ods" if "content.xml" in names else ZIP_KIND


def file_kind(path: Path) -> str:
    """``xlsx``, ``xls``, ``xlsb``, ``ods``, ``parquet``, ``jsonl``, ``zip`` or ``csv``, judged by content.

    Raises UnreadableError for anything else.
    """
    with path.open("rb") as file:
        start = file.read(4096)
    if not start:
        raise UnreadableError(file_rules.FILE_EMPTY, "zero bytes")
    if start.startswith(_ZIP):
        return _kind_of_zip(path)
    if start.startswith(COMPOUND_FILE):
        return "xls"
    if start.startswith(PARQUET):
        return "parquet"
    if start.startswith(ENCRYPTED_PARQUET):
        raise UnreadableError(file_rules.FILE_PASSWORD, "an encrypted Parquet file")
    for magic, what in (NOT_TABLES | ARCHIVES).items():
        if start.startswith(magic):
            raise UnreadableError(file_rules.FILE_UNREADABLE, f"this is {what}, not a table")
    text = start.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    if json_lines.BEGINNING.match(text):
        return json_lines.KIND
    if text.lower().startswith((b"<html", b"<!doctype html", b"<table", b"<?xml", b"{\\rtf")):
        raise UnreadableError(file_rules.FILE_UNREADABLE, "a web page or document under a table's name")
    return TEXT_KIND


@contextlib.contextmanager
def open_document(settings: Settings, path: Path, *, exact: bool = False) -> Iterator[Document]:
    """Open a file for reading; temporary files live as long as the context.

    exact: numbers of a workbook exactly as they stand (for ``kho peek``); otherwise a fraction of three digits gets
    a fourth one, so that 1.234 of a numeric cell cannot be taken for one thousand two hundred and thirty-four, and
    text in legacy fonts is read as what it shows.
    Raises UnreadableError with the rule that says why.
    """
    with _opened(settings, path, file_kind(path), exact=exact) as document:
        yield document


@contextlib.contextmanager
def _opened(settings: Settings, path: Path, kind: str, *, exact: bool) -> Iterator[Document]:
    opened: AbstractContextManager[Document]
    if kind == ZIP_KIND:
        opened = open_zip(settings, path, partial(_open_member, exact=exact))
    elif kind == TEXT_KIND:
        opened = open_text(settings, path)
    elif kind == json_lines.KIND:
        opened = json_lines.open_json_lines(settings, path, exact=exact)
    else:
        opened = open_workbook(settings, path, kind, exact=exact)
    with opened as document:
        # The members of an archive were read so one by one: each may be in a font of its own.
        legacy = kind != ZIP_KIND and (document.unsure or not exact)
        yield with_legacy_text(document) if legacy else document


def _open_member(settings: Settings, path: Path, *, exact: bool) -> AbstractContextManager[Document]:
    with path.open("rb") as file:
        start = file.read(8)
    if start.startswith(tuple(ARCHIVES)) or (kind := file_kind(path)) == ZIP_KIND:
        # It may hold tables, so it is not left out; unpacking it would need the same limits once more.
        raise UnreadableError(file_rules.ARCHIVE_MEMBER, "an archive inside the archive")
    return _opened(settings, path, kind, exact=exact)
