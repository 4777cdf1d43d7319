"""What an office hands in: believable rows, and files made of them.

Belongs here: rows by declared column name, tables of them as CSV and xlsx under the declared titles, dropping a file.
Does not belong here: what should become of them (the tests), layouts as real offices have them (the demo).
"""

from __future__ import annotations

import csv
import io
import os
import struct
from collections.abc import Sequence
from pathlib import Path

import xlsxwriter

from orchestration.settings import Settings
from schemas import Declaration, dataset

RESIDENTS, PARCELS, COMPLETIONS = map(dataset, ("population/residents", "land/parcels", "training/completions"))
Row = dict[str, str]

_SURNAMES = ("Giàng", "Vàng", "Lò", "Nguyễn", "Hoàng", "Đặng", "Tẩn")
_COMMUNES = ("Phường Lào Cai", "Xã Bát Xát", "Xã Hợp Thành", "Phường Cam Đường")


def _person(number: int) -> Row:
    """Men have even numbers, women odd ones; the citizen id agrees with sex and birth year."""
    year = 1950 + number % 50
    return {
        "citizen_id": f"010{number % 2}{year % 100:02}{number:06}",
        "full_name": f"{_SURNAMES[number % len(_SURNAMES)]} Thị {chr(ord('A') + number % 26)}{number // 26}",
        "date_of_birth": f"0{1 + number % 9}/03/{year}",
        "sex": ("Nam", "Nữ")[number % 2],
        "commune": _COMMUNES[number % len(_COMMUNES)],
    }


def resident(number: int, **other: str) -> Row:
    """A resident who breaks no rule, unless ``other`` values say so."""
    return {**_person(number), "ethnicity": "Mông", "household_no": f"HK{number // 4:05}", **other}


def learner(number: int, **other: str) -> Row:
    """A person who completed a course."""
    course = {"course_name": "Kỹ năng số cơ bản", "completed": "15/10/2026", "result": "Hoàn thành"}
    return {**_person(number), **course, **other}


def parcel(number: int, **other: str) -> Row:
    """A parcel and its one owner."""
    owner = _person(number)
    return {
        "parcel_id": f"02647-{number:06}",
        "commune": owner["commune"],
        "area_m2": f"{100 + number},5",
        "land_type": "ONT",
        "certificate_no": f"AD {200000 + number}",
        "owner_citizen_id": owner["citizen_id"],
        "owner_name": owner["full_name"],
        **other,
    }


def table(declaration: Declaration, rows: Sequence[Row]) -> list[list[str]]:
    """Header and cells of rows, under the declared titles of the columns that they have."""
    names = [name for name in declaration.columns if any(name in row for row in rows)]
    titles = [declaration.columns[name].title for name in names]
    return [titles, *([row.get(name, "") for name in names] for row in rows)]


def as_csv(cells: Sequence[Sequence[str]]) -> str:
    """A table as a semicolon-separated text."""
    text = io.StringIO()
    csv.writer(text, delimiter=";", lineterminator="\n").writerows(cells)
    return text.getvalue()


def rows_csv(declaration: Declaration, rows: Sequence[Row]) -> str:
    """Rows as a CSV file whose only title is its header."""
    return as_csv(table(declaration, rows))


def write_xlsx(path: Path, cells: Sequence[Sequence[str]]) -> None:
    """A table as a workbook of one sheet, all cells text."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Số liệu")
        for row, values in enumerate(cells):
            for column, value in enumerate(values):
                sheet.write_string(row, column, value)


def rows_xlsx(folder: Path, declaration: Declaration, rows: Sequence[Row]) -> bytes:
    """Rows as the bytes of a workbook; ``folder`` is for making it."""
    path = folder / "table.xlsx"
    write_xlsx(path, table(declaration, rows))
    return path.read_bytes()


def drop(settings: Settings, declaration: Declaration, name: str, content: str | bytes, *, at: int = 0) -> Path:
    """Save a file into the dataset's incoming folder; files are taken in by ``at``, the oldest first."""
    folder = settings.incoming(declaration.path)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    os.utime(path, (1_793_500_000 + at, 1_793_500_000 + at))
    return path


def password_protected_workbook() -> bytes:
    """What Excel saves when a password is set: a compound file whose stream EncryptedPackage is the workbook.

    Here the smallest such file: header, one sector of allocation table, one of directory, two streams of zeros.
    """
    free, end, allocation, length = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 4096
    sectors = length // 512
    table, entries = [allocation, end], [("Root Entry", 5, free, 1, end, 0)]
    for number, name in enumerate(("EncryptionInfo", "EncryptedPackage"), 1):
        start = len(table)
        table += [*range(start + 1, start + sectors), end]
        entries.append((name, 2, 2 if number == 1 else free, free, start, length))
    directory = b""
    for name, kind, right, child, start, size in entries:
        raw = (name + "\0").encode("utf-16-le")
        facts = struct.pack("<HBBIII36xIQ", len(raw), kind, 1, free, right, child, start, size)
        directory += raw.ljust(64, b"\0") + facts
    versions = struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    places = struct.pack("<IIIIIIIIII", 0, 1, 1, 0, length, end, 0, end, 0, 0) + struct.pack("<I", free) * 108
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + versions + places
    allocated = b"".join(struct.pack("<I", each) for each in table).ljust(512, b"\xff")
    return header + allocated + directory.ljust(512, b"\0") + bytes(2 * length)
