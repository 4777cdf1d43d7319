"""A small office that runs ``kho dev``, and the files that its communes drop.

Belongs here: the home, the process with its children, a dropped file. Does not belong here: what is measured.
Linux only: it reads /proc.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import xlsxwriter

from bench import homes, population
from bench.measuring import descendants
from orchestration.demo.files import write_demo_files
from orchestration.intake.take_in import take_in_dataset
from orchestration.run import prepare_home
from orchestration.settings import PROJECT, Settings
from schemas import datasets

FILE_ROWS, DEMO_ROWS = 1000, 2000
STABLE_SECONDS = 2.0
RESIDENTS = population.declaration()


def office() -> Settings:
    """A new home with a small province taken in, built and published."""
    folder = homes.DATA / "work" / "latency"
    shutil.rmtree(folder, ignore_errors=True)
    settings = homes.settings_of(folder)
    prepare_home(settings)
    write_demo_files(settings, rows=DEMO_ROWS, seed=homes.SEED, today=homes.NOW.date())
    for declaration in datasets().values():
        take_in_dataset(settings, declaration)
    homes.build(settings)
    homes.published(settings)
    return settings.model_copy(update={"stable_seconds": STABLE_SECONDS})


@contextmanager
def dev(settings: Settings) -> Iterator[None]:
    """``kho dev`` on loopback while the block lasts, with the signals of a terminal whatever this process ignores."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (settings.home / "dev.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "orchestration", "dev", "--port", str(port)],
            cwd=PROJECT,
            env=homes.environment(settings),
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - one thread here
        )
    try:
        yield
    finally:
        started = [process.pid, *descendants(process.pid)]
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pid in started[1:]:
            if _parent(pid) in (1, *started):
                os.kill(pid, signal.SIGKILL)


def _parent(pid: int) -> int:
    """The parent of a process that may have ended: 0."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def write_file(path: Path, rows: Sequence[Sequence[str]]) -> None:
    """The file as a program or as Excel writes it, by its ending."""
    if path.suffix == ".csv":
        homes.write_csv(path, rows)
        return
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            for column, text in enumerate(row):
                sheet.write_string(number, column, text)


def drop(settings: Settings, number: int, ending: str) -> str:
    """Put the file of another commune into the incoming folder, complete at once; returns its name."""
    commune = sorted(population.communes())[number]
    folder = settings.incoming(RESIDENTS.path)
    name = f"{commune} {population.PERIOD}{ending}"
    aside = folder.parent / name
    write_file(aside, homes.commune_rows(commune, FILE_ROWS))
    os.utime(aside)
    aside.rename(folder / name)
    return name
