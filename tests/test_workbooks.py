"""Workbooks are read as they show themselves, in a child process; what cannot be read truly is said."""

from __future__ import annotations

import datetime
import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
import xlwt
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from orchestration.intake.casts.base import EXCEL_ERRORS
from orchestration.intake.peek import peek_file, write_cells
from orchestration.intake.readers import Document, UnreadableError, open_document
from orchestration.intake.readers.workbook_child import parts
from orchestration.settings import Settings
from tests.office import password_protected_workbook

Cells = list[list[str]]
Write = Callable[[Any], None]

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return tmp_path / "book.xlsx"


def write(path: Path, fill: Write) -> None:
    """A workbook of one sheet Trang."""
    with xlsxwriter.Workbook(path) as workbook:
        sheet = workbook.add_worksheet("Trang")
        sheet.workbook = workbook
        fill(sheet)


def write_raw(path: Path | io.BytesIO, rows: str, *, styles: str = "", more: dict[str, str] | None = None) -> None:
    """A workbook whose sheet holds this XML: what other programs than Excel write."""
    documents = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" ContentType="x"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" '
        f'Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {MAIN} xmlns:r="{RELATIONS}"><sheets>'
        '<sheet name="Trang" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="r2" Type="{RELATIONS}/styles" Target="/xl/styles.xml"/></Relationships>',
        "xl/styles.xml": f"<styleSheet {MAIN}>{styles}</styleSheet>",
        "xl/worksheets/sheet1.xml": f"<worksheet {MAIN}><sheetData>{rows}</sheetData></worksheet>",
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (documents | (more or {})).items():
            archive.writestr(name, content)


def cells_of(document: Document) -> dict[str, Cells]:
    """Every cell of every sheet, empty ones as empty text, rows from 1."""
    found: dict[str, Cells] = {}
    for sheet in document.sheets:
        found[sheet.name] = []
        for batch in sheet.batches(sheet.width):
            assert batch.rows.to_list() == list(
                range(len(found[sheet.name]) + 1, len(found[sheet.name]) + len(batch.rows) + 1)
            )
            found[sheet.name] += [[cell or "" for cell in row] for row in batch.cells.iter_rows()]
    return found


def read(settings: Settings, path: Path, *, exact: bool = False) -> dict[str, Cells]:
    with open_document(settings, path, exact=exact) as document:
        return cells_of(document)


def refusal(settings: Settings, path: Path) -> str:
    """The rule by which a workbook is refused; the message must say what to do."""
    with pytest.raises(UnreadableError) as refused:
        read(settings, path)
    assert "send it again" in str(refused.value)
    return refused.value.rule_id


def peeked(settings: Settings, path: Path) -> tuple[dict[str, Cells], str]:
    """What ``kho peek --json`` prints, and its complaint."""
    out, complaint = io.StringIO(), ""
    with peek_file(settings, path) as document:
        try:
            write_cells(document, out)
        except UnreadableError as error:
            complaint = str(error)
    return json.loads(out.getvalue()), complaint


# --- what a cell shows --------------------------------------------------------------------------------------
def test_values_are_read_in_one_form(settings: Settings, book: Path) -> None:
    moment = datetime.datetime(2026, 10, 31, 7, 30)

    def fill(sheet: Any) -> None:
        date = sheet.workbook.add_format({"num_format": "dd/mm/yyyy hh:mm"})
        sheet.write_row(0, 0, ["chữ", 12, 12.5, 1.234, -0.5, 1234567.891])
        sheet.write_datetime(1, 0, moment, date)
        sheet.write_datetime(1, 1, datetime.datetime(1950, 3, 5), date)
        sheet.write_boolean(1, 2, True)
        sheet.write_formula(1, 3, "=1+1", None, 2)
        sheet.write_formula(1, 4, '=""', None, "")
        sheet.write_string(1, 5, " 007 \n")

    write(book, fill)
    # 1.234 of a numeric cell is a fraction; its fourth decimal says so to the cast, which may not guess.
    expected = [
        ["chữ", "12", "12.5", "1.2340", "-0.5", "1234567.8910"],
        ["2026-10-31 07:30:00", "1950-03-05", "TRUE", "2", parts.NOT_CALCULATED, " 007 \n"],
    ]
    assert read(settings, book) == {"Trang": expected}
    assert read(settings, book, exact=True)["Trang"][0] == ["chữ", "12", "12.5", "1.234", "-0.5", "1234567.891"]


