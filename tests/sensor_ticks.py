"""The sensor as Dagster's daemon calls it, and runs that it asked for."""

from __future__ import annotations

import dagster as dg

from orchestration import assets, sensors
from orchestration.definitions import JOB
from orchestration.settings import Settings
from schemas import datasets


def tick(
    settings: Settings, instance: dg.DagsterInstance, cursor: str | None = None, *, watched_seconds: float = 0
) -> dg.SensorResult:
    """One look of the sensor."""
    following = [assets.SUBMISSION, assets.PUBLISHED]
    sensor = sensors.files_sensor(settings, list(datasets().values()), JOB, following, watched_seconds=watched_seconds)
    result = sensor(dg.build_sensor_context(instance=instance, cursor=cursor))
    assert isinstance(result, dg.SensorResult)
    return result


def past_run(instance: dg.DagsterInstance, request: dg.RunRequest) -> None:
    """A run that was started for this request, and has ended without doing anything."""

    @dg.op
    def nothing() -> None:
        pass

    @dg.job(name=JOB)
    def ended() -> None:
        nothing()

    ended.execute_in_process(instance=instance, tags=request.tags)
