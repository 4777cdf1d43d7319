"""The Dagster code location: assembly only. Assets come from ``assets.py``, what starts runs from ``sensors.py``."""

import dagster as dg

from orchestration import assets, sensors
from orchestration.bronze_assets import bronze_asset
from orchestration.runs import ONLY_RUN, OnProgress, Progress, only_run
from orchestration.settings import Settings
from orchestration.settings import settings as read_settings
from orchestration.sharing.postgres.asset import postgres_asset
from schemas import datasets

JOB = "take_in_and_build"


def _keep_to_itself(_progress: Progress) -> None:
    """Runs of the sensor and the UI tell Dagster only."""


def assemble(settings: Settings, on_progress: OnProgress = _keep_to_itself) -> dg.Definitions:
    """All definitions for a home. ``on_progress`` is told what a run has done, step by step."""
    declarations = list(datasets().values())
    bronze = [bronze_asset(settings, each, on_progress) for each in declarations]
    models = assets.dbt_models(settings, on_progress)
    ledger = assets.ledger_assets(settings, declarations)
    published = assets.published_asset(settings, models, on_progress)
    further = [postgres_asset(settings)] if settings.postgres else []
    job = dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.all(),
        description="Take in every file that waits, build the warehouse, publish it.",
    )
    following = [
        *sorted(ledger.keys),
        *sorted(models.keys),
        *published.keys,
        *(key for each in further for key in each.keys),
    ]
    return dg.Definitions(
        assets=[*bronze, ledger, models, published, *further],
        jobs=[job],
        sensors=[sensors.files_sensor(settings, declarations, JOB, following)],
        schedules=[sensors.every_morning(JOB)],
        resources={ONLY_RUN: only_run(settings)},
        executor=dg.in_process_executor,  # two processes must never open warehouse.duckdb at once
    )


@dg.definitions
def definitions() -> dg.Definitions:
    """What ``dagster dev`` loads."""
    return assemble(read_settings())
