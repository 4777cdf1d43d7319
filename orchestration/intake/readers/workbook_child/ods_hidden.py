"""Error cells of an ods, formulas without a value, and zeros that a format shows.

An ods keeps the text that each cell shows beside its value, which tells all three. Most have no such cell: a search
of the text finds that out before anything is parsed.
"""

from __future__ import annotations

import io
import re
import zipfile
from xml.etree import ElementTree

from parts import NOT_CALCULATED, Hidden, check_parts

_SUSPICIOUS = re.compile(
    rb"value-type=[\"']error|<text:p>(?:#|Err:|0[0-9])|formula=(?:\"[^\"]*\"|'[^']*')(?![^>]*value-type)"
)
_SHOWN_ERROR = re.compile(r"#[A-Z/0]+[!?]?|Err:[0-9]+")
_LEADING_ZERO = re.compile(r"0[0-9]+")
_CONTENT = "content.xml"
_MOST_ROWS, _MOST_COLUMNS = 1_048_576, 16_384


class OdsHidden:
    """What the cells of every table hide."""

    def __init__(self, path: str) -> None:
        self._tables: list[Hidden] | None = None
        with zipfile.ZipFile(path) as archive:
            check_parts(archive)
            content = archive.read(_CONTENT)
        if _SUSPICIOUS.search(content):
            self._tables = _tables(content)

    def hidden(self, position: int) -> Hidden:
        """What the cells of a sheet hide."""
        return Hidden() if self._tables is None else self._tables[position]


def _tables(content: bytes) -> list[Hidden]:
    found: list[Hidden] = []
    row = 0
    for event, each in ElementTree.iterparse(io.BytesIO(content), ("start", "end")):
        name = _name(each.tag)
        if event == "start" and name == "table":
            found.append(Hidden())
            row = 0
        elif event == "end" and name == "table-row" and found:
            row += _look(each, row, found[-1])
            each.clear()
    for table in found:
        table.sort()
    return found


def _look(element: ElementTree.Element, row: int, found: Hidden) -> int:
    """Note what the cells of a row hide; returns how many rows it stands for."""
    times = min(_times(element, "rows"), _MOST_ROWS - row)
    column = 0
    for cell in element:
        if _name(cell.tag) not in ("table-cell", "covered-table-cell"):
            continue
        repeated = min(_times(cell, "columns"), _MOST_COLUMNS - column)
        shown = _hides(cell)
        if shown:
            for place in range(column, column + repeated):
                for number in range(row, row + times):
                    if isinstance(shown, int):
                        found.show_digits(number, place, shown)
                    else:
                        found.show_text(number, place, shown)
        column += repeated
    return times


def _hides(cell: ElementTree.Element) -> str | int | None:
    """The error that a cell shows, or how many digits; None where it hides nothing."""
    named: dict[str, str] = {}
    for name, value in cell.attrib.items():
        key = _name(name)
        named[f"{key} of calc" if "calcext" in name else key] = value
    kind = named.get("value-type")
    text = next(("".join(each.itertext()) for each in cell if _name(each.tag) == "p"), "")
    if "formula" in named:
        if named.get("value-type of calc") == "error" or _SHOWN_ERROR.fullmatch(text):
            return text if text.startswith("#") else "#VALUE!"
        if kind is None:
            return NOT_CALCULATED
    if kind == "float" and _LEADING_ZERO.fullmatch(text) and int(text) == float(named.get("value", "nan")):
        return len(text)
    return None


def _name(tag: str) -> str:
    return tag.rpartition("}")[2]


def _times(element: ElementTree.Element, what: str) -> int:
    text = next((value for name, value in element.attrib.items() if _name(name) == f"number-{what}-repeated"), "1")
    return max(1, int(text)) if text.isdigit() else 1
