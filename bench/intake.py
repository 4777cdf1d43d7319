"""Cost of the intake: ``python -m bench.intake --rows 1000000 [--rows 5000000 …] [--repeats 3]``.

In one run, interleaved, each in a process of its own: the whole intake (from the file in ``incoming/`` to the
receipt), the floor (DuckDB reads the same file, casts the same columns, writes Parquet; it checks nothing), and
pandas + Pandera in an environment of their own. Counts are compared with what the generator planted.

Belongs here: running, measuring, printing. Does not belong here: the data (``population``), the peers (``floor``, ``peer_pandas``).
Linux only: it reads /proc.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import threading
import time
import venv
from dataclasses import asdict, dataclass
from pathlib import Path

from bench import population

HERE = Path(__file__).parent
DATA = HERE / ".data"
PEER_ENVIRONMENT = HERE / ".venv-pandas"
PEER_REQUIREMENTS = HERE / "requirements-pandas.txt"
STEPS = ("floor", "kho", "pandas")
TODAY = "2026-11-22T03:00:00+00:00"
SAMPLE_SECONDS = 0.05


@dataclass(frozen=True)
class Measurement:
    """One run of one step. Memory is that of the process and its children together, in MB."""

    step: str
    rows: int
    cpu_seconds: float
    wall_seconds: float
    peak_mb: float
    accepted: int | None
    rejected: int | None


def _prepare(step: str, source: Path, work: Path) -> list[str]:
    """Lay out the scratch folder of a step, outside the measurement; returns the command that is measured."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    if step == "kho":
        incoming = work / "sources" / population.declaration().path / "incoming"
        incoming.mkdir(parents=True)
        shutil.copyfile(source, incoming / source.name)
        return [sys.executable, str(HERE / "whole_intake.py"), population.declaration().path, str(work), str(TODAY)]
    facts = {"columns": [each.name for each in population.RESIDENT_HEADINGS], "communes": population.communes()}
    (work / "facts.json").write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")
    if step == "floor":
        return [sys.executable, str(HERE / "floor.py"), str(source), str(work)]
    return [str(PEER_ENVIRONMENT / "bin" / "python"), str(HERE / "peer_pandas.py"), str(source), str(work)]


# --- measuring ---------------------------------------------------------------------------------------------
def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += [int(child), *_children(int(child))]
    return found


def _resident_mb(pid: int) -> float:
    """Resident memory of a process and its descendants. Pages that they share count more than once."""
    pages = 0
    try:
        for each in (pid, *_children(pid)):
            pages += int(Path(f"/proc/{each}/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0.0  # a process that just ended
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def measure(step: str, source: Path, rows: int) -> Measurement:
    """Run a step once. CPU is user + system of the process and of the children that it waited for."""
    work = DATA / "work"
    command = _prepare(step, source, work)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KHO_")}
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=HERE.parent, env=environment) as process:
        peak = 0.0
        ended = threading.Event()

        def sample() -> None:
            nonlocal peak
            while not ended.wait(SAMPLE_SECONDS):
                peak = max(peak, _resident_mb(process.pid))

        sampler = threading.Thread(target=sample)
        sampler.start()
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        ended.set()
        sampler.join()
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{step} failed with status {process.returncode}")
    result = json.loads(said)
    _check(step, rows, result)
    shutil.rmtree(work, ignore_errors=True)
    return Measurement(
        step=step,
        rows=rows,
        cpu_seconds=used.ru_utime + used.ru_stime,
        wall_seconds=wall,
        peak_mb=max(peak, used.ru_maxrss * 1024 / 1e6),
        accepted=result.get("accepted"),
        rejected=result.get("rejected"),
    )


def _check(step: str, rows: int, result: dict[str, int]) -> None:
    """Refuse a measurement of a step that did not find exactly what was planted. The floor checks nothing."""
    wanted = asdict(population.expected(rows))
    if result and result != wanted:
        raise SystemExit(f"{step} counted {result} in {rows:,} rows where {wanted} are right")


def make_peer_environment() -> None:
    """The environment of pandas + Pandera, made anew when its requirements change."""
    stamp = PEER_ENVIRONMENT / "requirements.txt"
    wanted = PEER_REQUIREMENTS.read_text(encoding="utf-8")
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    venv.create(PEER_ENVIRONMENT, with_pip=True, clear=True)
    python = str(PEER_ENVIRONMENT / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "-q", "-r", str(PEER_REQUIREMENTS)], check=True)
    stamp.write_text(wanted, encoding="utf-8")