@effort(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=4)
@given(
    numbers=st.lists(
        st.integers(-(10**15) + 1, 10**15 - 1) | st.floats(-1e9, 1e9, width=32).map(lambda each: round(each, 4)),
        min_size=200,
        max_size=200,
    )
)
def test_any_number_of_fifteen_digits_keeps_its_value(settings: Settings, book: Path, numbers: list[float]) -> None:
    write(book, lambda sheet: sheet.write_column(0, 0, numbers))
    for exact in (True, False):
        texts = [row[0] for row in read(settings, book, exact=exact)["Trang"]]
        assert [float(text) for text in texts] == [float(f"{number:.15g}") for number in numbers]
        assert exact or not any(len(text.partition(".")[2]) == 3 for text in texts)


def test_a_number_of_more_digits_than_excel_keeps_is_not_shown_as_if_it_were_whole(
    settings: Settings, book: Path
) -> None:
    write(book, lambda sheet: sheet.write_row(0, 0, [123456789012345678, 1e20, 10**15]))
    assert read(settings, book) == {"Trang": [["1.23456789012346E+17", "1E+20", "1E+15"]]}
    shown, complaint = peeked(settings, book)
    assert shown == {"Trang": [["1.23456789012346E+17", "1E+20", "1E+15"]]}
    assert "Trang row 1: a number of which Excel lost digits" in complaint


