"""The warehouse as it was known at a past moment: a home of its own beneath this one, made by the same code.

Belongs here: making that home and its published version, and finding it again. Does not belong here: which lines of the
ledger were known then (``intake/known.py``), and what a warehouse holds (``dbt_project/``).

Nothing is kept for it while time passes: archive, bronze and ledger only grow, so every past state follows from
them, for each fact and each mart alike. A file taken in with an earlier clock (``KHO_NOW``) counts as it happened.
"""

from __future__ import annotations

import datetime
import shutil

from orchestration.building import warehouse
from orchestration.building.dbt_calls import BuildError
from orchestration.files import private_folder
from orchestration.intake.known import ledger_as_known
from orchestration.locks import WAREHOUSE, lock
from orchestration.settings import Settings
from orchestration.sharing.publish import publish
from orchestration.sharing.versions import Published, current
from schemas import datasets


def home_as_of(settings: Settings, moment: datetime.datetime) -> Settings:
    """The settings of the home that shows what was known at ``moment``; its clock stands at that moment."""
    name = moment.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H%M%SZ")
    shared = {"parsed": settings.parsed_projects}
    return settings.model_copy(update={"home": settings.homes_as_of / name, "now": moment, **shared})


def warehouse_as_of(settings: Settings, moment: datetime.datetime) -> Settings:
    """Build and publish the warehouse as known at ``moment``, unless that was done; returns the settings to read it.

    Raises BuildError where dbt or one of its tests fails, BusyError while another process is building it.
    """
    past = home_as_of(settings, moment)
    for folder in (past.home, past.bronze, past.publish, past.dbt_target, past.locks, past.temporary):
        private_folder(folder)
    with lock(past, WAREHOUSE):
        _recall(settings, past, moment)
        if not warehouse.is_published(past):
            _build(past)
        past.home.touch()
        _sweep(settings)
    return past


def _recall(settings: Settings, past: Settings, moment: datetime.datetime) -> None:
    """Bring the ledger of the past home up to what is known now about that moment, and the rows within its reach."""
    fresh = past.temporary / "ledger.sqlite"
    fresh.unlink(missing_ok=True)
    ledger_as_known(settings.ledger, moment, fresh)
    for suffix in ("-wal", "-shm"):
        past.ledger.with_name(past.ledger.name + suffix).unlink(missing_ok=True)
    fresh.replace(past.ledger)
    for declaration in datasets().values():
        private_folder(settings.bronze / declaration.table)
        reach = past.bronze / declaration.table
        if not reach.is_symlink():
            reach.symlink_to(settings.bronze.resolve() / declaration.table, target_is_directory=True)


def _build(past: Settings) -> Published:
    # What was published then was tested then; it must be shown even where a test that came later would not hold.
    failed = warehouse.failed(warehouse.build(past, tested=False))
    if failed:
        raise BuildError("; ".join(f"{each.unique_id}: {each.message}" for each in failed))
    facts = warehouse.built_from(past)
    assert facts is not None  # a build without failure leaves its marker
    return publish(past, facts=facts)


def _sweep(settings: Settings) -> None:
    """Remove all but the homes that were asked for last; each can be made again."""
    homes = sorted(settings.homes_as_of.iterdir(), key=lambda home: home.stat().st_mtime, reverse=True)
    for home in homes[settings.keep_versions :]:
        shutil.rmtree(home, ignore_errors=True)


def is_built(settings: Settings, moment: datetime.datetime) -> bool:
    """Whether a warehouse of that moment is there, which may lack files taken in since with an earlier clock."""
    return current(home_as_of(settings, moment)) is not None
