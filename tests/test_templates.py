"""Templates: blank workbooks that follow from the declarations, and their committed copies."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from orchestration.intake.period import find_period
from orchestration.intake.places import communes
from orchestration.intake.recognise import LayoutError, find_layout
from orchestration.settings import PROJECT, Settings
from orchestration.templates import refresh, same_content, write_template
from schemas import Declaration, dataset, datasets

RESIDENTS, COMPLETIONS = dataset("population/residents"), dataset("training/completions")
DARK, LIGHT = "FF1F4E79", "FFDCE6F1"
HEADER_ROW = 6
every_dataset = pytest.mark.parametrize("declaration", datasets().values(), ids=list(datasets()))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", sources=tmp_path / "sources", province="15")


def template(settings: Settings, declaration: Declaration, **facts: str) -> Any:
    path = settings.sources / "template.xlsx"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_template(declaration, path, settings=settings, **facts)
    return openpyxl.load_workbook(path)


def drop_downs(book: Any) -> dict[str, list[str]]:
    """The values that each column with a list offers, by its letter."""
    lists = book["_danh_muc"]
    found = {}
    for rule in book["Số liệu"].data_validations.dataValidation:
        if rule.type == "list":
            assert rule.errorStyle == "warning"  # other spellings are understood, too
            sheet, cells = rule.formula1.rsplit("!", 1)
            assert sheet == "'_danh_muc'"
            found[str(rule.sqref)] = [row[0].value for row in lists[cells.replace("$", "")]]
    return found


def test_the_sheet_to_fill_in_has_title_period_legend_and_the_declared_headers(settings: Settings) -> None:
    sheet = template(settings, COMPLETIONS)["Số liệu"]
    assert [[cell for cell in row if cell is not None] for row in sheet.iter_rows(values_only=True)] == [
        ["TỈNH LÀO CAI"],
        ["Đơn vị báo cáo: ……………………………………"],
        ["KẾT QUẢ HỌC KỸ NĂNG SỐ"],
        ["Kỳ báo cáo: tháng …… năm ……"],
        ["Bắt buộc", "Nếu có số liệu", "Nhập từ dòng ngay dưới tiêu đề; di chuột vào tiêu đề để xem cách ghi."],
        [
            "Số định danh cá nhân",
            "Họ và tên",
            "Ngày sinh",
            "Giới tính",
            "Nhóm đối tượng",
            "Đơn vị công tác",
            "Xã/phường",
            "Mã khóa học",
            "Tên khóa học",
            "Nền tảng",
            "Ngày bắt đầu",
            "Ngày hoàn thành",
            "Kết quả",
            "Điểm",
        ],
    ]
    assert sheet.freeze_panes == "A7"
    required = [cell.value for cell in sheet[HEADER_ROW] if cell.fill.fgColor.rgb == DARK]
    assert required == ["Số định danh cá nhân", "Họ và tên", "Tên khóa học"]
    assert {cell.fill.fgColor.rgb for cell in sheet[HEADER_ROW]} == {DARK, LIGHT}
    assert sheet["A5"].fill.fgColor.rgb == DARK
    assert sheet["B5"].fill.fgColor.rgb == LIGHT


def test_columns_keep_leading_zeros_and_dates_and_say_how_they_are_written(settings: Settings) -> None:
    sheet = template(settings, COMPLETIONS)["Số liệu"]
    formats = {cell.value: sheet.column_dimensions[cell.column_letter].number_format for cell in sheet[HEADER_ROW]}
    others = {"Ngày bắt đầu": "dd/mm/yyyy", "Ngày hoàn thành": "dd/mm/yyyy", "Điểm": "General"}
    assert formats == {**dict.fromkeys(formats, "@"), **others}
    remarks = {cell.value: cell.comment.text for cell in sheet[HEADER_ROW]}
    assert remarks["Số định danh cá nhân"] == "Bắt buộc\n12 chữ số, cột định dạng Văn bản"
    assert remarks["Điểm"] == "Không bắt buộc\nSố, dấu phẩy thập phân, ví dụ 1250,5\nGiá trị: từ 0 đến 100"
    assert set(remarks) == {column.title for column in COMPLETIONS.columns.values()}


def test_lists_offer_the_first_word_of_each_choice_and_the_communes_of_the_province(settings: Settings) -> None:
    offered = drop_downs(template(settings, COMPLETIONS))
    assert {cells: values for cells, values in offered.items() if cells != "G7:G1048576"} == {
        "D7:D1048576": ["Nam", "Nữ"],
        "E7:E1048576": [
            "Học sinh",
            "Người dân",
            "Cán bộ, công chức, viên chức",
            "Tổ công nghệ số cộng đồng",
            "Người lao động doanh nghiệp",
        ],
        "J7:J1048576": ["OneTouch", "Bình dân học vụ số", "MOOC", "Trực tiếp"],
        "M7:M1048576": ["Hoàn thành", "Không hoàn thành", "Đang học"],
    }
    names = offered["G7:G1048576"]
    assert len(names) == 99
    assert all(communes(settings).resolve(name) in communes(settings).by_code for name in names)


@every_dataset
def test_a_filled_in_template_is_recognised_and_its_other_sheets_are_not_tables(
    settings: Settings, declaration: Declaration
) -> None:
    book = template(settings, declaration)
    rows = [[cell or "" for cell in row] for row in book["Số liệu"].values]
    layout = find_layout(declaration, rows)
    assert (layout.first_header_row, layout.last_header_row) == (HEADER_ROW, HEADER_ROW)
    assert list(layout.columns) == list(declaration.columns)
    assert (layout.surplus, layout.absent, layout.ambiguous) == ((), (), ())
    guide = [[cell or "" for cell in row] for row in book["Hướng dẫn"].values]
    with pytest.raises(LayoutError):
        find_layout(declaration, guide)
    assert [sheet.title for sheet in book if sheet.sheet_state == "hidden"] == ["_danh_muc", "_kho"]


@every_dataset
def test_the_guide_explains_every_column(settings: Settings, declaration: Declaration) -> None:
    rows = list(template(settings, declaration)["Hướng dẫn"].values)
    start = next(index for index, row in enumerate(rows) if row[0] == "Cột") + 1
    assert [(row[0], row[1]) for row in rows[start:]] == [
        (column.title, "Có" if column.required else "Không") for column in declaration.columns.values()
    ]
    assert all(row[2] for row in rows[start:])


@pytest.mark.parametrize(
    ("path", "period", "unit", "lines"),
    [
        ("population/residents", "2026-10", "02647", ["Phường Lào Cai (mã 02647)", "tháng 10/2026"]),
        ("land/parcels", "2026Q4", "land", ["Sở Nông nghiệp và Môi trường (toàn tỉnh)", "quý IV/2026"]),
    ],
)
def test_period_and_unit_are_stamped_and_shown(
    settings: Settings, path: str, period: str, unit: str, lines: list[str]
) -> None:
    declaration = dataset(path)
    book = template(settings, declaration, period=period, unit=unit)
    stamp = [row[0] for row in book["_kho"].values]
    assert stamp == ["kho-template", path, declaration.version, period, unit]
    shown = [book["Số liệu"][cell].value for cell in ("A2", "A4")]
    assert shown == [f"Đơn vị báo cáo: {lines[0]}", f"Kỳ báo cáo: {lines[1]}"]
    for titles, source, stamped in (([], "template", stamp), (shown, "title", [])):
        found, where = find_period(declaration, stamp=stamped, file_name="x.xlsx", titles=titles)
        assert (found.label, where) == (period, source)


def test_a_blank_template_names_no_period(settings: Settings) -> None:
    book = template(settings, RESIDENTS)
    stamp = [row[0] for row in book["_kho"].values]
    assert stamp == ["kho-template", "population/residents", RESIDENTS.version, "", ""]
    assert book["Số liệu"]["A4"].value == "Kỳ báo cáo: tháng …… năm ……"


def test_the_same_declaration_gives_the_same_bytes(settings: Settings, tmp_path: Path) -> None:
    for name in ("one.xlsx", "two.xlsx"):
        write_template(RESIDENTS, tmp_path / name, settings=settings)
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()
    assert openpyxl.load_workbook(tmp_path / "one.xlsx").properties.created == datetime.datetime(2026, 1, 1)


def test_refresh_rewrites_only_templates_that_are_missing_damaged_or_out_of_date(settings: Settings) -> None:
    kept = {path: settings.sources / path / "template.xlsx" for path in datasets()}
    assert refresh(settings) == list(kept.values())
    assert refresh(settings) == []
    kept["land/parcels"].write_bytes(b"PK, but no workbook")
    write_template(RESIDENTS, kept["population/residents"], period="2026-10", settings=settings)
    assert refresh(settings) == [kept["land/parcels"], kept["population/residents"]]


@every_dataset
def test_the_committed_template_is_up_to_date(settings: Settings, declaration: Declaration) -> None:
    """If not: ``orchestration.templates.refresh`` writes it anew."""
    fresh, committed = settings.home / "template.xlsx", PROJECT / "sources" / declaration.path / "template.xlsx"
    fresh.parent.mkdir()
    write_template(declaration, fresh, settings=settings)
    assert same_content(fresh, committed)