# --- reporting ---------------------------------------------------------------------------------------------
def machine() -> dict[str, str]:
    """What the figures were measured on."""
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    packages = ("duckdb", "polars", "pyarrow", "pandera")
    return {
        "cores": str(os.cpu_count()),
        "cpu": models[0].partition(":")[2].strip() if models else platform.machine(),
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in packages},
    }


def summary(measurements: list[Measurement]) -> list[dict[str, float | int | str]]:
    """Medians by size and step, and their ratios to the floor of the same size."""
    found: list[dict[str, float | int | str]] = []
    for rows in sorted({each.rows for each in measurements}):
        floor: dict[str, float | int | str] = {}
        for step in STEPS:
            own = [each for each in measurements if each.rows == rows and each.step == step]
            if not own:
                continue
            line: dict[str, float | int | str] = {
                "rows": rows,
                "step": step,
                "runs": len(own),
                "cpu_seconds": round(statistics.median(each.cpu_seconds for each in own), 2),
                "wall_seconds": round(statistics.median(each.wall_seconds for each in own), 2),
                "peak_mb": round(max(each.peak_mb for each in own)),
            }
            floor = floor or line
            for kind in ("cpu", "wall"):
                line[f"{kind}_ratio"] = round(float(line[f"{kind}_seconds"]) / float(floor[f"{kind}_seconds"]), 2)
            found.append(line)
    return found


def show(lines: list[dict[str, float | int | str]]) -> None:
    """Print the summary as a table."""
    heads = ("rows", "step", "runs", "cpu_seconds", "cpu_ratio", "wall_seconds", "wall_ratio", "peak_mb")
    print("  ".join(f"{head:>12}" for head in heads))
    for line in lines:
        cells = [f"{line[head]:,}" if isinstance(line[head], int) else str(line[head]) for head in heads]
        print("  ".join(f"{cell:>12}" for cell in cells))


def main() -> None:
    """Measure every size, in rounds, so that a busy minute of the machine falls on all steps alike."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, action="append", help="size of the file; may be given several times")
    parser.add_argument("--repeats", type=int, default=1, help="rounds per size; medians are reported")
    parser.add_argument("--peer-rows", type=int, default=1_000_000, help="largest size that pandas has to take")
    parser.add_argument("--without-peer", action="store_true", help="measure no pandas, install nothing")
    asked = parser.parse_args()
    if not asked.without_peer:
        make_peer_environment()
    measurements: list[Measurement] = []
    for rows in asked.rows or [1_000_000]:
        source = population.generate(DATA, rows)
        for number in range(asked.repeats):
            for step in STEPS:
                if step == "pandas" and (asked.without_peer or rows > asked.peer_rows):
                    continue
                measurements.append(measure(step, source, rows))
                done = measurements[-1]
                print(
                    f"# {rows:,} rows, round {number + 1}, {step}: {done.cpu_seconds:.1f} s CPU, "
                    f"{done.wall_seconds:.1f} s, {done.peak_mb:.0f} MB",
                    file=sys.stderr,
                )
    lines = summary(measurements)
    show(lines)
    print(json.dumps({"machine": machine(), "summary": lines, "runs": [asdict(each) for each in measurements]}))


if __name__ == "__main__":
    main()
