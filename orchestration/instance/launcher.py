"""The process of a run, ready before the run is asked for; ``dagster.yaml`` names this launcher.

Belongs here: which process gets a run, and what becomes of a run whose process dies. Does not belong here: what that
process does (``run_worker``).

Dagster's own launcher begins a process when a run is asked for, and an officer's rows wait while it imports Dagster,
dbt and the project: 2.5 seconds, 6 on a slow machine. Here the next one imports as soon as a run has ended. It is a new
process for every run, as with Dagster's own: what a run leaves behind in memory ends with it.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

from dagster import DagsterRun, DagsterRunStatus
from dagster._core.launcher.base import LaunchRunContext, RunLauncher
from dagster._core.origin import JobPythonOrigin
from dagster._grpc.types import ExecuteRunArgs
from dagster._serdes import ConfigurableClass, ConfigurableClassData, serialize_value

from orchestration.settings import PROJECT

log = logging.getLogger("kho.launcher")


@dataclass(frozen=True)
class _Process:
    """A process that imports what a job needs, and then waits for its run on stdin, or for the end of stdin."""

    origin: str
    process: subprocess.Popen[str]

    @classmethod
    def begun_for(cls, origin: str) -> Self:
        command = [sys.executable, "-m", "orchestration.instance.run_worker", origin]
        return cls(origin, subprocess.Popen(command, stdin=subprocess.PIPE, text=True, cwd=PROJECT))

    def is_ready_for(self, origin: str) -> bool:
        return self.origin == origin and self.process.poll() is None

    def tell(self, arguments: str) -> bool:
        """Give it its run; False where it has died meanwhile."""
        assert self.process.stdin is not None
        try:
            with self.process.stdin as stdin:
                stdin.write(arguments)
        except BrokenPipeError:
            self.process.wait()
            return False
        return True

    def end(self) -> None:
        """End it before it has a run; it may still be importing."""
        self.process.terminate()
        self.process.wait()
        if self.process.stdin:
            with suppress(BrokenPipeError):
                self.process.stdin.close()


class PreparedRunLauncher(RunLauncher, ConfigurableClass):
    """Runs begin in a process that has imported everything before."""

    def __init__(self, inst_data: ConfigurableClassData | None = None) -> None:
        self._inst_data = inst_data
        self._one_at_a_time = threading.Lock()
        self._prepared: _Process | None = None
        self._is_closed = False
        super().__init__()

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        return self._inst_data

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        return {}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData, config_value: Mapping[str, Any]) -> Self:
        return cls(inst_data=inst_data)

    def launch_run(self, context: LaunchRunContext) -> None:
        """Hand a run to the prepared process, or to a new one where none is ready. Raises RuntimeError if both die."""
        run = context.dagster_run
        origin = run.job_code_origin
        if origin is None:
            raise RuntimeError(f"run {run.run_id} does not say where its code is")
        arguments = serialize_value(ExecuteRunArgs(origin, run.run_id, self._instance.get_ref()))
        began = self._begin(origin, arguments)
        threading.Thread(target=self._follow, args=(began, run.run_id), name=f"run {run.run_id}", daemon=True).start()

    def _begin(self, origin: JobPythonOrigin, arguments: str) -> _Process:
        wanted = serialize_value(origin)
        with self._one_at_a_time:
            prepared, self._prepared = self._prepared, None
        if prepared and prepared.is_ready_for(wanted) and prepared.tell(arguments):
            return prepared
        if prepared:
            prepared.end()
        new = _Process.begun_for(wanted)
        if not new.tell(arguments):
            raise RuntimeError(f"the process of a run ended with code {new.process.returncode} before it had begun")
        return new

    def _follow(self, began: _Process, run_id: str) -> None:
        """Wait for the end of a run's process, say so where the run could not, and prepare the next one."""
        code = began.process.wait()
        if self._is_closed or not self.has_instance:
            return
        run = self._instance.get_run_by_id(run_id)
        if run and run.status is DagsterRunStatus.CANCELING:
            self._instance.report_run_canceled(run)
        elif run and not run.is_finished:
            self._instance.report_run_failed(run, f"The process of this run ended with code {code} before its end.")
        with self._one_at_a_time:
            if self._prepared is None and not self._is_closed:
                try:
                    self._prepared = _Process.begun_for(began.origin)
                except OSError:  # no memory, no processes left: the run itself will begin one, or say why not
                    log.warning("the process of the next run could not be prepared", exc_info=True)

    def terminate(self, run_id: str) -> bool:
        """Ask a run to end; its process looks for that every second. False where there is nothing to end."""
        run: DagsterRun | None = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            return False
        self._instance.report_run_canceling(run)
        return True

    def dispose(self) -> None:
        """Let the prepared process go. One that has a run brings it to its end."""
        with self._one_at_a_time:
            self._is_closed = True
            prepared, self._prepared = self._prepared, None
        if prepared:
            prepared.end()
