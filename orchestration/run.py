"""Starting the machine: the folders of a home, one run in this process, the Dagster UI.

Belongs here: what ``kho run`` and ``kho dev`` call. Does not belong here: what a run does (``assets.py``). This
module imports Dagster only when a run begins, because that costs seconds.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from orchestration import templates
from orchestration.files import private_folder
from orchestration.history import relaxed_history
from orchestration.intake.ledger import Submission
from orchestration.locks import WAREHOUSE, BusyError, lock
from orchestration.settings import PROJECT, Settings
from orchestration.sharing.versions import Published
from schemas import Declaration
from schemas import dataset as find_dataset
from schemas import datasets as all_datasets

if TYPE_CHECKING:
    from orchestration.runs import OnProgress, Progress

log = logging.getLogger("kho.run")

_DAGSTER_HOME = "DAGSTER_HOME"
_DAGSTER_SETTINGS = Path(__file__).with_name("dagster.yaml")


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
    shutil.copyfile(_DAGSTER_SETTINGS, settings.dagster_home / "dagster.yaml")
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
    home = settings.dagster_home
    with relaxed_history(home), _dagster_home(home), dg.DagsterInstance.get() as instance:
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


@contextmanager
def _dagster_home(home: Path) -> Iterator[None]:
    """Dagster finds its instance through this variable only."""
    before = os.environ.get(_DAGSTER_HOME)
    os.environ[_DAGSTER_HOME] = str(home)
    try:
        yield
    finally:
        if before is None:
            del os.environ[_DAGSTER_HOME]
        else:
            os.environ[_DAGSTER_HOME] = before


def dev(settings: Settings, *, port: int = 3000) -> NoReturn:
    """Become ``dagster dev`` for this home: the UI, which has no login, on loopback only, and the sensor."""
    prepare_home(settings)
    environment = {
        **os.environ,
        _DAGSTER_HOME: str(settings.dagster_home),
        "KHO_HOME": str(settings.home),
        "KHO_SOURCES": str(settings.sources),
    }
    workspace = PROJECT / "workspace.yaml"
    quiet = ["-W", "ignore:Function `dev_command`"]  # its successor wants a project layout of its own
    command = [*quiet, "-m", "dagster", "dev", "-h", "127.0.0.1", "-p", str(port), "-w", str(workspace)]
    sys.stdout.flush()
    os.chdir(PROJECT)
    os.execve(sys.executable, [sys.executable, *command], environment)  # noqa: S606 - nothing of it comes from outside
