"""Blank workbooks for officers, derived from the declarations.

Belongs here: writing a template, what its guide says, and keeping the copies below ``sources/`` as the declarations
say. Does not belong here: reading a stamp back (the intake's readers), and what is right or wrong (``schemas/``).

A template is an offer: files with other headers, orders and layouts are recognised too. The same declaration gives
the same content.
"""

from __future__ import annotations

import csv
import datetime
import io
import logging
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import xlsxwriter

from orchestration.files import replacing
from orchestration.intake.places import communes
from orchestration.intake.wording import GUIDE_SHEET, LISTS_SHEET, period_words, range_words, unit_words
from orchestration.settings import Settings
from orchestration.settings import settings as own_settings
from orchestration.spreadsheet import (
    FONT,
    FONT_SIZE,
    GREY,
    HEADING,
    INK,
    LINE_HEIGHT,
    RULE,
    SMALL,
    WHITE,
    set_page,
    stamp_cells,
    text_lines,
    workbook,
    write_stamp,
)
from schemas import Column, Declaration, datasets
from schemas.column_types import Boolean, Choice, CitizenId, CommuneCode, Date, Decimal, Integer

log = logging.getLogger("kho.templates")

DATA_SHEET = "Số liệu"
#: The date in every template's properties: a template is as old as its declaration, not as the day it was written.
CREATED = datetime.datetime(2026, 1, 1)
#: Rows of the data sheet, from 0: letterhead, title, period, legend, header.
PROVINCE_ROW, UNIT_ROW, TITLE_ROW, PERIOD_ROW, LEGEND_ROW, HEADER_ROW = range(6)
LAST_ROW = 1_048_575
_OPTIONAL_FILL = "#DCE6F1"
_PERIOD_BLANK = {"month": "tháng …… năm ……", "quarter": "quý …… năm ……", "year": "năm ……"}
_PERIOD_WORDS = {"month": "tháng", "quarter": "quý", "year": "năm"}
_PERIOD_NAMES = {"month": "2026-10.xlsx", "quarter": "2026Q4.xlsx", "year": "2026.xlsx"}
_NUMBER_FORMATS = {Date: "dd/mm/yyyy", Integer: "#,##0", Decimal: "General"}
_BOUNDLESS = 1e15


def write_template(
    declaration: Declaration, path: Path, *, period: str = "", unit: str = "", settings: Settings | None = None
) -> None:
    """Write the blank workbook of a dataset to ``path``, for one period and unit where they are given."""
    settings = settings or own_settings()
    with workbook(path, title=declaration.title, created=CREATED) as book:
        data, guide = book.add_worksheet(DATA_SHEET), book.add_worksheet(GUIDE_SHEET)
        lists = _write_lists(book, declaration, settings)
        _write_data(book, data, declaration, lists, settings, period, unit)
        _write_guide(book, guide, declaration)
        write_stamp(book, stamp_cells(declaration, period=period, unit=unit))


def refresh(settings: Settings) -> list[Path]:
    """Write ``<dataset>/template.xlsx`` below the sources where it is missing or says something else; returns those."""
    rewritten = []
    for path in datasets():
        fresh, kept = _blank(path, settings.province), settings.sources / path / "template.xlsx"
        if not same_content(io.BytesIO(fresh), kept):
            try:
                with replacing(kept, mode=0o644) as temporary:
                    temporary.write_bytes(fresh)
            except OSError as error:  # a folder that does not let it must not stop the run of all
                log.error("%s cannot be written: %s", kept, error.strerror)
            else:
                rewritten.append(kept)
    return rewritten


@cache
def _blank(path: str, province: str) -> bytes:
    """The template of a dataset; a process that prepares many homes makes each once."""
    settings = own_settings().model_copy(update={"province": province})
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "template.xlsx"
        write_template(datasets()[path], file, settings=settings)
        return file.read_bytes()


def same_content(one: Path | BinaryIO, other: Path | BinaryIO) -> bool:
    """Whether two workbooks have the same parts, however they were compressed; a missing or damaged one differs."""
    return (parts := _parts(one)) is not None and parts == _parts(other)


def _parts(path: Path | BinaryIO) -> dict[str, int] | None:
    try:
        with zipfile.ZipFile(path) as archive:
            return {each.filename: each.CRC for each in archive.infolist()}
    except (OSError, zipfile.BadZipFile):
        return None


def _province_name(settings: Settings) -> str:
    with (settings.seeds / "commune.csv").open(encoding="utf-8", newline="") as file:
        names = (row["province_name"] for row in csv.DictReader(file) if row["province_code"] == settings.province)
        return next(names, "")


