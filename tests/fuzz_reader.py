"""Fuzzing the reader: every input is a table or a clean error, whatever happened to it.

``python -m tests.fuzz_reader --inputs 20000 --seed 1`` breaks files of every kind (made by code, and the corpora where
they are present), reads each through ``open_document`` as the intake and as ``kho peek`` would, prints the counts by
class, keeps every input that failed, and ends with 1 if there was any. An input follows from seed and number alone:
``--only 1234`` runs that one again.

Classes: ``table`` and the rule of a refusal are right; ``exception``, ``crash``, ``hang``, ``wrong`` (rows out of order,
cells too many, output that is no JSON) and ``left`` (files left in the temporary folder) are failures. The reader's
child process is forked from one that has its imports, instead of being started anew; everything else is the real way.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import queue
import random
import resource
import runpy
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
CHILD = PROJECT / "orchestration" / "intake" / "readers" / "workbook_child"
#: What one input may take; the reader's own limits are far below.
MOST_SECONDS, MOST_MEMORY_MB = 60, 6144
READER_SECONDS = 10
FAILURES = ("exception", "crash", "hang", "wrong", "left")


class Nursery:
    """A process with the child's imports, which forks for every workbook: ten milliseconds instead of half a second."""

    def __init__(self) -> None:
        self._requests, theirs = os.pipe(), os.pipe()
        self._answers = theirs
        if os.fork() == 0:
            self._serve()
        os.close(self._requests[0])
        os.close(self._answers[1])
        self._out = os.fdopen(self._requests[1], "w")
        self._in = os.fdopen(self._answers[0])

    def _serve(self) -> None:
        os.close(self._requests[1])  # so that it ends when the worker does
        os.close(self._answers[0])
        sys.path[:0] = [str(CHILD), str(CHILD.parents[1] / "vietnamese")]
        import columnar  # noqa: F401
        import find_fonts  # noqa: F401
        import find_hidden  # noqa: F401
        import parts  # noqa: F401
        import pyarrow  # noqa: F401
        import python_calamine  # noqa: F401

        requests, answers = os.fdopen(self._requests[0]), os.fdopen(self._answers[1], "w")
        for line in requests:
            request = json.loads(line)
            answers.write(json.dumps(self._fork(request["arguments"], request["seconds"])) + "\n")
            answers.flush()
        os._exit(0)

    def _fork(self, arguments: list[str], seconds: float) -> dict[str, Any]:
        with tempfile.TemporaryFile() as said:
            pid = os.fork()
            if pid == 0:
                os.dup2(said.fileno(), 2)
                sys.argv = arguments
                status = 0
                try:
                    runpy.run_path(str(CHILD / "__main__.py"), run_name="__main__")
                except SystemExit as end:
                    status = int(end.code or 0)
                except BaseException:
                    status = 99
                os._exit(status)
            status = self._wait(pid, seconds)
            said.seek(0)
            return {"status": status, "said": said.read().decode("utf-8", "replace")[-4000:]}

    @staticmethod
    def _wait(pid: int, seconds: float) -> int | None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.002)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        return None

    def run(self, command: list[str], *, timeout: float, **_: Any) -> subprocess.CompletedProcess[bytes]:
        """In the place of ``subprocess.run`` of the workbook reader."""
        self._out.write(json.dumps({"arguments": command[2:], "seconds": timeout}) + "\n")
        self._out.flush()
        answer = json.loads(self._in.readline())
        if answer["status"] is None:
            raise subprocess.TimeoutExpired(command, timeout)
        if answer["status"] == 99:
            raise RuntimeError("the child's own code failed")
        return subprocess.CompletedProcess(command, answer["status"], b"", answer["said"].encode())


def make_input(seed: int, number: int, files: list[Path]) -> tuple[str, bytes]:
    """The kind of what an input was made from, and its bytes."""
    from tests.fuzz_mutations import mutate
    from tests.fuzz_seeds import ALL_MAKERS

    dice = random.Random(f"{seed}:{number}")

    def original() -> tuple[str, bytes]:
        if files and dice.random() < 0.5:
            path = dice.choice(files)
            return f"corpora {path.suffix.lower()}", path.read_bytes()
        kind = dice.choice(list(ALL_MAKERS))
        return kind, ALL_MAKERS[kind](dice)

    kind, data = original()
    return kind, mutate(dice, data, original()[1])


def judge(settings: Any, path: Path, *, exact: bool) -> str:
    """The class of one input."""
    from orchestration.intake.readers import UnreadableError, open_document

    try:
        with open_document(settings, path, exact=exact) as document:
            names = [sheet.name for sheet in document.sheets]
            if len(set(names)) < len(names) or not names:
                return "wrong: names of sheets"
            for sheet in document.sheets:
                for width in {sheet.width, max(1, sheet.width - 1)}:
                    if fault := _fault(sheet, width):
                        return f"wrong: {fault}"
            if exact and (fault := _peek_fault(document)):
                return f"wrong: {fault}"
    except UnreadableError as error:
        return error.rule_id if "send it again" in str(error) else "wrong: no cure"
    return "table"


def _fault(sheet: Any, width: int) -> str:
    before = 0
    for batch in sheet.batches(width):
        rows = batch.rows.to_list()
        odd = [each.row for each in batch.misshapen]
        numbers = sorted(rows + odd)
        if rows != sorted(rows) or odd != sorted(odd) or len(set(numbers)) < len(numbers):
            return "rows out of order"
        if numbers and numbers[0] <= before:
            return "a row number came before"
        before = numbers[-1] if numbers else before
        if batch.cells.width != width or batch.cells.height != len(rows):
            return "cells of another shape"
    return ""


