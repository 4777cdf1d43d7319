"""Do builds follow the change: ``python -m bench.builds [--rows 1000000 --rows 2000000 …]``.

With so many residents stored: a build of the whole warehouse. Then, as often as asked, one more commune hands in a file
of 3,000 residents; what the build after it costs, and what a build of the whole from the same ledger, which must have the
same content. Over several sizes: the slope of log cost over log rows (1 is proportional). And where the time goes, by
model.

Belongs here: the order of builds, the commune's file, printing. Does not belong here: homes (``homes``), one build
(``whole_build``). Linux only.
"""

from __future__ import annotations

import itertools
import json
import math
import shutil
import statistics
import subprocess
import sys
from typing import Any

from bench import homes, population
from bench.reporting import Line, note, parser, report
from orchestration.building import warehouse
from orchestration.intake.take_in import take_in_dataset
from orchestration.settings import PROJECT, Settings

CHANGED_ROWS = 3000
#: So many models are listed one by one.
LISTED = 15
Build = dict[str, Any]


def one_build(settings: Settings) -> Build:
    """Build in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.whole_build", str(settings.home.parent)],
        stdout=subprocess.PIPE,
        cwd=PROJECT,
        env=homes.environment(settings),
        check=True,
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


def working_copy(stored: Settings) -> Settings:
    """A copy of a home that may be changed. Files that kho never writes to again are shared with the original."""
    folder = homes.DATA / "work" / "builds"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    subprocess.run(["cp", "-al", str(stored.home), str(stored.sources), str(folder)], check=True)
    settings = homes.settings_of(folder)
    for shared in stored.home.glob("ledger.sqlite*"):  # written to in place
        (settings.home / shared.name).unlink()
        shutil.copyfile(shared, settings.home / shared.name)
    warehouse.remove(settings)
    return settings


def drop_commune(settings: Settings, number: int) -> None:
    """A commune's own report of its residents in the month that the province has handed in as well."""
    declaration = population.declaration()
    name = sorted(population.communes())[number]
    file = settings.incoming(declaration.path) / f"{name} {population.PERIOD}.csv"
    homes.write_csv(file, homes.commune_rows(name, CHANGED_ROWS))
    (submission,) = take_in_dataset(settings, declaration)
    note(f"{submission.file_name}: {submission.verdict}, {submission.rows_accepted:,}, unit {submission.unit}")
    if submission.rows_accepted < 0.9 * CHANGED_ROWS or submission.unit == declaration.department:
        raise SystemExit("the commune's file was not taken in as one of the commune")


def one_size(rows: int, repeats: int) -> list[Build]:
    """The whole; then, as often as asked, the build after another commune's file and the whole again."""
    settings = working_copy(homes.stored(rows))
    runs: list[Build] = []

    def build(step: str, number: int) -> None:
        runs.append({"case": "build", "step": step, "rows": rows, "round": number, **one_build(settings)})
        done = runs[-1]
        note(f"{rows:,} rows, round {number}, {step}: {done['cpu_seconds']:.1f} s CPU, {done['wall_seconds']:.1f} s")

    build("whole", 0)
    for number in range(1, repeats + 1):
        drop_commune(settings, number)
        build("commune", number)
        warehouse.remove(settings)
        build("whole", number)
        if runs[-1]["content"] != runs[-2]["content"]:
            raise SystemExit(
                "the build after the commune's file differs from a build of the whole from the same ledger"
            )
    shutil.rmtree(homes.DATA / "work" / "builds")
    return runs


def summary(runs: list[Build]) -> list[Line]:
    """Medians by size and step, and their ratio to builds of the whole."""
    lines: list[Line] = []
    for rows, step in dict.fromkeys((each["rows"], each["step"]) for each in runs):
        line: Line = {"case": "build", "step": f"kho {step}", "rows": rows}
        for kind in ("cpu", "wall"):
            own, whole = (
                statistics.median(
                    each[f"{kind}_seconds"] for each in runs if (each["rows"], each["step"]) == (rows, which)
                )
                for which in (step, "whole")
            )
            line |= {f"{kind}_seconds": round(own, 1), f"{kind}_ratio": round(own / whole, 3)}
        some = [each for each in runs if (each["rows"], each["step"]) == (rows, step)]
        line |= {name: max(each[name] for each in some) for name in ("peak_mb", "warehouse_mb")}
        line["runs"] = len(some)
        lines.append(line)
    return lines


def slopes(lines: list[Line]) -> list[Line]:
    """By how much log cost grows with log rows, between sizes that follow each other and over all."""
    whole = sorted((float(each["rows"]), float(each["cpu_seconds"])) for each in lines if each["step"] == "kho whole")
    pairs = [*itertools.pairwise(whole), (whole[0], whole[-1])] if len(whole) > 1 else []
    return [
        {
            "case": "slope",
            "step": f"{small[0]:,.0f} to {large[0]:,.0f}",
            "cpu_slope": round(math.log(large[1] / small[1]) / math.log(large[0] / small[0]), 3),
        }
        for small, large in dict.fromkeys(pairs)
    ]


def by_model(runs: list[Build], step: str) -> list[Line]:
    """Where the time of a step goes, at the largest size. Two threads: together more than the wall."""
    rows = max(each["rows"] for each in runs)
    some = [each["nodes"] for each in runs if (each["rows"], each["step"]) == (rows, step)]
    # What is built follows the change: a node that one round leaves alone took no time in it.
    nodes = dict.fromkeys(node for each in some for node in each)
    seconds = {node: statistics.median(each.get(node, 0.0) for each in some) for node in nodes}
    kinds = {
        kind: sum(took for node, took in seconds.items() if node.startswith(kind)) for kind in ("model", "test", "seed")
    }
    models = sorted((node for node in seconds if node.startswith("model")), key=lambda node: -seconds[node])[:LISTED]
    listed = {f"all {kind}s": took for kind, took in kinds.items()} | {
        node.rpartition(".")[2]: seconds[node] for node in models
    }
    total = sum(seconds.values())
    return [
        {
            "case": f"model ({step})",
            "step": name,
            "rows": rows,
            "node_seconds": round(took, 2),
            "share": round(took / total, 3),
        }
        for name, took in listed.items()
    ]


def main() -> None:
    """Measure, print."""
    asked = parser(__doc__)
    asked.add_argument("--rows", type=int, action="append", help="residents stored; may be given several times")
    asked.add_argument("--repeats", type=int, default=1, help="rounds a size; medians are reported")
    arguments = asked.parse_args()
    runs = [run for rows in arguments.rows or [1_000_000] for run in one_size(rows, arguments.repeats)]
    lines = summary(runs)
    report([*lines, *slopes(lines), *by_model(runs, "whole"), *by_model(runs, "commune")], runs, arguments.json)


if __name__ == "__main__":
    main()