def _format(book: xlsxwriter.Workbook, **properties: Any) -> Any:
    return book.add_format({"font_name": FONT, "font_size": FONT_SIZE, "font_color": INK, **properties})


# --- lists of values --------------------------------------------------------------------------------------
def _values(column: Column, settings: Settings) -> list[str]:
    """What the drop-down of a column offers; empty if it has none."""
    if issubclass(column.type, Choice):
        return [words[0] for words in column.choices.values()]
    if column.type is CommuneCode:
        return sorted(each.name for each in communes(settings).own)
    return ["Có", "Không"] if column.type is Boolean else []


def _write_lists(book: xlsxwriter.Workbook, declaration: Declaration, settings: Settings) -> dict[str, str]:
    """Write the lists to a hidden sheet (a list inside a validation may have no commas and 255 characters)."""
    sheet = book.add_worksheet(LISTS_SHEET)
    sheet.hide()
    ranges: dict[str, str] = {}
    for name, column in declaration.columns.items():
        values = _values(column, settings)
        if values:
            position = len(ranges)
            for row, value in enumerate(values):
                sheet.write_string(row, position, value)
            letters = xlsxwriter.utility.xl_col_to_name(position, True)
            ranges[name] = f"='{LISTS_SHEET}'!{letters}$1:{letters}${len(values)}"
    return ranges


# --- the sheet to fill in ---------------------------------------------------------------------------------
def _write_data(
    book: xlsxwriter.Workbook,
    sheet: Any,
    declaration: Declaration,
    lists: dict[str, str],
    settings: Settings,
    period: str,
    unit: str,
) -> None:
    bold = _format(book, bold=True)
    reporter = unit_words(settings, declaration, unit).vi if unit else "……………………………………"
    when = period_words(period).vi if period else _PERIOD_BLANK[declaration.period]
    sheet.write_string(PROVINCE_ROW, 0, _province_name(settings).upper(), bold)
    sheet.write_string(UNIT_ROW, 0, f"Đơn vị báo cáo: {reporter}", _format(book))
    sheet.set_row(TITLE_ROW, 26)
    title = _format(book, bold=True, font_size=16, font_color=HEADING, valign="vcenter")
    sheet.write_string(TITLE_ROW, 0, declaration.title.upper(), title)
    sheet.write_string(PERIOD_ROW, 0, f"Kỳ báo cáo: {when}", bold)
    _write_columns(book, sheet, declaration, lists)
    sheet.freeze_panes(HEADER_ROW + 1, 0)
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    sheet.repeat_rows(HEADER_ROW)
    set_page(sheet)


def _write_columns(book: xlsxwriter.Workbook, sheet: Any, declaration: Declaration, lists: dict[str, str]) -> None:
    """The legend and the header, with what each column is like. The legend is no part of a header's text."""
    header = {
        True: _format(book, bold=True, font_color=WHITE, bg_color=HEADING, **_HEADER),
        False: _format(book, bold=True, font_color=HEADING, bg_color=_OPTIONAL_FILL, **_HEADER),
    }
    sheet.set_row(LEGEND_ROW, 18)
    sheet.write_string(LEGEND_ROW, 0, "Bắt buộc", header[True])
    sheet.write_string(LEGEND_ROW, 1, "Nếu có số liệu", header[False])
    note = "Nhập từ dòng ngay dưới tiêu đề; di chuột vào tiêu đề để xem cách ghi."
    sheet.write_string(LEGEND_ROW, 2, note, _format(book, font_color=GREY, italic=True, valign="vcenter"))
    sheet.set_row(HEADER_ROW, 32)
    for position, column in enumerate(declaration.columns.values()):
        cells = _format(book, num_format=_NUMBER_FORMATS.get(column.type, "@"))
        sheet.set_column(position, position, max(14, min(30, len(column.title) + 4)), cells)
        sheet.write_string(HEADER_ROW, position, column.title, header[column.required])
        lines = _column_lines(column)
        size = {"font_size": SMALL, "width": 260, "height": 16 * (len(lines) + 2)}
        sheet.write_comment(HEADER_ROW, position, "\n".join(lines), {"author": "kho", **size})
        validation = _validation(column, lists.get(column.name))
        if validation:
            sheet.data_validation(HEADER_ROW + 1, position, LAST_ROW, position, validation)


_HEADER = {"border": 1, "border_color": RULE, "text_wrap": True, "align": "center", "valign": "vcenter"}


