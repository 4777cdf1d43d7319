"""The floor of a workbook: what calamine needs to read the same sheet into rows of Python values.

It checks nothing and writes nothing. Run by ``bench.workbook`` in a process that imports nothing else.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from python_calamine import CalamineWorkbook


def main(source: Path) -> None:
    """Read, count."""
    with CalamineWorkbook.from_path(source) as workbook:
        rows = workbook.get_sheet_by_index(0).to_python()
    print(json.dumps({"read": len(rows) - 1}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
