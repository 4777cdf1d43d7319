"""A run gets a process that was prepared for it, and no run is left without an end."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.reconstruct import ReconstructableJob

from orchestration.instance import DAGSTER_SETTINGS, launcher, run_worker
from orchestration.instance.launcher import PreparedRunLauncher

JOB = """
import os, signal, time
from pathlib import Path
import dagster as dg

@dg.op(config_schema={"what": str, "told": str})
def work(context):
    what, told = context.op_config["what"], Path(context.op_config["told"])
    told.write_text(str(os.getpid()))
    if what == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    while what == "wait":
        time.sleep(0.02)

@dg.job(executor_def=dg.in_process_executor)
def some_job():
    work()
"""


SECONDS = 60


def wait_until(there: Callable[[], bool], what: str) -> None:
    ends = time.monotonic() + SECONDS
    while not there():
        assert time.monotonic() < ends, f"not within {SECONDS} s: {what}"
        threading.Event().wait(0.05)


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """An instance as kho's own ``dagster.yaml`` describes it; what it has started ends with the test."""
    (tmp_path / "dagster.yaml").write_text(DAGSTER_SETTINGS.read_text())
    (tmp_path / "job.py").write_text(JOB)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    with dg.DagsterInstance.get() as opened:
        yield opened
        opened.run_launcher.dispose()


@pytest.fixture
def launch(instance: dg.DagsterInstance, tmp_path: Path) -> Callable[[str], tuple[str, int]]:
    """Launch a run that does something; returns its id and that of its process, once it is at work."""
    job = ReconstructableJob.for_file(str(tmp_path / "job.py"), "some_job")

    def launched(what: str) -> tuple[str, int]:
        told = tmp_path / "told"
        told.unlink(missing_ok=True)
        run = instance.create_run_for_job(
            job.get_definition(),
            run_config={"ops": {"work": {"config": {"what": what, "told": str(told)}}}},
            job_code_origin=job.get_python_origin(),
        )
        instance.launch_run(run.run_id, workspace=None)
        wait_until(lambda: told.exists() and told.read_text() != "", "the run is at work")
        return run.run_id, int(told.read_text())

    return launched


