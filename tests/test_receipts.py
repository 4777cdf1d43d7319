"""Receipts: what an officer reads about her file, cell by cell, and the same as JSON."""

from __future__ import annotations

import datetime
import json
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import openpyxl
import polars as pl
import pytest

from orchestration.intake import vault_files
from orchestration.intake.findings import FINDINGS
from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.receipts import remove_halves, write_receipt
from orchestration.intake.receipts.names import receipt_stem
from orchestration.intake.receipts.summary import column_letters
from orchestration.intake.recognise import LayoutError, find_layout
from orchestration.settings import Settings
from schemas import Declaration, dataset
from schemas.rules import RULES

RESIDENTS, PARCELS, COMPLETIONS = map(dataset, ("population/residents", "land/parcels", "training/completions"))
HEADERS = ["STT", "Số CCCD", "Họ và tên", "NTNS", "Giới tính", "Xã/phường"]
COLUMNS = {"citizen_id": 1, "full_name": 2, "date_of_birth": 3, "sex": 4, "commune": 5}
RED, YELLOW = "FFFCE0DE", "FFFFF3CD"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", sources=tmp_path / "sources", province="15")


def submission(declaration: Declaration = RESIDENTS, verdict: str = "accepted", **facts: Any) -> Submission:
    usual: dict[str, Any] = {
        "submission_id": "a1b2c3d4e5f60718",
        "department": declaration.department,
        "dataset": declaration.path,
        "unit": declaration.department,
        "period": "2026-10",
        "period_start": datetime.date(2026, 10, 1),
        "period_end": datetime.date(2026, 10, 31),
        "load": declaration.load,
        "file_name": "2026-10.xlsx",
        "file_sha256": "ab" * 32,
        "file_bytes": 4321,
        "file_identity": "1:2:3:4",
        "received_at": datetime.datetime(2026, 11, 4, 20, 5, tzinfo=datetime.UTC),
        "verdict": verdict,
    }
    return Submission(**{**usual, **facts})


def keep(
    settings: Settings, declaration: Declaration, rows: list[tuple[Any, ...]], findings: list[tuple[Any, ...]]
) -> None:
    """Write the vault's files of the usual submission. A finding: sheet, row, column, position, rule, proposal."""
    folder = settings.vault / declaration.table
    folder.mkdir(parents=True, exist_ok=True)
    names = ["source_sheet", "source_row", *(f"c{position}" for position in range(len(rows[0]) - 2))]
    schema = {name: pl.Int64 if name == "source_row" else pl.String for name in names}
    identifier = submission().submission_id
    pl.DataFrame(rows, schema=schema, orient="row").write_parquet(folder / f"{identifier}.returned.parquet")
    full = [(*each[:5], RULES[each[4]].severity, each[5]) for each in findings]
    frame = pl.DataFrame(full, schema=FINDINGS, orient="row").sort("sheet", "row", "position")
    frame.write_parquet(folder / f"{identifier}.findings.parquet")


def reason(rule: str, column: str, count: int, row: int, position: int, sheet: str = "Dân cư") -> dict[str, Any]:
    place = {"sheet": sheet, "row": row, "position": position}
    return {"rule": rule, "severity": RULES[rule].severity, "column": column, "count": count, **place}


ROWS = [
    ("Dân cư", 12, "4", "015090001234", "Lò Thị Mai", "05/03/1990", "Nữ", "Phường Sa Pa"),
    ("Dân cư", 31, "23", None, "Giàng A Páo", "31/02/1985", "nam giới", "Xã Bản Hồ"),
    ("Dân cư", 40, "32", "015085000001", "Lý A Sò", "1985", "Nam", "Xã Tả Van"),
]
FOUND = [
    ("Dân cư", 12, "citizen_id", 1, "citizen_id.sex", None),
    ("Dân cư", 19, "citizen_id", 1, "citizen_id.province", None),
    ("Dân cư", 31, "citizen_id", 1, "required", None),
    ("Dân cư", 31, "date_of_birth", 3, "date.format", None),
    ("Dân cư", 31, "sex", 4, "choice.unknown", "Nam"),
    ("Dân cư", 40, "", -1, "row.key_conflict", None),
    ("Dân cư", 40, "citizen_id", 1, "citizen_id.province", None),
    ("Dân cư", 40, "death_date", -1, "residents.deceased_without_date", None),
]
DETAILS = {
    "period_source": "title",
    "headers": HEADERS,
    "columns": COLUMNS,
    "reasons": [
        reason("choice.unknown", "sex", 1, 31, 4),
        reason("citizen_id.sex", "citizen_id", 1, 12, 1),
        reason("date.format", "date_of_birth", 1, 31, 3),
        reason("required", "citizen_id", 1, 31, 1),
        reason("row.key_conflict", "", 1, 40, -1),
        reason("citizen_id.province", "citizen_id", 2, 19, 1),
        reason("residents.deceased_without_date", "death_date", 1, 40, -1),
    ],
    "ignored": {"total": 1, "letterhead": 3, "header": 2},
    "mended": {"commune_code": 1200, "citizen_id": 14},
    "notices": [{"rule": "file.extra_column", "title": "Ghi chú riêng", "limit": ""}],
    "file_kind": "xlsx",
    "sheets": ["Dân cư"],
}


