"""The whole intake of all files that lie in the incoming folder of a scratch home, so many at a time.

Run by ``bench.many_files`` in a process that imports nothing else, as the sensor's (``orchestration/quick_intake.py``).
"""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path

# A test dependency that Pandera imports where it finds it; a production environment has none.
sys.modules["hypothesis"] = None  # type: ignore[assignment]

from orchestration.intake.take_in import take_in_dataset, workers_for  # noqa: E402
from orchestration.settings import Settings  # noqa: E402
from schemas import dataset  # noqa: E402


def main(name: str, work: Path, processes: int) -> None:
    """Take the files in and print what became of each."""
    gc.freeze()  # as every run does before it begins (orchestration/runs.py)
    settings = Settings(home=work / "home", sources=work / "sources", stable_seconds=0, intake_processes=processes)
    with workers_for(settings, [dataset(name)]) as workers:
        taken = take_in_dataset(settings, dataset(name), workers=workers)
    files = [[each.file_name, each.verdict, each.rows_accepted, each.rows_rejected] for each in taken]
    print(json.dumps({"files": files}))


if __name__ == "__main__":  # a worker imports this module, too
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