def test_zeros_that_a_number_format_shows_are_read(settings: Settings, book: Path) -> None:
    """Two formats of the column change every few thousand rows, so that a run of cells ends anywhere."""
    rows = 25_000
    expected = [str(1080000000 + row).zfill(12 if row // 3000 % 2 else 0) for row in range(rows)]

    def fill(sheet: Any) -> None:
        shown = sheet.workbook.add_format({"num_format": "000000000000"})
        for row in range(rows):
            sheet.write_number(row, 1, 1080000000 + row, shown if row // 3000 % 2 else None)
        sheet.write_string(0, 0, "7", sheet.workbook.add_format({"num_format": "00000"}))

    write(book, fill)
    read_back = read(settings, book)["Trang"]
    assert [row[1] for row in read_back] == expected
    assert read_back[0][0] == "7"


def test_errors_and_formulas_never_calculated_are_seen_where_they_stand(settings: Settings, book: Path) -> None:
    def fill(sheet: Any) -> None:
        sheet.write_row("B3", ["a", "b", "c"])
        sheet.write_formula("B4", "=NA()", None, "#N/A")
        sheet.write_formula("C5", "=1/0", None, "#DIV/0!")
        sheet.write_formula("D5", "=B4+1", None, "")
        sheet.write_string("C4", 't="e"')
        sheet.write_formula("D4", '="x"', None, "x")

    write(book, fill)
    expected = [["", "a", "b", "c"], ["", "#N/A", 't="e"', "x"], ["", "", "#DIV/0!", parts.NOT_CALCULATED]]
    assert read(settings, book) == {"Trang": [[""] * 4, [""] * 4, *expected]}
    shown, complaint = peeked(settings, book)
    assert shown["Trang"][2:] == [row[1:] for row in expected]
    assert "Trang row 5: a formula without a stored value" in complaint
    assert {parts.NOT_CALCULATED, "#N/A", "#DIV/0!"} <= EXCEL_ERRORS


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('<c r="A1"><f>B1</f></c>', parts.NOT_CALCULATED),
        ('<c r="A1"><f>B1</f><v/></c>', parts.NOT_CALCULATED),
        ('<c r="A1"><f t="shared" si="0"/></c>', parts.NOT_CALCULATED),
        ('<c r="A1"><f>B1</f>\n  <v></v>\n</c>', parts.NOT_CALCULATED),
        ('<c r="A1" t="str"><f>B1</f><v></v></c>', ""),
        ('<c r="A1"><f>B1</f><v>5</v></c>', "5"),
        ('<c t="e" r="A1"><v>#REF!</v></c>', "#REF!"),
        ("<c r='A1' t='e'><v>#REF!</v></c>", "#REF!"),
        ('<c r="A1" s="1"><v>7</v></c>', "007"),
        ('<c r="A1" s="1"><v>7.5</v></c>', "7.5"),
        ('<c r="A1" s="1"><v>1234</v></c>', "1234"),
        ('<c r="A1" s="2"><v>7</v></c>', "7"),
    ],
)
def test_cells_as_any_program_may_write_them(settings: Settings, book: Path, cell: str, text: str) -> None:
    styles = '<numFmts><numFmt numFmtId="170" formatCode="000;-000"/></numFmts><cellXfs><xf/><xf numFmtId="170"/><xf numFmtId="1"/></cellXfs>'
    write_raw(book, f'<row r="1">{cell}<c r="B1"><v>1</v></c></row>', styles=styles)
    assert read(settings, book) == {"Trang": [[text, "1"]]}


def test_a_table_keeps_its_place_in_the_sheet_and_peek_leaves_out_what_is_blank_around_it(
    settings: Settings, book: Path
) -> None:
    def fill(sheet: Any) -> None:
        sheet.write_row("C4", ["a", "b"])
        sheet.write_row("C6", [1, 2])
        sheet.write_blank("D20", None, sheet.workbook.add_format({"bg_color": "red"}))

    write(book, fill)
    blank = [""] * 4
    table = [blank, blank, blank, ["", "", "a", "b"], blank, ["", "", "1", "2"]]
    assert read(settings, book)["Trang"][:6] == table
    assert peeked(settings, book) == ({"Trang": [row[2:] for row in table]}, "")


def test_visible_sheets_are_read_in_order_and_hidden_ones_are_not(settings: Settings, book: Path) -> None:
    with xlsxwriter.Workbook(book) as workbook:
        for name, hide in (("Ẩn", "hide"), ("Hai", ""), ("Rất ẩn", "very_hidden"), ("Một", "")):
            sheet = workbook.add_worksheet(name)
            sheet.write_string(0, 0, name)
            if hide:
                getattr(sheet, hide)()
        workbook.add_chartsheet("Biểu đồ")
        workbook.worksheets_objs[1].activate()
    assert read(settings, book) == {"Hai": [["Hai"]], "Một": [["Một"]]}


def test_the_stamp_of_a_template_is_read_from_its_hidden_sheet(settings: Settings, book: Path) -> None:
    with xlsxwriter.Workbook(book) as workbook:
        workbook.add_worksheet("Số liệu").write_string(0, 0, "a")
        hidden = workbook.add_worksheet("_kho")
        hidden.hide()
        hidden.write_column(0, 0, ["kho-template", "land/parcels", "abc", "2026Q4", ""])
    with open_document(settings, book) as document:
        assert list(document.stamp) == ["kho-template", "land/parcels", "abc", "2026Q4"]
        assert [sheet.name for sheet in document.sheets] == ["Số liệu"]


def test_a_sheet_is_read_in_batches_and_in_the_width_that_is_asked_for(settings: Settings, book: Path) -> None:
    write(book, lambda sheet: [sheet.write_row(row, 0, [row, "x", "y"]) for row in range(25_000)])
    small = settings.model_copy(update={"batch_rows": 10_000})
    with open_document(small, book) as document:
        (sheet,) = document.sheets
        narrow, wide = (list(sheet.batches(width)) for width in (1, 5))
    assert [len(batch.rows) for batch in narrow] == [10_000, 10_000, 5_000]
    assert [batch.cells.width for batch in narrow + wide] == [1] * 3 + [5] * 3
    assert wide[2].cells.row(-1) == ("24999", "x", "y", None, None)
    assert wide[2].rows[-1] == 25_000


def test_an_old_workbook_is_read(settings: Settings, tmp_path: Path) -> None:
    workbook = xlwt.Workbook(encoding="utf-8")
    sheet = workbook.add_sheet("Trang")
    hidden = workbook.add_sheet("Ẩn")
    hidden.visibility = 1
    for column, value in enumerate(("Phường Lào Cai", 12.5, datetime.date(2026, 10, 31), True, 1.234)):
        style = (
            xlwt.easyxf(num_format_str="DD/MM/YYYY") if isinstance(value, datetime.date) else xlwt.Style.default_style
        )
        sheet.write(1, column, value, style)
    workbook.save(str(tmp_path / "book.xls"))
    row = ["Phường Lào Cai", "12.5", "2026-10-31", "TRUE", "1.2340"]
    assert read(settings, tmp_path / "book.xls") == {"Trang": [[""] * 5, row]}


def test_an_open_document_is_read(settings: Settings, tmp_path: Path) -> None:
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    cells = (
        '<table:table-cell office:value-type="string"><text:p>Thôn Bản Qua</text:p></table:table-cell>'
        '<table:table-cell table:number-columns-repeated="2"/>'
        '<table:table-cell office:value-type="float" office:value="12.5"><text:p>12,5</text:p></table:table-cell>'
        '<table:table-cell office:value-type="date" office:date-value="2026-10-31"><text:p>31/10/26</text:p></table:table-cell>'
    )
    content = f'<office:document-content {names}><office:body><office:spreadsheet><table:table table:name="Trang"><table:table-row>{cells}</table:table-row></table:table></office:spreadsheet></office:body></office:document-content>'
    path = tmp_path / "book.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "META-INF/manifest.xml", '<manifest xmlns="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
        )
        archive.writestr("content.xml", content)
    assert read(settings, path) == {"Trang": [["Thôn Bản Qua", "", "", "12.5", "2026-10-31"]]}


