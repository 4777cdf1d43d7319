"""What a long ledger costs: ``python -m bench.ledger [--rows 1000 --rows 100000] [--repeats 7]``.

The next submission, a file of 200 residents, after so many others against the same on a new ledger (target 1.10 after
1,000), and what is asked of the ledger again and again: ``kho status`` and the sensor's tick (target 1 s after 100,000).
In rounds, so that a busy minute falls on all alike.

Belongs here: ledgers of a chosen length, measuring, printing. Does not belong here: homes (``homes``). Linux only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence

import dagster as dg

from bench import homes, population
from bench.reporting import Line, measured, median, note, parser, report
from orchestration.definitions import JOB
from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.take_in import take_in_dataset
from orchestration.run import prepare_home
from orchestration.sensors import files_sensor
from orchestration.settings import PROJECT, Settings
from orchestration.status import status_of
from schemas import datasets

FILE_ROWS = 200
RESIDENTS = population.declaration()
Run = dict[str, float | int | str]
#: Months that the submissions are about: of each there are as many as are asked for.
_MONTHS = 33
#: What became of every hundred files.
_VERDICTS = ("accepted",) * 60 + ("partly",) * 33 + ("refused",) * 4 + ("duplicate",) * 2 + ("waiting",)

_INSERT = """
with recursive numbers(n) as (select 0 union all select n + 1 from numbers where n + 1 < :rows),
facts as (
    select
        n,
        n / :slots as round,
        printf('%016x', (n + 1) * 2654435761) as id,
        (select path from bench_dataset where number = n % :datasets) as path,
        (select code from bench_commune where number = (n / :datasets) % :communes) as unit,
        date('2024-01-01', printf('+%d months', (n / :datasets / :communes) % :months)) as starts
    from numbers
)
insert into submission
    (submission_id, department, dataset, unit, period, period_start, period_end, load, file_name, file_sha256, file_bytes,
     file_identity, received_at, verdict, rows_read, rows_accepted, rows_rejected, rows_ignored, details, receipt_written,
     incoming_removed, days_late)
select
    id, substr(path, 1, instr(path, '/') - 1), path, unit, strftime('%Y-%m', starts), starts,
    date(starts, '+1 month', '-1 day'), 'full', unit || ' ' || strftime('%Y-%m', starts) || '.xlsx',
    printf('%s%048x', id, n), 90000, '0:' || n || ':0:90000',
    strftime('%Y-%m-%dT03:00:00+00:00', starts, '+1 month', printf('+%d days', round)),
    verdict, 200, case when verdict in ('accepted', 'partly', 'waiting') then 200 else 0 end,
    0, case when verdict in ('accepted', 'partly', 'waiting') then 0 else 200 end, details, 1, 1, 0
