"""The fonts of an xlsx: those of its cell styles and of the runs of its rich texts."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from xml.etree import ElementTree

from fonts import CELL_FONT, Font, Run, SheetFonts
from legacy_fonts import font_encoding
from parts import Package

_VALUE = re.compile(rb"<(?:\w+:)?v[^>]*>([^<]*)</")
_ATTRIBUTE = re.compile(rb"""\b(r|s|t)\s*=\s*["']([^"']*)["']""")
_ROW_OR_CELL = re.compile(rb"<(?:\w+:)?(?:(row)|(c))((?:\s[^>]*?)?)(?:/>|>)")
_REFERENCE = re.compile(rb"([A-Z]{1,3})([0-9]{1,7})")
_STRING = re.compile(rb"<(?:\w+:)?si(?:\s[^>]*)?(?:/>|>(.*?)</(?:\w+:)?si>)", re.DOTALL)
_RUN = re.compile(rb"<(?:\w+:)?r(?:\s[^>]*)?>(.*?)</(?:\w+:)?r>", re.DOTALL)
_RUN_FONT = re.compile(rb"""<(?:\w+:)?rFont\s[^>]*?val\s*=\s*["']([^"']*)["']""")
_TEXT = re.compile(rb"<(?:\w+:)?t(?:\s[^>]*)?>([^<]*)</")


class XlsxFonts:
    """The fonts of cell styles and of shared strings."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._styles = _style_fonts(package.part("styles"))
        self._rich: dict[int, list[Run]] = {}
        if any(self._styles) or any(_names_legacy_font(block) for block in package.strings()):
            self._rich = dict(_rich_strings(package))
        self.any = any(self._styles) or bool(self._rich)

    def of_sheet(self, position: int) -> SheetFonts:
        """The cells of a sheet that stand in a legacy font; places are counted where the sheet does not name them."""
        found = SheetFonts()
        row = column = -1
        for block in self._package.rows_of(position):
            for match in _ROW_OR_CELL.finditer(block):
                named = dict(_ATTRIBUTE.findall(match[3]))
                place = named.get(b"r", b"")
                if match[1]:
                    row, column = int(place) - 1 if place.isdigit() else row + 1, -1
                    continue
                reference = _REFERENCE.fullmatch(place)
                column = _column(reference[1]) if reference else column + 1
                row = int(reference[2]) - 1 if reference else row
                if not match[0].endswith(b"/>"):
                    self._look(block, match.end(), named, row, column, found)
        return found

    def _look(
        self, block: bytes, end: int, named: dict[bytes, bytes], row: int, column: int, found: SheetFonts
    ) -> None:
        kind = named.get(b"t", b"n")
        style = int(named.get(b"s", b"0") or 0)
        font = self._styles[style] if style < len(self._styles) else None
        runs: list[Run] | None = None
        if kind == b"s" and self._rich and (value := _VALUE.search(block, end)):
            runs = self._rich.get(int(value[1]))
        elif kind == b"inlineStr":
            inside = block[end : max(block.find(b"</is>", end), block.find(b":is>", end), end)]
            runs = _runs(inside) if b"rFont" in inside else None
        if runs:
            found.note_runs(row, column, font, runs)
        elif font and kind in (b"s", b"str", b"inlineStr"):
            found.note(row, column, font)


def _style_fonts(styles: bytes) -> list[Font | None]:
    """The legacy font of each cell style."""
    if not _names_legacy_font(styles, b""):
        return []
    root = ElementTree.fromstring(styles)
    names = [
        next((each.get("val", "") for each in font if each.tag.endswith("}name")), "")
        for fonts in root
        if fonts.tag.endswith("}fonts")
        for font in fonts
    ]
    used = [each.get("fontId", "0") for formats in root if formats.tag.endswith("}cellXfs") for each in formats]
    return [font_encoding(names[int(each)]) if each.isdigit() and int(each) < len(names) else None for each in used]


def _names_legacy_font(xml: bytes, element: bytes = b"rFont") -> bool:
    return element in xml and bool(re.search(rb"""(?i)["'](?:\.vn|vni-)""", xml))


def _rich_strings(package: Package) -> Iterator[tuple[int, list[Run]]]:
    """The shared strings that have runs, by number."""
    number = 0
    for block in package.strings():
        for match in _STRING.finditer(block):
            if match[1] and b"rPr" in match[1]:
                yield number, _runs(match[1])
            number += 1


def _runs(string: bytes) -> list[Run]:
    runs: list[Run] = []
    for match in _RUN.finditer(string):
        name = _RUN_FONT.search(match[1])
        font = font_encoding(html.unescape(name[1].decode("utf-8", "replace"))) if name else CELL_FONT
        text = b"".join(_TEXT.findall(match[1])).decode("utf-8", "replace")
        runs.append((font, html.unescape(text)))
    return runs


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - ord("A") + 1
    return number - 1
