"""A full disk is no fault of a file: it stays where it is, and the next run takes it in as if nothing had happened.

Libraries have their own words for it (only some raise OSError), so wherever it can be done they write to a device
that has no space left.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import polars as pl
import pyarrow.parquet as pq
import pytest
import xlsxwriter

from orchestration.intake import judging
from orchestration.intake.ledger import Ledger
from orchestration.intake.readers import text as text_reader
from orchestration.intake.readers import workbook as workbook_reader
from orchestration.intake.receipts import report
from orchestration.intake.receipts import workbook as receipt_workbook
from orchestration.intake.stage import Stage
from orchestration.intake.take_in import take_in_dataset
from orchestration.settings import Settings
from tests.conftest import Drop
from tests.office import RESIDENTS, Row, resident, rows_csv, rows_xlsx

#: Patches a step; the path is that of a device without space.
Install = Callable[[pytest.MonkeyPatch, Path], None]


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """A device without space. Root gets one of its own: libraries remove a file that they could not write."""
    if os.geteuid():
        return Path("/dev/full")
    device = tmp_path / "full"
    try:
        os.mknod(device, stat.S_IFCHR | 0o666, os.makedev(1, 7))
    except PermissionError:
        pytest.skip("this system lets nobody make a device")
    return device


def no_space() -> OSError:
    """What the system says."""
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def fails(owner: Any, name: str, *, when: Callable[..., bool] = lambda *_: True, error: Exception | None = None) -> Any:
    """A step that says so itself, on the calls that fit."""

    def install(patch: pytest.MonkeyPatch, full: Path) -> None:
        real = getattr(owner, name)

        def failing(*arguments: Any, **named: Any) -> Any:
            if when(*arguments):
                raise error or no_space()
            return real(*arguments, **named)

        patch.setattr(owner, name, failing)

    return install


def writes_to_full_disk(owner: Any, name: str, position: int, *, when: Callable[[Path], bool] = lambda _: True) -> Any:
    """A function of a library whose file (argument ``position``) lies on a full disk."""

    def install(patch: pytest.MonkeyPatch, full: Path) -> None:
        real = getattr(owner, name)

        def redirected(*arguments: Any, **named: Any) -> Any:
            path = Path(arguments[position])
            if when(path):
                path.symlink_to(full)
            return real(*arguments, **named)

        patch.setattr(owner, name, redirected)

    return install


def into(folder: str) -> Callable[..., bool]:
    """Calls whose last path lies in this folder."""
    return lambda *arguments: folder in Path(str(arguments[-1])).parts


def child_writes_to_full_disk(patch: pytest.MonkeyPatch, full: Path) -> None:
    """The folder in which the reader's child leaves its sheets."""
    real = tempfile.mkdtemp

    def mkdtemp(*arguments: Any, **named: Any) -> str:
        folder = real(*arguments, **named)
        (Path(folder) / "sheet0.arrow").symlink_to(full)
        return folder

    patch.setattr(workbook_reader.tempfile, "mkdtemp", mkdtemp)


def rows(changed: int = 0) -> list[Row]:
    """Thirty residents; ``changed`` of them are others."""
    return [resident(number if number >= changed else number + 100) for number in range(30)]


def good(_: Path) -> bytes:
    return rows_csv(RESIDENTS, rows(1)).encode()


def utf16(_: Path) -> bytes:
    return rows_csv(RESIDENTS, rows(1)).encode("utf-16")


def as_workbook(folder: Path) -> bytes:
    return rows_xlsx(folder, RESIDENTS, rows(1))


def repeated(_: Path) -> bytes:
    """Rows that repeat a row of another batch (two conflict), so that staged files are amended."""
    return rows_csv(RESIDENTS, [*rows(1), resident(5), resident(6, household_no="khác")]).encode()


def without_a_good_row(_: Path) -> bytes:
    return rows_csv(RESIDENTS, [each | {"sex": "?"} for each in rows(1)]).encode()


def _is_fresh_text(path: Path) -> bool:
    return "utf8" in path.name and not path.is_symlink()


BEFORE: dict[str, tuple[Install, Callable[[Path], bytes]]] = {
    "copying into the archive": (fails(os, "fsync"), good),
    "naming the archived file": (fails(Path, "replace", when=into("archive")), good),
    "making the temporary folder": (fails(judging, "Stage"), good),
    "transcoding a text": (writes_to_full_disk(Path, "open", 0, when=_is_fresh_text), utf16),
    "leaving the sheets of a workbook": (child_writes_to_full_disk, as_workbook),
    "making the key": (fails(Path, "write_text", when=lambda path, *_: "pseudonym" in path.name), good),
    "spooling keys": (writes_to_full_disk(pl.DataFrame, "write_ipc", 1), good),
    "staging rows": (writes_to_full_disk(pq, "ParquetWriter", 0), good),
    "staging empty files": (
        writes_to_full_disk(pq, "ParquetWriter", 0, when=lambda path: path.name.endswith(".returned.parquet")),
        good,
    ),
    "dropping staged rows": (
        writes_to_full_disk(pq, "ParquetWriter", 0, when=lambda path: "again" in path.parts),
        repeated,
    ),
    "amending staged rows": (
        writes_to_full_disk(pq, "ParquetWriter", 0, when=lambda path: {"again", RESIDENTS.table} <= {*path.parts}),
        repeated,
    ),
    "emptying staged files": (
        fails(Stage, "drop_accepted"),
        without_a_good_row,
    ),
    "comparing with the previous file": (
        fails(duckdb, "connect", error=duckdb.IOException("IO Error: No space left on device")),
        good,
    ),
    "comparing in too little space": (
        fails(duckdb, "connect", error=duckdb.OutOfMemoryException("failed to offload data block")),
        good,
    ),
    "asking a ledger that is locked": (
        fails(Ledger, "newest_kept", error=sqlite3.OperationalError("database is locked")),
        good,
    ),
    "making staged files durable": (fails(Path, "replace", when=into("bronze")), good),
    "keeping the vault's files": (fails(Path, "replace", when=into("vault")), good),
    "committing": (fails(Ledger, "record", error=sqlite3.OperationalError("database or disk is full")), good),
}

