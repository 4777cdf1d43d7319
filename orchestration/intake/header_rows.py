"""Header rows as they stand in a sheet: the words above each source column, and how header rows belong together.

Belongs here: merged cells, stacked header rows, groups of columns that repeat. Does not belong here: what the words
mean (``vocabulary``, ``assignment``).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from orchestration.intake.folding import clean_text

#: Longest group of columns that is looked for when headers repeat.
LONGEST_GROUP = 12
#: A cell that is one remark in brackets, with more than a number or a letter in it.
_REMARK = re.compile(r"\((?!\s*(?:\d+|\w)\s*(?:=[^)]*)?\))[^()]{2,60}\)")


@dataclass(frozen=True)
class HeaderText:
    """The distinct words above a source column, from top to bottom."""

    words: tuple[str, ...]

    @property
    def own(self) -> str:
        """The lowest words: the column's own."""
        return self.words[-1] if self.words else ""

    @property
    def joined(self) -> str:
        """The words of all header rows, a parent before its child."""
        return " ".join(self.words)


def header_texts(rows: Sequence[Sequence[str]], width: int) -> list[HeaderText]:
    """For each source column the words above it (merged cells fill to the right)."""
    filled: list[list[str]] = []
    for depth, row in enumerate(rows):
        cells = [clean_text(row[position]) if position < len(row) else "" for position in range(width)]
        if depth < len(rows) - 1:
            for position in range(1, width):
                below = any(position < len(other) and other[position].strip() for other in rows[depth + 1 :])
                if not cells[position] and cells[position - 1] and below:
                    cells[position] = cells[position - 1]
        filled.append(cells)
    texts = []
    for position in range(width):
        words = [cells[position] for cells in filled if cells[position]]
        texts.append(
            HeaderText(tuple(word for index, word in enumerate(words) if index == 0 or word != words[index - 1]))
        )
    return texts


def remarks_below(rows: Sequence[Sequence[str]]) -> int:
    """How many of the rows under a header only say how to fill it in: (m²), (dd/mm/yyyy). Column numbers do not."""
    count = 0
    for row in rows:
        cells = [cell.strip() for cell in row if cell.strip()]
        if not cells or not all(_REMARK.fullmatch(cell) for cell in cells):
            break
        count += 1
    return count


def is_spanned(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the upper rows have a cell that spans several cells of the row below: a merged header.

    Where a program has undone the merge, the same words stand above each of them.
    """
    return all(_spans(above, below) for above, below in itertools.pairwise(rows))


def _spans(above: Sequence[str], below: Sequence[str]) -> bool:
    children, parent = 0, ""
    for over, under in zip(above, below, strict=False):
        if over.strip() and over.strip() != parent:
            children, parent = 0, over.strip()
        children += bool(parent and under.strip())
        if children > 1:
            return True
    return False


def repeated_groups(headers: Sequence[str]) -> set[int]:
    """Positions of groups of two and more columns that stand twice and more in a row: type, area, type, area."""
    found: set[int] = set()
    for length in range(2, LONGEST_GROUP + 1):
        for start in range(len(headers) - 2 * length + 1):
            group, following = (headers[at : at + length] for at in (start, start + length))
            if headers[start] and group == following and len(set(group)) > 1:
                found.update(range(start, start + 2 * length))
    return found
