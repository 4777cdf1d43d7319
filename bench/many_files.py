"""Many files at a time: ``python -m bench.many_files [--files 20] [--rows 3000] [--repeats 3]``.

The end of a month: so many communes drop their file of residents at once, and every one gets a receipt with a marked
copy. Taken in one after the other, and side by side by as many processes as kho takes on this machine; in one run,
interleaved, each in a process of its own. Both must make the same of every file.

Belongs here: the files and the two steps. Does not belong here: the rows (``homes``), measuring (``measuring``).
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench import homes, measuring, population, reporting
from bench.intake import HERE, own_environment, scratch
from bench.measuring import Command, Measurement
from orchestration.run import prepare_home
from orchestration.settings import Settings

RESIDENTS = population.declaration()
STEPS = {"one at a time": 1, "kho": Settings(now=None).intake_processes}


def generate(folder: Path, files: int, rows: int) -> Path:
    """A folder with the files; made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in sorted(population.communes())[:files]:
        homes.write_csv(folder / f"{name} {population.PERIOD}.csv", homes.commune_rows(name, rows))
    return folder


def run(step: str, source: Path, files: int, rows: int) -> Measurement:
    """One run of one step."""
    work = scratch()
    prepare_home(Settings(home=work / "home", sources=work / "sources"))
    shutil.copytree(source, work / "sources" / RESIDENTS.path / "incoming", dirs_exist_ok=True)
    words = [sys.executable, str(HERE / "whole_folder.py"), RESIDENTS.path, str(work), str(STEPS[step])]
    done = measuring.measure(f"{files} files", rows, step, Command(words, own_environment(), work))
    shutil.rmtree(work, ignore_errors=True)
    return done


def check(outcomes: list[Any], files: int, rows: int) -> None:
    """Refuse figures of runs that made something else of a file. Raises SystemExit."""
    if any(each != outcomes[0] for each in outcomes):
        raise SystemExit("side by side, something else became of a file than one at a time")
    if len(outcomes[0]) != files or any(accepted < 0.9 * rows for _, _, accepted, _ in outcomes[0]):
        raise SystemExit(f"not every file of {rows:,} rows was taken in: {outcomes[0]}")


def main() -> None:
    """Measure one folder."""
    parser = reporting.parser(__doc__)
    parser.add_argument("--files", type=int, default=20)
    parser.add_argument("--rows", type=int, default=3000, help="of each file")
    parser.add_argument("--repeats", type=int, default=1, help="rounds; medians are reported")
    asked = parser.parse_args()
    source = generate(homes.DATA / "many files", asked.files, asked.rows)
    once = lambda step: run(step, source, asked.files, asked.rows)  # noqa: E731 - one line
    measurements = list(measuring.interleaved(list(STEPS), asked.repeats, once))
    check([each.result["files"] for each in measurements], asked.files, asked.rows)
    reporting.report(measuring.summary(measurements), [*map(asdict, measurements)], asked.json)


if __name__ == "__main__":
    main()
