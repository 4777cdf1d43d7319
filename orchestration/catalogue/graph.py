"""The small picture of what a table is made of, as SVG inside its page.

Belongs here: places of boxes and lines. Does not belong here: colours (the pages' style sheet says them).
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

_BOX_WIDTH, _BOX_HEIGHT, _GAP, _COLUMN = 230, 26, 8, 300


def lineage_svg(datasets: Sequence[str], sources: Sequence[str], table: str, lines: Sequence[tuple[str, str]]) -> str:
    """Three columns of boxes, datasets, what the table reads, the table, joined by lines (from, to)."""
    columns = [list(datasets), [each for each in sources if each not in datasets], [table]]
    height = max(map(len, columns)) * (_BOX_HEIGHT + _GAP) + _GAP
    places: dict[str, tuple[int, int]] = {}
    for number, names in enumerate(columns):
        top = (height - len(names) * (_BOX_HEIGHT + _GAP)) // 2 + _GAP // 2
        for line, name in enumerate(names):
            places[name] = (number * _COLUMN + 1, top + line * (_BOX_HEIGHT + _GAP))
    width = 2 * _COLUMN + _BOX_WIDTH + 2
    drawn = [_line(places[start], places[end]) for start, end in lines if start in places and end in places]
    drawn += [_box(name, *place) for name, place in places.items()]
    label = escape(f"{table} ← {', '.join([*sources, *datasets])}", quote=True)
    return f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{label}">{"".join(drawn)}</svg>'


def _box(name: str, left: int, top: int) -> str:
    text = f'<text x="{left + 8}" y="{top + 17}">{escape(name)}</text>'
    return f'<rect x="{left}" y="{top}" width="{_BOX_WIDTH}" height="{_BOX_HEIGHT}" rx="4"/>{text}'


def _line(start: tuple[int, int], end: tuple[int, int]) -> str:
    left, top = start[0] + _BOX_WIDTH, start[1] + _BOX_HEIGHT // 2
    right, bottom = end[0], end[1] + _BOX_HEIGHT // 2
    middle = (left + right) // 2
    return f'<path d="M{left} {top}C{middle} {top} {middle} {bottom} {right} {bottom}"/>'
