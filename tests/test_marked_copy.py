"""The marked workbook: an officer's own file comes back with its bad cells marked, and goes in again once mended."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
import xlwt
from openpyxl.styles import PatternFill

from orchestration.intake.ledger import Submission
from orchestration.intake.receipts import workbook as receipt_workbook
from orchestration.intake.receipts import write_receipt
from orchestration.settings import Settings
from orchestration.templates import write_template
from tests.conftest import HandIn
from tests.office import COMPLETIONS, RESIDENTS, Row, learner, resident, rows_csv, table
from tests.officer_book import FIRST, MISTAKES, SHEET, cell_of, row_of, write_officer_book

RED, YELLOW = "FFFCE0DE", "FFFFF3CD"
BAD_CELLS = {cell_of(person, name) for person, bad in MISTAKES.items() for name in bad}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Files of up to 20,000 rows come back as marked copies."""
    return settings.model_copy(update={"marked_whole": 20_000})


def receipt_of(settings: Settings, submission: Submission, ending: str = ".xlsx") -> Path:
    (path,) = settings.receipts(submission.dataset).glob(f"*.{submission.submission_id[:8]}{ending}")
    return path


def marked_book(settings: Settings, submission: Submission) -> Any:
    return openpyxl.load_workbook(receipt_of(settings, submission))


def marks(sheet: Any) -> dict[str, str]:
    """The filled cells of a sheet and their colour."""
    cells = (cell for row in sheet.iter_rows() for cell in row)
    return {cell.coordinate: cell.fill.fgColor.rgb for cell in cells if cell.fill.fgColor.rgb in (RED, YELLOW)}


def remarks(sheet: Any) -> dict[str, str]:
    return {cell.coordinate: cell.comment.text for row in sheet.iter_rows() for cell in row if cell.comment}


def reasons(sheet: Any, header: int) -> dict[int, str]:
    """What the last column says of each row, below its heading."""
    column = max(cell.column for cell in sheet[header] if cell.value == "Lỗi")
    said = {row: sheet.cell(row, column).value for row in range(header + 1, sheet.max_row + 1)}
    return {row: text for row, text in said.items() if text}


def saved(book: Any) -> bytes:
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def mend(book: Any, people: dict[int, dict[str, str]] = MISTAKES) -> bytes:
    """The workbook with the right values, as an officer types them over the marked ones."""
    for person, bad in people.items():
        for name in bad:
            book[SHEET][cell_of(person, name)].value = resident(person)[name]
    return saved(book)


def formulas(sheet: Any) -> dict[str, str]:
    cells = (cell for row in sheet.iter_rows() for cell in row)
    return {cell.coordinate: cell.value for cell in cells if cell.data_type == "f"}


