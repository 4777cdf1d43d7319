"""How a text file separates its cells: judged by its first rows.

Belongs here: delimiter, usual number of cells, the first rows. Does not belong here: reading the file (``text``).
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass

from orchestration.intake.readers.table import HEAD_ROWS

DELIMITERS = ";,\t|"
_SAMPLE_ROWS = 4 * HEAD_ROWS


@dataclass(frozen=True)
class Dialect:
    """``width``: the number of cells that most rows have. ``head``: the first rows as they stand."""

    delimiter: str
    width: int
    head: list[list[str]]


@dataclass(frozen=True)
class _Shape:
    """A sample split at one delimiter: how many of its rows have the most frequent width above one, and where."""

    width: int
    count: int
    share: float
    first: int

    @property
    def merit(self) -> tuple[bool, bool, int, int]:
        """Greater is likelier: most rows agree, the header (above the data) among them, many cells."""
        return (self.count > 0, self.share >= 0.5, -self.first, (self.width - 1) * self.count)


def stated_delimiter(text: str) -> tuple[str, int] | None:
    """The delimiter that a first line ``sep=;`` states, and that line's length. Excel does not count it as a row."""
    line = next(iter(text[:7].splitlines(keepends=True)), "")
    stated = line.rstrip("\r\n")
    if (
        stated[:4].lower() != "sep="
        or len(stated) != 5
        or not stated.isascii()
        or stated[4] in '"'
        or stated[4].isalnum()
    ):
        return None
    return stated[4], len(line)


def find_dialect(text: str, stated: str | None) -> Dialect:
    """The dialect of a text that is not blank; ``stated``: its delimiter, where the file says it."""
    delimiter = stated or _delimiter(text)
    rows = _rows(text, delimiter)
    shape = _shape(rows)
    if shape.share >= 0.5:
        width = shape.width
    else:
        widths = Counter(len(row) for row in rows if row)
        width = max(widths, key=lambda each: (widths[each], each), default=1)
    return Dialect(delimiter, width, rows[:HEAD_ROWS])


def _delimiter(text: str) -> str:
    shapes = {}
    for delimiter in DELIMITERS:
        # Commas of a sentence are followed by a space; those that separate cells rarely are.
        tried = text.replace(", ", " ") if delimiter == "," else text
        shapes[delimiter] = _shape(_rows(tried, delimiter))
    if not any(shape.count for shape in shapes.values()):
        return "," if _shape(_rows(text, ",")).count else ";"
    return max(shapes, key=lambda each: shapes[each].merit)


def _shape(rows: list[list[str]]) -> _Shape:
    filled = [row for row in rows if row]
    widths = Counter(len(row) for row in filled if len(row) > 1)
    if not widths:
        return _Shape(1, 0, 0.0, 0)
    width = max(widths, key=lambda each: (widths[each], each))
    first = next(position for position, row in enumerate(filled) if len(row) == width)
    return _Shape(width, widths[width], widths[width] / len(filled), first)


def _rows(text: str, delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            rows.append(row)
            if len(rows) >= _SAMPLE_ROWS:
                break
    except csv.Error:
        pass  # the sample may end inside a quoted cell; what was read before counts
    return rows
