"""Cost of a workbook: ``python -m bench.workbook [--rows 200000] [--repeats 3] [--bad 1]``.

The residents of ``bench.intake`` as an xlsx of text cells, through the whole intake, against calamine's own reading of
the same sheet. In one run, interleaved, each in a process of its own. Counts are compared with what was planted.

Belongs here: making the workbook, its two steps, whether they counted right. Does not belong here: the data
(``population``), measuring (``measuring``).
"""

from __future__ import annotations

import csv
import shutil
import sys
from dataclasses import asdict
from pathlib import Path

import xlsxwriter

from bench import measuring, population, reporting
from bench.intake import DATA, HERE, OWN, check, kho, own_environment, scratch
from bench.measuring import Command, Measurement


def generate(folder: Path, rows: int, bad_percent: int) -> Path:
    """The workbook of so many rows; one made before is used again. Ids and dates are text, as the form asks."""
    source = population.generate(folder, rows, bad_percent)
    path = source.with_suffix(".xlsx")
    if path.exists():
        return path
    made = path.with_suffix(".part")
    with (
        xlsxwriter.Workbook(made, {"constant_memory": True}) as book,
        source.open(encoding="utf-8", newline="") as file,
    ):
        sheet = book.add_worksheet("Dân cư")
        for number, cells in enumerate(csv.reader(file, delimiter=";")):
            for column, cell in enumerate(cells):
                if cell:
                    sheet.write_string(number, column, cell)
    made.rename(path)
    return path


def run(step: str, source: Path, rows: int, bad_percent: int) -> Measurement:
    """One run of one step."""
    work = scratch()
    if step == "kho":
        command = kho(population.declaration().path, source, work)
    else:
        words = [sys.executable, str(HERE / "floor_workbook.py"), str(source)]
        command = Command(words, own_environment(), work)
    done = measuring.measure(f"xlsx {bad_percent}%", rows, step, command)
    if step == "kho":
        check(step, rows, bad_percent, done.result)
    elif done.result != {"read": rows}:
        raise SystemExit(f"calamine read {done.result} of {rows:,} rows")
    shutil.rmtree(work, ignore_errors=True)
    return done


def main() -> None:
    """Measure one workbook."""
    parser = reporting.parser(__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--repeats", type=int, default=1, help="rounds; medians are reported")
    parser.add_argument("--bad", type=int, default=1, choices=population.BAD_PERCENTS, help="bad rows, per cent")
    asked = parser.parse_args()
    source = generate(DATA, asked.rows, asked.bad)
    once = lambda step: run(step, source, asked.rows, asked.bad)  # noqa: E731 - one line
    measurements = list(measuring.interleaved(OWN, asked.repeats, once))
    reporting.report(measuring.summary(measurements), [*map(asdict, measurements)], asked.json)


if __name__ == "__main__":
    main()
