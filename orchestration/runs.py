"""What a run of Dagster holds from its first step to its last, and what it tells whoever started it.

Belongs here: the lock of all runs, the datasets that one takes in, its workers, and news of its steps. Does not belong
here: the steps (``assets.py``, ``bronze_assets.py``), starting a run (``run.py``, ``sensors.py``).
"""

import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import dagster as dg

from orchestration.intake.ledger import Submission
from orchestration.intake.take_in import sweep, workers_for
from orchestration.intake.workers import Workers
from orchestration.locks import WAREHOUSE, lock
from orchestration.privacy.erasure import resume_erasures
from orchestration.privacy.rotation import finish_rotations
from orchestration.settings import Settings
from orchestration.sharing.versions import Published
from schemas import Declaration, datasets

#: Resource that every step needs: see :func:`only_run`.
ONLY_RUN = "only_run"


@dataclass(frozen=True)
class Progress:
    """Something a run has done, for whoever started it. ``what``: a dataset's path, ``warehouse`` or ``published``."""

    what: str
    submissions: tuple[Submission, ...] = ()
    published: Published | None = None
    problem: str = ""
    unfinished: bool = False  # its time was up before its files were


OnProgress = Callable[[Progress], None]


def only_run(settings: Settings) -> dg.ResourceDefinition:
    """Held from the first step of a run to its last, by whoever started it: the sensor, the UI or ``kho run``.

    The warehouse file allows one writer, and nothing may come between a build and its publication. Its value: the
    processes that take in several files at once.
    """

    @dg.resource(description="The lock of the warehouse: one run at a time.")
    def held(context: dg.InitResourceContext) -> Iterator[Workers]:
        with lock(settings, WAREHOUSE):
            sweep(settings)
            finish_rotations(settings)
            resume_erasures(settings)
            gc.freeze()  # what was imported stays: the collector need not walk it, 0.2 s CPU a million rows
            with workers_for(settings, _chosen(context)) as workers:
                yield workers

    return held


def _chosen(context: dg.InitResourceContext) -> list[Declaration]:
    """The datasets that a run takes in; all where it names none."""
    selected = context.dagster_run.asset_selection if context.dagster_run else None
    return [each for each in datasets().values() if not selected or bronze_key(each) in selected]


def bronze_key(declaration: Declaration) -> dg.AssetKey:
    """The key of a dataset's asset, which is also that of its dbt source."""
    return dg.AssetKey(["bronze", declaration.table])
