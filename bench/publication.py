"""Cost of a publication for those who see everything: ``python -m bench.publication [--megabytes 1000] [--repeats 5]``.

The floor is a plain copy of the same warehouse file (``cp``), to the disk with ``sync``. kho copies it, hashes it,
opens the copy and counts the rows of every table, and announces it. In one run, interleaved.

Belongs here: making the warehouse, running, printing. Does not belong here: other audiences, whose files are smaller.
"""

from __future__ import annotations

import argparse
import datetime
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from bench import measuring
from orchestration.settings import Settings
from orchestration.sharing.publish import Facts, publish

DATA = Path(__file__).parent / ".data" / "publication"
#: Rows that make about one megabyte: random text does not compress.
_ROWS_A_MEGABYTE = 44_000


def _make(warehouse: Path, megabytes: int) -> None:
    """A warehouse of that size, of one fact."""
    if warehouse.exists() and warehouse.stat().st_size > megabytes * 0.9e6:
        return
    shutil.rmtree(warehouse.parent, ignore_errors=True)
    warehouse.parent.mkdir(parents=True)
    with duckdb.connect(warehouse) as connection:
        connection.execute("create schema core")
        connection.execute(
            "create table core.fct_resident as select md5(i::varchar) as citizen_key, i as row_no "
            f"from range({megabytes * _ROWS_A_MEGABYTE}) as t(i)"
        )


def _seconds(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and processor time of a piece of work, with that of its children."""
    before = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    start = time.perf_counter()
    work()
    wall = time.perf_counter() - start
    after = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(b.ru_utime + b.ru_stime - a.ru_utime - a.ru_stime for a, b in zip(before, after, strict=True))
    return wall, cpu


def _copy(source: Path, target: Path) -> None:
    subprocess.run(["cp", "--reflink=never", str(source), str(target)], check=True)
    with target.open("rb") as copied:
        os.fsync(copied.fileno())


def _line(
    step: str, runs: list[tuple[float, float]], floor: list[tuple[float, float]], megabytes: int
) -> measuring.Line:
    """Medians of a step. Its CPU has no ratio: a copy needs next to none."""
    wall, cpu = (statistics.median(run[at] for run in runs) for at in (0, 1))
    ratio = wall / statistics.median(run[0] for run in floor)
    rows = megabytes * _ROWS_A_MEGABYTE
    seconds = {"wall_seconds": round(wall, 3), "cpu_seconds": round(cpu, 3)}
    return {"case": "publication", "rows": rows, "step": step, **seconds, "wall_ratio": round(ratio, 3)}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=5)
    measuring.add_json(parser)
    arguments = parser.parse_args()
    home = DATA / str(arguments.megabytes)
    now = datetime.datetime(2026, 11, 22, 3, tzinfo=datetime.UTC)
    settings = Settings(home=home, sources=home / "sources", now=now, keep_versions=1)
    _make(settings.warehouse, arguments.megabytes)
    found: dict[str, list[tuple[float, float]]] = {"floor": [], "kho": []}
    for number in range(1, arguments.repeats + 1):
        target = home / "copy.duckdb"
        found["floor"].append(_seconds(lambda: _copy(settings.warehouse, target)))  # noqa: B023 - called at once
        target.unlink()
        facts = Facts(ledger_sequence=number, code="bench")
        found["kho"].append(_seconds(lambda: publish(settings, facts=facts)))  # noqa: B023 - called at once
        walls = {step: f"{runs[-1][0]:.2f}" for step, runs in found.items()}
        sys.stderr.write(f"round {number}: {walls}\n")
    size = settings.warehouse.stat().st_size / 1e6
    lines = [_line(step, runs, found["floor"], arguments.megabytes) for step, runs in found.items()]
    print(
        f"{'step':8}{'wall s':>9}{'cpu s':>9}{'wall ratio':>12}   warehouse of {size:.0f} MB, {arguments.repeats} rounds"
    )
    for line in lines:
        print(f"{line['step']:8}{line['wall_seconds']:9.2f}{line['cpu_seconds']:9.2f}{line['wall_ratio']:12.2f}")
    measuring.write(
        {"machine": measuring.machine(), "megabytes": size, "summary": lines, "runs": found}, arguments.json
    )


if __name__ == "__main__":
    main()
