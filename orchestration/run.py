"""Starting the machine: the folders of a home, one run in this process, the Dagster UI.

Belongs here: what ``kho run`` and ``kho dev`` call. Does not belong here: what a run does (``assets.py``). This
module imports Dagster only when a run begins, because that costs seconds.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from orchestration import templates
from orchestration.files import private_folder
from orchestration.instance import DAGSTER_SETTINGS
from orchestration.intake.ledger import Submission
from orchestration.locks import WAREHOUSE, BusyError, lock
from orchestration.settings import PROJECT, Settings, environment_variables
from orchestration.sharing.versions import Published
from schemas import Declaration
from schemas import dataset as find_dataset
from schemas import datasets as all_datasets

if TYPE_CHECKING:
    from orchestration.runs import OnProgress, Progress

log = logging.getLogger("kho.run")

#: Dagster writes so many events of one moment together (``instance/history.py``); a run plans about two hundred.
_EVENTS_TOGETHER = "1000"


@dataclass
class RunOutcome:
    """What a run has done. ``published`` is None where nothing had changed, and where the build failed."""

    submissions: list[Submission] = field(default_factory=list)
    published: Published | None = None
    failed: bool = False
    failure: str = ""


def prepare_home(settings: Settings) -> None:
    """Create the folders of the home, readable by their owner only, and those of the officers, with their templates."""
    for folder in (
        settings.home,
        settings.archive,
        settings.bronze,
        settings.vault,
        settings.publish,
        settings.dagster_home,
        settings.dbt_target,
        settings.locks,
        settings.temporary,
    ):
        private_folder(folder)
    shutil.copyfile(DAGSTER_SETTINGS, settings.dagster_home / "dagster.yaml")
    for path in all_datasets():
        for folder in (settings.incoming(path), settings.receipts(path)):
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:  # one department's folder must not stop the run of all
                log.error("%s cannot be made: %s", folder, error.strerror)
    templates.refresh(settings)


def run(
    settings: Settings,
    datasets: Sequence[str] | None = None,
    *,
    anyway: bool = False,
    on_progress: OnProgress | None = None,
) -> RunOutcome:
    """Take in what waits for these datasets (all, by default), build and publish, in this process.

    A dataset whose time was up before its files were gets another turn after the others and a publication.
    anyway: build and publish even if nothing has changed. Raises BusyError while another run is going, and
    UnknownDatasetError. Dagster's UI shows the run like any other.
    """
    chosen = [find_dataset(name) for name in datasets] if datasets else list(all_datasets().values())
    prepare_home(settings)
    with lock(settings, WAREHOUSE):
        pass  # busy: say so before Dagster is imported
    outcome = RunOutcome()
    unfinished: set[str] = set()

    def note(progress: Progress) -> None:
        if progress.unfinished:
            unfinished.add(progress.what)
        outcome.submissions.extend(progress.submissions)
        outcome.published = progress.published or outcome.published
        if progress.problem:
            outcome.failed = True
            outcome.failure = "\n".join(filter(None, [outcome.failure, f"{progress.what}: {progress.problem}"]))
        if on_progress:
            on_progress(progress)

    while True:
        _note_failures(outcome, _execute(settings, chosen, note, anyway=anyway))
        if outcome.failed or not unfinished:
            return outcome
        chosen = [each for each in chosen if each.path in unfinished]
        unfinished.clear()


def _execute(settings: Settings, chosen: Sequence[Declaration], note: OnProgress, *, anyway: bool) -> list[Any]:
    """Execute the job over the chosen datasets and all that follows; returns Dagster's events."""
    import dagster as dg

    from orchestration.assets import LEDGER
    from orchestration.definitions import JOB, assemble
    from orchestration.runs import bronze_key

    definitions = assemble(settings, note)
    others = {bronze_key(each) for each in all_datasets().values()} - {bronze_key(each) for each in chosen}
    config: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    if anyway:
        config["ops"] = {LEDGER: {"config": {"anyway": True}}}
    with environment_variables(_told_to_dagster(settings)), dg.DagsterInstance.get() as instance:
        result = definitions.resolve_job_def(JOB).execute_in_process(
            instance=instance,
            run_config=config,
            asset_selection=sorted(set(definitions.resolve_all_asset_keys()) - others),
            raise_on_error=False,
        )
        return list(result.all_events)


def _note_failures(outcome: RunOutcome, events: Sequence[Any]) -> None:
    """Add to the outcome what failed without having told its progress. Raises BusyError if the lock was taken."""
    problems = []
    for event in events:
        error = getattr(event.event_specific_data, "error", None)
        while error is not None and error.cause is not None:
            error = error.cause
        if error is not None:
            if error.cls_name == BusyError.__name__:
                raise BusyError(error.message.strip())
            problems.append(error.message.strip())
    if problems and not outcome.failed:
        outcome.failed, outcome.failure = True, "\n".join(dict.fromkeys(problems))


def _told_to_dagster(settings: Settings) -> dict[str, str]:
    """The variables through which alone Dagster finds its instance, and learns to write events together."""
    return {"DAGSTER_HOME": str(settings.dagster_home), "DAGSTER_EVENT_BATCH_SIZE": _EVENTS_TOGETHER}


def dev(settings: Settings, *, port: int = 3000) -> NoReturn:
    """Become ``dagster dev`` for this home: the UI, which has no login, on loopback only, and the sensor."""
    prepare_home(settings)
    environment = {
        **os.environ,
        **_told_to_dagster(settings),
        "KHO_HOME": str(settings.home),
        "KHO_SOURCES": str(settings.sources),
    }
    workspace = PROJECT / "workspace.yaml"
    quiet = ["-W", "ignore:Function `dev_command`"]  # its successor wants a project layout of its own
    command = [*quiet, "-m", "dagster", "dev", "-h", "127.0.0.1", "-p", str(port), "-w", str(workspace)]
    sys.stdout.flush()
    os.chdir(PROJECT)
    os.execve(sys.executable, [sys.executable, *command], environment)  # noqa: S606 - nothing of it comes from outside