def partly(**facts: Any) -> Submission:
    counts = {"rows_read": 1209, "rows_accepted": 1200, "rows_rejected": 3, "rows_ignored": 6}
    return submission(**{"verdict": "partly", "details": DETAILS, **counts, **facts})


def receipt(settings: Settings, declaration: Declaration, facts: Submission) -> tuple[Any, dict[str, Any]]:
    """Write a receipt and read both files back."""
    workbook, _, report = write_receipt(settings, declaration, facts)
    return openpyxl.load_workbook(workbook), json.loads(report.read_text(encoding="utf-8"))


def texts(sheet: Any) -> list[list[Any]]:
    """The non-empty cells of every non-empty row."""
    rows = [[cell for cell in row if cell is not None] for row in sheet.iter_rows(values_only=True)]
    return [row for row in rows if row]


def links(sheet: Any) -> dict[str, str]:
    """Where the linked cells of a sheet lead to."""
    return {cell.value: cell.hyperlink.location for row in sheet.iter_rows() for cell in row if cell.hyperlink}


def steps(sheet: Any) -> list[str]:
    """What is to be done next, in Vietnamese."""
    rows = list(sheet.iter_rows(values_only=True))
    start = next(index for index, row in enumerate(rows) if str(row[0]).startswith("Việc cần làm tiếp theo"))
    found = []
    for row in rows[start + 1 :]:
        if not row[1]:
            return found
        found.append(row[1].split("\n")[0])
    return found


