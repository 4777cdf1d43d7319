"""A table is the same table in Unicode, in the fonts and bytes of TCVN3 and VNI, and in every mixture of them."""

from __future__ import annotations

import datetime
import io
import json
import unicodedata
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import polars as pl
import pytest
import xlsxwriter
import xlwt

from orchestration.intake import vault_files
from orchestration.intake.bronze import bronze_file, vault_file
from orchestration.intake.ledger import Submission
from orchestration.intake.peek import peek_file, rows_of
from orchestration.intake.readers import UnreadableError, open_document
from orchestration.intake.take_in import take_in_dataset
from orchestration.intake.vietnamese.legacy_fonts import TABLES, TCVN3, VNI
from orchestration.intake.wording import MENDED
from orchestration.settings import Settings
from schemas import Declaration
from tests.conftest import HandIn
from tests.office import RESIDENTS, as_csv, drop, resident, table

Cells = list[list[str]]

_VILLAGES = (
    "Bản Bé",
    "Thôn Ẩm Ướt",
    "Tổ dân phố số 5",
    "Bản Lự",
    "Thôn Ngòi Rãnh",
    "Bản Phìn Ngan Xẻo",
    "Bản Na Ó",
    "Đắk Lắk",
)
_NAMES = ("Giàng A Pó", "Nguyễn Thị Thuỷ", "Lò Văn Bé", "Đặng Hữu Phước", "Vàng Seo Sùng", "Trần Quốc Huỳnh", "Lý Mẩy")
_GROUPS = ("Mông", "Kinh", "Tày", "Hà Nhì", "Dao")


def _table() -> Cells:
    rows = [
        resident(
            number,
            full_name=f"{_NAMES[number % len(_NAMES)]}",
            village=_VILLAGES[number % len(_VILLAGES)],
            ethnicity=_GROUPS[number % len(_GROUPS)],
        )
        for number in range(24)
    ]
    return table(RESIDENTS, rows)


TABLE = _table()
_CODES: dict[str, dict[str, str]] = {}
for _name, _codes in TABLES.items():
    _CODES[_name] = {}
    for _code, _letter in _codes.items():
        _CODES[_name].setdefault(_letter, _code)


def in_font(text: str, encoding: str) -> str:
    """The characters to type for a text in a legacy font; TCVN3 has no capitals with a tone."""
    codes = _CODES[encoding]
    return "".join(codes.get(letter) or codes.get(letter.lower(), letter) for letter in text)


def all_in_font(encoding: str) -> Cells:
    return [[in_font(cell, encoding) for cell in row] for row in TABLE]


def windows_1258(text: str) -> bytes:
    return b"".join(map(_in_1258, text))


def _in_1258(letter: str) -> bytes:
    try:
        return letter.encode("cp1258")
    except UnicodeEncodeError:
        marks = unicodedata.normalize("NFD", letter)
        tone = next(mark for mark in marks if mark in "\u0300\u0301\u0303\u0309\u0323")
        return unicodedata.normalize("NFC", marks.replace(tone, "")).encode("cp1258") + tone.encode("cp1258")


# --- workbooks ----------------------------------------------------------------------------------------------
#: A cell: its pieces, each with its font.
Pieces = Sequence[tuple[str, str]]
Styled = list[list[Pieces]]


def in_one_font(encoding: str, font: str) -> Styled:
    """All cells of the table in one font."""
    return [[[(in_font(cell, encoding), font)] for cell in row] for row in TABLE]


def headed_by_capitals() -> Styled:
    """The header in a font that shows small letters as capitals, capitals with tones typed in it, too."""
    header = [[(in_font(cell.lower(), TCVN3), ".VnTimeH")] for cell in TABLE[0]]
    return [header, *([_capital_by_capital(cell) for cell in row] for row in TABLE[1:])]


def _capital_by_capital(cell: str) -> Pieces:
    """Capitals with a tone as a piece of their own in a font of capitals: what careful typists did."""
    pieces: list[tuple[str, str]] = []
    for letter in cell:
        capital = letter.isupper() and letter not in _CODES[TCVN3] and letter.lower() in _CODES[TCVN3]
        font = ".VnArialH" if capital else ".VnArial"
        code = in_font(letter.lower() if capital else letter, TCVN3)
        if pieces and pieces[-1][1] == font:
            pieces[-1] = (pieces[-1][0] + code, font)
        else:
            pieces.append((code, font))
    return pieces


