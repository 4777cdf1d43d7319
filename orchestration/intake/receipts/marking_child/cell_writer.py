"""How openpyxl writes cells here: plain texts, which are nearly all of them, without a tree of elements for each.

It makes three elements of every text and walks them with their namespaces: half of the time of a marked copy. What is
written is the same, byte for byte.

Belongs here: that, and whoever else writes cells in a way of their own. Does not belong here: what cells hold.
"""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

import openpyxl.worksheet._writer as sheet_writer
from openpyxl.cell._writer import etree_write_cell


def write_cell(file: Any, sheet: Any, cell: Any, styled: Any = None) -> None:
    """Write a cell into ``file``, the writer of its sheet's XML."""
    text = cell._value
    if cell.data_type != "s" or type(text) is not str or not text or cell.hyperlink:
        etree_write_cell(file, sheet, cell, styled)
        return
    style = f' s="{cell.style_id}"' if styled else ""
    stripped = text.strip()
    space = ' xml:space="preserve"' if stripped and stripped != text else ""
    file._file(f'<c r="{cell.coordinate}"{style} t="inlineStr"><is><t{space}>{escape(text)}</t></is></c>')


def install(writer: Any = write_cell) -> None:
    """Let openpyxl write cells this way in this process, or as ``writer`` does."""
    sheet_writer.write_cell = writer
