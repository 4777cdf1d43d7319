"""What calamine does not tell of a workbook's cells, whatever its format: see ``Hidden``."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path
from typing import Protocol
from xml.etree.ElementTree import ParseError

from ods_hidden import OdsHidden
from parts import Hidden
from xls_hidden import XlsHidden
from xlsb_hidden import XlsbHidden

_DAMAGED = (struct.error, IndexError, KeyError, ValueError, zipfile.BadZipFile, zlib.error, ParseError, EOFError)


class _Format(Protocol):
    def hidden(self, position: int) -> Hidden: ...


class FindHidden:
    """Finds the cells of xls, xlsb and ods that hide something. Damaged records leave it unknown, which is said.

    Of an xls without a usable directory, calamine alone decides whether the workbook can be read.
    """

    def __init__(self, path: str) -> None:
        self._format: _Format | None = None
        try:
            if path.endswith(".xls"):
                self._format = XlsHidden(Path(path).read_bytes())
            elif path.endswith(".xlsb"):
                self._format = XlsbHidden(path)
            else:
                self._format = OdsHidden(path)
        except _DAMAGED:
            self._format = None

    def hidden(self, position: int) -> Hidden:
        """What the cells of a sheet hide."""
        try:
            if self._format:
                return self._format.hidden(position)
        except _DAMAGED:
            pass
        return Hidden(unknown=True)