def test_front_sheet_says_verdict_counts_next_steps_reasons_and_facts_of_the_file(settings: Settings) -> None:
    keep(settings, RESIDENTS, ROWS, FOUND)
    book, _ = receipt(settings, RESIDENTS, partly(file_name="dân cư 2026-10.xlsx", unit="02647"))
    assert book.sheetnames == ["Biên nhận", "Dòng trả lại"]
    identity = "Số định danh cá nhân"
    assert texts(book["Biên nhận"]) == [
        ["BIÊN NHẬN DỮ LIỆU"],
        ["Dân cư, tháng 10/2026  ·  Data receipt"],
        ["Tệp đã được nhận một phần: 1.200 dòng đã vào kho, 3 dòng được trả lại để sửa."],
        ["Accepted in part: 1,200 rows were taken in, 3 are returned to be mended."],
        ["Số dòng  ·  Rows"],
        ["Đọc được", "= Đã vào kho", "+ Trả lại để sửa", "+ Bỏ qua"],
        [1209, 1200, 3, 6],
        ["Rows read", "Taken in", "Returned", "Ignored"],
        [
            "Bỏ qua gồm · Ignored",
            "3 dòng tiêu đề văn bản phía trên bảng; 2 dòng tiêu đề cột; 1 dòng tổng cộng   ·   "
            "3 letterhead rows above the table; 2 header rows; 1 total rows",
        ],
        [
            "Đã chuẩn hóa, giữ nghĩa · Normalised",
            "14 số định danh (bù số 0 ở đầu, bỏ dấu cách); 1.200 tên xã, phường đổi thành mã\n"
            "14 citizen ids (leading zeros, spaces); 1,200 commune names turned into codes",
        ],
        ["Việc cần làm tiếp theo  ·  What to do next"],
        [
            "1.",
            "Mở tệp của bạn và sửa các ô được tô màu ở trang «Dòng trả lại»: cột «Dòng gốc» cho biết dòng trong tệp "
            "của bạn, cột cuối cho biết lý do.\nOpen your file and mend the cells coloured in sheet 'Dòng trả lại'; "
            "'Dòng gốc' is the row in your file, the last column says why.",
        ],
        [
            "2.",
            "Lưu lại cả tệp, gồm cả những dòng đã đúng: tệp mới thay toàn bộ lần gửi này; tên tệp vẫn ghi kỳ, ví dụ "
            "2026-10.xlsx.\nSave the whole file with the rows that were right: it replaces this one as a whole; its "
            "name still says the period, such as 2026-10.xlsx.",
        ],
        [
            "3.",
            "Chép tệp vào thư mục «incoming», cạnh thư mục «receipts» chứa biên nhận này; biên nhận mới sẽ có sau ít "
            "phút.\nCopy the file into 'incoming', beside the 'receipts' folder of this receipt; a new receipt "
            "follows in minutes.",
        ],
        ["Lỗi phải sửa  ·  Errors to mend"],
        ["Mức\nSeverity", "Cột\nColumn", "Lý do\nReason", "Số lần\nCount", "Ví dụ\nExample", "Cách sửa\nHow to mend"],
        [
            "Lỗi",
            "Giới tính",
            "«Giới tính» có giá trị ngoài danh mục (Nam, Nữ)\n'Giới tính' is not one of the listed values (Nam, Nữ)",
            1,
            "Dân cư, ô E31",
            "Chọn một giá trị trong danh mục\nChoose one of the listed values",
        ],
        [
            "Lỗi",
            identity,
            "«Số định danh cá nhân» mâu thuẫn với giới tính của dòng này (chữ số thứ 4)\n"
            "'Số định danh cá nhân' contradicts the sex of its row (4th digit)",
            1,
            "Dân cư, ô B12",
            "Kiểm tra lại số định danh và giới tính\nCheck the citizen id and the sex",
        ],
        [
            "Lỗi",
            "Ngày sinh",
            "«Ngày sinh» không phải là ngày hợp lệ\n'Ngày sinh' is not a valid date",
            1,
            "Dân cư, ô D31",
            "Ghi ngày dạng dd/mm/yyyy, ví dụ 05/03/1980\nWrite the date as dd/mm/yyyy, such as 05/03/1980",
        ],
        [
            "Lỗi",
            identity,
            "Ô «Số định danh cá nhân» bắt buộc nhưng đang để trống\n'Số định danh cá nhân' is required but empty",
            1,
            "Dân cư, ô B31",
            "Điền giá trị vào ô này\nFill in the cell",
        ],
        [
            "Lỗi",
            "(cả dòng)",
            "Nhiều dòng có cùng khóa (Số định danh cá nhân) nhưng nội dung khác nhau\n"
            "Several rows share the key (Số định danh cá nhân) and differ",
            1,
            "Dân cư, dòng 40",
            "Giữ lại một dòng đúng, xóa các dòng còn lại\nKeep the right row and delete the others",
        ],
        ["Lưu ý về số liệu, không bị trả lại  ·  Warnings; no row is returned for these"],
        ["Mức\nSeverity", "Cột\nColumn", "Lý do\nReason", "Số lần\nCount", "Ví dụ\nExample", "Cách sửa\nHow to mend"],
        [
            "Lưu ý",
            identity,
            "«Số định danh cá nhân» có mã tỉnh nơi đăng ký khai sinh không có trong bảng 63 tỉnh (có thể là mã quốc "
            "gia)\n'Số định danh cá nhân' starts with a code outside the 63 provinces (it may be a country's)",
            2,
            "Dân cư, ô B19",
            "Kiểm tra lại 3 chữ số đầu; nếu khai sinh ở nước ngoài thì giữ nguyên\n"
            "Check the first 3 digits; keep them if the birth was registered abroad",
        ],
        [
            "Lưu ý",
            "Ngày chết",
            "Người đã chết nhưng chưa có «Ngày chết»\nThe person is deceased but 'Ngày chết' is empty",
            1,
            "Dân cư, dòng 40",
            "Bổ sung ngày chết\nAdd the date of death",
        ],
        ["Lưu ý về cả tệp  ·  Warnings about the whole file"],
        [
            "Lưu ý",
            "Cột không có trong khai báo, được giữ trong tệp gốc nhưng không đưa vào kho: Ghi chú riêng\n"
            "Columns outside the declaration, kept in the original only: Ghi chú riêng",
            "Không cần làm gì; nếu là cột quan trọng, báo cán bộ dữ liệu\n"
            "Nothing to do; tell the data engineer if the column matters",
        ],
        ["Thông tin tệp  ·  The file"],
        ["Tên tệp · File", "dân cư 2026-10.xlsx"],
        ["Bộ dữ liệu · Dataset", "Dân cư   ·   population/residents"],
        ["Đơn vị · Unit", "Phường Lào Cai (mã 02647)   ·   Phường Lào Cai (code 02647)"],
        [
            "Kỳ báo cáo · Period",
            "tháng 10/2026 – theo dòng tiêu đề của bảng   ·   2026-10, from the table's title",
        ],
        [
            "Nhận lúc · Received",
            "03:05 ngày 05/11/2026 (giờ Việt Nam, UTC+7)   ·   2026-11-05 03:05 Vietnam time",
        ],
        ["Mã biên nhận · Receipt no.", "a1b2c3d4e5f60718"],
    ]