def build(write: Callable[[Any, Any], None]) -> bytes:
    """A workbook of one sheet that ``write`` fills."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        write(book, book.add_worksheet("Bảng"))
    return target.getvalue()


def put_table(sheet: Any, rows: list[Row], top: int = 0) -> None:
    for row, cells in enumerate(table(RESIDENTS, rows), top):
        for column, text in enumerate(cells):
            sheet.write_string(row, column, text)


ONE_BAD = [resident(0), resident(1, sex="?"), resident(2)]


def test_exactly_the_twelve_bad_cells_are_marked_in_her_workbook_and_it_is_accepted_once_mended(
    settings: Settings, hand_in: HandIn, tmp_path: Path
) -> None:
    write_officer_book(tmp_path / "in.xlsx")
    original = (tmp_path / "in.xlsx").read_bytes()
    submission = hand_in(RESIDENTS, "số liệu công an.xlsx", original)  # its title says the period
    assert (submission.verdict, submission.rows_accepted, submission.rows_rejected) == ("partly", 989, 11)
    assert (settings.archive / hashlib.sha256(original).hexdigest()).read_bytes() == original

    book, before = marked_book(settings, submission), openpyxl.load_workbook(tmp_path / "in.xlsx")
    assert book.sheetnames == ["Biên nhận", SHEET, "Danh mục", "_kho"]
    assert len(BAD_CELLS) == 12
    sheet, was = book[SHEET], before[SHEET]
    assert marks(sheet) == dict.fromkeys(BAD_CELLS, RED)
    said = remarks(sheet)
    assert said.keys() == {*BAD_CELLS, cell_of(10, "full_name")}
    assert len({said[cell].partition("\n[")[2].partition("]")[0] for cell in BAD_CELLS}) == 6
    assert said[cell_of(404, "commune")] == (
        "Lỗi: «Xã/phường» không có trong danh mục xã, phường của tỉnh.\nCách sửa: Ghi tên hoặc mã đơn vị hành chính cấp "
        "xã hiện hành (từ 01/7/2025).\nCó phải «Xã Bản Xèo (02725)» không?\n[commune.unknown]"
    )
    assert said[cell_of(121, "citizen_id")].endswith("[citizen_id.format]\n\n———\n(Chị Hoa) Hỏi lại công an xã")
    assert said[cell_of(10, "full_name")] == "Đã đối chiếu"
    assert reasons(sheet, 6).keys() == {row_of(person) for person in MISTAKES}
    assert reasons(sheet, 6)[row_of(333)] == (
        "«Ngày sinh» không phải là ngày hợp lệ.\n«Giới tính» có giá trị ngoài danh mục (Nam, Nữ)."
    )

    assert formulas(sheet) == formulas(was)
    assert len(formulas(sheet)) == 2001
    values = openpyxl.load_workbook(receipt_of(settings, submission), data_only=True)[SHEET]
    assert values[f"A{row_of(700)}"].value == 701  # also where nothing has calculated them anew
    assert values[f"C{row_of(999) + 1}"].value == 1000
    rules = sheet.data_validations.dataValidation
    assert [(str(rule.sqref), rule.type, rule.formula1) for rule in rules] == [("E9:E1012", "list", "GioiTinh")]
    assert book.defined_names["GioiTinh"].value == "'Danh mục'!$A$1:$A$2"
    assert [str(each.sqref) for each in sheet.conditional_formatting] == ["I9:I1012"]
    merged = {str(each) for each in sheet.merged_cells.ranges}
    assert merged == {*(str(each) for each in was.merged_cells.ranges), "K6:K7"}
    assert {key: each.width for key, each in sheet.column_dimensions.items() if key != "K"} == {
        key: each.width for key, each in was.column_dimensions.items()
    }
    assert (sheet.freeze_panes, sheet.print_title_rows, sheet.print_area) == ("D8", "$6:$7", was.print_area)
    for cell in ("A1", "D6", cell_of(5, "full_name")):
        assert (sheet[cell].value, sheet[cell].font.name, sheet[cell].border.left.style, sheet[cell].fill.fgColor.rgb) == (
            was[cell].value, was[cell].font.name, was[cell].border.left.style, was[cell].fill.fgColor.rgb
        )  # fmt: skip
    links = [cell.hyperlink.location for row in book["Biên nhận"].iter_rows() for cell in row if cell.hyperlink]
    first = [
        (404, "commune"),
        (120, "citizen_id"),
        (901, "citizen_id"),
        (250, "date_of_birth"),
        (333, "sex"),
        (3, "citizen_id"),
        (500, "full_name"),
    ]
    assert set(links) == {f"'{SHEET}'!{cell_of(*each)}" for each in first}

    again = hand_in(RESIDENTS, receipt_of(settings, submission).name, mend(book))
    assert (again.verdict, again.rows_accepted, again.rows_rejected) == ("accepted", 1000, 0)
    assert (again.period, again.unit, again.details["period_source"]) == ("2026-10", "population", "receipt")
    for same in ("ignored", "notices", "sheets"):
        assert again.details[same] == submission.details[same]
    front = marked_book(settings, again)
    assert front.sheetnames == ["Biên nhận", "Thay đổi"]
    facts = {row[0].value: row[2].value for row in front["Biên nhận"].iter_rows(max_col=3)}
    assert facts["Số dòng · Rows"].split("   ·   ")[0].split("\n")[0] == (
        "0 dòng thay đổi; 0 dòng không còn; 11 dòng mới; 989 dòng giữ nguyên"
    )


def test_marking_a_marked_copy_again_piles_nothing_up_and_gives_mended_cells_back(
    settings: Settings, hand_in: HandIn, tmp_path: Path
) -> None:
    """Also where she inserted a row above, so that every mark stands elsewhere."""
    write_officer_book(tmp_path / "in.xlsx", people=130)
    book = openpyxl.load_workbook(tmp_path / "in.xlsx")
    book[SHEET][cell_of(121, "citizen_id")].fill = PatternFill("solid", fgColor="FF00B0F0")
    first = hand_in(RESIDENTS, "2026-10.xlsx", saved(book))
    book = marked_book(settings, first)
    for person in (3, 121):
        book[SHEET][cell_of(person, "citizen_id")].value = resident(person)["citizen_id"]
    book[SHEET].insert_rows(FIRST)
    second = hand_in(RESIDENTS, receipt_of(settings, first).name, saved(book))
    third = hand_in(RESIDENTS, receipt_of(settings, second).name, saved(marked_book(settings, second)))
    bad, hers, mended = (f"B{row_of(person) + 1}" for person in (120, 121, 3))
    for submission, more in ((second, ["Thay đổi"]), (third, [])):
        assert (submission.verdict, submission.rows_rejected) == ("partly", 1)
        assert submission.details["sheets"] == [SHEET]
        book = marked_book(settings, submission)
        sheet, said = book[SHEET], remarks(book[SHEET])
        assert book.sheetnames == ["Biên nhận", SHEET, "Danh mục", "_kho", *more]
        assert marks(sheet) == {bad: RED}
        assert [cell.value for cell in sheet[6]].count("Lỗi") == 1
        assert reasons(sheet, 6).keys() == {row_of(120) + 1}
        assert said.keys() == {bad, hers, f"C{row_of(10) + 1}"}
        assert said[bad].count("\n[") == 1
        assert (said[hers], sheet[hers].comment.author) == ("Hỏi lại công an xã", "Chị Hoa")
        assert (sheet[hers].fill.fill_type, sheet[hers].fill.fgColor.rgb) == ("solid", "FF00B0F0")
        assert sheet[mended].fill.fill_type is None


def test_colours_that_another_program_put_in_place_of_the_former_ones_are_not_given_to_mended_cells(
    settings: Settings, hand_in: HandIn
) -> None:
    """LibreOffice writes a second colour of its own into every solid fill."""
    first = hand_in(
        RESIDENTS, "2026-10.xlsx", build(lambda _, sheet: put_table(sheet, [*ONE_BAD, resident(3, sex="?")]))
    )
    book = marked_book(settings, first)
    sheet = book["Bảng"]
    sheet["D3"].fill = PatternFill("solid", fgColor=RED, bgColor=YELLOW)
    sheet["D3"].value = "Nữ"
    again = hand_in(RESIDENTS, receipt_of(settings, first).name, saved(book))
    sheet = marked_book(settings, again)["Bảng"]
    assert marks(sheet) == {"D5": RED}
    assert sheet["D3"].fill.fill_type is None


def test_writing_the_marked_copy_again_gives_the_same_bytes(settings: Settings, hand_in: HandIn) -> None:
    submission = hand_in(RESIDENTS, "2026-10.xlsx", build(lambda _, sheet: put_table(sheet, ONE_BAD)))
    first = receipt_of(settings, submission).read_bytes()
    assert marks(marked_book(settings, submission)["Bảng"]) == {"D3": RED}
    with zipfile.ZipFile(io.BytesIO(first)) as archive:
        assert b"2026-11-02T08:00:00Z</dcterms:modified>" in archive.read("docProps/core.xml")
        assert {part.date_time for part in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    write_receipt(settings, RESIDENTS, submission)
    assert receipt_of(settings, submission).read_bytes() == first


def as_xls(rows: list[Row]) -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Bảng 1")
    sheet.write_merge(0, 0, 0, 3, "Danh sách dân cư")
    for row, cells in enumerate(table(RESIDENTS, rows), 2):
        for column, text in enumerate(cells):
            sheet.write(row, column, text)
    sheet.write(3, 9, 12.5)
    sheet.write(2, 9, "Điểm")
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "title", "seen"),
    [
        ("2026-10.csv", "Danh sách dân cư;;;;;;\n\n" + rows_csv(RESIDENTS, ONE_BAD), "Số liệu", None),
        ("2026-10.xls", as_xls(ONE_BAD), "Bảng 1", 12.5),
    ],
)
def test_a_file_of_another_kind_comes_back_as_a_workbook_with_all_its_rows_and_goes_in_once_mended(
    settings: Settings, hand_in: HandIn, name: str, content: str | bytes, title: str, seen: Any
) -> None:
    submission = hand_in(RESIDENTS, name, content)
    book = marked_book(settings, submission)
    sheet = book[title]
    assert sheet["A1"].value == "Danh sách dân cư"
    assert [[cell.value for cell in row[:7]] for row in sheet.iter_rows(min_row=3, max_row=6)] == table(
        RESIDENTS, ONE_BAD
    )
    assert sheet["J4"].value == seen
    assert marks(sheet) == {"D5": RED}
    assert reasons(sheet, 3) == {5: "«Giới tính» có giá trị ngoài danh mục (Nam, Nữ)."}
    sheet["D5"].value = "Nữ"
    again = hand_in(RESIDENTS, receipt_of(settings, submission).name, saved(book))
    assert (again.verdict, again.rows_accepted, again.period) == ("accepted", 3, "2026-10")
    surplus = [each["title"] for each in again.details["notices"] if each["rule"] == "file.extra_column"]
    assert surplus == (["Điểm"] if seen else [])


def test_sheets_of_an_archive_whose_names_begin_alike_are_marked_each_at_its_own_cells(
    settings: Settings, hand_in: HandIn
) -> None:
    """A title has 31 characters, and the members' names share more."""
    members = {"mot": [resident(0), resident(1, sex="?")], "hai": [resident(2, sex="?"), resident(3)]}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, rows in members.items():
            content = build(lambda _, sheet, rows=rows: put_table(sheet, rows))
            archive.writestr(f"danh sách dân cư của toàn tỉnh phần {name}.xlsx", content)
    submission = hand_in(RESIDENTS, "2026-10.zip", target.getvalue())
    book = marked_book(settings, submission)
    found = {
        sheet[f"A{at[1:]}"].value: at for sheet in book.worksheets[1:] if sheet.title != "_kho" for at in marks(sheet)
    }
    assert found == {resident(1)["citizen_id"]: "D3", resident(2)["citizen_id"]: "D2"}


