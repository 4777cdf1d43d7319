"""What starts a run: files that are ready, a warehouse that lags behind the ledger, a new day.

Belongs here: looking, having small files taken in at once, and asking for a run. Does not belong here: deciding what
was taken in already; the ledger does that, so an unnecessary run does nothing. No annotations from the future in this
module: Dagster reads their types.

A run key is used once for ever, so it holds the number of the attempt. Attempts are counted in Dagster's own list of
runs, not in a cursor, and follow each other ever more slowly: what failed twice for the same reason is not tried
again every few seconds.
"""

import hashlib
import json
import time
from collections.abc import Iterable, Sequence

import dagster as dg

from orchestration.intake.discover import stable_files
from orchestration.intake.ledger import Ledger
from orchestration.intake.receipts.left_lying import refresh_note
from orchestration.locks import WAREHOUSE, BusyError, lock
from orchestration.quick_intake import is_small, take_in_at_once
from orchestration.runs import bronze_key
from orchestration.settings import Settings
from orchestration.sharing.rollback import taken_back
from orchestration.sharing.versions import current
from schemas import Declaration

#: Dagster's daemon begins a round every five seconds, or when the last one has ended, and leaves a sensor out that was
#: begun less than its interval ago: with an interval of five seconds it often was, by milliseconds.
EVERY_SECONDS = 4
#: A look lasts until the next one is near and sees a file half a second after it is ready: a further look costs more.
WATCHED_SECONDS, _PAUSE_SECONDS = 4.0, 0.5
_NOTHING, _BUSY = "no file is ready", "a run is going"
#: Tag of a run: what it was started for, so that attempts can be counted.
CAUSE = "kho/cause"
_FIRST_PAUSE, _LONGEST_PAUSE = 15, 3600
_TO_COME = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING]
_GOING = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


def files_sensor(
    settings: Settings,
    datasets: Sequence[Declaration],
    job: str,
    following: Sequence[dg.AssetKey],
    *,
    watched_seconds: float = WATCHED_SECONDS,
) -> dg.SensorDefinition:
    """Ask for one run over all datasets that have files ready. ``following``: the assets that come after them."""

    @dg.sensor(
        name="waiting_files",
        job_name=job,
        minimum_interval_seconds=EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Starts one run when files are ready in sources/, and after a crash for what was left undone.",
    )
    def waiting_files(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        if not _is_busy(settings):
            for each in datasets:
                refresh_note(settings, each)  # no run begins for a folder that was dropped among the files
        lost = _lost_runs(settings, context)
        until = time.monotonic() + watched_seconds
        while (asked := _ask(settings, datasets, following, context.instance)) in (_NOTHING, _BUSY):
            if time.monotonic() >= until:
                break
            time.sleep(_PAUSE_SECONDS)
        if isinstance(asked, dg.RunRequest):
            return dg.SensorResult(run_requests=[asked], cursor=json.dumps(lost))
        return dg.SensorResult(skip_reason=asked, cursor=json.dumps(lost))

    return waiting_files


def every_morning(job: str) -> dg.ScheduleDefinition:
    """A run a day, so that a dataset which nobody hands in is seen to be late."""
    return dg.ScheduleDefinition(
        name="every_morning",
        job_name=job,
        cron_schedule="0 6 * * *",
        execution_timezone="Asia/Ho_Chi_Minh",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )


def _ask(
    settings: Settings,
    datasets: Sequence[Declaration],
    following: Sequence[dg.AssetKey],
    instance: dg.DagsterInstance,
) -> dg.RunRequest | str:
    """The run that is needed now, or why there is none."""
    ready = [(each, files) for each in datasets if (files := stable_files(settings, each.path))]
    if ready:
        cause = _hash(f"{each.path} {file.path.name} {file.identity}" for each, files in ready for file in files)
    elif behind := _sequence_behind(settings):
        cause = f"ledger-{behind}"
    else:
        return _NOTHING
    if instance.get_runs(filters=dg.RunsFilter(statuses=[*_TO_COME, *_GOING]), limit=1) or _is_busy(settings):
        return _BUSY
    attempts = instance.get_run_records(filters=dg.RunsFilter(tags={CAUSE: cause}))
    pause = _seconds_to_wait(attempts)
    if pause > 0:
        return f"{len(attempts)} runs did not settle this; the next begins in {pause:.0f} seconds"
    small = [each for each, files in ready if is_small(files)]
    if small and not attempts:
        take_in_at_once(settings, small)
    return dg.RunRequest(
        run_key=f"{cause}-{len(attempts) + 1}",
        tags={CAUSE: cause},
        asset_selection=[*(bronze_key(each) for each, _ in ready), *following],
    )


def _hash(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _sequence_behind(settings: Settings) -> int:
    """The ledger's sequence if the published version does not show it yet and it was not taken back, else 0."""
    sequence = Ledger(settings.ledger).last_sequence(changing=True)
    published = current(settings)
    if taken_back(settings) == sequence:
        return 0
    return 0 if published and published.ledger_sequence == sequence else sequence


def _seconds_to_wait(attempts: Sequence[dg.RunRecord]) -> float:
    if not attempts:
        return 0
    last = max(each.end_time or each.create_timestamp.timestamp() for each in attempts)
    pause = min(_FIRST_PAUSE * 2 ** (len(attempts) - 1), _LONGEST_PAUSE)
    return last + pause - time.time()


def _is_busy(settings: Settings) -> bool:
    try:
        with lock(settings, WAREHOUSE):
            return False
    except BusyError:
        return True


def _lost_runs(settings: Settings, context: dg.SensorEvaluationContext) -> list[str]:
    """Declare runs dead whose process was killed: Dagster would wait for them for ever, and start no other.

    A living run holds the lock. Twice in a row without it, because the lock is taken shortly after a run has started
    and given back shortly before it ends. Returns the runs that were seen without it this time.
    """
    going = context.instance.get_runs(filters=dg.RunsFilter(statuses=_GOING))
    if not going or _is_busy(settings):
        return []
    suspected = set(json.loads(context.cursor or "[]"))
    for run in going:
        if run.run_id in suspected:
            context.instance.report_run_failed(run, "The process of this run was killed; its work is done again.")
    return [run.run_id for run in going if run.run_id not in suspected]