def test_returned_sheet_keeps_the_original_cells_and_headers_and_gives_all_reasons_of_a_row(settings: Settings) -> None:
    keep(settings, RESIDENTS, ROWS, FOUND)
    book, _ = receipt(settings, RESIDENTS, partly())
    assert list(book["Dòng trả lại"].iter_rows(values_only=True)) == [
        (
            "Sửa các ô tô màu (ô đỏ: lỗi, ô vàng: lưu ý); di chuột vào ô để xem lý do và cách sửa.",
            *[None] * 8,
        ),
        ("Trang gốc", "Dòng gốc", *HEADERS, "Lỗi"),
        (
            *("Dân cư", "12", "4", "015090001234", "Lò Thị Mai", "05/03/1990", "Nữ", "Phường Sa Pa"),
            "«Số định danh cá nhân» mâu thuẫn với giới tính của dòng này (chữ số thứ 4).",
        ),
        (
            *("Dân cư", "31", "23", "", "Giàng A Páo", "31/02/1985", "nam giới", "Xã Bản Hồ"),
            "Ô «Số định danh cá nhân» bắt buộc nhưng đang để trống.\n«Ngày sinh» không phải là ngày hợp lệ.\n"
            "«Giới tính» có giá trị ngoài danh mục (Nam, Nữ). Có phải «Nam» không?",
        ),
        (
            *("Dân cư", "40", "32", "015085000001", "Lý A Sò", "1985", "Nam", "Xã Tả Van"),
            "Nhiều dòng có cùng khóa (Số định danh cá nhân) nhưng nội dung khác nhau.\n"
            "(Lưu ý) Người đã chết nhưng chưa có «Ngày chết».\n(Lưu ý) «Số định danh cá nhân» có mã tỉnh nơi đăng ký "
            "khai sinh không có trong bảng 63 tỉnh (có thể là mã quốc gia).",
        ),
    ]


def test_exactly_the_bad_cells_are_filled_and_commented(settings: Settings) -> None:
    keep(settings, RESIDENTS, ROWS, FOUND)
    book, _ = receipt(settings, RESIDENTS, partly())
    cells = [cell for row in book["Dòng trả lại"].iter_rows(min_row=3) for cell in row]
    fills = {cell.coordinate: cell.fill.fgColor.rgb for cell in cells if cell.fill.fill_type}
    assert fills == {"D3": RED, "D4": RED, "F4": RED, "G4": RED, "B5": RED, "D5": YELLOW}
    comments = {cell.coordinate: cell.comment.text for cell in cells if cell.comment}
    assert comments.keys() == fills.keys()
    assert comments["D4"] == (
        "Lỗi: Ô «Số định danh cá nhân» bắt buộc nhưng đang để trống.\nCách sửa: Điền giá trị vào ô này.\n[required]"
    )
    assert comments["G4"] == (
        "Lỗi: «Giới tính» có giá trị ngoài danh mục (Nam, Nữ).\nCách sửa: Chọn một giá trị trong danh mục.\n"
        "Có phải «Nam» không?\n[choice.unknown]"
    )
    assert comments["B5"] == (
        "Lỗi: Nhiều dòng có cùng khóa (Số định danh cá nhân) nhưng nội dung khác nhau.\n"
        "Cách sửa: Giữ lại một dòng đúng, xóa các dòng còn lại.\n[row.key_conflict]\n\n"
        "Lưu ý: Người đã chết nhưng chưa có «Ngày chết».\nCách sửa: Bổ sung ngày chết.\n"
        "[residents.deceased_without_date]"
    )


def test_examples_link_to_their_row_where_it_was_returned(settings: Settings) -> None:
    keep(settings, RESIDENTS, ROWS, FOUND)
    book, _ = receipt(settings, RESIDENTS, partly())
    assert links(book["Biên nhận"]) == {
        "Dân cư, ô E31": "'Dòng trả lại'!G4",
        "Dân cư, ô B12": "'Dòng trả lại'!D3",
        "Dân cư, ô D31": "'Dòng trả lại'!F4",
        "Dân cư, ô B31": "'Dòng trả lại'!D4",
        "Dân cư, dòng 40": "'Dòng trả lại'!B5",
    }


