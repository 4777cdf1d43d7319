"""Runs that die where they are told to: the process behind ``test_crash.py``.

It forks a child per run, which costs a tenth of a fresh interpreter, and imports what those imported that went
through. One JSON object a line comes in (see :class:`Order`), one a line goes out: the exit status of each child,
negative for a signal. All deaths and swapped steps are patched into the child; production code has no hook for them.

Belongs here: what a run does, where it can die. Does not belong here: what must be true afterwards.
"""

from __future__ import annotations

import contextlib
import datetime
import importlib
import json
import os
import secrets
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from orchestration.building.warehouse import discard_half_made
from orchestration.files import private_folder
from orchestration.intake import keys, take_in
from orchestration.intake.bronze import export_for_dbt
from orchestration.intake.discover import incoming_files
from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.readers import workbook
from orchestration.intake.stage import Stage
from orchestration.intake.uniqueness import KeySpool
from orchestration.locks import BusyError, lock
from orchestration.settings import Settings
from orchestration.sharing import publish as publishing
from orchestration.sharing.versions import Facts, current
from schemas import Declaration, datasets

#: Status of a child that met an exception; it says on stderr which.
FAILED = 9
#: A child that hangs (after a fork everything is possible) dies of SIGALRM.
LONGEST_RUN = 60
#: Of all homes, so that the rows of two homes can be compared.
KEY = "ab" * 32


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a child does. point, occurrence: where it dies. swap: steps in a wrong order.

    share: when the first child dies, as a share of the processor time that the first run of all took; unlike time on
    the wall, that is the same on a busy machine. parallel: children that take in files at once. warehouse: whether a
    run goes on to the warehouse and its publication. warm_up: it is not the first run, but made before it.
    """

    home: str
    point: str = ""
    occurrence: int = 1
    share: float = 0.0
    swap: str = ""
    parallel: int = 1
    warehouse: bool = True
    warm_up: bool = False

    @property
    def settings(self) -> Settings:
        """The settings of a home, with its sources inside."""
        home = Path(self.home)
        now = datetime.datetime(2026, 11, 2, 8, tzinfo=datetime.UTC)
        # The child that marks a whole workbook has tests of its own, and would take a third of the time of every run.
        return Settings(home=home, sources=home / "sources", stable_seconds=0, now=now, marked_whole=1)


# --- what a run does --------------------------------------------------------------------------------------
def handed_in(settings: Settings) -> list[Declaration]:
    """The datasets whose departments have a folder here: nothing comes from the others."""
    return [each for each in datasets().values() if settings.incoming(each.path).is_dir()]


def run(settings: Settings, *, warehouse: bool) -> None:
    """All files of all datasets, then the warehouse and its publication."""
    private_folder(settings.home)
    with lock(settings, "warehouse"):
        take_in.sweep(settings)
        for declaration in handed_in(settings):
            take_in.take_in_dataset(settings, declaration)
        if not warehouse:
            return
        export_for_dbt(settings)
        build(settings)
        facts = Facts(ledger_sequence=Ledger(settings.ledger).last_sequence(), code="")
        published = current(settings)
        if published is None or published.facts != facts:
            publishing.publish(settings, facts=facts)


def build(settings: Settings) -> None:
    """The rows that count, dataset by dataset: all that publication needs of a warehouse, in place of dbt."""
    discard_half_made(settings)
    with duckdb.connect(settings.warehouse) as connection:
        connection.execute("create schema if not exists core")
        for declaration in handed_in(settings):
            connection.execute(
                f"create or replace table core.{declaration.table} as select r.* "
                f"from read_parquet('{settings.bronze}/{declaration.table}/*.parquet') as r "
                f"semi join (from read_parquet('{settings.bronze}/submission.parquet') where is_current) as s "
                "on r.submission_id = s.submission_id order by source_row"
            )


def take_in_beside_others(settings: Settings) -> None:
    """Take in until no file is left, while other processes do the same."""
    left = handed_in(settings)
    while left:
        for declaration in tuple(left):
            try:
                take_in.take_in_dataset(settings, declaration)
                left.remove(declaration)
            except BusyError:
                time.sleep(0.01)  # not waiting for anything in particular: letting the other have the processor


# --- where it dies ----------------------------------------------------------------------------------------
def _dies(
    order: Order, owner: Any, name: str, *, when: Callable[..., bool] = lambda *_: True, after: bool = False
) -> None:
    """Patch a function so that the process dies before (or after) its ``occurrence``-th call that fits ``when``."""
    real, calls = getattr(owner, name), 0

    def dying(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += when(*arguments)
        last = calls == order.occurrence and when(*arguments)
        if last and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = real(*arguments, **named)
        if last:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, dying)


def _rename_into(*folders: str) -> Callable[[Path, Path], bool]:
    """Renames whose target has this folder (or name) at the end of its path."""
    return lambda _, target: any(folder in (*target.parts[-3:-1], target.name) for folder in folders)


def _receipt(ending: str) -> Callable[[Path, Path], bool]:
    return lambda _, target: target.parent.name == "receipts" and target.suffix == ending


#: Named points of a run, in their order: what to patch.
POINTS: dict[str, Callable[[Order], None]] = {
    "before the archive's rename": lambda o: _dies(o, Path, "replace", when=_rename_into("archive")),
    "after the archive's rename": lambda o: _dies(o, Path, "replace", when=_rename_into("archive"), after=True),
    "key made, its temporary name not yet removed": lambda o: _dies(o, os, "link", after=True),
    "workbook read, not yet recognised": lambda o: _dies(o, workbook, "_head"),
    "in the middle of staging": lambda o: _dies(o, Stage, "add", when=lambda _, kind, *__: kind == "vault"),
    "after the comparison of keys": lambda o: _dies(o, KeySpool, "across_batches", after=True),
    "staged half": lambda o: _dies(o, Stage, "close"),
    "before keeping": lambda o: _dies(o, Stage, "keep"),
    "between the renames of keeping": lambda o: _dies(o, Path, "replace", when=_rename_into("vault")),
    "before the commit": lambda o: _dies(o, Ledger, "record"),
    "after the commit": lambda o: _dies(o, Ledger, "record", after=True),
    "receipt's workbook half done": lambda o: _dies(o, Path, "replace", when=_receipt(".xlsx")),
    "receipt's page half done": lambda o: _dies(o, Path, "replace", when=_receipt(".html")),
    "receipt's JSON half done": lambda o: _dies(o, Path, "replace", when=_receipt(".json")),
    "receipt written, not marked": lambda o: _dies(o, Ledger, "mark_receipt"),
    "before the removal": lambda o: _dies(o, Ledger, "mark_receipt", after=True),
    "set aside, not removed": lambda o: _dies(o, Path, "unlink", when=lambda path, *_: ".kho-taken" in str(path)),
    "removed, not marked": lambda o: _dies(o, Ledger, "mark_removed"),
    "export for dbt half done": lambda o: _dies(o, Path, "replace", when=_rename_into("submission.parquet")),
    "before the publication's copy": lambda o: _dies(o, publishing, "_copy"),
    "copied, not renamed": lambda o: _dies(o, publishing, "_count_rows"),
    "before current.json": lambda o: _dies(o, publishing, "announce"),
    "current.json half done": lambda o: _dies(o, Path, "replace", when=_rename_into("current.json")),
}


# --- steps in a wrong order: controls that the comparison notices ---------------------------------------------
def _removes_before_commit(order: Order) -> None:
    real = Ledger.record

    def record(ledger: Ledger, submission: Submission) -> bool:
        take_in._remove(ledger, submission, incoming_files(order.settings, submission.dataset))
        return real(ledger, submission)

    Ledger.record = record  # type: ignore[method-assign]


def _commits_before_keeping(order: Order) -> None:
    record, keep, staged = Ledger.record, Stage.keep, []

    def keep_later(stage: Stage) -> None:
        staged.append(stage)

    def record_first(ledger: Ledger, submission: Submission) -> bool:
        fresh = record(ledger, submission)
        while staged:
            Stage.keep_now(staged.pop())  # type: ignore[attr-defined]
        return fresh

    Stage.keep_now, Stage.keep, Ledger.record = keep, keep_later, record_first  # type: ignore[attr-defined, method-assign]


def _marks_before_writing(order: Order) -> None:
    real = take_in.write_receipt

    def write_receipt(settings: Settings, declaration: Any, submission: Submission) -> list[Path]:
        Ledger(settings.ledger).mark_receipt(submission.submission_id)
        return real(settings, declaration, submission)

    take_in.write_receipt = write_receipt


SWAPS = {
    "removes before the commit": _removes_before_commit,
    "commits before keeping": _commits_before_keeping,
    "marks receipts before writing": _marks_before_writing,
}


# --- the process ------------------------------------------------------------------------------------------
def _child(order: Order, report: int) -> None:
    """The life of a child; never returns. It reports which modules it imported."""
    status, known = FAILED, set(sys.modules)
    try:
        signal.alarm(LONGEST_RUN)
        secrets.token_hex = lambda _: KEY
        if order.swap:
            SWAPS[order.swap](order)
        if order.point:
            POINTS[order.point](order)
        if order.parallel > 1:
            take_in_beside_others(order.settings)
        else:
            run(order.settings, warehouse=order.warehouse)
        os.write(report, "\n".join(sorted(set(sys.modules) - known)).encode())
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _seconds_of(child: int) -> float:
    """Processor time of a process so far: the kernel's clock of that process (clock_getcpuclockid(3))."""
    return time.clock_gettime((~child << 3) | 2)


