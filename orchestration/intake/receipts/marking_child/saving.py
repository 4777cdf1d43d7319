"""Saving a workbook so that the same content gives the same bytes: openpyxl writes the time of day in three places."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any

from openpyxl.writer.excel import ExcelWriter

#: The oldest moment that a zip archive can name.
_MOMENT = (1980, 1, 1, 0, 0, 0)
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")


class _Archive(zipfile.ZipFile):
    """An archive whose parts have no time of their own; ``modified`` is the workbook's."""

    modified = b""

    def writestr(self, part: Any, data: Any, *_: Any, **__: Any) -> None:  # type: ignore[override]
        content = data.encode() if isinstance(data, str) else data
        if part == "docProps/core.xml":
            content = _MODIFIED.sub(rb"\g<1>" + self.modified, content)
        super().writestr(self._named(part), content)

    def write(self, file: Any, name: Any = None, *_: Any, **__: Any) -> None:  # type: ignore[override]
        with Path(file).open("rb") as source, self.open(self._named(name), "w", force_zip64=True) as target:
            while block := source.read(1 << 20):
                target.write(block)

    @staticmethod
    def _named(name: str) -> zipfile.ZipInfo:
        part = zipfile.ZipInfo(name, _MOMENT)
        part.compress_type = zipfile.ZIP_DEFLATED
        part.external_attr = 0o600 << 16
        return part


def save(book: Any, target: Path, moment: str) -> None:
    """Save ``book`` as a plain xlsx, last modified at ``moment`` (ISO 8601)."""
    book.template = False
    with _Archive(target, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        archive.modified = moment.encode()
        ExcelWriter(book, archive).write_data()