def of_all_kinds() -> Styled:
    """Unicode, TCVN3 and VNI in turn, cell by cell, and a cell that holds all three."""
    kinds = (("", "Times New Roman"), (TCVN3, ".VnTime"), (VNI, "VNI-Times"))
    styled: Styled = []
    for number, row in enumerate(TABLE):
        cells: list[Pieces] = []
        for column, cell in enumerate(row):
            words = cell.split(" ")
            if column % 4 == 2 and len(words) > 2:
                texts = [*(f"{word} " for word in words[:-1]), words[-1]]
                chosen = [kinds[at % 3] for at in range(len(words))]
            else:
                texts, chosen = [cell], [kinds[(number + column) % 3]]
            cells.append(
                [
                    (in_font(text, kind) if kind else text, font)
                    for text, (kind, font) in zip(texts, chosen, strict=True)
                ]
            )
        styled.append(cells)
    return styled


def xlsx(cells: Styled) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet("Dân cư")
        formats: dict[str, xlsxwriter.format.Format] = {}
        for row, values in enumerate(cells):
            for column, pieces in enumerate(values):
                for _, font in pieces:
                    formats.setdefault(font, book.add_format({"font_name": font}))
                if len(pieces) == 1:
                    sheet.write_string(row, column, pieces[0][0], formats[pieces[0][1]])
                elif pieces:
                    parts = [part for text, font in pieces for part in (formats[font], text)]
                    sheet.write_rich_string(row, column, *parts, formats[pieces[0][1]])
    return file.getvalue()


def xls(cells: Styled) -> bytes:
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("Dân cư")
    fonts: dict[str, xlwt.Font] = {}
    styles: dict[str, xlwt.XFStyle] = {}
    for row, values in enumerate(cells):
        for column, pieces in enumerate(values):
            for _, name in pieces:
                if name not in fonts:
                    fonts[name] = xlwt.Font()
                    fonts[name].name = name
                    styles[name] = xlwt.XFStyle()
                    styles[name].font = fonts[name]
            if len(pieces) == 1:
                sheet.write(row, column, pieces[0][0], styles[pieces[0][1]])
            else:
                sheet.write_rich_text(row, column, [(text, fonts[name]) for text, name in pieces], styles[pieces[0][1]])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def ods(cells: Styled) -> bytes:
    spaces = "".join(
        f' xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text", "style")
    )
    fonts = sorted({font for row in cells for pieces in row for _, font in pieces})
    styles = "".join(
        f'<style:style style:name="{kind}{number}" style:family="{family}"><style:text-properties style:font-name="{font}"/></style:style>'
        for number, font in enumerate(fonts)
        for kind, family in (("c", "table-cell"), ("t", "text"))
    )
    rows = ""
    for row in cells:
        rows += "<table:table-row>"
        for pieces in row:
            style = f"c{fonts.index(pieces[0][1])}"
            spans = "".join(
                f'<text:span text:style-name="t{fonts.index(font)}">{_spaced(text)}</text:span>'
                for text, font in pieces
            )
            inside = spans if len(pieces) > 1 else _spaced(pieces[0][0])
            rows += f'<table:table-cell table:style-name="{style}" office:value-type="string"><text:p>{inside}</text:p></table:table-cell>'
        rows += "</table:table-row>"
    content = (
        f"<office:document-content{spaces}><office:automatic-styles>{styles}</office:automatic-styles><office:body>"
        f'<office:spreadsheet><table:table table:name="Dân cư">{rows}</table:table></office:spreadsheet></office:body></office:document-content>'
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "META-INF/manifest.xml", '<manifest xmlns="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
        )
        archive.writestr("content.xml", content)
    return file.getvalue()


def _spaced(text: str) -> str:
    return escape(text)


# --- the claim ----------------------------------------------------------------------------------------------
def alternating(encoding: str) -> Cells:
    """Every second row pasted from a file in a legacy font."""
    return [row if number % 2 == 0 else all_in_font(encoding)[number] for number, row in enumerate(TABLE)]


def by_columns(encoding: str) -> Cells:
    """A header in Unicode, then every second column in a legacy font."""
    legacy = all_in_font(encoding)
    return [
        TABLE[0],
        *([legacy[n][c] if c % 2 else row_c for c, row_c in enumerate(row)] for n, row in enumerate(TABLE) if n),
    ]


