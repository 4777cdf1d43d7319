"""Workbooks (xlsx, xlsm, xls, xlsb, ods) and Parquet: read in a child process with limits of time and memory.

A tiny legal workbook can abort the process that reads it, a far-away cell takes gigabytes, and a kilobyte of Parquet
may say that it holds a billion rows; the child dies alone. It leaves one Arrow file per sheet; here they are mapped,
not loaded.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from orchestration.intake.readers.table import HEAD_ROWS, Document, Sheet, TextBatch, UnreadableError, column_names
from orchestration.settings import Settings
from schemas import file_rules

_CHILD = Path(__file__).with_name("workbook_child")
#: A real workbook of one megabyte is read in a third of a second; what takes much longer was made to.
SECONDS_PER_MB = 2


def _run_child(settings: Settings, path: Path, kind: str, folder: Path, *, exact: bool) -> None:
    named = folder / f"workbook.{kind}"  # calamine goes by the name
    named.symlink_to(path.absolute())
    seconds = settings.reader_seconds + SECONDS_PER_MB * (path.stat().st_size >> 20)
    command = [
        sys.executable,
        "-I",  # only what the interpreter's own environment installs; no PYTHONPATH, no user site
        str(_CHILD),
        str(named),
        str(folder),
        str(settings.reader_memory_mb),
        str(settings.reader_output_mb),
        str(int(seconds)),
        "exact" if exact else "padded",
    ]
    try:
        done = subprocess.run(command, capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise UnreadableError(file_rules.FILE_LIMITS, f"not read within {seconds:g} s") from None
    if done.returncode == 0:
        return
    try:
        said = json.loads(done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2])
    except ValueError:
        said = {}
    if isinstance(said, dict) and said.get("errno"):  # the disk's fault, not the file's
        raise OSError(said["errno"], os.strerror(said["errno"]), str(folder))
    if isinstance(said, dict) and said.get("rule"):
        raise UnreadableError(said["rule"], said["detail"])
    raise UnreadableError(file_rules.FILE_LIMITS, f"the reader of the workbook ended with status {done.returncode}")


def _head(file: Path) -> list[list[str]]:
    with pa.memory_map(str(file)) as source, pa.ipc.open_file(source) as reader:
        if reader.num_record_batches == 0:
            return []
        first = reader.get_batch(0).slice(0, HEAD_ROWS).to_pydict()
    return [[cell or "" for cell in row] for row in zip(*first.values(), strict=True)]


def _batches(settings: Settings, file: Path, own_width: int, width: int) -> Iterator[TextBatch]:
    number = 1
    with pa.memory_map(str(file)) as source, pa.ipc.open_file(source) as reader:
        chunks: list[Any] = []
        for index in range(reader.num_record_batches):
            chunks.append(reader.get_batch(index))
            last = index == reader.num_record_batches - 1
            if not last and sum(chunk.num_rows for chunk in chunks) < settings.batch_rows:
                continue
            frame = pl.from_arrow(pa.Table.from_batches(chunks))
            assert isinstance(frame, pl.DataFrame)
            chunks = []
            missing = [pl.lit(None, pl.String).alias(name) for name in column_names(width)[own_width:]]
            rows = pl.int_range(number, number + frame.height, dtype=pl.Int64, eager=True)
            number += frame.height
            yield TextBatch(rows, frame.with_columns(missing).select(column_names(width)))


@contextlib.contextmanager
def open_workbook(settings: Settings, path: Path, kind: str, *, exact: bool) -> Iterator[Document]:
    """Read all visible sheets of a workbook, or a Parquet file, in a child process. Raises UnreadableError."""
    settings.temporary.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="workbook-", dir=settings.temporary))
    try:
        _run_child(settings, path, kind, folder, exact=exact)
        index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
        sheets = []
        doubtful: dict[tuple[str, int], dict[str, str]] = {}
        for each in index["sheets"]:
            file, width = folder / each["file"], each["width"]
            batches = partial(_batches, settings, file, width)
            mended = Counter(each.get("mended", {}))
            head = _head(file)
            sheets.append(Sheet(each["name"], head, width, batches, each["left"], numeric_cells=True, mended=mended))
            doubtful |= {(each["name"], column): texts for column, texts in each.get("doubtful", [])}
        yield Document(
            kind,
            sheets,
            stamp=tuple(index["stamp"]),
            doubts=tuple(index["doubts"]),
            doubtful=doubtful,
            hidden=tuple(index["hidden"]),
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