def test_json_says_the_same_and_lists_every_finding_with_its_cell(settings: Settings) -> None:
    keep(settings, PARCELS, [("csv", 9, "X1", "0")], [("csv", 9, "area_m2", 1, "number.range", None)])
    facts = submission(
        PARCELS,
        "waiting",
        period="2026Q4",
        period_end=datetime.date(2026, 12, 31),
        rows_read=2,
        rows_accepted=1,
        rows_rejected=1,
        details={
            "period_source": "file_name",
            "headers": ["Mã thửa đất", "Diện tích"],
            "reasons": [reason("number.range", "area_m2", 1, 9, 1, sheet="csv")],
            "mended": {"decimal": 2},
            "notices": [{"rule": "file.too_many_returned", "title": "", "limit": "50 %"}],
            "sheets": ["csv"],
        },
    )
    _, report = receipt(settings, PARCELS, facts)
    range_words = {
        "message": "«Diện tích (m²)» nằm ngoài khoảng cho phép (> 0 và ≤ 50.000.000)",
        "message_en": "'Diện tích (m²)' is outside the allowed range (> 0 and ≤ 50,000,000)",
        "mend": "Kiểm tra lại giá trị và đơn vị tính",
        "mend_en": "Check the value and its unit",
    }
    whole_file = {
        "rule": "file.too_many_returned",
        "severity": "error",
        "message": "Tỷ lệ dòng có lỗi vượt ngưỡng 50 %, cả tệp tạm dừng chờ quyết định",
        "message_en": "More than 50 % of the rows have errors; the whole file waits for a decision",
        "mend": "Sửa lỗi rồi gửi lại, hoặc đề nghị cán bộ dữ liệu xem xét",
        "mend_en": "Mend the errors and send it again, or ask the data engineer to decide",
    }
    finding = {"column": "area_m2", "title": "Diện tích (m²)", "rule": "number.range", "severity": "error"}
    assert report == {
        "format": "kho-receipt/1",
        "submission_id": "a1b2c3d4e5f60718",
        "dataset": "land/parcels",
        "title": "Thửa đất và chủ sử dụng",
        "unit": "land",
        "unit_name": "Sở Nông nghiệp và Môi trường (toàn tỉnh)",
        "period": "2026Q4",
        "period_start": "2026-10-01",
        "period_end": "2026-12-31",
        "period_source": "file_name",
        "load": "full",
        "file_name": "2026-10.xlsx",
        "file_sha256": "ab" * 32,
        "file_bytes": 4321,
        "sheets": ["csv"],
        "received_at": "2026-11-04T20:05:00+00:00",
        "verdict": "waiting",
        "message": "Tệp đang chờ quyết định, số liệu đã có vẫn được dùng. Lý do: Tỷ lệ dòng có lỗi vượt ngưỡng 50 %, "
        "cả tệp tạm dừng chờ quyết định.",
        "message_en": "Waiting for a decision; the figures in use stay. Reason: More than 50 % of the rows have "
        "errors; the whole file waits for a decision.",
        "duplicate_of": None,
        "replaces": None,
        "rows": {"read": 2, "accepted": 1, "returned": 1, "ignored": 0},
        "ignored": {},
        "mended": {"decimal": 2},
        "notices": [whole_file],
        "reasons": [{**finding, "count": 1, "sheet": "csv", "row": 9, "cell": "B9", **range_words}],
        "replays": None,
        "due": "2027-01-15",
        "days_late": None,
        "locked_after": None,
        "decisions": [],
        "waivers": [],
        "replay": None,
        "changes": None,
        "errors_left_out": 0,
        "errors": [
            {"sheet": None, "row": None, "column": "", "title": "", "cell": "", **whole_file, "proposal": None},
            {"sheet": "csv", "row": 9, **finding, "cell": "B9", **range_words, "proposal": None},
        ],
    }