FILES: dict[str, Callable[[], bytes]] = {
    "UTF-8 with a mark": lambda: as_csv(TABLE).encode("utf-8-sig"),
    "UTF-8, decomposed": lambda: unicodedata.normalize("NFD", as_csv(TABLE)).encode(),
    "UTF-16": lambda: as_csv(TABLE).encode("utf-16"),
    "UTF-16, high byte first, without a mark": lambda: as_csv(TABLE).encode("utf-16-be"),
    "Windows-1258": lambda: windows_1258(as_csv(TABLE)),
    "bytes of TCVN3": lambda: as_csv(all_in_font(TCVN3)).encode("cp1252"),
    "bytes of VNI": lambda: as_csv(all_in_font(VNI)).encode("cp1252"),
    "TCVN3 taken for Western and saved as UTF-8": lambda: as_csv(all_in_font(TCVN3)).encode(),
    "VNI taken for Western and saved as UTF-16": lambda: as_csv(all_in_font(VNI)).encode("utf-16"),
    "xlsx in Unicode": lambda: xlsx(in_one_font("", "Times New Roman")),
    "xlsx in .VnTime": lambda: xlsx(in_one_font(TCVN3, ".VnTime")),
    "xlsx in VNI-Times": lambda: xlsx(in_one_font(VNI, "VNI-Times")),
    "xlsx with fonts of capitals": lambda: xlsx(headed_by_capitals()),
    "xlsx with all fonts": lambda: xlsx(of_all_kinds()),
    "xls in .VnTime": lambda: xls(in_one_font(TCVN3, ".VnTime")),
    "xls in VNI-Times": lambda: xls(in_one_font(VNI, "VNI-Helve")),
    "xls with fonts of capitals": lambda: xls(headed_by_capitals()),
    "xls with all fonts": lambda: xls(of_all_kinds()),
    "ods in .VnTime": lambda: ods(in_one_font(TCVN3, ".VnTime")),
    "ods with fonts of capitals": lambda: ods(headed_by_capitals()),
    "ods with all fonts": lambda: ods(of_all_kinds()),
    "rows of TCVN3 between rows of Unicode": lambda: as_csv(alternating(TCVN3)).encode(),
    "rows of VNI between rows of Unicode": lambda: as_csv(alternating(VNI)).encode(),
    "columns of TCVN3 below a header in Unicode": lambda: as_csv(by_columns(TCVN3)).encode(),
    "columns of VNI below a header in Unicode": lambda: as_csv(by_columns(VNI)).encode(),
    "Unicode under the name of a legacy font": lambda: xlsx(in_one_font("", ".VnTime")),
    "xlsx of TCVN3 under a font of Unicode": lambda: xlsx(in_one_font(TCVN3, "Arial")),
}  # fmt: skip
_CODES[""] = {}
_PROVENANCE = ("submission_id", "source_sheet", "source_row")


def taken_in(settings: Settings, submission: Submission) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of bronze and of the vault, without where they come from."""
    files = [where(settings, RESIDENTS, submission.submission_id) for where in (bronze_file, vault_file)]
    bronze, vault = (vault_files.read(settings, file).drop(_PROVENANCE, strict=False) for file in files)
    return bronze, vault


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, HandIn]:
    """One home for all files, so that pseudonyms can be compared."""
    home = tmp_path_factory.mktemp("office")
    now = datetime.datetime(2026, 11, 2, 8, tzinfo=datetime.UTC)
    settings = Settings(home=home / "home", sources=home / "sources", stable_seconds=0, now=now)

    def hand_in(declaration: Declaration, name: str, content: str | bytes) -> Submission:
        drop(settings, declaration, name, content)
        (submission,) = take_in_dataset(settings, declaration)
        return submission

    return settings, hand_in


@pytest.fixture(scope="module")
def original(office: tuple[Settings, HandIn]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of the table as composed UTF-8."""
    settings, hand_in = office
    return taken_in(settings, hand_in(RESIDENTS, "2026-10.csv", as_csv(TABLE)))


@pytest.mark.parametrize("kind", FILES)
def test_a_file_gives_the_same_rows_in_whatever_way_its_text_is_written(
    office: tuple[Settings, HandIn], original: tuple[pl.DataFrame, pl.DataFrame], kind: str
) -> None:
    settings, hand_in = office
    submission = hand_in(RESIDENTS, "2026-10 again", FILES[kind]())
    assert (submission.verdict, submission.rows_accepted) == ("accepted", len(TABLE) - 1), submission.details
    for rows, expected in zip(taken_in(settings, submission), original, strict=True):
        assert rows.equals(expected), [
            (name, *pair)
            for name in rows.columns
            for pair in zip(rows[name], expected[name], strict=False)
            if pair[0] != pair[1]
        ]


# --- what is said, and what stays doubtful --------------------------------------------------------------------
def findings(settings: Settings, submission: Submission) -> list[tuple[int, str, str, str | None]]:
    """Row, column, rule and proposal of what was found in a file."""
    found = vault_files.read(settings, vault_file(settings, RESIDENTS, submission.submission_id, "findings"))
    return found.select("row", "column", "rule", "proposal").rows()


