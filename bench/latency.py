"""How long an officer waits for a small file: ``python -m bench.latency [--repeats 5] [--commands 7]``.

``kho dev`` runs on a scratch home, as an office runs it. A commune's workbook, or a CSV, of 1,000 residents appears in
the incoming folder; what is measured is when its receipt lies there (target 5 s after the file is stable) and
when a published version holds it (target 20 s), with the stages between them by Dagster's own times. Beside that the
same stages alone, and how long commands take that must start in a moment (target 0.8 s).

Belongs here: dropping, waiting, printing. Does not belong here: the office (``office``), large files (``intake``).
Linux only: it reads /proc.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

import dagster as dg

from bench import homes, population
from bench.office import FILE_ROWS, RESIDENTS, STABLE_SECONDS, dev, drop, office, write_file
from bench.reporting import Cost, Line, measured, median, note, parser, report
from orchestration.intake.discover import incoming_files
from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.take_in import take_in_dataset
from orchestration.settings import PROJECT, Settings
from orchestration.sharing.versions import current

LOOK_SECONDS, GIVE_UP_SECONDS = 0.05, 600
#: Steps of a run, as Dagster names them, and what they do.
STEPS = {
    "bronze__population_residents": "take in",
    "ledger": "export",
    "warehouse": "build",
    "published__shared": "publish",
}
#: What happens before the first step, each until the event of Dagster that ends it.
STAGES = {
    dg.DagsterEventType.RUN_ENQUEUED: "writing the planned run down",
    dg.DagsterEventType.RUN_STARTING: "waiting in the queue",
    dg.DagsterEventType.RUN_START: "starting a process, importing",
}
Run = dict[str, float | int | str]


# --- one file ----------------------------------------------------------------------------------------------
def wait_for(what: str, look: Callable[[], bool]) -> float:
    """The moment at which it was seen. Raises SystemExit where it does not happen."""
    ends = time.monotonic() + GIVE_UP_SECONDS
    while not look():
        if time.monotonic() > ends:
            raise SystemExit(f"{what} did not happen within {GIVE_UP_SECONDS} s")
        time.sleep(LOOK_SECONDS)
    return time.time()


def follow(settings: Settings, number: int, ending: str) -> Run:
    """Drop one file and watch what becomes of it."""
    name = drop(settings, number, ending)
    (lying,) = (each for each in incoming_files(settings, RESIDENTS.path) if each.name == name)
    dropped = time.time()
    stable = wait_for("a stable file", lambda: lying.is_stable(STABLE_SECONDS))
    receipts = settings.receipts(RESIDENTS.path)
    receipt = wait_for("a receipt", lambda: any(receipts.glob(f"{name.rpartition('.')[0]}.*.json")))
    submission = _submission(settings, name)
    published = wait_for("a publication", lambda: _shown(settings) >= submission.sequence)
    wait_for("the end of the run", lambda: not _going(settings))
    if submission.rows_accepted < 0.9 * FILE_ROWS:
        raise SystemExit(f"{submission.rows_accepted} of {FILE_ROWS} rows were accepted")
    return {
        "case": "file",
        "step": ending,
        "drop_to_stable": stable - dropped,
        "stable_to_receipt": receipt - stable,
        "stable_to_published": published - stable,
        **_stages(settings, stable),
    }


def _submission(settings: Settings, name: str) -> Submission:
    return next(each for each in Ledger(settings.ledger).of_dataset(RESIDENTS.path) if each.file_name == name)


def _shown(settings: Settings) -> int:
    published = current(settings)
    return published.ledger_sequence if published else 0


def _instance(settings: Settings) -> dg.DagsterInstance:

    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)
    return dg.DagsterInstance.get()


def _going(settings: Settings) -> bool:
    with _instance(settings) as instance:
        (newest,) = instance.get_runs(limit=1)
        return newest.status not in (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE)


def _stages(settings: Settings, stable: float) -> Run:
    """Where the seconds went, by the events of the newest run."""
    with _instance(settings) as instance:
        (record,) = instance.get_run_records(limit=1)
        events = instance.all_logs(record.dagster_run.run_id)
    steps = [(each.dagster_event_type, each.step_key, each.timestamp) for each in events]
    begins = {step: moment for kind, step, moment in steps if kind is dg.DagsterEventType.STEP_START}
    ends = {step: moment for kind, step, moment in steps if kind is dg.DagsterEventType.STEP_SUCCESS}
    moments = {kind: moment for kind, step, moment in steps if kind in STAGES}
    found = {"until the run was asked for": record.create_timestamp.timestamp() - stable}
    before = record.create_timestamp.timestamp()
    for kind, what in STAGES.items():
        found[what], before = moments[kind] - before, moments[kind]
    return {**found, **{what: ends[step] - begins[step] for step, what in STEPS.items() if step in ends}}


# --- floors and commands -----------------------------------------------------------------------------------
def command(settings: Settings, words: Sequence[str]) -> Cost:
    """Run a command; a file with returned rows is an answer too (exit code 1)."""
    with measured() as cost:
        done = subprocess.run(
            [sys.executable, *words],
            cwd=PROJECT,
            env=homes.environment(settings),
            stdout=subprocess.DEVNULL,
            check=False,
        )
    if done.returncode not in (0, 1):
        raise SystemExit(f"{words} failed with {done.returncode}")
    return cost


def starts(settings: Settings, repeats: int) -> list[Run]:
    """Commands that must start in a moment, beside what Python and its libraries take alone; in rounds."""
    csv_file, workbook = (settings.home.parent / f"{population.PERIOD}{ending}" for ending in (".csv", ".xlsx"))
    few = settings.home.parent / f"few {population.PERIOD}.csv"
    commune = sorted(population.communes())[0]
    for file, rows in ((csv_file, FILE_ROWS), (workbook, FILE_ROWS), (few, 10)):
        write_file(file, homes.commune_rows(commune, rows))
    kho, check = ("-m", "orchestration"), ("check", "--dataset", RESIDENTS.path)
    words = {
        "python -c pass": ("-c", "pass"),
        "import duckdb, polars": ("-c", "import duckdb, polars"),
        "kho status": (*kho, "status"),
        "kho sql 'select 1'": (*kho, "sql", "select 1"),
        "kho check, 10 rows": (*kho, *check, str(few)),
        "kho check, 1,000 rows, csv": (*kho, *check, str(csv_file)),
        "kho check, 1,000 rows, xlsx": (*kho, *check, str(workbook)),
    }
    for each in words.values():
        command(settings, each)  # once for the files' pages and Python's compiled modules
    runs: list[Run] = []
    for _ in range(repeats):
        for name, each in words.items():
            cost = command(settings, each)
            runs.append(
                {"case": "command", "step": name, "wall_seconds": cost.wall_seconds, "cpu_seconds": cost.cpu_seconds}
            )
    return runs


def alone(settings: Settings, repeats: int, number: int) -> list[Run]:
    """The stages of a run without Dagster and without waiting: the intake of such a file, the build, the publication."""
    runs: list[Run] = []
    at_once = settings.model_copy(update={"stable_seconds": 0.0})
    for each in range(number, number + repeats):
        drop(settings, each, ".csv")
        for name, work in {
            "take in": lambda: take_in_dataset(at_once, RESIDENTS),
            "build": lambda: homes.build(at_once),
            "publish": lambda: homes.published(at_once),
        }.items():
            with measured() as cost:
                work()
            runs.append(
                {"case": "alone", "step": name, "wall_seconds": cost.wall_seconds, "cpu_seconds": cost.cpu_seconds}
            )
    return runs


def summary(runs: Sequence[Run]) -> list[Line]:
    """Medians by case and step; commands are compared with importing the libraries that they need."""
    lines: list[Line] = []
    for case, step in dict.fromkeys((each["case"], each["step"]) for each in runs):
        some = [each for each in runs if (each["case"], each["step"]) == (case, step)]
        names = [name for name in some[0] if name not in ("case", "step")]
        medians = {name: median([float(each[name]) for each in some if name in each]) for name in names}
        if case == "file":
            lines += [
                {"case": f"file {step}", "step": name, "rows": FILE_ROWS, "runs": len(some), "wall_seconds": figure}
                for name, figure in medians.items()
            ]
        else:
            lines.append({"case": str(case), "step": str(step), "rows": FILE_ROWS, "runs": len(some), **medians})
    floor = next(line for line in lines if line["step"] == "import duckdb, polars")
    for line in lines:
        if line["case"] == "command":
            line |= {
                f"{kind}_ratio": round(float(line[f"{kind}_seconds"]) / float(floor[f"{kind}_seconds"]), 2)
                for kind in ("cpu", "wall")
            }
    return lines


def main() -> None:
    """Measure, print."""
    asked = parser(__doc__)
    asked.add_argument("--repeats", type=int, default=5, help="files of each kind")
    asked.add_argument("--commands", type=int, default=7, help="rounds of the commands")
    arguments = asked.parse_args()
    settings = office()
    runs = starts(settings, arguments.commands)
    runs += alone(settings, 3, 90)
    with dev(settings):
        first = follow(settings, 0, ".csv")  # not counted: until it is there, the machine has not started
        note(f"the first file, with the start: {first}")
        for number in range(1, arguments.repeats + 1):
            for at, ending in enumerate((".csv", ".xlsx")):
                runs.append(follow(settings, 2 * number + at, ending))
                note(str({name: each if isinstance(each, str) else round(each, 2) for name, each in runs[-1].items()}))
    report(summary(runs), runs, arguments.json)


if __name__ == "__main__":
    main()