def test_what_cells_of_an_old_workbook_hide_is_seen(settings: Settings, tmp_path: Path) -> None:
    workbook = xlwt.Workbook(encoding="utf-8")
    sheet = workbook.add_sheet("Trang")
    zeros = xlwt.easyxf(num_format_str="000000000000")
    for row, number in enumerate((1080000000, 15080000001, 1080000000.5)):
        sheet.write(row, 0, number, zeros)
        sheet.write(row, 1, number, zeros)
    sheet.write(0, 2, 7)
    sheet.row(1).set_cell_error(2, "#DIV/0!")
    sheet.write(2, 2, xlwt.Formula("A1+1"), zeros)
    workbook.save(str(tmp_path / "book.xls"))
    data = bytearray((tmp_path / "book.xls").read_bytes())
    # The formula as a program leaves it that asks for calculation on opening: a zero, and the flag for it.
    place = data.index(b"\x06\x00", data.index(b"\x05\x02\x08\x00"))  # behind the error cell
    data[place + 10 : place + 20] = bytes(8) + b"\x02\x00"
    (tmp_path / "book.xls").write_bytes(data)
    assert read(settings, tmp_path / "book.xls") == {
        "Trang": [
            ["001080000000", "001080000000", "7"],
            ["015080000001", "015080000001", "#DIV/0!"],
            ["1080000000.5", "1080000000.5", parts.NOT_CALCULATED],
        ]
    }
    assert set(parts.ERROR_CODES.values()) <= EXCEL_ERRORS


