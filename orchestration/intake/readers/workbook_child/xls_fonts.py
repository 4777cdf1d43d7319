"""The fonts of an xls (BIFF5 and BIFF8): those of its cell formats and of the runs of its rich texts.

calamine tells no fonts, and a library that does would read every cell into memory once more: here the records are
only stepped over. Whatever is damaged leaves the fonts unknown; calamine decides whether the workbook can be read.
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from compound import stream_of
from fonts import CELL_FONT, Font, Run, SheetFonts
from legacy_fonts import font_encoding

_BOF, _EOF, _FONT, _FORMAT, _SHEET, _STRINGS, _CONTINUE = 0x809, 0x0A, 0x31, 0xE0, 0x85, 0xFC, 0x3C
_SHARED_TEXT, _TEXT, _RICH_TEXT, _FORMULA = 0xFD, 0x204, 0xD6, 0x06
_BIFF8 = 0x600
_WORKSHEET = 0
#: Number that no font has, for reasons that nobody remembers.
_NO_FONT = 4
_DAMAGED = (struct.error, IndexError, ValueError)


def _records(stream: bytes, position: int) -> Iterator[tuple[int, int, int]]:
    """Kind, start and end of each record from a position to the end of its part."""
    depth = 0
    while position + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, position)
        position += 4
        yield kind, position, position + length
        position += length
        depth += (kind == _BOF) - (kind == _EOF)
        if depth <= 0:
            return


@dataclass
class XlsFonts:
    """The fonts of cell formats and shared texts, and where each sheet begins."""

    stream: bytes
    _fonts: list[Font | None] = field(default_factory=list)
    _formats: list[Font | None] = field(default_factory=list)
    _sheets: list[int] = field(default_factory=list)
    _rich: dict[int, list[Run]] = field(default_factory=dict)

    @classmethod
    def of(cls, data: bytes) -> XlsFonts | None:
        """The fonts of a workbook; None where none is a legacy font, or where they cannot be told."""
        with contextlib.suppress(*_DAMAGED):
            stream = stream_of(data, "Workbook", "Book")
            if stream:
                found = cls(stream)
                return found if found._read_globals() else None
        return None

    def _read_globals(self) -> bool:
        version = 0
        numbers: list[int] = []
        strings: list[tuple[int, int]] = []
        before = 0
        for kind, start, end in _records(self.stream, 0):
            if kind == _BOF:
                (version,) = struct.unpack_from("<H", self.stream, start)
            elif kind == _FONT:
                self._fonts.append(font_encoding(self._font_name(start, wide=version >= _BIFF8)))
            elif kind == _FORMAT:
                numbers.append(struct.unpack_from("<H", self.stream, start)[0])
            elif kind == _SHEET:
                self._sheets.append(struct.unpack_from("<I", self.stream, start)[0])
            elif kind == _STRINGS or (kind == _CONTINUE and before == _STRINGS):
                if not any(self._fonts):
                    return False
                strings.append((start, end))
                before = _STRINGS
                continue
            before = kind
        self._formats = [self._font(number) for number in numbers]
        if strings:
            self._rich = dict(_Texts(self.stream, strings, self._font).rich())
        return any(self._formats) or bool(self._rich)

    def _font_name(self, start: int, *, wide: bool) -> str:
        count, flags = self.stream[start + 14], self.stream[start + 15]
        if not wide:
            return self.stream[start + 15 : start + 15 + count].decode("latin-1")
        size, encoding = (2, "utf-16-le") if flags & 1 else (1, "latin-1")
        return self.stream[start + 16 : start + 16 + size * count].decode(encoding, "replace")

    def _font(self, number: int) -> Font | None:
        return self._fonts[number - (number > _NO_FONT)] if number != _NO_FONT else None

    def of_sheet(self, position: int) -> SheetFonts:
        """The cells of a sheet that stand in a legacy font."""
        found = SheetFonts()
        with contextlib.suppress(*_DAMAGED):
            for kind, start, _ in _records(self.stream, self._sheets[position]):
                if kind in (_SHARED_TEXT, _TEXT, _RICH_TEXT, _FORMULA):
                    row, column, style = struct.unpack_from("<HHH", self.stream, start)
                    font = self._formats[style]
                    number = struct.unpack_from("<I", self.stream, start + 6)[0] if kind == _SHARED_TEXT else -1
                    if number in self._rich:
                        found.note_runs(row, column, font, self._rich[number])
                    elif font and (kind != _FORMULA or self.stream[start + 12 : start + 14] == b"\xff\xff"):
                        found.note(row, column, font)
        return found


@dataclass
class _Texts:
    """The shared texts, one after another, whatever records hold them.

    A text that is cut by the end of a record goes on in the next behind a byte that says its width anew.
    """

    stream: bytes
    pieces: list[tuple[int, int]]
    font: Callable[[int], Font | None]
    _piece: int = 0
    _at: int = 0

    def rich(self) -> Iterator[tuple[int, list[Run]]]:
        """The texts with runs of which at least one differs from the others, by number."""
        self._at = self.pieces[0][0]
        _, count = struct.unpack("<II", self._take(8))
        for number in range(count):
            length, flags = struct.unpack("<HB", self._take(3))
            runs = struct.unpack("<H", self._take(2))[0] if flags & 8 else 0
            more = struct.unpack("<I", self._take(4))[0] if flags & 4 else 0
            text = self._characters(length, wide=bool(flags & 1))
            starts = [struct.unpack("<HH", self._take(4)) for _ in range(runs)]
            self._take(more)
            if starts:
                yield number, self._cut(text, starts)

    def _cut(self, text: str, starts: list[tuple[int, int]]) -> list[Run]:
        first = starts[0][0]
        runs: list[Run] = [(CELL_FONT, text[:first])] if first else []
        ends = [start for start, _ in starts[1:]] + [len(text)]
        runs += [(self.font(font), text[start:end]) for (start, font), end in zip(starts, ends, strict=True)]
        return runs

    def _left(self) -> int:
        return self.pieces[self._piece][1] - self._at

    def _next(self) -> None:
        self._piece += 1
        self._at = self.pieces[self._piece][0]

    def _take(self, count: int) -> bytes:
        taken = b""
        while count:
            if not self._left():
                self._next()
            part = self.stream[self._at : self._at + min(count, self._left())]
            if not part:
                raise ValueError("the texts end too early")
            taken += part
            self._at += len(part)
            count -= len(part)
        return taken

    def _characters(self, count: int, *, wide: bool) -> str:
        text = ""
        while count:
            if not self._left():
                self._next()
                wide = bool(self._take(1)[0] & 1)
            size = 2 if wide else 1
            part = min(count, self._left() // size)
            if not part:
                raise ValueError("a character is cut")
            text += self._take(part * size).decode("utf-16-le" if wide else "latin-1", "surrogatepass")
            count -= part
        return text
