"""Cells of a workbook that stand in a legacy font (TCVN3, VNI), and their text as the font shows it.

Belongs here: what all formats share. Where each format says its fonts stands in ``xlsx_fonts``, ``xls_fonts`` and
``ods_fonts``; nothing is read there but the names of fonts, unless one of them is a legacy font.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol

from legacy_fonts import TCVN3, is_western, shown, with_capitals

#: Table of a legacy font, and whether it shows capitals only.
Font = tuple[str, bool]
#: A piece of a rich text: its own font (None: a font of Unicode, "": the font of its cell), and its text.
Run = tuple["Font | str | None", str]
CELL_FONT = ""

_UNICODE = re.compile(r"[Ā-ɏ\u0300-\u036fḀ-ỿ]")
#: A text of these alone can be Vietnamese in Unicode as well.
_EITHER = re.compile(r"[^¡-ÿ]*(?:[ÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝàáâãèéêìíòóôõùúý][^¡-ÿ]*)*")
#: Unicode cells that a column of legacy ones may have without doubt: a header that was typed anew.
_FEW, _MANY = 2, 10


class Fonts(Protocol):
    """The fonts of a workbook that has legacy ones."""

    def of_sheet(self, position: int) -> SheetFonts:
        """The cells of a sheet that stand in a legacy font."""


@dataclass
class SheetFonts:
    """Cells of one sheet in legacy fonts. Rows and columns count from 0.

    ranges: column → (first row, last row, font). texts: row → column → font and shown text of cells of several fonts.
    mended: cells whose text was read by a table.
    """

    ranges: dict[int, list[tuple[int, int, Font]]] = field(default_factory=dict)
    texts: dict[int, dict[int, tuple[Font, str]]] = field(default_factory=dict)
    mended: Counter[str] = field(default_factory=Counter)
    _unicode: Counter[int] = field(default_factory=Counter)
    _telling: Counter[int] = field(default_factory=Counter)
    _either: dict[int, dict[str, str]] = field(default_factory=dict)

    def note(self, row: int, column: int, font: Font, *, rows: int = 1) -> None:
        """Note cells of one column below each other; ranges of equal font are kept as one."""
        ranges = self.ranges.setdefault(column, [])
        if ranges and ranges[-1][1] == row - 1 and ranges[-1][2] == font:
            ranges[-1] = (ranges[-1][0], row + rows - 1, font)
        else:
            ranges.append((row, row + rows - 1, font))

    def note_runs(self, row: int, column: int, cell_font: Font | None, runs: list[Run]) -> None:
        """Note a cell of several fonts, at least one of them a legacy one."""
        fonts = [(cell_font if font == CELL_FONT else font, text) for font, text in runs]
        legacy = next((font for font, text in fonts if isinstance(font, tuple) and is_western(text)), None)
        if legacy:
            text = "".join(_shown(text, font) if isinstance(font, tuple) else text for font, text in fonts)
            if any(isinstance(font, tuple) and font[0] == TCVN3 for font, _ in fonts):
                text = with_capitals(text)
            self.texts.setdefault(row, {})[column] = (legacy, text)

    def show(self, first: int, rows: list[list[str | None]]) -> None:
        """Replace the cells of consecutive rows, the first of them numbered ``first``, by what they show."""
        end = first + len(rows)
        for column, ranges in self.ranges.items():
            while ranges and ranges[0][0] < end:
                start, last, font = ranges[0]
                for position in range(max(start, first), min(last + 1, end)):
                    if column < len(rows[position - first]) and (text := rows[position - first][column]):
                        rows[position - first][column] = self._read(column, text, font)
                if last >= end:
                    break
                ranges.pop(0)
        for position in range(first, end) if self.texts else ():
            for column, (font, text) in self.texts.pop(position, {}).items():
                if column < len(rows[position - first]) and rows[position - first][column]:
                    rows[position - first][column] = text
                    self.mended[font[0]] += 1

    def _read(self, column: int, text: str, font: Font) -> str:
        read = _shown(text, font)
        if font[0] == TCVN3 and not text.isascii():
            read = with_capitals(read)
        if read == text:
            self._unicode[column] += bool(_UNICODE.search(text))
            return text
        self.mended[font[0]] += 1
        if text.isascii():
            return read
        if _EITHER.fullmatch(text):
            self._either.setdefault(column, {})[read] = text
        else:
            self._telling[column] += 1
        return read

    def doubtful(self) -> list[tuple[int, dict[str, str]]]:
        """Texts that may stand in Unicode under a legacy font's name, by column: what was read → what was written.

        There is none where the font's name holds for all cells, or for all of the column but its header.
        """
        if not self._unicode:
            return []
        return [
            (column, texts)
            for column, texts in self._either.items()
            if not self._telling[column]
            or self._unicode[column] > _FEW
            or _MANY * self._unicode[column] > self._telling[column]
        ]


def _shown(text: str, font: Font) -> str:
    """What a text shows in a font; a text of letters that the font cannot have is Unicode under its name."""
    if text.isascii() or is_western(text):
        return shown(text, font[0], capitals=font[1])
    return text