def test_findings_are_the_same_however_small_the_batches_are(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(settings, RESIDENTS, ROWS, FOUND)
    whole = [path.read_bytes() for path in write_receipt(settings, RESIDENTS, partly())]
    monkeypatch.setattr(vault_files, "BATCH_ROWS", 1)
    assert [path.read_bytes() for path in write_receipt(settings, RESIDENTS, partly())] == whole
    errors = json.loads(whole[2])["errors"]
    assert [(each["row"], each["cell"], each["rule"]) for each in errors] == [
        (12, "B12", "citizen_id.sex"),
        (19, "B19", "citizen_id.province"),
        (31, "B31", "required"),
        (31, "D31", "date.format"),
        (31, "E31", "choice.unknown"),
        (40, "", "row.key_conflict"),
        (40, "", "residents.deceased_without_date"),
        (40, "B40", "citizen_id.province"),
    ]


HOSTILE = [
    "=HYPERLINK(\"http://example.org\",\"x\")",
    "+1+1",
    "-1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "http://example.org",
    "<r><t>x</t></r>",
    "<r></r></is></c><c r=\"Z9\"><f>1+1</f></c><c><is><r></r>",
    "{=1}",
    "_x0041_",
    "x" * 40_000,
    "\ufffe\x01",
]  # fmt: skip


#: What stands in the file instead: Excel's limit of 32,767 characters, its escapes of what XML cannot hold (Excel shows
#: them as they were), and the space that keeps text from being taken for the writer's own rich text.
SHOWN = {
    "\r=1+1": "_x000D_=1+1",
    "_x0041_": "_x005F_x0041_",
    "\ufffe\x01": "_xFFFE__x0001_",
    "<r><t>x</t></r>": "<r><t>x</t></r> ",
    HOSTILE[8]: f"{HOSTILE[8]} ",
    "x" * 40_000: "x" * 32_767,
}


def test_no_text_of_a_file_becomes_a_formula_a_link_or_markup(settings: Settings) -> None:
    rows = [(value[:31], 2 + index, value, value) for index, value in enumerate(HOSTILE)]
    found = [(sheet, row, "parcel_id", 0, "text.too_long", sheet) for sheet, row, *_ in rows]
    keep(settings, PARCELS, rows, found)
    facts = submission(
        PARCELS,
        "partly",
        file_name="=1+1.xlsx",
        rows_read=14,
        rows_accepted=1,
        rows_rejected=13,
        details={
            "headers": ["=1+1", "@x"],
            "reasons": [reason("text.too_long", "parcel_id", 1, 2, 0, sheet="=1+1")],
            "notices": [{"rule": "file.extra_column", "title": "=1+1; <r>x</r>", "limit": ""}],
        },
    )
    workbook, _, report = write_receipt(settings, PARCELS, facts)
    with zipfile.ZipFile(workbook) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    for xml in parts.values():
        ElementTree.fromstring(xml)  # well-formed: Excel would offer to repair anything else
    assert [name for name, xml in parts.items() if "<f>" in xml or "<f " in xml] == []
    assert [name for name, xml in parts.items() if 'TargetMode="External"' in xml] == []
    book = openpyxl.load_workbook(workbook)
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None}
    assert kinds == {"s", "n"}
    numbers = [
        cell.value for row in book["Biên nhận"].iter_rows() for cell in row if cell.data_type == "n" and cell.value
    ]
    assert numbers == [14, 1, 13, 1]  # rows read, taken in and returned; one reason
    sheet = book["Dòng trả lại"]
    assert [cell.value for cell in sheet[2]] == ["Trang gốc", "Dòng gốc", "=1+1", "@x", "Lỗi"]
    expected = {**dict(zip(HOSTILE, HOSTILE, strict=True)), **SHOWN}
    assert [row[2].value for row in sheet.iter_rows(min_row=3)] == [expected[value] for value in HOSTILE]
    errors = json.loads(report.read_text(encoding="utf-8"))["errors"]
    assert sorted(each["proposal"] for each in errors) == sorted(value[:31] for value in HOSTILE)


@pytest.mark.parametrize(
    ("verdict", "details", "counts", "tone", "sentence", "todo"),
    [
        (
            "accepted",
            {},
            (5, 5, 0),
            "FFE3F4E8",
            "Tệp đã được nhận: 5 dòng đã vào kho, không có dòng nào bị trả lại.",
            ["Không cần làm gì thêm."],
        ),
        (
            "accepted",
            {"reasons": [reason("citizen_id.province", "citizen_id", 2, 19, 1)]},
            (5, 5, 0),
            "FFE3F4E8",
            "Tệp đã được nhận: 5 dòng đã vào kho, không có dòng nào bị trả lại.",
            ["Không bắt buộc phải sửa; nên xem các lưu ý bên dưới, nếu cần thì sửa trong tệp rồi gửi lại."],
        ),
        (
            "refused",
            {"notices": [{"rule": "file.missing_columns", "title": "Ngày sinh; Giới tính", "limit": ""}]},
            (0, 0, 0),
            RED,
            "Tệp chưa được nhận, số liệu đã có không thay đổi. Lý do: Thiếu cột bắt buộc: Ngày sinh; Giới tính.",
            [
                "Bổ sung cột hoặc đặt lại tên cột như trong tệp mẫu template.xlsx.",
                "Chép tệp vào thư mục «incoming», cạnh thư mục «receipts» chứa biên nhận này; biên nhận mới sẽ có "
                "sau ít phút.",
            ],
        ),
        (
            "refused",
            {"notices": [{"rule": "file.internal", "title": "", "limit": ""}]},
            (0, 0, 0),
            RED,
            "Tệp chưa được nhận, số liệu đã có không thay đổi. Lý do: Hệ thống gặp lỗi khi xử lý tệp; tệp gốc vẫn "
            "được giữ.",
            ["Không cần gửi lại; cán bộ dữ liệu sẽ xử lý."],
        ),
        (
            "waiting",
            {"notices": [{"rule": "file.too_many_vanished", "title": "", "limit": "30 %"}]},
            (5, 5, 0),
            YELLOW,
            "Tệp đang chờ quyết định, số liệu đã có vẫn được dùng. Lý do: Hơn 30 % số dòng đã nhận lần trước không "
            "có trong các dòng đúng của tệp này, cả tệp chờ quyết định.",
            [
                "Nếu số liệu đúng như trong tệp: báo cán bộ dữ liệu để quyết định, nêu mã biên nhận a1b2c3d4e5f60718.",
                "Nếu tệp còn thiếu hoặc sai: sửa và gửi lại như sau.",
                "Lưu lại cả tệp, gồm cả những dòng đã đúng: chưa dòng nào vào kho; tên tệp vẫn ghi kỳ, ví dụ "
                "2026-10.xlsx.",
                "Chép tệp vào thư mục «incoming», cạnh thư mục «receipts» chứa biên nhận này; biên nhận mới sẽ có "
                "sau ít phút.",
            ],
        ),
        (
            "withdrawn",
            {},
            (5, 5, 0),
            "FFE6EEF7",
            "Tệp đã được rút lại; các dòng của tệp không còn được tính.",
            ["Không cần làm gì thêm."],
        ),
    ],
)
def test_each_verdict_has_its_sentence_colour_and_next_steps(
    settings: Settings,
    verdict: str,
    details: dict[str, Any],
    counts: tuple[int, int, int],
    tone: str,
    sentence: str,
    todo: list[str],
) -> None:
    read, accepted, returned = counts
    facts = submission(verdict=verdict, details=details, rows_read=read, rows_accepted=accepted, rows_rejected=returned)
    book, report = receipt(settings, RESIDENTS, facts)
    front = book["Biên nhận"]
    assert book.sheetnames == ["Biên nhận"]
    assert (front["A3"].value, front["A3"].fill.fgColor.rgb) == (sentence, tone)
    assert report["message"] == sentence
    assert steps(front) == todo