def execute(order: Order, whole_run: float) -> tuple[list[int], float]:
    """Fork the children of an order and wait for them; their statuses, and the processor time that they took."""
    children = []
    reading, report = os.pipe()
    for _ in range(order.parallel):
        child = os.fork()
        if child == 0:
            _child(order, report)
        children.append(child)
    os.close(report)
    if order.share:
        child, unwaited = children[0], os.WEXITED | os.WNOHANG | os.WNOWAIT
        while os.waitid(os.P_PID, child, unwaited) is None and _seconds_of(child) < order.share * whole_run:
            time.sleep(0.0005)
        os.kill(child, signal.SIGKILL)  # one that has ended stays known until it is waited for
    before = os.times()
    statuses = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    after = os.times()
    with os.fdopen(reading, encoding="utf-8") as needed:
        # Private modules are left to those that they belong to: some of pyarrow's go wrong when they come first.
        for name in (each for each in needed.read().split() if "._" not in f".{each}"):
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return statuses, spent


def main() -> None:
    """Warm up, then serve."""
    assert len(KEY) == keys.KEY_BYTES * 2
    for declaration in datasets().values():
        assert declaration.schema is not None
    whole_run = 0.0
    for line in sys.stdin:
        order = Order(**json.loads(line))
        statuses, seconds = execute(order, whole_run)
        whole_run = whole_run or (0 if order.warm_up else seconds)
        print(json.dumps(statuses), flush=True)


if __name__ == "__main__":
    main()