def test_what_cells_of_a_binary_workbook_hide_is_seen(settings: Settings, tmp_path: Path) -> None:
    """No library writes xlsb, so its records are written here: kind, length, content."""

    def record(kind: int, content: bytes = b"") -> bytes:
        number = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
        return number + bytes([len(content)]) + content

    def text(words: str) -> bytes:
        return struct.pack("<I", len(words)) + words.encode("utf-16-le")

    def cell(kind: int, column: int, style: int, content: bytes) -> bytes:
        return record(kind, struct.pack("<II", column, style) + content)

    styles = (
        record(615, struct.pack("<I", 1)) + record(44, struct.pack("<H", 170) + text("000000")) + record(616)
        + record(626) + record(47, struct.pack("<HH6H", 0xFFFF, 170, *[0] * 6)) + record(627)
        + record(617, struct.pack("<I", 2)) + record(47, bytes(16)) + record(47, struct.pack("<HH6H", 0, 170, *[0] * 6)) + record(618)
    )  # fmt: skip
    sheet = (
        record(129) + record(148, struct.pack("<4I", 0, 1, 0, 2)) + record(145)
        + record(0, struct.pack("<I", 0) + bytes(21))
        + cell(5, 0, 1, struct.pack("<d", 42)) + cell(5, 1, 0, struct.pack("<d", 42)) + cell(3, 2, 0, b"\x2a")
        + record(0, struct.pack("<I", 1) + bytes(21))
        + cell(2, 0, 1, struct.pack("<i", 7 << 2 | 2)) + cell(11, 1, 0, b"\x07" + bytes(2) + bytes(8)) + cell(4, 2, 0, b"\x01")
        + record(146) + record(130)
    )  # fmt: skip
    book = (
        record(131)
        + record(143)
        + record(156, struct.pack("<II", 0, 1) + text("r1") + text("Trang"))
        + record(144)
        + record(132)
    )
    relations = (
        f'<Relationships xmlns="{PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{RELATIONS}/worksheet" Target="worksheets/sheet1.bin"/></Relationships>'
    )
    with zipfile.ZipFile(tmp_path / "book.xlsb", "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.bin", book)
        archive.writestr("xl/_rels/workbook.bin.rels", relations)
        archive.writestr("xl/styles.bin", styles)
        archive.writestr("xl/worksheets/sheet1.bin", sheet)
    assert read(settings, tmp_path / "book.xlsb") == {
        "Trang": [["000042", "42", "#N/A"], ["000007", "#DIV/0!", "TRUE"]]
    }


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('table:formula="of:=1/0" office:value-type="string" office:string-value="" calcext:value-type="error"><text:p>#DIV/0!</text:p>', "#DIV/0!"),
        ('table:formula="of:=1/0" office:value-type="float" office:value="0" calcext:value-type="error"><text:p>Err:502</text:p>', "#VALUE!"),
        ('table:formula="of:=1/0" office:value-type="string" office:string-value=""><text:p>#N/A</text:p>', "#N/A"),
        ('table:formula="of:=B1"><text:p></text:p>', parts.NOT_CALCULATED),
        ('table:formula="of:=&quot;&quot;" office:value-type="string" office:string-value=""><text:p></text:p>', ""),
        ('office:value-type="float" office:value="1080000000"><text:p>001080000000</text:p>', "001080000000"),
        ('office:value-type="float" office:value="7.5"><text:p>07</text:p>', "7.5"),
        ('office:value-type="string"><text:p>#1</text:p>', "#1"),
    ],
)  # fmt: skip
def test_what_cells_of_an_open_document_hide_is_seen(settings: Settings, tmp_path: Path, cell: str, text: str) -> None:
    """Where they stand: below a row and behind a cell that stand for several."""
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    names += ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
    one = '<table:table-cell office:value-type="string"><text:p>x</text:p></table:table-cell>'
    two = one.replace(" office", ' table:number-columns-repeated="2" office', 1)
    content = (
        f'<office:document-content {names}><office:body><office:spreadsheet><table:table table:name="Trang">'
        f'<table:table-row table:number-rows-repeated="2">{one}</table:table-row>'
        f"<table:table-row>{two}"
        f"<table:table-cell {cell}</table:table-cell>{one}</table:table-row>"
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    path = tmp_path / "book.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "META-INF/manifest.xml", '<manifest xmlns="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
        )
        archive.writestr("content.xml", content)
    assert read(settings, path) == {"Trang": [["x", "", "", ""], ["x", "", "", ""], ["x", "x", text, "x"]]}


