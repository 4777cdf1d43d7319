"""Readers: from the bytes of one file to text cells with (sheet, row, column).

Belongs here: opening a file by what it contains, never by its name. Does not belong here: which rows are a table
(``recognise``), what a cell means (``casts``).
"""

from __future__ import annotations

import contextlib
import zipfile
from collections.abc import Iterator
from pathlib import Path

from orchestration.intake.readers.legacy_cells import with_legacy_text
from orchestration.intake.readers.table import Document, UnreadableError
from orchestration.intake.readers.text import open_text
from orchestration.intake.readers.workbook import open_workbook
from orchestration.settings import Settings
from schemas import file_rules

__all__ = ["TEXT_KIND", "Document", "UnreadableError", "file_kind", "open_document"]

#: Kind of every delimited text file, whatever its delimiter.
TEXT_KIND = "csv"

COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # xls, and password-protected xlsx
NOT_TABLES = {
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"\x1f\x8b": "a gzip archive",
}


def _kind_of_zip(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.replace("\\", "/").lower() for name in archive.namelist()}
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise UnreadableError(file_rules.FILE_UNREADABLE, f"the archive is damaged or cut short ({error})") from None
    if "xl/workbook.bin" in names:
        return "xlsb"
    if "[content_types].xml" in names or "xl/workbook.xml" in names:
        return "xlsx"
    if "content.xml" in names:
        return "ods"
    raise UnreadableError(file_rules.FILE_UNREADABLE, "a zip archive, not a workbook")


def file_kind(path: Path) -> str:
    """``xlsx``, ``xls``, ``xlsb``, ``ods`` or ``csv``, judged by content. Raises UnreadableError for anything else."""
    with path.open("rb") as file:
        start = file.read(4096)
    if not start:
        raise UnreadableError(file_rules.FILE_EMPTY, "zero bytes")
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _kind_of_zip(path)
    if start.startswith(COMPOUND_FILE):
        return "xls"
    for magic, what in NOT_TABLES.items():
        if start.startswith(magic):
            raise UnreadableError(file_rules.FILE_UNREADABLE, f"this is {what}, not a table")
    text = start.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if text.startswith((b"<html", b"<!doctype html", b"<table", b"<?xml", b"{\\rtf")):
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
    kind = file_kind(path)
    opened = open_text(settings, path) if kind == TEXT_KIND else open_workbook(settings, path, kind, exact=exact)
    with opened as document:
        yield with_legacy_text(document) if document.unsure or not exact else document