def test_numbers_of_a_text_file_mean_the_same_when_its_marked_copy_is_sent_back(
    settings: Settings, hand_in: HandIn
) -> None:
    """12.5 shows that this office's decimal mark is the dot; stored in a workbook it would show nothing."""
    rows = [learner(0, score="12.5"), learner(1, score="1.234"), learner(2, score="?")]
    first = hand_in(COMPLETIONS, "2026-10.csv", rows_csv(COMPLETIONS, rows))
    found = [(each["rule"], each["row"], each["count"]) for each in first.details["reasons"]]
    assert found == [("decimal.format", 4, 1)]
    book = marked_book(settings, first)
    book["Số liệu"]["A9"].value = "Ghi chú: đã xem"
    again = hand_in(COMPLETIONS, receipt_of(settings, first).name, saved(book))
    assert [(each["rule"], each["row"], each["count"]) for each in again.details["reasons"]] == found


def test_a_bad_cell_is_marked_where_it_can_be_seen_and_mended(settings: Settings, hand_in: HandIn) -> None:
    """At the anchor of a merged range, in a hidden row, in a hidden group of columns, in a protected sheet."""

    def write(book: Any, sheet: Any) -> None:
        rows = [resident(number) for number in range(8)]
        rows[1] |= {"sex": "?"}
        put_table(sheet, rows)
        sheet.merge_range("F4:F5", "Xã Không Có")
        sheet.set_row(2, None, None, {"hidden": True})
        sheet.set_column(3, 9, 12, None, {"level": 1, "hidden": True})
        sheet.protect("mật khẩu")

    submission = hand_in(RESIDENTS, "2026-10.xlsx", build(write))
    sheet = marked_book(settings, submission)["Bảng"]
    assert marks(sheet) == {"D3": RED, "F4": RED, "F5": RED} or marks(sheet) == {"D3": RED, "F4": RED}
    assert not sheet.row_dimensions[3].hidden
    assert not sheet.protection.sheet
    spans = sorted((each.min, each.max, each.hidden) for each in sheet.column_dimensions.values())
    assert all(spans[at][1] < spans[at + 1][0] for at in range(len(spans) - 1))  # Excel repairs overlapping ones
    shown = {column for low, high, hidden in spans if not hidden for column in range(low, high + 1)}
    assert {4, 6, 8} <= shown
    notes = [cell.value for row in marked_book(settings, submission)["Biên nhận"].iter_rows() for cell in row]
    assert any(
        isinstance(note, str) and note.startswith("Không chép sang bản này: khóa bảo vệ trang.") for note in notes
    )


