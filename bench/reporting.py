"""What a benchmark says: a table for people, and one JSON document for programs.

Belongs here: printing, writing, what the figures were measured on, the clock of a piece of work. Does not belong here:
what is measured.

A line of the summary names its case and step; keys that end in ``_ratio`` can be compared between machines, seconds
cannot. Linux only: it reads /proc.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

#: Packages whose versions belong to a figure.
PACKAGES = ("dagster", "dbt-core", "duckdb", "polars", "pyarrow", "pandera", "python-calamine")
Line = dict[str, float | int | str]


@dataclass
class Cost:
    """Seconds of a piece of work, filled in when it ends. CPU is that of this process and of its ended children."""

    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0


@contextmanager
def measured() -> Iterator[Cost]:
    """Measure what is done inside."""
    cost = Cost()
    cpu, wall = _cpu(), time.perf_counter()
    yield cost
    cost.wall_seconds, cost.cpu_seconds = time.perf_counter() - wall, _cpu() - cpu


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def peak_mb() -> float:
    """The most memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def rounds(steps: Sequence[str], repeats: int, run: Callable[[str], float]) -> dict[str, list[float]]:
    """Every step once a round, so that a busy minute of the machine falls on all of them alike."""
    found: dict[str, list[float]] = {step: [] for step in steps}
    for _ in range(repeats):
        for step in steps:
            found[step].append(run(step))
    return found


def median(figures: Sequence[float], digits: int = 3) -> float:
    """The median, as it is printed."""
    return round(statistics.median(figures), digits)


def note(text: str) -> None:
    """Say how far it is."""
    sys.stderr.write(f"# {text}\n")
    sys.stderr.flush()


def parser(description: str | None) -> argparse.ArgumentParser:
    """The options of every benchmark."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--json", type=Path, metavar="FILE", help="write machine, summary and single runs into this file")
    return made


def machine() -> dict[str, str]:
    """What the figures were measured on."""
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "cores": str(os.cpu_count()),
        "cpu": models[0].partition(":")[2].strip() if models else platform.machine(),
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in PACKAGES},
    }


def report(lines: Sequence[Line], runs: Sequence[object], file: Path | None, **more: object) -> None:
    """Print the lines as a table, the columns in the order in which they first occur; write everything if asked.

    ``compare`` reads the keys of the lines that end in ``_ratio``, by their ``case``, ``rows`` and ``step``.
    """
    heads = list(dict.fromkeys(name for line in lines for name in line))
    cells = [heads, *([_text(line.get(head, "")) for head in heads] for line in lines)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(heads))]
    left = [any(isinstance(line.get(head), str) for line in lines) for head in heads]
    for row in cells:
        padded = zip(row, widths, left, strict=True)
        print("  ".join(f"{text:<{width}}" if is_text else f"{text:>{width}}" for text, width, is_text in padded))
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        everything = {"machine": machine(), **more, "summary": list(lines), "runs": list(runs)}
        file.write_text(json.dumps(everything, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _text(figure: float | str) -> str:
    return figure if isinstance(figure, str) else f"{figure:,}"
