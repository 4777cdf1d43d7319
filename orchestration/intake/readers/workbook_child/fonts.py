"""Cells of a workbook that stand in a legacy font (TCVN3, VNI), and their text as the font shows it.

Belongs here: what all formats share. Where each format says its fonts stands in ``xlsx_fonts``, ``xls_fonts`` and
``ods_fonts``; nothing is read there but the names of fonts, unless one of them is a legacy font.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from legacy_fonts import TCVN3, is_western, shown, with_capitals
from syllables import is_syllable

#: Table of a legacy font, and whether it shows capitals only.
Font = tuple[str, bool]
#: A piece of a rich text: its own font (None: a font of Unicode, "": the font of its cell), and its text.
Run = tuple["Font | str | None", str]
CELL_FONT = ""

LEGACY, UNICODE = "legacy", "unicode"
#: Cells of the other kind (its header) that a column may have and still count as of one kind, if many more agree.
_FEW, _MANY = 2, 10
_NOT_WESTERN_LETTER = re.compile(r"[Ā-ɏ\u0300-\u036fḀ-ỿ]")
#: A text of these alone can be Vietnamese in Unicode as well.
_EITHER = re.compile(r"[^¡-ÿ]*(?:[ÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝàáâãèéêìíòóôõùúý][^¡-ÿ]*)*")
_WORD = re.compile(r"[^\W\d_]+")


class Fonts(Protocol):
    """The fonts of a workbook that has legacy ones."""

    def of_sheet(self, position: int) -> SheetFonts:
        """The cells of a sheet that stand in a legacy font."""


def kind_of(text: str) -> str | None:
    """What a text under the name of a legacy font is: typed in it, or in Unicode; None where it can be either."""
    if not is_western(text):
        return UNICODE if _NOT_WESTERN_LETTER.search(text) else None
    if _EITHER.fullmatch(text) and all(is_syllable(word) for word in _WORD.findall(text) if not word.isascii()):
        return None
    return LEGACY


@dataclass
class SheetFonts:
    """Cells of one sheet in legacy fonts. Rows and columns count from 0.

    A font's name is not proof enough: Unicode is typed under it, too. Texts that can be either follow their column,
    then their sheet. ranges: column → (first row, last row, font), in order. runs: row → column → the runs of a cell
    of several fonts. mended: cells whose text was read by a table.
    """

    ranges: dict[int, list[tuple[int, int, Font]]] = field(default_factory=dict)
    runs: dict[int, dict[int, list[Run]]] = field(default_factory=dict)
    mended: Counter[str] = field(default_factory=Counter)
    _kinds: Counter[tuple[int | None, str]] = field(default_factory=Counter)
    _doubtful: dict[int, dict[str, str]] = field(default_factory=dict)

    def note(self, row: int, column: int, font: Font, *, rows: int = 1) -> None:
        """Note cells of one column below each other; ranges of equal font are kept as one."""
        ranges = self.ranges.setdefault(column, [])
        if ranges and ranges[-1][1] == row - 1 and ranges[-1][2] == font:
            ranges[-1] = (ranges[-1][0], row + rows - 1, font)
        else:
            ranges.append((row, row + rows - 1, font))

    def note_runs(self, row: int, column: int, cell_font: Font | None, runs: list[Run]) -> None:
        """Note a cell of several fonts, if one of them is a legacy one."""
        fonts: list[Run] = [(cell_font if font == CELL_FONT else font, text) for font, text in runs]
        if any(isinstance(font, tuple) for font, _ in fonts):
            self.runs.setdefault(row, {})[column] = fonts

    def learn(self, left: int, rows: Iterable[Sequence[Any]]) -> None:
        """Take the cells of all rows, of which the first stands in column ``left``, as evidence of their kind."""
        for ranges in self.ranges.values():
            ranges.sort()
        for number, row in enumerate(rows):
            for column in self.ranges:
                text = row[column - left] if left <= column < left + len(row) else None
                if isinstance(text, str) and self._font(number, column):
                    self._count(column, text)
            for column, runs in self.runs.get(number, {}).items():
                for font, text in runs:
                    if isinstance(font, tuple):
                        self._count(column, text)

    def _count(self, column: int, text: str) -> None:
        if kind := kind_of(text):
            self._kinds[column, kind] += 1
            self._kinds[None, kind] += 1

    def _font(self, row: int, column: int) -> Font | None:
        ranges = self.ranges[column]
        at = bisect_right(ranges, row, key=lambda each: each[0]) - 1
        return ranges[at][2] if at >= 0 and row <= ranges[at][1] else None

    def show(self, first: int, rows: list[list[str | None]]) -> None:
        """Replace the cells of consecutive rows, the first of them numbered ``first``, by what they show."""
        for column in self.ranges:
            for position, row in enumerate(rows):
                if column < len(row) and (text := row[column]) and (font := self._font(first + position, column)):
                    row[column] = self._read(column, text, [(font, text)])
        for position, row in enumerate(rows) if self.runs else ():
            for column, runs in self.runs.get(first + position, {}).items():
                if column < len(row) and row[column]:
                    row[column] = self._read(column, row[column] or "", runs)

    def _read(self, column: int, text: str, runs: list[Run]) -> str:
        """The text that the runs of a cell show; as it stands where that is Unicode or not certain."""
        fonts = [(font, part) for font, part in runs if isinstance(font, tuple)]
        kind = LEGACY if any(kind_of(part) for _, part in fonts) else self._kind_of_place(column)
        read = "".join(_shown(part, font) if isinstance(font, tuple) else part for font, part in runs)
        if any(font[0] == TCVN3 for font, part in fonts if not part.isascii()):
            read = with_capitals(read)
        if kind == UNICODE or read == text or (kind is None and text.isascii()):
            return text
        if kind is None:
            self._doubtful.setdefault(column, {})[text] = read
            return text
        self.mended[fonts[0][0][0]] += 1
        return read

    def _kind_of_place(self, column: int) -> str | None:
        """What the telling cells of a column are, or of the sheet; where none tells, the font's name holds."""
        for place in (column, None):
            legacy, unicode = self._kinds[place, LEGACY], self._kinds[place, UNICODE]
            for one, other, kind in ((legacy, unicode, LEGACY), (unicode, legacy, UNICODE)):
                if one and (not other or (other <= _FEW and one >= _MANY * other)):
                    return kind
        return None if self._kinds else LEGACY

    def doubtful(self) -> list[tuple[int, dict[str, str]]]:
        """Texts that may stand in Unicode under a legacy font's name, by column, with what the font would show."""
        return list(self._doubtful.items())


def _shown(text: str, font: Font) -> str:
    """What a text shows in a font; a text of letters that the font cannot have is Unicode under its name."""
    if text.isascii() or is_western(text):
        return shown(text, font[0], capitals=font[1])
    return text
