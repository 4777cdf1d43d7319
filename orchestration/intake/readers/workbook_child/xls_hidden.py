"""Error cells of an xls (BIFF5 and BIFF8), formulas that were never calculated, and zeros that a format shows.

An xls stores a value with every formula, so one that was never calculated can be told only where the program that
wrote it asks for calculation on opening and left a zero there. An empty text that was calculated and one that was
not look alike.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from compound import stream_of
from parts import ERROR_CODES, NOT_CALCULATED, Hidden, fixed_digits

_BOF, _EOF, _FORMAT, _CELL_FORMAT, _SHEET = 0x809, 0x0A, 0x41E, 0xE0, 0x85
_NUMBER, _RK, _MANY_RK, _FORMULA, _BOOLEAN_OR_ERROR = 0x203, 0x27E, 0xBD, 0x06, 0x205
_BIFF8 = 0x600
_CALCULATE_ON_LOAD = 2
_RESULT_IS_NO_NUMBER, _ERROR = b"\xff\xff", 2


def _records(stream: bytes, position: int) -> Iterator[tuple[int, int, int]]:
    """Kind, start and length of each record of a part; those of charts inside it are passed over."""
    depth = 0
    while position + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, position)
        depth += kind == _BOF
        if depth == 1:
            yield kind, position + 4, length
        depth -= kind == _EOF
        position += 4 + length
        if depth <= 0:
            return


class XlsHidden:
    """The formats of a workbook's cells, and where its sheets begin."""

    def __init__(self, data: bytes) -> None:
        found = stream_of(data, "Workbook", "Book")
        if not found:
            raise ValueError("no stream of the workbook")
        self._stream = found
        self._sheets: list[int] = []
        formats: dict[int, int] = {}
        used: list[int] = []
        version = _BIFF8
        for kind, start, length in _records(found, 0):
            if kind == _BOF:
                (version,) = struct.unpack_from("<H", found, start)
            elif kind == _SHEET:
                self._sheets.append(struct.unpack_from("<I", found, start)[0])
            elif kind == _FORMAT:
                text = found[start + (5 if version >= _BIFF8 else 3) : start + length]
                wide = version >= _BIFF8 and found[start + 4] & 1
                code = text.decode("utf-16-le" if wide else "latin-1", "replace")
                formats[struct.unpack_from("<H", found, start)[0]] = fixed_digits(code)
            elif kind == _CELL_FORMAT:
                used.append(struct.unpack_from("<H", found, start + 2)[0])
        self._digits = {style: count for style, each in enumerate(used) if (count := formats.get(each, 0))}

    def hidden(self, position: int) -> Hidden:
        """What the cells of a sheet hide."""
        found = Hidden()
        for kind, start, length in _records(self._stream, self._sheets[position]):
            if kind == _BOOLEAN_OR_ERROR:
                row, column, _, code, is_error = struct.unpack_from("<HHHBB", self._stream, start)
                if is_error:
                    found.show_text(row, column, ERROR_CODES.get(code, "#VALUE!"))
            elif kind == _FORMULA:
                self._look_at_formula(start, found)
            elif self._digits and kind in (_NUMBER, _RK):
                row, column, style = struct.unpack_from("<HHH", self._stream, start)
                self._show_digits(found, row, column, style)
            elif self._digits and kind == _MANY_RK:
                row, column = struct.unpack_from("<HH", self._stream, start)
                for step in range((length - 6) // 6):
                    (style,) = struct.unpack_from("<H", self._stream, start + 4 + 6 * step)
                    self._show_digits(found, row, column + step, style)
        found.sort()
        return found

    def _look_at_formula(self, start: int, found: Hidden) -> None:
        row, column, style = struct.unpack_from("<HHH", self._stream, start)
        result = self._stream[start + 6 : start + 14]
        (options,) = struct.unpack_from("<H", self._stream, start + 14)
        no_number = result[6:] == _RESULT_IS_NO_NUMBER
        if no_number and result[0] == _ERROR:
            found.show_text(row, column, ERROR_CODES.get(result[2], "#VALUE!"))
        elif options & _CALCULATE_ON_LOAD and result == bytes(8):
            found.show_text(row, column, NOT_CALCULATED)
        elif not no_number:
            self._show_digits(found, row, column, style)

    def _show_digits(self, found: Hidden, row: int, column: int, style: int) -> None:
        if count := self._digits.get(style):
            found.show_digits(row, column, count)