def test_what_is_not_carried_over_is_said_and_lists_from_other_sheets_are_kept(
    settings: Settings, hand_in: HandIn
) -> None:
    extension = (
        '<extLst><ext uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}" xmlns:x14="http://schemas.microsoft.com/office/'
        'spreadsheetml/2009/9/main"><x14:dataValidations count="1" xmlns:xm="http://schemas.microsoft.com/office/excel/'
        '2006/main"><x14:dataValidation type="list" allowBlank="1"><x14:formula1><xm:f>Mục!$A$1:$A$2</xm:f></x14:formula1>'
        "<xm:sqref>E2:E9</xm:sqref></x14:dataValidation></x14:dataValidations></ext></extLst></worksheet>"
    )

    def write(book: Any, sheet: Any) -> None:
        put_table(sheet, ONE_BAD)
        book.add_worksheet("Mục").write_column("A1", ["Mông", "Dao"])
        chart = book.add_chart({"type": "column"})
        chart.add_series({"values": "=Bảng!$A$2:$A$4"})
        sheet.insert_chart("J2", chart)

    plain, target = io.BytesIO(build(write)), io.BytesIO()
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(target, "w") as made:
        for name in source.namelist():
            part = source.read(name)
            if name == "xl/worksheets/sheet1.xml":
                part = part.replace(b"</worksheet>", extension.encode())
            made.writestr(name, part)
    submission = hand_in(RESIDENTS, "2026-10.xlsx", target.getvalue())
    book = marked_book(settings, submission)
    rules = book["Bảng"].data_validations.dataValidation
    assert [(str(each.sqref), each.type, each.formula1) for each in rules] == [("E2:E9", "list", "Mục!$A$1:$A$2")]
    notes = [cell.value for row in book["Biên nhận"].iter_rows() for cell in row if isinstance(cell.value, str)]
    assert [note.split("\n")[0] for note in notes if "Không chép sang" in note] == [
        "Không chép sang bản này: biểu đồ. Tệp gốc của bạn vẫn được giữ nguyên từng byte."
    ]


