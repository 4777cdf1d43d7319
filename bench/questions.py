"""How fast the published file answers: ``python -m bench.questions [--rows 1000000] [--repeats 7]``.

The questions that the marts answer (``dbt_project/models/exposures.yml``) and those of the demo, which ask the facts,
put to the published version as an analyst opens it: read-only, by DuckDB. Some have no answer in this province, which
``answers`` shows. First: on a new connection, the file's pages
dropped from memory; warm: again on the same connection. Target 50 ms each for the marts. And how large the file is
beside the same tables as Parquet and as CSV.

Belongs here: asking, measuring, printing. Does not belong here: homes (``homes``). Linux only.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from bench import homes
from bench.reporting import Line, measured, median, note, parser, report
from orchestration.building import warehouse
from orchestration.demo.story import QUESTIONS
from orchestration.lineage.project import read_project
from orchestration.settings import Settings
from orchestration.sharing.reader import open_read_only
from orchestration.sharing.tables import folder_of_tables
from orchestration.sharing.versions import Published, current

#: So many tables are listed one by one.
LISTED = 5
_KPI = """
select geography_level, geography_name, breakdown, period, numerator, denominator, value, target, gap
from marts.mart_kpi where kpi_id = '{kpi}' order by geography_level, geography_code, breakdown, period
"""
Run = dict[str, float | int | str]


@dataclass(frozen=True)
class Asked:
    """A question: of the marts, or of the facts."""

    case: str
    name: str
    sql: str


def questions(settings: Settings) -> list[Asked]:
    """Every declared question, each KPI that answers one, and the demo's."""
    found = []
    for exposure in read_project(settings).exposures:
        meta = exposure["config"]["meta"]
        found += [Asked("mart", f"{exposure['name']}: {kpi}", _KPI.format(kpi=kpi)) for kpi in meta.get("kpis", ())]
        if "query" in meta:
            found.append(Asked("mart", exposure["name"], meta["query"]))
    for each in QUESTIONS:
        found.append(Asked("mart" if "core." not in each.sql else "fact", each.title_en, each.sql))
    return found


def version_of(rows: int) -> tuple[Settings, Published]:
    """The published version of a home with so many residents; built once for a state of the code."""
    settings = homes.stored(rows)
    if not warehouse.is_published(settings):
        warehouse.remove(settings)
        with measured() as cost:
            homes.build(settings)
        note(f"built: {cost.wall_seconds:.0f} s, {cost.cpu_seconds:.0f} s CPU")
        with measured() as cost:
            homes.published(settings)
        note(f"published: {cost.wall_seconds:.0f} s, {cost.cpu_seconds:.0f} s CPU")
    version = current(settings)
    assert version is not None
    return settings, version


def forget_pages(file: Path) -> None:
    """Drop a file from the kernel's memory, so that the next reader reads the disk."""
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
        os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _milliseconds(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[float, int]:
    begun = time.perf_counter()
    answers = connection.execute(sql).fetchall()
    return (time.perf_counter() - begun) * 1000, len(answers)


def ask(version: Published, rows: int, asked: Asked, repeats: int) -> list[Run]:
    """A question so often as the first of a connection, and once more each time."""
    runs: list[Run] = []
    for _ in range(repeats):
        forget_pages(version.path)
        begun = time.perf_counter()
        with open_read_only(version.path) as connection:
            opened = (time.perf_counter() - begun) * 1000
            first, answers = _milliseconds(connection, asked.sql)
            warm, _ = _milliseconds(connection, asked.sql)
        runs.append(
            {
                "case": asked.case,
                "step": asked.name,
                "rows": rows,
                "answers": answers,
                "open_ms": opened,
                "first_ms": first,
                "warm_ms": warm,
            }
        )
    return runs


def sizes(settings: Settings, version: Published, rows: int) -> list[Line]:
    """The file beside its tables as Parquet, as published, and as CSV."""
    folder, scratch = folder_of_tables(version), settings.temporary / "bench.csv"
    megabytes: dict[str, tuple[float, float]] = {}
    with duckdb.connect(version.path, read_only=True) as connection:
        for name in version.tables:
            connection.execute(f"copy (from {name}) to '{scratch}' (format csv)")
            megabytes[name] = ((folder / f"{name}.parquet").stat().st_size / 1e6, scratch.stat().st_size / 1e6)
            scratch.unlink()
    file = version.path.stat().st_size / 1e6
    parquet, text = (sum(each[at] for each in megabytes.values()) for at in (0, 1))
    lines: list[Line] = [
        {"case": "size", "step": step, "rows": rows, "megabytes": round(size, 1), "size_ratio": round(size / file, 3)}
        for step, size in {"duckdb": file, "parquet": parquet, "csv": text}.items()
    ]
    for name in sorted(megabytes, key=lambda name: -megabytes[name][1])[:LISTED]:
        for step, size in zip(("parquet", "csv"), megabytes[name], strict=True):
            lines.append({"case": "size", "step": f"{name}, {step}", "rows": rows, "megabytes": round(size, 1)})
    return lines


def summary(runs: Sequence[Run]) -> list[Line]:
    """Medians by question."""
    lines: list[Line] = []
    for case, step, rows in dict.fromkeys((each["case"], each["step"], each["rows"]) for each in runs):
        some = [each for each in runs if (each["case"], each["step"], each["rows"]) == (case, step, rows)]
        line: Line = {"case": str(case), "step": str(step), "rows": rows, "answers": some[0]["answers"]}
        names = ("open_ms", "first_ms", "warm_ms")
        lines.append(line | {name: median([float(each[name]) for each in some], 1) for name in names})
    return lines


def main() -> None:
    """Measure, print."""
    asked = parser(__doc__)
    asked.add_argument("--rows", type=int, action="append", help="residents stored; may be given several times")
    asked.add_argument("--repeats", type=int, default=7, help="runs of each question; medians are reported")
    arguments = asked.parse_args()
    runs: list[Run] = []
    lines: list[Line] = []
    for rows in arguments.rows or [1_000_000]:
        settings, version = version_of(rows)
        shutil.rmtree(settings.temporary, ignore_errors=True)
        settings.temporary.mkdir()
        for each in questions(settings):
            runs += ask(version, rows, each, arguments.repeats)
        lines += sizes(settings, version, rows)
    report([*summary(runs), *lines], runs, arguments.json)


if __name__ == "__main__":
    main()