def status(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


def ended(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    finished = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)
    wait_until(lambda: status(instance, run_id) in finished, "the run has ended")
    return status(instance, run_id)


def prepared(instance: dg.DagsterInstance) -> subprocess.Popen[str]:
    of_instance = instance.run_launcher
    assert isinstance(of_instance, PreparedRunLauncher)
    wait_until(lambda: of_instance._prepared is not None, "a process is prepared")
    assert of_instance._prepared is not None
    return of_instance._prepared.process


def test_each_run_has_a_process_that_waited_for_it_or_for_the_end_of_whoever_prepared_it(
    instance: dg.DagsterInstance, launch: Callable[[str], tuple[str, int]]
) -> None:
    first, its_process = launch("nothing")
    assert ended(instance, first) is dg.DagsterRunStatus.SUCCESS
    waiting = prepared(instance)
    assert waiting.pid != its_process
    second, its_process = launch("nothing")
    assert its_process == waiting.pid
    assert ended(instance, second) is dg.DagsterRunStatus.SUCCESS
    waiting = prepared(instance)
    instance.run_launcher.dispose()
    assert waiting.returncode is not None


def test_a_run_ends_when_it_is_cancelled_and_when_its_process_is_killed(
    instance: dg.DagsterInstance, launch: Callable[[str], tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    cancelled, _ = launch("wait")
    assert instance.run_launcher.terminate(cancelled)
    assert ended(instance, cancelled) is dg.DagsterRunStatus.CANCELED
    assert not instance.run_launcher.terminate(cancelled)

    idle = prepared(instance)
    idle.kill()
    idle.wait()
    monkeypatch.setattr(launcher._Process, "is_ready_for", lambda *_: True)  # it died between question and answer
    killed, its_process = launch("die")  # a prepared process that has died is no reason to lose a run
    assert its_process != idle.pid
    assert ended(instance, killed) is dg.DagsterRunStatus.FAILURE
    (said,) = [each.message for each in instance.all_logs(killed) if "ended with code" in each.message]
    assert "-9" in said


@pytest.fixture
def planned(instance: dg.DagsterInstance, tmp_path: Path) -> dg.DagsterRun:
    """A run that nobody has begun."""
    job = ReconstructableJob.for_file(str(tmp_path / "job.py"), "some_job")
    config = {"ops": {"work": {"config": {"what": "nothing", "told": str(tmp_path / "told")}}}}
    return instance.create_run_for_job(job.get_definition(), run_config=config)


def dead(origin: str = "") -> launcher._Process:
    process = subprocess.Popen(["/bin/false"], stdin=subprocess.PIPE, text=True)
    process.wait()
    return launcher._Process(origin, process)


def test_a_run_that_is_cancelled_before_it_begins_is_cancelled_and_not_failed(
    instance: dg.DagsterInstance, planned: dg.DagsterRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launcher._Process, "begun_for", dead)
    assert instance.run_launcher.terminate(planned.run_id)
    instance.run_launcher._follow(dead(), planned.run_id)
    assert status(instance, planned.run_id) is dg.DagsterRunStatus.CANCELED


def test_a_run_that_begins_while_it_is_cancelled_is_interrupted(
    instance: dg.DagsterInstance, planned: dg.DagsterRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance.report_run_canceling(planned)
    begins = dg.DagsterEvent(dg.DagsterEventType.RUN_START.value, planned.job_name)
    instance.report_dagster_event(begins, planned.run_id)
    assert status(instance, planned.run_id) is dg.DagsterRunStatus.STARTED
    sent: list[str] = []
    monkeypatch.setattr("dagster._utils.send_interrupt", lambda: sent.append("interrupt"))
    monkeypatch.setattr(run_worker, "_LOOK_SECONDS", 0.01)
    run_worker._interrupt_when_cancelled(instance, planned.run_id, threading.Event())
    assert sent == ["interrupt"]


def test_a_process_that_ends_at_once_is_an_error_of_the_launch(
    instance: dg.DagsterInstance, launch: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launcher._Process, "begun_for", dead)
    with pytest.raises(RuntimeError, match="ended with code 1 before it had begun"):
        launch("nothing")
    (run,) = instance.get_runs()
    assert run.status is dg.DagsterRunStatus.FAILURE


def test_a_process_prepared_before_the_code_was_edited_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told its run, it replaces itself; told its run after that, or unedited, it executes it."""
    edited = tmp_path / "orchestration" / "assets.py"
    edited.parent.mkdir()
    edited.write_text("before = 1")
    edited.with_name(".#sensors.py").symlink_to("nothing")  # an editor's mark of an unsaved file
    monkeypatch.setattr(run_worker, "PROJECT", tmp_path)
    monkeypatch.setattr(run_worker, "project_code", lambda settings: "the same")
    monkeypatch.setattr(run_worker, "_prepare", lambda origin: None)
    executed: list[str] = []
    monkeypatch.setattr(run_worker, "_execute", lambda line: executed.append(line) or 0)

    def replaced(_program: str, command: list[str]) -> None:
        executed.append("anew")
        run_worker.main(command[3:])
        raise SystemExit  # nothing comes after it

    monkeypatch.setattr(os, "execv", replaced)

    class Told:
        def __init__(self, edit: bool) -> None:
            self.edit = edit

        def readline(self) -> str:
            if self.edit:
                edited.write_text("after = 22")
            return "the run"

    handler = signal.getsignal(signal.SIGINT)
    try:
        for edit, expected in ((False, ["the run"]), (True, ["anew", "the run"])):
            executed.clear()
            monkeypatch.setattr("sys.stdin", Told(edit))
            with suppress(SystemExit):
                run_worker.main(["origin"])
            assert executed == expected
    finally:
        signal.signal(signal.SIGINT, handler)
