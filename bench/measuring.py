"""Measuring processes: CPU, wall time and memory of a command and its children, in rounds.

Belongs here: what every benchmark that starts processes needs. Does not belong here: what is measured, and whether its
result is right (``intake``, ``workbook``), printing (``reporting``).
Linux only: it reads /proc.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.reporting import Line

SAMPLE_SECONDS = 0.05


@dataclass(frozen=True)
class Command:
    """What is started. ``environment`` is everything that the process gets; it says its result as JSON on its last line."""

    words: Sequence[str]
    environment: Mapping[str, str]
    folder: Path


@dataclass(frozen=True)
class Measurement:
    """One run of one step. Memory is that of the process and its children together, in MB."""

    case: str
    rows: int
    step: str
    cpu_seconds: float
    wall_seconds: float
    peak_mb: float
    result: dict[str, Any]


# --- one process -------------------------------------------------------------------------------------------
def descendants(pid: int) -> list[int]:
    """The processes that a process started, and those that they started."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += [int(child), *descendants(int(child))]
    return found


def _resident_mb(pid: int) -> float:
    """Resident memory of a process and its descendants. Pages that they share count more than once."""
    pages = 0
    try:
        for each in (pid, *descendants(pid)):
            pages += int(Path(f"/proc/{each}/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0.0  # a process that just ended
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class _Sampler(threading.Thread):
    """The most memory that was seen while a process ran."""

    def __init__(self, pid: int) -> None:
        super().__init__()
        self.pid, self.peak, self.ended = pid, 0.0, threading.Event()

    def run(self) -> None:
        while not self.ended.wait(SAMPLE_SECONDS):
            self.peak = max(self.peak, _resident_mb(self.pid))


def measure(case: str, rows: int, step: str, command: Command) -> Measurement:
    """Run a step once. CPU is user + system of the process and of the children that it waited for."""
    said, errors = command.folder / "stdout.txt", command.folder / "stderr.txt"
    started = time.perf_counter()
    with (
        said.open("w") as out,
        errors.open("w") as err,
        subprocess.Popen(
            command.words, stdout=out, stderr=err, cwd=command.folder, env=dict(command.environment)
        ) as process,
    ):
        sampler = _Sampler(process.pid)
        sampler.start()
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        sampler.ended.set()
        sampler.join()
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.stderr.write(said.read_text()[-2000:] + errors.read_text()[-4000:])
        raise SystemExit(f"{step} failed with status {process.returncode}")
    return Measurement(
        case=case,
        rows=rows,
        step=step,
        cpu_seconds=used.ru_utime + used.ru_stime,
        wall_seconds=wall,
        peak_mb=max(sampler.peak, used.ru_maxrss * 1024 / 1e6),
        result=json.loads(said.read_text().splitlines()[-1]),
    )


def interleaved(steps: Sequence[str], repeats: int, run: Callable[[str], Measurement]) -> Iterator[Measurement]:
    """Rounds of all steps, so that a busy minute of the machine falls on all of them alike."""
    for number in range(1, repeats + 1):
        for step in steps:
            done = run(step)
            sys.stderr.write(
                f"# {done.case}, {done.rows:,} rows, round {number}, {step}: {done.cpu_seconds:.1f} s CPU, "
                f"{done.wall_seconds:.1f} s, {done.peak_mb:.0f} MB\n"
            )
            yield done


# --- reporting ---------------------------------------------------------------------------------------------
def _line(own: Sequence[Measurement], floor: Sequence[Measurement]) -> Line:
    """Medians of one step, and their ratios to those of the floor."""
    line: Line = {
        "case": own[0].case,
        "rows": own[0].rows,
        "step": own[0].step,
        "runs": len(own),
        "peak_mb": round(max(each.peak_mb for each in own)),
    }
    for kind in ("cpu", "wall"):
        mine, least = (statistics.median(getattr(each, f"{kind}_seconds") for each in runs) for runs in (own, floor))
        line[f"{kind}_seconds"] = round(mine, 2)
        line[f"{kind}_ratio"] = round(mine / least, 2)
    return line


def summary(measurements: Sequence[Measurement]) -> list[Line]:
    """Medians by case, size and step. The step that was measured first in a case and size is its floor."""
    groups: dict[tuple[str, int], dict[str, list[Measurement]]] = {}
    for each in measurements:
        groups.setdefault((each.case, each.rows), {}).setdefault(each.step, []).append(each)
    return [_line(own, next(iter(steps.values()))) for steps in groups.values() for own in steps.values()]