def test_the_kind_is_judged_by_content_not_by_name(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    workbook = openpyxl.Workbook()
    workbook.active.append(["a", "b"])
    workbook.save(path)
    assert list(read(settings, path).values()) == [[["a", "b"]]]


# --- refusals -----------------------------------------------------------------------------------------------
def test_a_password_is_named_as_the_reason(settings: Settings, book: Path) -> None:
    book.write_bytes(password_protected_workbook())
    assert refusal(settings, book) == "file.password"


@pytest.mark.parametrize("kept", [0.3, 0.9, 0.99])
def test_a_workbook_cut_short_is_refused(settings: Settings, book: Path, kept: float) -> None:
    write(book, lambda sheet: sheet.write_row(0, 0, ["a", "b"]))
    whole = book.read_bytes()
    book.write_bytes(whole[: int(len(whole) * kept)])
    assert refusal(settings, book) == "file.unreadable"


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        ('<row r="1"><c r="A1"><v>abc</v></c></row>', "file.unreadable"),
        ('<row r="1"><c r="A1" t="s"><v>99</v></c></row>', "file.unreadable"),
        ('<row r="1"><c r="ZZZZZZ1"><v>1</v></c></row>', "file.limits"),
        ('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>', "file.limits"),
        (" " * (8 << 20), "file.limits"),
        ("<x>" * 2_000_000, "file.limits"),
    ],
    ids=[
        "a number that is none",
        "a text that is not there",
        "a column beyond all",
        "a far-away cell",
        "a bomb",
        "depth",
    ],
)
def test_a_damaged_or_hostile_sheet_is_refused(settings: Settings, book: Path, rows: str, rule: str) -> None:
    small = settings.model_copy(update={"reader_memory_mb": 1024})
    write_raw(book, rows)
    assert refusal(small, book) == rule


def test_an_archive_with_two_parts_of_one_name_is_refused(settings: Settings, book: Path) -> None:
    write_raw(book, '<row r="1"><c r="A1"><v>1</v></c></row>')
    with zipfile.ZipFile(book, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("xl/worksheets/sheet1.xml", f"<worksheet {MAIN}/>")
    assert refusal(settings, book) == "file.unreadable"


def test_two_sheets_of_one_name_are_refused(settings: Settings, book: Path) -> None:
    """A cell's place would mean two cells."""
    names = f'<workbook {MAIN} xmlns:r="{RELATIONS}"><sheets><sheet name="A" sheetId="1" r:id="r1"/><sheet name="A" sheetId="2" r:id="r1"/></sheets></workbook>'
    write_raw(book, '<row r="1"><c r="A1"><v>1</v></c></row>', more={"xl/workbook.xml": names})
    assert refusal(settings, book) == "file.unreadable"


def test_a_workbook_without_visible_sheet_or_cell_is_empty(settings: Settings, book: Path) -> None:
    write_raw(book, "", more={"xl/workbook.xml": f"<workbook {MAIN}><sheets/></workbook>"})
    assert refusal(settings, book) == "file.empty"
    write_raw(book, "")
    assert read(settings, book) == {"Trang": []}


def test_a_document_under_a_workbooks_name_is_refused(settings: Settings, book: Path) -> None:
    with zipfile.ZipFile(book, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<w/>")
    assert refusal(settings, book) == "file.unreadable"


def test_a_reader_that_takes_too_long_is_ended(settings: Settings, book: Path) -> None:
    write(book, lambda sheet: sheet.write_string(0, 0, "a"))
    assert refusal(settings.model_copy(update={"reader_seconds": 0.01}), book) == "file.limits"


def test_a_refusal_quotes_no_cell(settings: Settings, book: Path) -> None:
    write_raw(book, '<row r="1"><c r="A1"><v>Giàng A Páo</v></c></row>')
    with pytest.raises(UnreadableError) as refused:
        read(settings, book)
    assert "Giàng" not in str(refused.value)


def test_nothing_is_left_in_the_temporary_folder(settings: Settings, book: Path) -> None:
    write(book, lambda sheet: sheet.write_string(0, 0, "a"))
    read(settings, book)
    book.write_bytes(b"PK\x03\x04")
    refusal(settings, book)
    assert list(settings.temporary.iterdir()) == []
