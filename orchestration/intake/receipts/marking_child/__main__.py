"""The child process that marks a copy of a workbook: ``python -I marking_child JOB MEMORY_MB SECONDS``.

JOB is a JSON file (``receipts/marked_copy.py`` writes it and says what stands in it). The child opens the original,
takes away what an earlier receipt left in it, marks the bad cells, puts the front sheet in front and saves the result
under the job's ``target``. On failure the last line on stderr is ``{"reason": …}`` (or ``{"errno": …}`` where the
disk is full) and the status is 1. Like the reader's child it imports nothing of kho but its neighbours, and dies alone.
"""

from __future__ import annotations

import errno
import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

os.environ["OPENPYXL_LXML"] = "False"  # one writer, whatever else is installed: kept_results.py builds on it

from front import earlier_marks, put_front, put_stamp
from marks import Marker, remove_marks
from originals import open_original
from saving import save


def mark(job: dict[str, Any]) -> None:
    """Do the job."""
    book, dropped = open_original(job)
    for sheet in job["sheets"]:
        if sheet["title"] not in book.sheetnames:
            raise ValueError("the sheet of a finding is not in the workbook")
    titles, colours = earlier_marks(book, job)
    if titles:
        remove_marks(book, job, titles, colours)
    job["former_colours"] = []  # of the cells that are marked now, for the stamp
    comments = job["most_comments"]
    for sheet in job["sheets"]:
        comments -= Marker(book[sheet["title"]], job, comments).mark(sheet)
    put_stamp(book, job, put_front(book, job, dropped))
    save(book, Path(job["target"]), job["created"])


def end(reason: dict[str, Any]) -> None:
    """The last line on stderr, and the status."""
    print(json.dumps(reason), file=sys.stderr, flush=True)
    raise SystemExit(1)


def main() -> None:
    """Set the limits, mark, and turn whatever goes wrong into a reason that quotes no cell."""
    path, memory_mb, seconds = sys.argv[1:]
    limit = int(memory_mb) << 20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        mark(json.loads(Path(path).read_text(encoding="utf-8")))
    except OSError as error:
        end({"errno": error.errno} if error.errno in (errno.ENOSPC, errno.EDQUOT) else {"reason": "OSError"})
    except BaseException as error:  # openpyxl meets what its authors never did; a panic of calamine is a BaseException
        end({"reason": type(error).__name__})


if __name__ == "__main__":
    main()