def test_a_duplicate_names_the_earlier_file_and_its_receipt(settings: Settings) -> None:
    ledger = Ledger(settings.ledger)
    first = partly()
    again = submission(verdict="duplicate", submission_id="b" * 16, details={"duplicate_of": first.submission_id})
    ledger.record(first)
    ledger.record(again)
    book, report = receipt(settings, RESIDENTS, again)
    sentence = "Tệp này giống hệt tệp đã nhận lúc 03:05 ngày 05/11/2026 (giờ Việt Nam, UTC+7), không có gì thay đổi."
    assert book["Biên nhận"]["A3"].value == sentence
    assert steps(book["Biên nhận"]) == [
        "Không cần làm gì thêm.",
        "Kết quả của lần gửi trước: nhận một phần; xem biên nhận «2026-10.bien-nhan.a1b2c3d4.xlsx».",
        "Nếu bạn định gửi bản đã sửa: kiểm tra xem tệp đã được lưu trong Excel chưa, rồi chép lại vào «incoming».",
    ]
    assert (report["duplicate_of"], report["errors"]) == (first.submission_id, [])


def test_a_corrected_file_says_which_submission_it_replaces(settings: Settings) -> None:
    ledger = Ledger(settings.ledger)
    corrected = submission(submission_id="c" * 16, rows_read=3, rows_accepted=3)
    ledger.record(partly())
    ledger.record(corrected)
    book, report = receipt(settings, RESIDENTS, corrected)
    assert report["replaces"] == "a1b2c3d4e5f60718"
    facts = dict(row for row in texts(book["Biên nhận"]) if len(row) == 2)
    assert facts["Thay thế · Replaces"] == (
        "lần gửi lúc 03:05 ngày 05/11/2026 (giờ Việt Nam, UTC+7)   ·   the file received 2026-11-05 03:05 Vietnam time"
    )


def test_more_returned_rows_than_the_workbook_shows_are_counted_and_all_are_in_the_json(settings: Settings) -> None:
    rows = [("csv", 2 + index, f"T{index}", "-1") for index in range(7)]
    keep(settings, PARCELS, rows, [("csv", row[1], "area_m2", 1, "number.range", None) for row in rows])
    details = {
        "headers": ["Mã thửa đất", "Diện tích"],
        "reasons": [reason("number.range", "area_m2", 7, 6, 1, sheet="csv")],
    }
    facts = submission(PARCELS, "partly", rows_read=9, rows_accepted=2, rows_rejected=7, details=details)
    book, report = receipt(settings.model_copy(update={"marked_whole": 1, "marked_rows": 3}), PARCELS, facts)
    sheet = book["Dòng trả lại"]
    assert sheet["A1"].value.endswith("Trang này có 3 dòng đầu trong tổng số 7 dòng trả lại.")
    assert [row[1] for row in sheet.iter_rows(min_row=3, values_only=True)] == ["2", "3", "4"]
    assert steps(book["Biên nhận"])[1] == (
        "Trang «Dòng trả lại» chỉ ghi 3 dòng đầu trong 7 dòng trả lại: sửa cả các dòng còn lại theo những lý do ở "
        "bảng dưới."
    )
    assert links(book["Biên nhận"]) == {}  # the example is in row 6, which is not shown
    assert [each["cell"] for each in report["errors"]] == [f"B{row}" for row in range(2, 9)]