HOSTILE = ["=HYPERLINK(\"http://example.org\")", "+1+1", "-1", "@SUM(A1)", "\t=1+1", "<v>1</v>", "#N/A", "{=1}"]  # fmt: skip


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_no_text_becomes_a_formula_in_the_copy(settings: Settings, hand_in: HandIn, kind: str) -> None:
    rows = [resident(number, village=text, sex=text) for number, text in enumerate(HOSTILE)]
    rows += [resident(number) for number in range(10, 30)]
    content = rows_csv(RESIDENTS, rows) if kind == "csv" else build(lambda _, sheet: put_table(sheet, rows))
    submission = hand_in(RESIDENTS, f"2026-10.{kind}", content)
    path = receipt_of(settings, submission)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    assert [name for name, xml in parts.items() if "<f>" in xml or "<f " in xml or 'TargetMode="External"' in xml] == []
    sheet = openpyxl.load_workbook(path)["Số liệu" if kind == "csv" else "Bảng"]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None} == {"s"}
    position = table(RESIDENTS, rows)[0].index("Thôn/tổ dân phố") + 1
    assert [sheet.cell(row, position).value for row in range(2, 10)] == HOSTILE


def test_a_workbook_that_cannot_be_copied_comes_back_as_its_returned_rows(settings: Settings, hand_in: HandIn) -> None:
    """calamine does not read the properties in which this one is broken, openpyxl does."""
    plain, target = io.BytesIO(build(lambda _, sheet: put_table(sheet, ONE_BAD))), io.BytesIO()
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(target, "w") as made:
        for name in source.namelist():
            made.writestr(name, b"<broken" if name == "docProps/core.xml" else source.read(name))
    submission = hand_in(RESIDENTS, "2026-10.xlsx", target.getvalue())
    book = marked_book(settings, submission)
    assert book.sheetnames == ["Biên nhận", "Dòng trả lại"]
    assert marks(book["Dòng trả lại"]) == {"F3": RED}
    notes = [cell.value for row in book["Biên nhận"].iter_rows() for cell in row if isinstance(cell.value, str)]
    assert [note for note in notes if note.startswith("Không chép được cả tệp")]
    assert list(settings.temporary.iterdir()) == []