def test_the_receipt_says_how_many_cells_were_read_from_which_font(settings: Settings, hand_in: HandIn) -> None:
    short = [TABLE[0], ["010062000001", in_font("Lò Văn Bé", TCVN3), "05/03/1962", "Nam", "Kinh", "02647", "", "HK1"]]
    styled: Styled = [[[(cell, ".VnTime" if row else "Arial")] for cell in cells] for row, cells in enumerate(short)]
    submission = hand_in(RESIDENTS, "2026-10.xlsx", xlsx(styled))
    assert submission.verdict == "accepted"
    (receipt,) = settings.receipts(RESIDENTS.path).glob("*.json")
    assert json.loads(receipt.read_text())["mended"]["tcvn3"] == 1
    assert MENDED["tcvn3"].vi == "ô phông chữ cũ TCVN3 (.VnTime…) đổi sang Unicode"


def test_a_cell_that_may_be_either_in_a_file_of_both_is_an_error_that_proposes(
    settings: Settings, hand_in: HandIn
) -> None:
    """A name that is right both ways, in a row and a column that do not tell: Lê Bé, or Lờ Bộ in TCVN3."""
    rows = alternating(TCVN3)
    unclear = ["010062000099", "Bé", "05/03/1962", "Nam", "Kinh", "02647", "", "HK1"]
    submission = hand_in(RESIDENTS, "2026-10.csv", as_csv([*rows, unclear]))
    assert submission.rows_rejected == 1
    assert findings(settings, submission) == [(len(rows) + 1, "full_name", "cell.legacy_font", "Bộ")]


def test_a_font_that_holds_unicode_as_well_proves_nothing_for_cells_that_may_be_either(
    settings: Settings, hand_in: HandIn
) -> None:
    names = ["Bé", *(row[1] for row in TABLE[1:])]
    rows = [["010050000099", *TABLE[1][1:]], *TABLE[1:]]
    styled: Styled = [[[(cell, "Arial")] for cell in TABLE[0]]]
    for row, name in zip(rows, names, strict=True):
        styled.append(
            [[(cell, ".VnTime" if column == 1 else "Arial")] for column, cell in enumerate([row[0], name, *row[2:]])]
        )
    submission = hand_in(RESIDENTS, "2026-10.xlsx", xlsx(styled))
    assert submission.verdict == "accepted"  # all cells in that font tell that they are Unicode
    names[3:20:2] = [in_font(name, TCVN3) for name in names[3:20:2]]
    for row, name in zip(styled[1:], names, strict=True):
        row[1] = [(name, ".VnTime")]
    submission = hand_in(RESIDENTS, "2026-10 both.xlsx", xlsx(styled))
    assert findings(settings, submission)[0] == (2, "full_name", "cell.legacy_font", "Bộ")


def test_a_foreign_name_in_bytes_of_tcvn3_is_an_error_and_the_other_rows_go_in(
    settings: Settings, hand_in: HandIn
) -> None:
    rows = all_in_font(TCVN3)
    stranger = ["010062000099", "José García", "05/03/1962", "Nam", "Kinh", "02647", "", "HK1"]
    submission = hand_in(RESIDENTS, "2026-10.csv", as_csv([*rows, stranger]).encode("cp1252"))
    assert (submission.rows_accepted, submission.rows_rejected) == (len(rows) - 1, 1)
    assert [each[:3] for each in findings(settings, submission)] == [(len(rows) + 1, "full_name", "cell.legacy_font")]


def test_peek_shows_characters_as_they_stand_and_bytes_as_what_they_are(settings: Settings, tmp_path: Path) -> None:
    coded = all_in_font(TCVN3)
    for name, content, expected in (
        ("table.xlsx", xlsx(in_one_font(TCVN3, ".VnTime")), coded),
        ("table.csv", as_csv(coded).encode(), coded),
        ("bytes.csv", as_csv(coded).encode("cp1252"), TABLE),
    ):
        (tmp_path / name).write_bytes(content)
        with peek_file(settings, tmp_path / name) as document:
            assert list(rows_of(document.sheets[0])) == expected


@pytest.mark.parametrize("damage", [slice(0, 20), slice(60, 200), slice(400, 1200)])
def test_damaged_fonts_of_an_old_workbook_never_stop_its_reader(
    settings: Settings, tmp_path: Path, damage: slice
) -> None:
    """What the fonts are is lost; whether the workbook can be read is for its reader to say."""
    content = bytearray(xls(of_all_kinds()))
    name = content.find(".VnTime".encode("utf-16-le")) if b".\0V\0" in content else content.find(b".VnTime")
    start = name + damage.start
    content[start : name + damage.stop] = b"\xff" * (damage.stop - damage.start)
    (tmp_path / "book.xls").write_bytes(content)
    try:
        with open_document(settings, tmp_path / "book.xls") as document:
            assert document.sheets
    except UnreadableError as error:
        assert error.rule_id in {"file.unreadable", "file.limits", "file.empty"}