def _validation(column: Column, values: str | None) -> dict[str, Any] | None:
    """What Excel checks while an officer types. It warns and never forbids: kho understands more than a list."""
    rule: dict[str, Any]
    if values:
        rule = {"validate": "list", "source": values}
    elif column.type is CitizenId:
        rule = {"validate": "length", "criteria": "==", "value": 12}
    elif column.type is Date:
        rule = {"validate": "date", "criteria": ">=", "value": datetime.date(1900, 1, 1)}
    elif column.type in (Integer, Decimal):
        low = column.ge if column.ge is not None else column.gt
        rule = {
            "validate": "integer" if column.type is Integer else "decimal",
            "criteria": "between",
            "minimum": -_BOUNDLESS if low is None else low,
            "maximum": _BOUNDLESS if column.le is None else column.le,
        }
    elif column.max_length:
        rule = {"validate": "length", "criteria": "<=", "value": column.max_length}
    else:
        return None
    hint = f"{column.title}: {_how(column)}. Giữ giá trị vừa nhập?"
    return {**rule, "error_type": "warning", "error_title": "Kiểm tra lại", "error_message": hint[:255]}


# --- the guide --------------------------------------------------------------------------------------------
def _how(column: Column) -> str:
    return column.type.hint_vi


def _limits(column: Column) -> str:
    """Bounds and values of a column in words; empty if there are none."""
    if issubclass(column.type, Choice):
        return "; ".join(words[0] for words in column.choices.values())
    if column.gt is not None or column.ge is not None or column.le is not None:
        return range_words(column).vi
    limits = [f"tối đa {column.max_length} ký tự"] if column.max_length else []
    return "; ".join([*limits, "không ở tương lai"] if column.past else limits)


def _column_lines(column: Column) -> list[str]:
    """What the remark at a header says."""
    lines = ["Bắt buộc" if column.required else "Không bắt buộc", _how(column)]
    limits = _limits(column)
    return [*lines, f"Giá trị: {limits}"] if limits else lines


def _write_guide(book: xlsxwriter.Workbook, sheet: Any, declaration: Declaration) -> None:
    wrapped = {"text_wrap": True, "valign": "top"}
    cell = _format(book, border=1, border_color=RULE, **wrapped)
    head = _format(book, bold=True, font_color=WHITE, bg_color=HEADING, **_HEADER)
    must = _format(book, bold=True, font_color=HEADING, border=1, border_color=RULE, **wrapped)
    widths = (30, 14, 44, 46, 60)
    for position, width in enumerate(widths):
        sheet.set_column(position, position, width)
    sheet.set_row(0, 26)
    sheet.write_string(0, 0, "HƯỚNG DẪN", _format(book, bold=True, font_size=16, font_color=HEADING))
    row = 1
    for number, step in enumerate(_steps(declaration), 1):
        sheet.write_string(row, 0, f"{number}. {step}", _format(book))
        row += 1
    row += 1
    for position, text in enumerate(("Cột", "Bắt buộc", "Cách ghi", "Giá trị", "Tiêu đề khác cũng được nhận")):
        sheet.write_string(row, position, text, head)
    sheet.freeze_panes(row + 1, 0)
    for column in declaration.columns.values():
        row += 1
        required = "Có" if column.required else "Không"
        texts = (column.title, required, _how(column), _limits(column), "; ".join(column.also))
        sheet.set_row(row, 4 + LINE_HEIGHT * max(map(text_lines, texts, widths)))
        for position, text in enumerate(texts):
            sheet.write_string(row, position, text, must if column.required and position == 0 else cell)
    sheet.hide_gridlines(2)
    set_page(sheet)


def _steps(declaration: Declaration) -> list[str]:
    name, kind = _PERIOD_NAMES[declaration.period], _PERIOD_WORDS[declaration.period]
    if declaration.load == "full":
        again = f"Gửi lại cùng {kind}: gửi cả tệp, tệp mới thay toàn bộ tệp cũ."
    else:
        again = "Gửi lại: chỉ cần các dòng mới hoặc dòng đã sửa; dòng trùng khóa được cập nhật."
    return [
        f"Nhập dữ liệu ở trang «{DATA_SHEET}», mỗi dòng một bản ghi; cột nền xanh đậm là bắt buộc.",
        f"Ghi {kind} báo cáo vào tên tệp, ví dụ {name}, hoặc vào dòng «Kỳ báo cáo».",
        "Lưu tệp rồi chép vào thư mục «incoming»; kết quả nằm trong thư mục «receipts» bên cạnh.",
        again,
        "Không bắt buộc dùng mẫu này: tệp có thứ tự cột và tiêu đề khác (cột cuối bảng dưới) vẫn được nhận.",
    ]
