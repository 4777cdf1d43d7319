"""Error cells of an xlsb (BIFF12), and zeros that a format shows.

An xlsb stores a value with every formula and nothing that says whether it was ever calculated: that cannot be known.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from xml.etree import ElementTree

from parts import ERROR_CODES, Hidden, check_parts, fixed_digits

_ROW, _RK, _ERROR, _REAL, _FORMULA_NUMBER, _FORMULA_ERROR = 0, 2, 3, 5, 9, 11
_FORMAT, _CELL_FORMAT, _SHEET, _BEGIN_CELL_FORMATS, _END_CELL_FORMATS = 44, 47, 156, 617, 618
_STYLE_BITS = 0xFFFFFF


def _number(data: bytes, position: int, longest: int) -> tuple[int, int]:
    """A number of seven bits a byte, and where it ends."""
    value = 0
    for step in range(longest):
        byte = data[position + step]
        value |= (byte & 0x7F) << (7 * step)
        if not byte & 0x80:
            return value, position + step + 1
    return value, position + longest


def _records(data: bytes) -> Iterator[tuple[int, int]]:
    """Kind and start of each record."""
    position = 0
    while position < len(data):
        kind, position = _number(data, position, 2)
        length, position = _number(data, position, 4)
        yield kind, position
        position += length


def _text(data: bytes, position: int) -> str:
    (count,) = struct.unpack_from("<I", data, position)
    return data[position + 4 : position + 4 + 2 * count].decode("utf-16-le", "replace")


class XlsbHidden:
    """The parts of the sheets, and the formats of a workbook's cells."""

    def __init__(self, path: str) -> None:
        self._archive = zipfile.ZipFile(path)
        check_parts(self._archive)
        names = {each.lower(): each for each in self._archive.namelist()}
        self._names = names
        targets = {}
        for each in ElementTree.fromstring(self._read("xl/_rels/workbook.bin.rels")):
            target = each.get("Target", "")
            part = target.lstrip("/") if target.startswith("/") else str(PurePosixPath("xl") / target)
            targets[each.get("Id", "")] = part
        book = self._read("xl/workbook.bin")
        self._sheets = [targets[_text(book, start + 8)] for kind, start in _records(book) if kind == _SHEET]
        self._digits = self._shown_digits() if "xl/styles.bin" in names else {}

    def _read(self, name: str) -> bytes:
        return self._archive.read(self._names[name.lower()])

    def _shown_digits(self) -> dict[int, int]:
        styles = self._read("xl/styles.bin")
        formats: dict[int, int] = {}
        used: list[int] = []
        of_cells = False
        for kind, start in _records(styles):
            if kind == _FORMAT:
                (number,) = struct.unpack_from("<H", styles, start)
                formats[number] = fixed_digits(_text(styles, start + 2))
            elif kind in (_BEGIN_CELL_FORMATS, _END_CELL_FORMATS):
                of_cells = kind == _BEGIN_CELL_FORMATS
            elif kind == _CELL_FORMAT and of_cells:
                used.append(struct.unpack_from("<H", styles, start + 2)[0])
        return {style: count for style, each in enumerate(used) if (count := formats.get(each, 0))}

    def hidden(self, position: int) -> Hidden:
        """What the cells of a sheet hide."""
        found = Hidden()
        data = self._read(self._sheets[position])
        row = 0
        for kind, start in _records(data):
            if kind == _ROW:
                (row,) = struct.unpack_from("<I", data, start)
            elif kind in (_ERROR, _FORMULA_ERROR):
                (column,) = struct.unpack_from("<I", data, start)
                found.show_text(row, column, ERROR_CODES.get(data[start + 8], "#VALUE!"))
            elif self._digits and kind in (_RK, _REAL, _FORMULA_NUMBER):
                column, style = struct.unpack_from("<II", data, start)
                if count := self._digits.get(style & _STYLE_BITS):
                    found.show_digits(row, column, count)
        found.sort()
        return found
