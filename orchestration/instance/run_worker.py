"""The process of one run of Dagster: ``python -m orchestration.instance.run_worker ORIGIN``.

Belongs here: what is imported before there is a run, waiting for it, its being cancelled. Does not belong here: who
starts this process (``launcher``), what a run does (Dagster, and ``assets.py``).

It imports, waits for a line on stdin that says which run, and executes it as ``dagster api execute_run`` does. Where
stdin ends without a line, it ends. Where the code has changed since it was imported, it begins anew: an engineer who
edits a file while ``kho dev`` runs must never see a run of the code before.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestration.project_code import project_code, stamps
from orchestration.settings import PROJECT, settings

if TYPE_CHECKING:
    from dagster import DagsterInstance

log = logging.getLogger("kho.run_worker")

#: How often a run looks whether it is to be cancelled.
_LOOK_SECONDS = 1.0


def main(arguments: Sequence[str]) -> int:
    """Prepare, wait, execute. ``arguments``: where the job's code is and, after a new beginning, the run."""
    origin, *told = arguments
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until there is a run, Ctrl-C in ``kho dev`` just ends this process
    before = _code()
    _prepare(origin)
    line = told[0] if told else sys.stdin.readline()
    if not line:
        return 0
    if not told and _code() != before:
        os.execv(sys.executable, [sys.executable, "-m", __spec__.name, origin, line])  # noqa: S606 - its own command
    return _execute(line)


def _code() -> object:
    """What tells one state of the code from another: that of Python as it is imported from this checkout, and dbt's."""
    files = (file for folder in ("orchestration", "schemas") for file in (PROJECT / folder).rglob("*.py"))
    return stamps(files), project_code(settings())


def _prepare(origin: str) -> None:
    """Import what every run needs, and work out the job. What fails here fails again in the run, which tells it."""
    from dagster._core.origin import JobPythonOrigin
    from dagster._serdes import deserialize_value
    from dagster._utils.hosted_user_process import recon_job_from_origin

    try:
        recon_job_from_origin(deserialize_value(origin, JobPythonOrigin)).get_definition()
        import dbt.adapters.duckdb.connections
        import dbt.cli.main  # noqa: F401
    except Exception:
        log.warning("the next run could not be prepared", exc_info=True)


def _execute(line: str) -> int:
    from dagster import DagsterInstance
    from dagster._cli.api import execute_run_command
    from dagster._grpc.types import ExecuteRunArgs
    from dagster._serdes import deserialize_value
    from dagster._utils.interrupts import capture_interrupts

    told = deserialize_value(line, ExecuteRunArgs)
    assert told.instance_ref is not None
    # A signal that comes when the run has just ended must not cut off what it says of its end.
    with capture_interrupts(), DagsterInstance.from_ref(told.instance_ref) as instance:
        ended = threading.Event()
        watch = threading.Thread(target=_interrupt_when_cancelled, args=(instance, told.run_id, ended))
        watch.start()
        try:
            execute_run_command.main([line], standalone_mode=False)
        finally:
            ended.set()
            watch.join()
    return 0


def _interrupt_when_cancelled(instance: DagsterInstance, run_id: str, ended: threading.Event) -> None:
    """Interrupt the main thread when the run is to be cancelled, until it has ended.

    The event is looked for, not the run's status, for which Dagster's own thread looks: a run that is just beginning
    sets its status anew.
    """
    from dagster import DagsterEventType
    from dagster._utils import send_interrupt

    storage = instance.event_log_storage
    while not ended.wait(_LOOK_SECONDS):
        if storage.get_records_for_run(run_id, of_type=DagsterEventType.RUN_CANCELING, limit=1).records:
            send_interrupt()
            return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