def test_an_upsert_asks_for_the_mended_rows_only_and_its_workbook_can_be_sent_back(settings: Settings) -> None:
    headers = ["TT", "Số CCCD", "Họ và tên học viên", "Tên lớp", "Điểm"]
    rows = [("Lớp 1", 5, "1", "015190001234", "Lò Thị Mai", "Kỹ năng số", "850")]
    keep(settings, COMPLETIONS, rows, [("Lớp 1", 5, "score", 4, "number.range", None)])
    facts = submission(
        COMPLETIONS, "partly", rows_read=2, rows_accepted=1, rows_rejected=1, details={"headers": headers}
    )
    book, _ = receipt(settings, COMPLETIONS, facts)
    assert steps(book["Biên nhận"])[1] == (
        "Lưu chính tệp này (kỳ 2026-10 đã ghi sẵn trong tệp) rồi gửi: chỉ cần các dòng đã sửa, những dòng đã vào kho "
        "không phải gửi lại."
    )
    assert book["_kho"].sheet_state == "hidden"
    assert [row[0] for row in book["_kho"].iter_rows(values_only=True)] == [
        "kho-template",
        "training/completions",
        COMPLETIONS.version,
        "2026-10",
        "training",
        facts.submission_id,
        "Biên nhận/Thay đổi",
        "",
    ]
    cells = [[cell or "" for cell in row] for row in book["Dòng trả lại"].iter_rows(values_only=True)]
    layout = find_layout(COMPLETIONS, cells)
    assert (layout.first_header_row, layout.last_header_row) == (2, 2)
    assert layout.columns == {"citizen_id": 3, "full_name": 4, "course_name": 5, "score": 6}
    with pytest.raises(LayoutError):  # the front sheet is not taken for a table
        find_layout(COMPLETIONS, [[str(cell or "") for cell in row] for row in book["Biên nhận"].values])


@pytest.mark.parametrize(
    ("file_name", "stem"),
    [
        ("2026-10.xlsx", "2026-10"),
        ("Dân cư tháng 10.2026 (lần 2).xlsx", "Dân cư tháng 10.2026 (lần 2)"),
        ("Da\u0302n cu\u031b.csv", "Dân cư"),
        ("a\nb\tc.csv", "a_b_c"),
        ("../../etc/passwd", "etc_passwd"),
        (".hidden.xlsx", "hidden"),
        ("~$2026.xlsx", "2026"),
        ("say \"hi\" 'x' `y` $z.xlsx", "say _hi_ _x_ _y_ _z"),
        ("C:\\Users\\an|b?*<c>.xlsx", "C_Users_an_b_c"),
        ("\u202excod.xlsx", "xcod"),
        ("bad\udcff.csv", "bad"),
        ("d" * 300 + ".xlsx", "d" * 50),
        (".xlsx", "tep"),
        ("...", "tep"),
        ("", "tep"),
        ("2026-10.bien-nhan.0123abcd.bien-nhan.4567cdef.xlsx", "2026-10"),
    ],
)
def test_odd_file_names_give_receipt_names_that_every_system_takes(
    settings: Settings, file_name: str, stem: str
) -> None:
    facts = submission(file_name=file_name)
    assert receipt_stem(facts) == f"{stem}.bien-nhan.a1b2c3d4"
    written = write_receipt(settings, RESIDENTS, facts)
    assert [path.name for path in written] == [
        f"{stem}.bien-nhan.a1b2c3d4{each}" for each in (".xlsx", ".html", ".json")
    ]


def test_writing_a_receipt_again_gives_the_same_bytes_and_removes_what_a_killed_run_left(settings: Settings) -> None:
    keep(settings, RESIDENTS, ROWS, FOUND)
    first = {path: path.read_bytes() for path in write_receipt(settings, RESIDENTS, partly())}
    workbook = next(iter(first))
    workbook.with_name(f".{workbook.name}.4711.tmp").write_bytes(b"half")
    workbook.unlink()
    assert {path: path.read_bytes() for path in write_receipt(settings, RESIDENTS, partly())} == first
    remove_halves(settings, RESIDENTS)
    assert set(workbook.parent.iterdir()) == set(first)
    assert list(settings.temporary.iterdir()) == []


def test_whoever_may_enter_the_folder_may_read_the_receipts(settings: Settings) -> None:
    folder = settings.receipts(RESIDENTS.path)
    folder.mkdir(parents=True)
    folder.chmod(0o2770)
    assert [path.stat().st_mode & 0o777 for path in write_receipt(settings, RESIDENTS, partly())] == [0o660] * 3


@pytest.mark.parametrize(("position", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")])
def test_columns_are_named_as_excel_names_them(position: int, letters: str) -> None:
    assert column_letters(position) == letters