def test_a_warning_is_marked_in_yellow_and_nothing_has_to_be_done(settings: Settings, hand_in: HandIn) -> None:
    rows = [resident(0), resident(1, residence_type="Đã chết", death_date=""), resident(2)]
    submission = hand_in(RESIDENTS, "2026-10.xlsx", build(lambda _, sheet: put_table(sheet, rows)))
    assert submission.verdict == "accepted"
    book = marked_book(settings, submission)
    assert set(marks(book["Bảng"]).values()) == {YELLOW}
    assert reasons(book["Bảng"], 1) == {3: "(Lưu ý) Người đã chết nhưng chưa có «Ngày chết»."}


def test_a_row_as_a_whole_is_marked_in_the_column_of_reasons(settings: Settings, hand_in: HandIn) -> None:
    rows = [resident(0), resident(1), resident(1, household_no="khác"), *map(resident, range(2, 9))]
    submission = hand_in(RESIDENTS, "2026-10.xlsx", build(lambda _, sheet: put_table(sheet, rows)))
    book = marked_book(settings, submission)
    assert marks(book["Bảng"]) == {"H3": RED, "H4": RED}
    assert remarks(book["Bảng"])["H3"].endswith("[row.key_conflict]")
    links = [cell.hyperlink.location for row in book["Biên nhận"].iter_rows() for cell in row if cell.hyperlink]
    assert links == ["'Bảng'!3:3"]


def test_a_copy_under_the_name_of_another_period_or_unit_is_refused(settings: Settings, hand_in: HandIn) -> None:
    """Digits in the name that a receipt was given are none."""
    first = hand_in(RESIDENTS, "2026-10.xlsx", build(lambda _, sheet: put_table(sheet, ONE_BAD)))
    book = marked_book(settings, first)
    book["Bảng"]["A9"].value = "Ghi chú: đã sửa"
    said = {}
    for name in ("2026-11.xlsx", "2026-10 Xã Bản Xèo.xlsx", "2026-10.bien-nhan.20251112 - Copy.xlsx"):
        again = hand_in(RESIDENTS, name, saved(book))
        notice = again.details["notices"][0]
        said[name] = (again.verdict, notice["rule"], notice["title"], notice["limit"])
    assert said.pop("2026-10.bien-nhan.20251112 - Copy.xlsx")[0] == "partly"
    assert said == {
        "2026-11.xlsx": ("refused", "file.receipt_of_other", "2026-10", "2026-11"),
        "2026-10 Xã Bản Xèo.xlsx": ("refused", "file.receipt_of_other", "population", "02725"),
    }


