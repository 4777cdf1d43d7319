"""The fonts of an ods: those of its cell styles, of the styles of columns and rows, and of spans of text."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree

from fonts import CELL_FONT, Font, Run, SheetFonts
from legacy_fonts import font_encoding

_CONTENT, _STYLES = "content.xml", "styles.xml"
#: Declarations of fonts and styles stand before the tables.
_HEAD_BYTES = 8 << 20
_LEGACY = re.compile(rb"(?i)\.vn|vni-")
#: A sheet has no more; what is repeated beyond is empty.
_MOST_ROWS, _MOST_COLUMNS = 1 << 20, 1 << 14


class OdsFonts:
    """The font of each style, and the cells that have it."""

    def __init__(self, path: str) -> None:
        self._archive = zipfile.ZipFile(path)
        self._fonts: dict[tuple[str, str], Font | None] = {}
        self.any = any(_LEGACY.search(self._head(part)) for part in (_CONTENT, _STYLES))
        if self.any:
            self._fonts = _Styles.of([self._elements(part) for part in (_STYLES, _CONTENT)]).fonts()
            self.any = any(self._fonts.values())
        self._sheets: list[SheetFonts] | None = None

    def _head(self, part: str) -> bytes:
        if part not in self._archive.namelist():
            return b""
        with self._archive.open(part) as stream:
            return stream.read(_HEAD_BYTES).partition(b":body")[0]

    def _elements(self, part: str) -> Iterator[ElementTree.Element]:
        """The elements of a part that stand before its tables."""
        if part in self._archive.namelist():
            with self._archive.open(part) as stream:
                for event, each in ElementTree.iterparse(stream, ("start", "end")):
                    if event == "end":
                        yield each
                    elif _name(each.tag) == "body":
                        return

    def of_sheet(self, position: int) -> SheetFonts:
        """The cells of a sheet that stand in a legacy font."""
        if self._sheets is None:
            self._sheets = self._read()
        return self._sheets[position] if position < len(self._sheets) else SheetFonts()

    def _read(self) -> list[SheetFonts]:
        found: list[SheetFonts] = []
        table = _Table(self._fonts)
        with self._archive.open(_CONTENT) as stream:
            for event, each in ElementTree.iterparse(stream, ("start", "end")):
                name = _name(each.tag)
                if event == "start":
                    if name == "table":
                        table = _Table(self._fonts)
                        found.append(table.found)
                elif name == "table-column":
                    table.add_column(each)
                elif name == "table-row":
                    table.add_row(each)
                    each.clear()
        return found


@dataclass
class _Styles:
    """Styles by family and name: their own font, and the style that they follow."""

    own: dict[tuple[str, str], str] = field(default_factory=dict)
    parents: dict[tuple[str, str], str] = field(default_factory=dict)
    families: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, parts: list[Iterator[ElementTree.Element]]) -> _Styles:
        found = cls()
        for part in parts:
            for each in part:
                named = _attributes(each)
                if _name(each.tag) == "font-face":
                    found.families[named.get("name", "")] = named.get("font-family", "").strip("'\" ")
                elif _name(each.tag) in ("style", "default-style"):
                    found._add(each, named)
        return found

    def _add(self, style: ElementTree.Element, named: dict[str, str]) -> None:
        key = (named.get("family", ""), named.get("name", ""))
        if "parent-style-name" in named:
            self.parents[key] = named["parent-style-name"]
        for each in style:
            if _name(each.tag) == "text-properties":
                inside = _attributes(each)
                font = inside.get("font-name") or inside.get("font-family", "").strip("'\" ")
                if font:
                    self.own[key] = font

    def fonts(self) -> dict[tuple[str, str], Font | None]:
        """The legacy font of every style that says or inherits a font; the default of a family is the style ""."""
        found: dict[tuple[str, str], Font | None] = {}
        for key in {*self.own, *self.parents}:
            family, name = key
            seen: set[str] = set()
            while (family, name) not in self.own and name not in seen:
                seen.add(name)
                name = self.parents.get((family, name), "")
            if font := self.own.get((family, name)):
                found[key] = font_encoding(self.families.get(font) or font) or font_encoding(font)
        return found


@dataclass
class _Table:
    """Counts the places of one table's cells."""

    fonts: dict[tuple[str, str], Font | None]
    found: SheetFonts = field(default_factory=SheetFonts)
    _columns: list[str] = field(default_factory=list)
    _row: int = 0

    def add_column(self, column: ElementTree.Element) -> None:
        """The next columns, whose cells without a style have the columns' default."""
        named = _attributes(column)
        room = _MOST_COLUMNS - len(self._columns)
        self._columns += [named.get("default-cell-style-name", "")] * min(_times(named, "columns"), room)

    def add_row(self, row: ElementTree.Element) -> None:
        """The next rows."""
        named = _attributes(row)
        times = min(_times(named, "rows"), _MOST_ROWS)
        column = 0
        for cell in row:
            if _name(cell.tag) in ("table-cell", "covered-table-cell"):
                inside = _attributes(cell)
                repeated = min(_times(inside, "columns"), _MOST_COLUMNS - column)
                if len(cell) and inside.get("value-type", "string") == "string":
                    for place in range(column, column + repeated):
                        self._note(cell, inside.get("style-name") or named.get("default-cell-style-name"), place, times)
                column += repeated
        self._row += times

    def _note(self, cell: ElementTree.Element, style: str | None, column: int, rows: int) -> None:
        style = style or (self._columns[column] if column < len(self._columns) else "")
        font = self.fonts.get(("table-cell", style), self.fonts.get(("table-cell", "")))
        runs: list[Run] = []
        for paragraph in (each for each in cell if _name(each.tag) == "p"):
            if runs:
                runs.append((CELL_FONT, "\n"))
            runs += self._runs(paragraph, CELL_FONT)
        if any(own != CELL_FONT for own, _ in runs):
            for row in range(self._row, self._row + rows):
                self.found.note_runs(row, column, font, runs)
        elif font:
            self.found.note(self._row, column, font, rows=rows)

    def _runs(self, element: ElementTree.Element, font: Font | str | None) -> Iterator[Run]:
        yield font, element.text or ""
        for each in element:
            name, named = _name(each.tag), _attributes(each)
            if name == "s":
                yield font, " " * min(int(named.get("c", "1")), 1000)
            elif name in ("tab", "line-break"):
                yield font, "\t" if name == "tab" else "\n"
            elif name in ("span", "a"):
                yield from self._runs(each, self.fonts.get(("text", named.get("style-name", "")), font))
            yield font, each.tail or ""


def _name(tag: str) -> str:
    return tag.rpartition("}")[2]


def _attributes(element: ElementTree.Element) -> dict[str, str]:
    return {_name(name): value for name, value in element.attrib.items()}


def _times(named: dict[str, str], what: str) -> int:
    text = named.get(f"number-{what}-repeated", "1")
    return int(text) if text.isdigit() else 1
