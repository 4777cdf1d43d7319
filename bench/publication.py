"""Cost of a publication for those who see everything: ``python -m bench.publication [--megabytes 1000] [--repeats 5]``.

The floor is a plain copy of the same warehouse file (``cp``), to the disk with ``sync``. kho copies it, hashes it,
opens the copy and counts the rows of every table, and announces it. In one run, interleaved.

Belongs here: making the warehouse, running, printing. Does not belong here: other audiences, whose files are smaller.
"""

from __future__ import annotations

import datetime
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import duckdb

from bench.reporting import Cost, Line, measured, median, note, parser, report
from orchestration.settings import Settings
from orchestration.sharing.publish import publish
from orchestration.sharing.versions import Facts

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


def _measured(work: Callable[[], object]) -> Cost:
    with measured() as cost:
        work()
    return cost


def _copy(source: Path, target: Path) -> None:
    subprocess.run(["cp", "--reflink=never", str(source), str(target)], check=True)
    with target.open("rb") as copied:
        os.fsync(copied.fileno())


def _line(step: str, runs: list[Cost], floor: list[Cost], rows: int) -> Line:
    """Medians of a step. Its CPU has no ratio: a copy needs next to none."""
    wall, least = (median([run.wall_seconds for run in some]) for some in (runs, floor))
    return {
        "case": "publication",
        "rows": rows,
        "step": step,
        "wall_seconds": wall,
        "cpu_seconds": median([run.cpu_seconds for run in runs]),
        "wall_ratio": round(wall / least, 3),
    }


def main() -> None:
    """Run and print."""
    asked = parser(__doc__)
    asked.add_argument("--megabytes", type=int, default=1000)
    asked.add_argument("--repeats", type=int, default=5)
    arguments = asked.parse_args()
    home = DATA / str(arguments.megabytes)
    now = datetime.datetime(2026, 11, 22, 3, tzinfo=datetime.UTC)
    settings = Settings(home=home, sources=home / "sources", now=now, keep_versions=1)
    _make(settings.warehouse, arguments.megabytes)
    found: dict[str, list[Cost]] = {"floor": [], "kho": []}
    for number in range(1, arguments.repeats + 1):
        target = home / "copy.duckdb"
        found["floor"].append(_measured(lambda: _copy(settings.warehouse, target)))  # noqa: B023 - called at once
        target.unlink()
        facts = Facts(ledger_sequence=number, code="bench")
        found["kho"].append(_measured(lambda: publish(settings, facts=facts)))  # noqa: B023 - called at once
        walls = ", ".join(f"{step} {runs[-1].wall_seconds:.2f} s" for step, runs in found.items())
        note(f"round {number}: {walls}")
    note(f"a warehouse of {settings.warehouse.stat().st_size / 1e6:.0f} MB")
    rows = arguments.megabytes * _ROWS_A_MEGABYTE
    lines = [_line(step, runs, found["floor"], rows) for step, runs in found.items()]
    report(lines, [{step: [*map(vars, runs)] for step, runs in found.items()}], arguments.json)


if __name__ == "__main__":
    main()
