"""Which workbooks have legacy fonts, whatever their format."""

from __future__ import annotations

from pathlib import Path

from fonts import Fonts
from ods_fonts import OdsFonts
from parts import Package
from xls_fonts import XlsFonts
from xlsx_fonts import XlsxFonts


def find_fonts(path: str, package: Package | None) -> Fonts | None:
    """The fonts of a workbook; None where none of them is a legacy font, or where the format is not known to say them.

    What an xlsb says is not read; there the words have to prove the font (``legacy_text``).
    """
    if path.endswith(".xls"):
        return XlsFonts.of(Path(path).read_bytes())
    fonts = XlsxFonts(package) if package else OdsFonts(path) if path.endswith(".ods") else None
    return fonts if fonts and fonts.any else None
