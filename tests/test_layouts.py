"""Whole workbooks as offices make them: what becomes bronze, what is left out, and what the receipt says of it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter

from orchestration.intake import vault_files
from orchestration.intake.bronze import bronze_file, vault_file
from orchestration.intake.ledger import Submission
from orchestration.intake.readers import open_document
from orchestration.settings import Settings
from schemas import Declaration
from tests.conftest import HandIn
from tests.office import PARCELS, RESIDENTS, resident, rows_csv

BAT_XAT, Y_TY, SA_PA = "02683", "02701", "03006"
HEADERS = ("STT", "Số định danh cá nhân", "Họ và tên", "Ngày sinh", "Giới tính", "Thôn", "Dân tộc", "Ghi chú")
Cells = list[list[str]]


def person(number: int, village: str = "", ethnicity: str = "", **other: str) -> list[str]:
    row = resident(number, **other)
    return [str(number), row["citizen_id"], row["full_name"], row["date_of_birth"], row["sex"], village, ethnicity, ""]


def write(path: Path, sheets: dict[str, Cells], *, hidden: tuple[str, ...] = ()) -> bytes:
    """A workbook of sheets of text cells."""
    with xlsxwriter.Workbook(path) as book:
        for name, cells in sheets.items():
            sheet = book.add_worksheet(name)
            if name in hidden:
                sheet.hide()
            for row, values in enumerate(cells):
                for column, value in enumerate(values):
                    if value:
                        sheet.write_string(row, column, value)
        next(each for each in book.worksheets() if each.name not in hidden).activate()
    return path.read_bytes()


def bronze(settings: Settings, declaration: Declaration, submission: Submission) -> pl.DataFrame:
    return pl.read_parquet(bronze_file(settings, declaration, submission.submission_id))


def findings(settings: Settings, declaration: Declaration, submission: Submission) -> list[tuple[Any, ...]]:
    file = vault_file(settings, declaration, submission.submission_id, "findings")
    return vault_files.read(settings, file).select("sheet", "row", "column", "rule").rows()


def notices(submission: Submission) -> dict[str, str]:
    return {each["rule"]: each["title"] for each in submission.details["notices"]}


def receipt(settings: Settings, declaration: Declaration) -> dict[str, Any]:
    (file,) = settings.receipts(declaration.path).glob("*.json")
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


# --- one form with everything -------------------------------------------------------------------------------
class Form:
    """Writes a printed form, and remembers which rows are persons of which commune."""

    def __init__(self, path: Path) -> None:
        self.book = xlsxwriter.Workbook(path)
        self.sheet = self.book.add_worksheet("Danh sách")
        self.bold = self.book.add_format({"bold": True, "align": "center", "border": 1})
        self.row = 0
        self.expected: list[tuple[int, str, str | None]] = []

    def across(self, text: str) -> None:
        self.sheet.merge_range(self.row, 0, self.row, 7, text, self.bold)
        self.row += 1

    def cells(self, *values: str) -> None:
        for position, value in enumerate(values):
            if value:
                self.sheet.write_string(self.row, position, value)
        self.row += 1

    def header(self) -> None:
        for position in (0, 1, 5, 6, 7):
            self.sheet.merge_range(self.row, position, self.row + 1, position, HEADERS[position], self.bold)
        self.sheet.merge_range(self.row, 2, self.row, 4, "Thông tin cá nhân", self.bold)
        for position in (2, 3, 4):
            self.sheet.write_string(self.row + 1, position, HEADERS[position], self.bold)
        self.row += 2

    def persons(self, numbers: range, commune: str, village: str) -> None:
        for number in numbers:
            first = number == numbers[0]
            self.cells(*person(number, village if first else "-nt-", "Mông" if first else "nt"))
            self.expected.append((self.row, commune, village))


def write_form(path: Path) -> list[tuple[int, str, str | None]]:
    """Letterhead, merged header, number row, sections, subtotals, ditto marks, a second page, notes, a signature."""
    form = Form(path)
    form.cells("CÔNG AN TỈNH LÀO CAI", "", "", "", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM")
    form.cells("PHÒNG QLHC VỀ TTXH", "", "", "", "Độc lập - Tự do - Hạnh phúc")
    form.row += 1
    form.across("DANH SÁCH DÂN CƯ THÁNG 10 NĂM 2026")
    form.across("(Kèm theo Công văn số 12/CAT ngày 01 tháng 11 năm 2026)")
    form.header()
    form.cells(*(f"({number})" for number in range(1, 9)))
    form.across("I. XÃ BÁT XÁT")
    form.cells("1", "Thôn Bản Vược", "", "", "", "", "", "10 người")
    form.persons(range(1, 11), BAT_XAT, "Thôn Bản Vược")
    form.cells("", "Cộng thôn Bản Vược", "", "", "", "", "", "10")
    form.cells("2", "Thôn Bản Trung")
    form.persons(range(11, 19), BAT_XAT, "Thôn Bản Trung")
    form.cells("", "Cộng xã Bát Xát", "", "", "", "", "", "18")
    form.across("Xã Y Tý")
    form.persons(range(19, 27), Y_TY, "Cộng Hòa")
    form.cells("Cộng chuyển trang sau", "", "", "", "", "", "", "26")
    form.header()
    form.cells(*(f"({number})" for number in range(1, 9)))
    form.persons(range(27, 35), Y_TY, "Lao Chải")
    form.cells("Cộng xã Y Tý", "", "", "", "", "", "", "16")
    form.across("III. Phường Sa Pa (tiếp theo)")
    form.cells(*person(36, "Tổ 1", "Kinh", full_name="Tổng Văn Cộng"))
    form.expected.append((form.row, SA_PA, "Tổ 1"))
    form.persons(range(37, 41), SA_PA, "Tổ 2")
    for hidden in range(form.row - 3, form.row):
        form.sheet.set_row(hidden, None, None, {"hidden": True})
    form.across("TỔNG CỘNG (I+II+III): 39 người")
    form.row += 1
    form.cells("Ghi chú: danh sách lập theo sổ hộ tịch")
    form.cells("", "", "", "", "Lào Cai, ngày 01 tháng 11 năm 2026")
    form.cells("", "NGƯỜI LẬP BIỂU", "", "", "KT. TRƯỞNG PHÒNG")
    form.cells("", "", "", "", "(Ký, ghi rõ họ tên)")
    form.cells("", "Giàng Thị Mỷ", "", "", "Vàng A Tủa")
    form.sheet.autofilter(6, 0, form.row, 7)
    form.book.close()
    return form.expected


def test_a_form_with_everything_gives_exactly_its_persons(settings: Settings, hand_in: HandIn, tmp_path: Path) -> None:
    expected = write_form(tmp_path / "form.xlsx")
    submission = hand_in(RESIDENTS, "danh sách.xlsx", (tmp_path / "form.xlsx").read_bytes())
    frame = bronze(settings, RESIDENTS, submission)
    assert frame.select("source_row", "commune", "village").rows() == expected
    assert (submission.verdict, len(expected), submission.rows_rejected) == ("accepted", 39, 0)
    assert submission.period == "2026-10"
    assert findings(settings, RESIDENTS, submission) == []
    assert submission.details["ignored"] == {
        "letterhead": 4,
        "header": 4,
        "number_row": 2,
        "section": 5,
        "total": 5,
        "note": 5,
    }
    # 34 villages and 34 ethnic groups of the rows that are not the first of their block; 39 communes
    assert {kind: submission.details["mended"][kind] for kind in ("ditto", "section")} == {"ditto": 66, "section": 39}
    said = receipt(settings, RESIDENTS)
    assert (said["ignored"]["section"], said["mended"]["ditto"], said["mended"]["section"]) == (5, 66, 39)


def test_returned_rows_keep_the_officers_own_cells(settings: Settings, hand_in: HandIn, tmp_path: Path) -> None:
    wrong = person(2, "nt", "nt", sex="?")
    content = write(tmp_path / "b.xlsx", {"Xã Bát Xát": [list(HEADERS), person(1, "Thôn 1", "Mông"), wrong, person(3)]})
    submission = hand_in(RESIDENTS, "2026-10.xlsx", content)
    returned = vault_files.read(settings, vault_file(settings, RESIDENTS, submission.submission_id, "returned"))
    assert [list(row) for row in returned.rows()] == [["Xã Bát Xát", 3, *wrong[:7], None]]
    assert findings(settings, RESIDENTS, submission) == [("Xã Bát Xát", 3, "sex", "choice.unknown")]


# --- several sheets -----------------------------------------------------------------------------------------
def test_a_sheet_per_commune_is_taken_whole_whatever_place_its_columns_have(
    settings: Settings, hand_in: HandIn, tmp_path: Path
) -> None:
    shifted = [["", "", *row] for row in ([list(HEADERS), person(3, "Thôn 3"), person(4, "Thôn 4", sex="?")])]
    content = write(
        tmp_path / "b.xlsx",
        {"Bát Xát": [list(HEADERS), person(1, "Thôn 1"), person(2, "Thôn 2", sex="?")], "Y Tý": shifted, "Trống": []},
    )
    submission = hand_in(RESIDENTS, "2026-10.xlsx", content)
    assert bronze(settings, RESIDENTS, submission).select("source_sheet", "source_row", "commune").rows() == [
        ("Bát Xát", 2, BAT_XAT),
        ("Y Tý", 2, Y_TY),
    ]
    assert (submission.rows_read, submission.rows_rejected) == (6, 2)
    assert "file.sheets_left_out" not in notices(submission)


def test_sheets_that_do_not_fit_and_hidden_ones_are_named(settings: Settings, hand_in: HandIn, tmp_path: Path) -> None:
    other = [[*HEADERS[:6], "Mã hộ"], person(3)[:6]]
    content = write(
        tmp_path / "b.xlsx",
        {
            "Bát Xát": [list(HEADERS), person(1)],
            "Tổng hợp": [["Xã", "Số người"], ["Bát Xát", "1"], ["Y Tý", "1"]],
            "Y Tý": [list(HEADERS), person(2)],
            "Sa Pa": other,
            "Nháp": [list(HEADERS), person(5)],
            "Hướng dẫn": [["Cách ghi"]],
        },
        hidden=("Nháp",),
    )
    submission = hand_in(RESIDENTS, "2026-10.xlsx", content)
    assert (submission.verdict, submission.rows_accepted) == ("accepted", 2)
    assert notices(submission)["file.sheets_left_out"] == (
        "«Tổng hợp» (3 dòng: không có tiêu đề cột của bảng này); "
        "«Sa Pa» (2 dòng: khác các trang đã nhận ở cột Dân tộc; Mã hộ)"
    )
    assert notices(submission)["file.hidden_sheets"] == "«Nháp»"
    assert [(each["sheet"], each["rows"]) for each in submission.details["sheets_left_out"]] == [
        ("Tổng hợp", 3),
        ("Sa Pa", 2),
    ]
    said = {each["rule"]: each["message"] for each in receipt(settings, RESIDENTS)["notices"]}
    assert said["file.hidden_sheets"] == "Các trang ẩn không được đọc: «Nháp»"


def test_a_refused_workbook_names_its_hidden_sheets_too(hand_in: HandIn, tmp_path: Path) -> None:
    sheets = {"Bìa": [["Báo cáo"]], "Số liệu": [list(HEADERS), person(1)]}
    submission = hand_in(RESIDENTS, "2026-10.xlsx", write(tmp_path / "b.xlsx", sheets, hidden=("Số liệu",)))
    assert submission.verdict == "refused"
    assert notices(submission) == {"file.no_header": "", "file.hidden_sheets": "«Số liệu»"}


def test_a_sheet_of_another_period_is_left_out(settings: Settings, hand_in: HandIn, tmp_path: Path) -> None:
    sheets = {
        "Tháng 9 năm 2026": [["Danh sách tháng 9 năm 2026"], list(HEADERS), ["I. Xã Y Tý"], person(1)],
        "Tháng 10 năm 2026": [["Danh sách tháng 10 năm 2026"], list(HEADERS), ["I. Xã Y Tý"], person(2)],
    }
    submission = hand_in(RESIDENTS, "2026-10.xlsx", write(tmp_path / "b.xlsx", sheets))
    assert bronze(settings, RESIDENTS, submission)["source_sheet"].to_list() == ["Tháng 10 năm 2026"]
    assert notices(submission)["file.sheets_left_out"] == "«Tháng 9 năm 2026» (4 dòng: thuộc kỳ 2026-09)"


def test_sheets_of_several_communes_are_the_departments(hand_in: HandIn, tmp_path: Path) -> None:
    sheets = {
        name: [[f"CÔNG AN {name.upper()}"], list(HEADERS), person(number)]
        for number, name in enumerate(("Xã Bát Xát", "Xã Y Tý"))
    }
    submission = hand_in(RESIDENTS, "2026-10.xlsx", write(tmp_path / "b.xlsx", sheets))
    assert (submission.verdict, submission.unit) == ("accepted", "population")


def test_without_headings_the_missing_commune_column_refuses_the_file(hand_in: HandIn, tmp_path: Path) -> None:
    submission = hand_in(RESIDENTS, "2026-10.xlsx", write(tmp_path / "b.xlsx", {"DS": [list(HEADERS), person(1)]}))
    assert submission.verdict == "refused"
    assert notices(submission)["file.missing_columns"] == "Xã/phường"


def test_a_cell_that_contradicts_its_heading_counts_and_is_reported(
    settings: Settings, hand_in: HandIn, tmp_path: Path
) -> None:
    header = [*HEADERS[:7], "Xã/phường"]
    rows = [header, ["I. Xã Bát Xát"], [*person(1)[:7], "Xã Y Tý"], [*person(2)[:7], "Bát Xát"]]
    submission = hand_in(RESIDENTS, "2026-10.xlsx", write(tmp_path / "b.xlsx", {"DS": rows}))
    assert bronze(settings, RESIDENTS, submission)["commune"].to_list() == [Y_TY, BAT_XAT]
    assert findings(settings, RESIDENTS, submission) == [("DS", 3, "commune", "section.differs")]


def test_a_heading_with_its_sum_is_no_parcel(settings: Settings, hand_in: HandIn, tmp_path: Path) -> None:
    rows = [
        ["TT", "Mã thửa đất", "Diện tích (m²)", "Loại đất"],
        ["I", "Xã Bát Xát", "300,5"],
        ["1", "T1", "100", "ONT"],
        ["2", "T2", "200,5", '"'],
        ["Cộng xã Bát Xát", "", "300,5"],
        ["II", "Xã Y Tý", "50"],
        ["3", "T3", "50", "LUC"],
    ]
    submission = hand_in(PARCELS, "2026Q4.xlsx", write(tmp_path / "b.xlsx", {"Thửa": rows}))
    frame = bronze(settings, PARCELS, submission)
    assert frame.select("parcel_id", "commune", "land_type").rows() == [
        ("T1", BAT_XAT, "ONT"),
        ("T2", BAT_XAT, "ONT"),
        ("T3", Y_TY, "LUC"),
    ]
    assert submission.details["ignored"] == {"header": 1, "section": 2, "total": 1}


# --- hidden rows, other formats -----------------------------------------------------------------------------
def ods(path: Path, rows: list[tuple[str, list[str]]]) -> bytes:
    """An OpenDocument sheet; each row with its visibility."""
    body = "".join(
        f'<table:table-row table:visibility="{visibility}">'
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>' for cell in row
        )
        + "</table:table-row>"
        for visibility, row in rows
    )
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    content = (
        f'<office:document-content {names}><office:body><office:spreadsheet><table:table table:name="DS">{body}'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
    return path.read_bytes()


def test_hidden_and_filtered_rows_of_an_opendocument_sheet_are_data(
    settings: Settings, hand_in: HandIn, tmp_path: Path
) -> None:
    rows = [
        ("visible", list(HEADERS)),
        ("visible", ["I. Xã Y Tý"]),
        ("collapse", person(1)),
        ("filter", person(2)),
        ("visible", person(3)),
    ]
    submission = hand_in(RESIDENTS, "2026-10.ods", ods(tmp_path / "b.ods", rows))
    assert bronze(settings, RESIDENTS, submission)["source_row"].to_list() == [3, 4, 5]


CORPUS = Path(__file__).parents[2] / "shared" / "corpora" / "calamine" / "tests"


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpora are not here")
@pytest.mark.parametrize("kind", ["xlsx", "xls", "xlsb", "ods"])
def test_hidden_sheets_are_named_in_every_format(settings: Settings, kind: str) -> None:
    with open_document(settings, CORPUS / f"any_sheets.{kind}") as document:
        assert document.sheets[0].name == "Visible"
        assert list(document.hidden) == ["Hidden", "VeryHidden"]


def test_sections_and_ditto_marks_of_a_text_file_are_carried_over_blocks(settings: Settings, hand_in: HandIn) -> None:
    small = settings.model_copy(update={"batch_rows": 2})
    assert small.batch_rows == 2
    lines = rows_csv(
        RESIDENTS, [resident(number, commune="nt", village="Thôn 1") for number in range(1, 8)]
    ).splitlines()
    submission = hand_in(RESIDENTS, "2026-10.csv", "\n".join([lines[0], "Xã Bát Xát", *lines[1:]]))
    assert set(bronze(settings, RESIDENTS, submission)["commune"]) == {BAT_XAT}
    assert submission.details["ignored"] == {"header": 1, "section": 1}


@pytest.mark.parametrize("period", ["2024-10", "2026-10"])
def test_the_name_of_an_old_commune_over_its_rows_means_the_present_one(
    settings: Settings, hand_in: HandIn, tmp_path: Path, period: str
) -> None:
    cells = [list(HEADERS), ["I", "Xã Quang Kim"], person(1), ["II", "Thị trấn Bát Xát"], person(2)]
    submission = hand_in(RESIDENTS, f"{period}.xlsx", write(tmp_path / "old.xlsx", {"Dân cư": cells}))
    assert submission.rows_accepted == 2, submission.details
    rows = pl.read_parquet(bronze_file(settings, RESIDENTS, submission.submission_id))
    assert rows["commune"].to_list() == [BAT_XAT, BAT_XAT]