AFTER: dict[str, Install] = {
    "the receipt's workbook": writes_to_full_disk(
        xlsxwriter, "Workbook", 0, when=lambda path: "receipts" in path.parts
    ),
    "the receipt's page": fails(Path, "write_text", when=lambda path, *_: path.name.endswith(".html.tmp")),
    "the receipt's JSON": fails(report.Path, "open", when=lambda path, *_: path.name.endswith(".json.tmp")),
    "the receipt's name": fails(Path, "replace", when=into("receipts")),
    "marking the receipt": fails(Ledger, "mark_receipt", error=sqlite3.OperationalError("database or disk is full")),
    "setting the incoming file aside": fails(Path, "rename", when=into("incoming")),
    "marking the removal": fails(Ledger, "mark_removed", error=sqlite3.OperationalError("database or disk is full")),
}


@pytest.mark.parametrize("point", BEFORE)
def test_a_file_for_which_there_is_no_space_is_left_for_the_next_run(
    settings: Settings,
    drop: Drop,
    ledger: Ledger,
    tmp_path: Path,
    full: Path,
    monkeypatch: pytest.MonkeyPatch,
    point: str,
) -> None:
    install, content = BEFORE[point]
    monkeypatch.setattr(text_reader, "BLOCK_BYTES", 1000)
    settings = settings.model_copy(update={"batch_rows": 3})
    if point != "making the key":  # which is made with the first file
        drop(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, rows()))
        take_in_dataset(settings, RESIDENTS)
    before = ledger.all()

    bytes_handed_in = content(tmp_path)
    path = drop(RESIDENTS, "2026-10 lần 2.csv", bytes_handed_in)
    with monkeypatch.context() as patch:
        install(patch, full)
        with pytest.raises((OSError, sqlite3.Error, duckdb.Error)):
            take_in_dataset(settings, RESIDENTS)
    assert path.read_bytes() == bytes_handed_in
    assert ledger.all() == before
    assert len(list(settings.sources.rglob("*.json"))) == len(before)
    assert list(settings.temporary.iterdir()) == []

    (submission,) = take_in_dataset(settings, RESIDENTS)
    expected = {good: "accepted", repeated: "partly", without_a_good_row: "refused"}
    assert submission.verdict == expected.get(content, "accepted")
    assert submission.rows_read >= 31
    assert not path.exists()
    assert len(list(settings.receipts(RESIDENTS.path).iterdir())) == 3 * len(before) + 3


@pytest.mark.parametrize("point", AFTER)
def test_what_there_is_no_space_for_after_the_commit_is_made_good_by_the_next_run(
    settings: Settings, drop: Drop, ledger: Ledger, full: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """The other file of the run is taken in, too, and none is taken in twice."""
    drop(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, rows()))
    drop(RESIDENTS, "2026-11.csv", rows_csv(RESIDENTS, rows()))
    with monkeypatch.context() as patch:
        AFTER[point](patch, full)
        try:
            take_in_dataset(settings, RESIDENTS)
        except sqlite3.Error:
            assert point.startswith("marking")  # without a ledger there is nothing that could go on
    take_in_dataset(settings, RESIDENTS)
    assert [(each.file_name, each.verdict) for each in ledger.all()] == [
        ("2026-10.csv", "accepted"),
        ("2026-11.csv", "accepted"),
    ]
    assert list(settings.incoming(RESIDENTS.path).iterdir()) == []
    assert len(list(settings.receipts(RESIDENTS.path).iterdir())) == 6
    assert ledger.without_receipt(RESIDENTS.path) == ledger.not_removed(RESIDENTS.path) == []


def test_a_marked_copy_for_which_there_is_no_space_is_made_by_the_next_run(
    settings: Settings, drop: Drop, ledger: Ledger, full: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The child that marks says so; the officer does not get the lesser receipt of a workbook that cannot be copied."""
    settings = settings.model_copy(update={"marked_whole": 20_000})
    real = receipt_workbook.write_marked_copy

    def on_full_disk(*arguments: Any) -> bool:
        (arguments[-2] / "marked.xlsx").symlink_to(full)
        return real(*arguments)

    drop(RESIDENTS, "2026-10.xlsx", rows_xlsx(tmp_path, RESIDENTS, [*rows(), resident(40, sex="?")]))
    with monkeypatch.context() as patch:
        patch.setattr(receipt_workbook, "write_marked_copy", on_full_disk)
        (submission,) = take_in_dataset(settings, RESIDENTS)
    assert ledger.without_receipt(RESIDENTS.path) == [submission]
    assert list(settings.receipts(RESIDENTS.path).iterdir()) == []
    take_in_dataset(settings, RESIDENTS)
    assert ledger.without_receipt(RESIDENTS.path) == []
    (written,) = settings.receipts(RESIDENTS.path).glob("*.xlsx")
    assert openpyxl.load_workbook(written).sheetnames == ["Biên nhận", "Số liệu", "_kho"]
