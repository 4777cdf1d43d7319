"""Receipts within seconds: small files are taken in by a process of their own, before Dagster has begun a run.

Belongs here: which files are small, that process, its time limit. Does not belong here: the way of a file
(``intake/take_in.py``), and the run that follows, which builds, publishes, and shows in Dagster what was taken in.

A run of Dagster needs two to three seconds until its first step, up to eight where no process is prepared for it; this
process needs one. It imports neither Dagster nor dbt, and holds the lock of the warehouse, because a run sweeps away
what is half made. Whatever it does not finish is left to the run.
"""

from __future__ import annotations

import gc
import logging
import subprocess
import sys
from collections.abc import Iterable, Sequence

from orchestration.errors import place_of
from orchestration.intake.discover import IncomingFile
from orchestration.intake.take_in import take_in_dataset, workers_for
from orchestration.locks import WAREHOUSE, BusyError, lock
from orchestration.settings import PROJECT, Settings
from schemas import Declaration, datasets

log = logging.getLogger("kho.intake")

#: Of all files of a dataset that wait; a workbook of 10,000 rows has a megabyte. Larger ones are left to the run.
SMALL_BYTES = 2_000_000
#: Dagster gives its sensor a minute.
SECONDS = 40.0


def is_small(files: Iterable[IncomingFile]) -> bool:
    """Whether the files of a dataset are taken in within seconds."""
    return sum(each.size for each in files) <= SMALL_BYTES


def take_in_at_once(settings: Settings, small: Sequence[Declaration]) -> None:
    """Take in the files of some datasets and hand out their receipts. Raises nothing: the run tells what is wrong."""
    command = [sys.executable, "-m", "orchestration.quick_intake", *(each.path for each in small)]
    told = settings.model_dump_json(exclude={"postgres"})
    try:
        ended = subprocess.run(
            command, input=told, capture_output=True, text=True, cwd=PROJECT, timeout=SECONDS, check=False
        )
        if ended.returncode:
            log.warning("small files are left to the run: %s", ended.stderr.strip()[-2000:])
    except subprocess.TimeoutExpired:
        log.warning("small files were not taken in within %g s and are left to the run", SECONDS)


def main(names: Sequence[str]) -> int:
    """The process: settings come in on stdin. Returns 1 where a dataset's files were not all taken in."""
    settings = Settings.model_validate_json(sys.stdin.read())
    gc.freeze()
    left = False
    chosen = [datasets()[name] for name in names]
    with lock(settings, WAREHOUSE), workers_for(settings, chosen) as workers:
        for declaration in chosen:
            try:
                take_in_dataset(settings, declaration, workers=workers)
            except BusyError as busy:
                left = True
                sys.stderr.write(f"{busy}\n")
            except Exception as error:
                left = True
                sys.stderr.write(f"{declaration.path}: {place_of(error)}\n")
    return int(left)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except BusyError as busy:
        sys.exit(str(busy))
