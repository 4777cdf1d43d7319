"""The whole intake of the file that lies in the incoming folder of a scratch home.

Run by ``bench.intake`` in a process that imports nothing else, so that only the intake's work is measured.
"""

from __future__ import annotations

import datetime
import gc
import json
import sys
from pathlib import Path

# A test dependency that Pandera imports where it finds it; a production environment has none.
sys.modules["hypothesis"] = None  # type: ignore[assignment]

from orchestration.intake.take_in import take_in_dataset  # noqa: E402
from orchestration.settings import Settings  # noqa: E402
from schemas import dataset  # noqa: E402


def main(name: str, work: Path, now: str) -> None:
    """Take the file in and print what became of its rows."""
    gc.freeze()  # as every run does before it begins (orchestration/runs.py)
    moment = datetime.datetime.fromisoformat(now)
    settings = Settings(home=work / "home", sources=work / "sources", stable_seconds=0, now=moment)
    (submission,) = take_in_dataset(settings, dataset(name))
    counts = {
        "accepted": submission.rows_accepted,
        "rejected": submission.rows_rejected,
        "duplicates": submission.details["ignored"].get("duplicate", 0),
    }
    print(json.dumps(counts))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3])