from facts, (select details from bench_details), bench_verdict
where bench_verdict.number = n % 100
"""


# --- ledgers -----------------------------------------------------------------------------------------------
def home_of(name: str) -> Settings:
    """A new home with folders and keys, and no submission."""
    folder = homes.DATA / "work" / "ledger" / name
    shutil.rmtree(folder, ignore_errors=True)
    settings = homes.settings_of(folder)
    prepare_home(settings)
    return settings


def _hand_in(settings: Settings, number: int) -> Callable[[], list[Submission]]:
    """Drop the file of another commune; what is returned takes it in."""
    commune = sorted(population.communes())[number]
    file = settings.incoming(RESIDENTS.path) / f"{commune} {population.PERIOD}.csv"
    homes.write_csv(file, homes.commune_rows(commune, FILE_ROWS))
    return lambda: take_in_dataset(settings, RESIDENTS)


def fill(settings: Settings, rows: int) -> None:
    """As if so many files of all communes had come, month by month, some of them again; details as of a real one."""
    (real,) = _hand_in(settings, 0)()
    codes = sorted(population.communes().values())
    with Ledger(settings.ledger).connect() as connection:
        connection.execute("begin immediate")
        for table, name, values in (
            ("bench_dataset", "path", list(datasets())),
            ("bench_commune", "code", codes),
            ("bench_verdict", "verdict", _VERDICTS),
        ):
            connection.execute(f"create temp table {table} (number integer primary key, {name} text)")
            connection.executemany(f"insert into {table} values (?, ?)", enumerate(values))
        connection.execute(
            "create temp table bench_details as select details from submission where submission_id = ?",
            (real.submission_id,),
        )
        counts = {"datasets": len(datasets()), "communes": len(codes), "months": _MONTHS}
        slots = counts["datasets"] * counts["communes"] * counts["months"]
        connection.execute(_INSERT, {"rows": rows, "slots": slots, **counts})
        connection.execute("commit")


# --- what is measured --------------------------------------------------------------------------------------
def next_submission(prepared: dict[int, Settings], repeats: int) -> list[Run]:
    """Take in the file of another commune after so many submissions, in rounds. The first round is not counted."""
    runs: list[Run] = []
    for number in range(1, repeats + 2):
        for rows, settings in prepared.items():
            take_in = _hand_in(settings, number)
            with measured() as cost:
                (submission,) = take_in()
            if submission.rows_accepted < 0.9 * FILE_ROWS:
                raise SystemExit(f"{submission.rows_accepted} of {FILE_ROWS} rows were accepted")
            if number > 1:
                runs.append({"case": "next submission", "step": "kho take in", "rows": rows, **vars(cost)})
    return runs


def tick(settings: Settings) -> Callable[[], object]:
    """The sensor's function, as Dagster's daemon calls it."""
    sensor = files_sensor(settings, list(datasets().values()), JOB, [], watched_seconds=0)
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)

    def call() -> object:
        with dg.DagsterInstance.get() as instance:
            return sensor(dg.build_sensor_context(instance=instance))

    call()  # makes Dagster's tables
    return call


def _status_command(settings: Settings) -> None:
    words = [sys.executable, "-m", "orchestration", "status"]
    subprocess.run(words, cwd=PROJECT, env=homes.environment(settings), stdout=subprocess.DEVNULL, check=True)


def asked_often(prepared: dict[int, Settings], repeats: int) -> list[Run]:
    """``kho status`` as a command and as a function, the sensor's tick, in rounds."""
    steps: dict[tuple[str, int], Callable[[], object]] = {}
    for rows, settings in prepared.items():
        steps["kho status", rows] = lambda settings=settings: _status_command(settings)  # type: ignore[misc]
        steps["kho status, in a process", rows] = lambda settings=settings: status_of(settings)  # type: ignore[misc]
        steps["kho sensor tick", rows] = tick(settings)
    runs: list[Run] = []
    for _ in range(repeats):
        for (step, rows), work in steps.items():
            with measured() as cost:
                work()
            runs.append({"case": "asked often", "step": step, "rows": rows, **vars(cost)})
    return runs


def summary(runs: Sequence[Run]) -> list[Line]:
    """Medians by step and length, and their ratio to an empty ledger."""
    lines: list[Line] = []
    for case, step in dict.fromkeys((each["case"], each["step"]) for each in runs):
        own = [each for each in runs if (each["case"], each["step"]) == (case, step)]
        empty: Line = {}
        for rows in dict.fromkeys(int(each["rows"]) for each in own):
            some = [each for each in own if each["rows"] == rows]
            line: Line = {"case": str(case), "step": str(step), "rows": rows, "runs": len(some)}
            for kind in ("cpu", "wall"):
                line[f"{kind}_seconds"] = median([float(each[f"{kind}_seconds"]) for each in some], 4)
                empty.setdefault(f"{kind}_seconds", line[f"{kind}_seconds"])
                ratio = float(line[f"{kind}_seconds"]) / float(empty[f"{kind}_seconds"])
                line[f"{kind}_ratio"] = round(ratio, 3)
            lines.append(line)
    return lines


def main() -> None:
    """Measure, print."""
    asked = parser(__doc__)
    asked.add_argument("--rows", type=int, action="append", help="submissions that are already there")
    asked.add_argument("--repeats", type=int, default=7, help="rounds; medians are reported")
    arguments = asked.parse_args()
    prepared: dict[int, Settings] = {0: home_of("empty")}
    for rows in arguments.rows or [1000, 100_000]:
        prepared[rows] = home_of(f"{rows}")
        fill(prepared[rows], rows)
        note(f"{rows:,} submissions: {prepared[rows].ledger.stat().st_size / 1e6:.0f} MB")
    runs = next_submission(prepared, arguments.repeats) + asked_often(prepared, arguments.repeats)
    report(summary(runs), runs, arguments.json)


if __name__ == "__main__":
    main()
