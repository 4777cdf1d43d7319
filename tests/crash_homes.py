"""Homes that runs die in: what is handed in, the process that dies, and what must be the same afterwards.

Belongs here: everything that ``test_crash.py`` and the long runs of ``soak.py`` share. Does not belong here: where a
run dies (``crash_runner.py``), claims.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from orchestration.intake import vault_files
from orchestration.settings import PROJECT, Settings
from orchestration.sharing.reader import open_read_only
from orchestration.sharing.versions import current
from tests import crash_runner
from tests.crash_runner import Order
from tests.office import COMPLETIONS, PARCELS, RESIDENTS, drop, learner, parcel, resident, rows_csv

KILLED = -9
Run = Callable[..., list[int]]
Picture = dict[str, Any]


# --- the files, and what is compared ------------------------------------------------------------------------
def hand_in_everything(settings: Settings) -> None:
    """Seven files for three datasets; what becomes of them stands in the first test."""
    shifted = "02647-9;thừa;Phường Lào Cai;100;ONT;AD 200001;010050000010;Giàng A Páo\n"
    parcels = [parcel(number) for number in range(12)] + [parcel(12, area_m2="0"), parcel(13, land_type="XYZ")]
    drop(settings, PARCELS, "2026Q4.csv", rows_csv(PARCELS, parcels) + shifted)
    first = [resident(number) for number in range(20)] + [resident(3), resident(7, household_no="HK9")]
    first[5]["sex"] = "nam giới"
    mended = rows_csv(RESIDENTS, [resident(number) for number in range(19)])
    drop(settings, RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, first))
    drop(settings, RESIDENTS, "2026-10 sửa.csv", mended, at=1)
    drop(settings, RESIDENTS, "2026-10 bản sao.csv", mended, at=2)
    drop(settings, RESIDENTS, "2026-11.csv", "", at=3)
    drop(settings, COMPLETIONS, "2026-10.csv", rows_csv(COMPLETIONS, [learner(number) for number in range(10)]))
    more = [learner(number, result="Không đạt") for number in range(8, 13)]
    drop(settings, COMPLETIONS, "2026-10 bổ sung.csv", rows_csv(COMPLETIONS, more), at=1)


def picture(settings: Settings) -> Picture:
    """Everything that must not depend on whether a run was killed."""
    left = [path for folder in settings.sources.glob("*/*/incoming") for path in folder.iterdir()]
    hidden = [path for root in (settings.home, settings.sources) for path in root.rglob(".*")]
    return {
        "ledger": ledger_rows(settings),
        "bronze": tables(settings, settings.bronze),
        "vault": tables(settings, settings.vault),
        "receipts": {path.name: receipt(path) for path in settings.sources.glob("*/*/receipts/*")},
        "archive": {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in settings.archive.glob("[!.]*")
        },
        "published": published_tables(settings),
        "leftovers": sorted(path.name for path in [*left, *hidden, *settings.temporary.iterdir()]),
    }


def ledger_rows(settings: Settings) -> dict[str, dict[str, Any]]:
    """All facts of all submissions, without what is of the file system (identity) and of the order of datasets."""
    with contextlib.closing(sqlite3.connect(settings.ledger)) as connection:
        connection.row_factory = sqlite3.Row
        rows = [dict(row) for row in connection.execute("select * from effective_submission")]
    apart = ("sequence", "position", "file_identity")
    return {row["submission_id"]: {name: row[name] for name in row if name not in apart} for row in rows}


def tables(settings: Settings, folder: Path) -> dict[str, Any]:
    """Every Parquet file below a folder, of the vault or not, without what is of the order of datasets."""
    found = {}
    for path in folder.rglob("*.parquet"):
        frame = vault_files.read(settings, path)
        frame = frame.drop("sequence", "position", strict=False)
        found[str(path.relative_to(folder))] = (frame.schema, sorted(map(repr, frame.iter_rows())))
    return found


def receipt(path: Path) -> Any:
    """What stands in a receipt: JSON and page as a whole, of a workbook the checksums of its parts."""
    if path.suffix == ".json":
        return json.loads(path.read_text(encoding="utf-8"))
    if path.suffix == ".html":
        return path.read_text(encoding="utf-8")
    with zipfile.ZipFile(path) as workbook:
        return {part.filename: part.CRC for part in workbook.infolist()}


def published_tables(settings: Settings) -> dict[str, Any] | None:
    """Rows of all published tables, and how many files stand beside the announced version."""
    published = current(settings)
    if published is None:
        return None
    with open_read_only(published.path) as connection:
        rows = {name: sorted(map(repr, connection.execute(f"from {name}").fetchall())) for name in published.tables}
    others = {path.name for path in published.folder.iterdir()} - {published.file, "current.json"}
    return {"rows": rows, "other files": len(others)}


# --- the processes ----------------------------------------------------------------------------------------
@contextlib.contextmanager
def runner(complaints: Path | None = None) -> Iterator[Run]:
    """Executes an order in children of a warm process (see crash_runner.py); ``complaints``: where they say why."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    command = [sys.executable, crash_runner.__file__]
    with contextlib.ExitStack() as stack:
        sink = stack.enter_context(complaints.open("w")) if complaints else None
        process = stack.enter_context(
            subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=sink, text=True, env=environment
            )
        )
        assert process.stdin is not None
        assert process.stdout is not None
        sending, answers = process.stdin, process.stdout

        def execute(home: Settings, **order: Any) -> list[int]:
            sending.write(json.dumps({"home": str(home.home), **order}) + "\n")
            sending.flush()
            statuses: list[int] = json.loads(answers.readline())
            return statuses

        with tempfile.TemporaryDirectory(prefix="kho-warm-up-") as folder:
            execute(home_at(Path(folder)), warm_up=True)
        yield execute
        process.stdin.close()


def home_at(folder: Path) -> Settings:
    """A home with all files handed in."""
    settings = Order(home=str(folder)).settings
    hand_in_everything(settings)
    return settings


#: Steps in a wrong order, where a run with them is killed, and what the comparison must notice afterwards.
SWAPPED = [
    ("removes before the commit", "removed, not marked", 1, {"ledger", "bronze", "receipts", "published"}),
    ("commits before keeping", "between the renames of keeping", 8, {"vault", "receipts"}),
    ("marks receipts before writing", "receipt's workbook half done", 3, {"receipts"}),
]
