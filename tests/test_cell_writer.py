"""A marked copy's cells are written as openpyxl writes them, byte for byte."""

from __future__ import annotations

import io
import zipfile
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import openpyxl
import openpyxl.worksheet._writer as sheet_writer
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.cell._writer import etree_write_cell
from openpyxl.styles import Font

from orchestration.intake.receipts import marked_copy


def child(name: str) -> ModuleType:
    """A module of the child process, which imports its neighbours by their bare names."""
    spec = spec_from_file_location(name, Path(marked_copy._CHILD) / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


cell_writer = child("cell_writer")
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"), max_size=30)
VALUES = st.one_of(TEXTS, TEXTS.map(lambda text: f"  {text} &<>\"']]> "), st.integers(), st.booleans(), st.none())


def written(values: list[object], styled: bool, writer: object) -> bytes:
    book = openpyxl.Workbook()
    for number, value in enumerate(values, 1):
        cell = book.active.cell(number, 1, value)
        if isinstance(value, str):
            cell.data_type = "s"
        if styled:
            cell.font = Font(bold=True)
        if number % 3 == 0:
            cell.hyperlink = "#Sheet!A1"
    before = sheet_writer.write_cell
    cell_writer.install(writer)
    try:
        file = io.BytesIO()
        book.save(file)
    finally:
        cell_writer.install(before)
    with zipfile.ZipFile(file) as archive:
        return archive.read("xl/worksheets/sheet1.xml")


@given(values=st.lists(VALUES, min_size=1, max_size=8), styled=st.booleans())
def test_plain_texts_are_written_as_by_openpyxl_itself(values: list[object], styled: bool) -> None:
    ours = written(values, styled, cell_writer.write_cell)
    assert ours == written(values, styled, etree_write_cell)