def _peek_fault(document: Any) -> str:
    import io

    from orchestration.intake.peek import write_cells

    out = io.StringIO()
    try:
        write_cells(document, out)
    finally:
        try:
            shown = json.loads(out.getvalue() or "{}")
        except ValueError:
            # A late refusal cuts the output short, and says so by the command's exit code.
            shown = {}
    return "" if isinstance(shown, dict) else "peek"


def work(options: argparse.Namespace) -> None:
    """One worker: reads its share of the inputs and says on stdout what it begins and what it found."""
    sys.path.insert(0, str(PROJECT))
    nursery = Nursery()
    limit = MOST_MEMORY_MB << 20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    from orchestration.intake.readers import workbook
    from orchestration.settings import Settings
    from tests.fuzz_seeds import corpora_files

    workbook.subprocess = type("forked", (), {"run": nursery.run, "TimeoutExpired": subprocess.TimeoutExpired})  # type: ignore[assignment]
    files = corpora_files(options.corpora)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        settings = Settings(home=Path(folder) / "home", reader_seconds=READER_SECONDS, reader_memory_mb=2048)
        path = Path(folder) / "input"
        numbers = range(options.start, options.inputs) if options.only is None else [options.only]
        for number in numbers:
            if options.only is None and number % options.jobs != options.worker:
                continue
            print(json.dumps({"begin": number}), flush=True)
            kind, data = make_input(options.seed, number, files)
            path.write_bytes(data)
            began = time.monotonic()
            try:
                found = judge(settings, path, exact=number % 2 == 0)
            except BaseException as error:
                found = f"exception: {type(error).__name__}: {str(error)[:200]}"
                if isinstance(error, KeyboardInterrupt | SystemExit):
                    raise
            if found.partition(":")[0] not in FAILURES and any(settings.temporary.glob("*")):
                found = "left: files in the temporary folder"
            if found.partition(":")[0] in FAILURES:
                (options.keep / f"{options.seed}-{number}").write_bytes(data)
            took = round(time.monotonic() - began, 3)
            print(json.dumps({"done": number, "class": found, "kind": kind, "seconds": took}), flush=True)


def _oversee(share: int, options: argparse.Namespace, found: queue.Queue[dict[str, Any]]) -> None:
    """Run a worker; where it dies or hangs, note the input and go on behind it."""
    start = 0
    while True:
        command = [sys.executable, "-m", "tests.fuzz_reader", "--worker", str(share), "--start", str(start)]
        command += ["--inputs", str(options.inputs), "--seed", str(options.seed), "--jobs", str(options.jobs)]
        command += ["--keep", str(options.keep), "--corpora", str(options.corpora)]
        command += ["--only", str(options.only)] if options.only is not None else []
        worker = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=PROJECT, start_new_session=True, bufsize=0
        )
        assert worker.stdout is not None
        begun: int | None = None
        hung = False
        while True:
            ready, _, _ = select.select([worker.stdout], [], [], MOST_SECONDS)
            line = worker.stdout.readline() if ready else b""
            if not line:
                hung = not ready
                break
            said = json.loads(line)
            begun = said.get("begin")
            if "done" in said:
                found.put(said)
        os.killpg(worker.pid, signal.SIGKILL)
        status = worker.wait()
        if begun is None:
            return
        found.put({"done": begun, "class": "hang" if hung else f"crash: status {status}", "kind": "?", "seconds": 0})
        start = begun + 1
        if options.only is not None:
            return


def main() -> int:
    """Run the workers, count, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", type=int, help="run this input alone")
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "kho-fuzz", help="for what failed")
    parser.add_argument("--corpora", type=Path, default=PROJECT.parent / "shared" / "corpora", help="more files")
    parser.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--start", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.keep.mkdir(parents=True, exist_ok=True)
    if options.worker is not None:
        work(options)
        return 0
    found: queue.Queue[dict[str, Any]] = queue.Queue()
    shares = range(options.jobs if options.only is None else 1)
    threads = [threading.Thread(target=_oversee, args=(share, options, found)) for share in shares]
    for thread in threads:
        thread.start()
    results: list[dict[str, Any]] = []
    while any(thread.is_alive() for thread in threads) or not found.empty():
        try:
            results.append(found.get(timeout=1))
        except queue.Empty:
            continue
        if len(results) % 1000 == 0:
            print(f"{len(results)} inputs", file=sys.stderr, flush=True)
    return report(results, options)


def report(results: list[dict[str, Any]], options: argparse.Namespace) -> int:
    """Print the counts by class and by kind; 1 where anything failed."""
    classes = collections.Counter(each["class"].partition(":")[0] for each in results)
    kinds: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for each in results:
        kinds[each["kind"]]["table" if each["class"] == "table" else "refused"] += 1
    failed = sorted(
        (each for each in results if each["class"].partition(":")[0] in FAILURES), key=lambda each: each["done"]
    )
    for each in failed:
        print(f"FAILED {each['done']} ({each['kind']}): {each['class']}")
    slowest = max(results, key=lambda each: each["seconds"], default={"seconds": 0, "done": None})
    print(
        json.dumps(
            {
                "inputs": len(results),
                "seed": options.seed,
                "failed": len(failed),
                "classes": dict(sorted(classes.items())),
                "kinds": {kind: dict(counts) for kind, counts in sorted(kinds.items())},
                "slowest": [slowest["done"], slowest["seconds"]],
                "kept": str(options.keep) if failed else None,
            },
            ensure_ascii=False,
        )
    )
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