def test_the_stamp_of_a_template_stays_as_it_was(settings: Settings, hand_in: HandIn, tmp_path: Path) -> None:
    """Made from an older version: the copy says so, too; its period is filled in."""
    write_template(RESIDENTS, tmp_path / "template.xlsx", settings=settings)
    book = openpyxl.load_workbook(tmp_path / "template.xlsx")
    book["_kho"]["A3"].value = "cũ"
    sheet = book["Số liệu"]
    titles = {cell.value: cell.column for cell in sheet[6]}
    for row, person in enumerate(ONE_BAD, 7):
        for title, text in zip(*table(RESIDENTS, [person]), strict=True):
            sheet.cell(row, titles[title]).value = text
    first = hand_in(RESIDENTS, "2026-10.xlsx", saved(book))
    copied = marked_book(settings, first)
    stamp = [row[0] for row in copied["_kho"].iter_rows(values_only=True)]
    assert stamp == [
        "kho-template",
        "population/residents",
        "cũ",
        "2026-10",
        "population",
        first.submission_id,
        "Biên nhận",
        "xlsx",
        None,
    ]
    headers = [cell.comment.text for cell in copied["Số liệu"][6] if cell.comment]
    assert headers == [cell.comment.text for cell in sheet[6] if cell.comment]
    again = hand_in(RESIDENTS, "lại.xlsx", saved(copied))
    assert "file.stale_template" in [each["rule"] for each in again.details["notices"]]
    headers_again = [cell.comment.text for cell in marked_book(settings, again)["Số liệu"][6] if cell.comment]
    assert headers_again == headers


def test_the_returned_rows_of_an_upsert_go_in_without_our_columns(settings: Settings, hand_in: HandIn) -> None:
    settings_small = settings.model_copy(update={"marked_whole": 1})
    first = hand_in(COMPLETIONS, "2026-10.csv", rows_csv(COMPLETIONS, [learner(0), learner(1, citizen_id="1")]))
    write_receipt(settings_small, COMPLETIONS, first)
    book = marked_book(settings, first)
    assert book.sheetnames == ["Biên nhận", "Dòng trả lại", "_kho"]
    sheet = book["Dòng trả lại"]
    titles = [cell.value for cell in sheet[2]]
    sheet.cell(3, titles.index("Số định danh cá nhân") + 1).value = learner(1)["citizen_id"]
    again = hand_in(COMPLETIONS, receipt_of(settings, first).name, saved(book))
    assert (again.verdict, again.rows_accepted) == ("accepted", 1)
    assert "file.extra_column" not in [each["rule"] for each in again.details["notices"]]


def test_only_so_many_comments_are_written_and_the_receipt_says_so(
    settings: Settings, hand_in: HandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orchestration.intake.receipts.marked_copy.MOST_COMMENTS", 2)
    monkeypatch.setattr(receipt_workbook, "MOST_COMMENTS", 2)
    rows = [resident(number, sex="?" if number < 4 else resident(number)["sex"]) for number in range(20)]
    submission = hand_in(RESIDENTS, "2026-10.xlsx", build(lambda _, sheet: put_table(sheet, rows)))
    book = marked_book(settings, submission)
    assert list(marks(book["Bảng"])) == ["D2", "D3", "D4", "D5"]
    assert list(remarks(book["Bảng"])) == ["D2", "D3"]
    notes = [cell.value for row in book["Biên nhận"].iter_rows() for cell in row if isinstance(cell.value, str)]
    assert [note for note in notes if note.startswith("2 ô đầu có ghi chú")]


def test_the_page_says_the_same_as_the_workbook_and_asks_nothing_of_the_network(
    settings: Settings, hand_in: HandIn
) -> None:
    rows = [resident(0), resident(1, sex="?")]
    name = '2026-10 <script>alert(1)</script> & "x".csv'
    submission = hand_in(RESIDENTS, name.replace("/", "_"), rows_csv(RESIDENTS, rows))
    page = receipt_of(settings, submission, ".html").read_text(encoding="utf-8")
    report = json.loads(receipt_of(settings, submission, ".json").read_text(encoding="utf-8"))
    assert report["message"] in page
    assert "«Giới tính» có giá trị ngoài danh mục (Nam, Nữ)" in page
    assert "ô D3" in page
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "default-src 'none'" in page
    assert not any(word in page for word in ("http://", "https://", "src=", "href=", "url(", "@import"))
    assert receipt_of(settings, submission).name in page
