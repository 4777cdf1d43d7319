"""What people read about a submission: reasons, periods, units and kinds of rows, in Vietnamese and English.

Belongs here: filling a rule's text from the declaration, and the words for what the intake counts. Does not belong
here: the rules' own texts (``schemas/rules.py``), and where words stand in a workbook (``receipts/``).
The command line, Dagster and the receipts all take their sentences from here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from orchestration.intake.old_communes import OldCommune
from orchestration.intake.places import communes
from orchestration.settings import Settings
from schemas import Column, Declaration
from schemas.column_types import DECIMAL_SCALE
from schemas.rules import DECIMAL_ROUNDED, OUT_OF_RANGE, PATTERN, RULES, TOO_LONG


@dataclass(frozen=True)
class Words:
    """The same thing said in Vietnamese and in English."""

    vi: str
    en: str


@dataclass(frozen=True)
class Explained:
    """What is wrong, and how it is mended, with every placeholder filled."""

    vi: str
    en: str
    mend_vi: str
    mend_en: str


VERDICTS = {
    "accepted": Words("Đã nhận", "Accepted"),
    "partly": Words("Nhận một phần", "Accepted in part"),
    "refused": Words("Chưa nhận", "Refused"),
    "waiting": Words("Chờ quyết định", "Waiting for a decision"),
    "duplicate": Words("Trùng tệp đã gửi", "Duplicate"),
    "withdrawn": Words("Đã rút lại", "Withdrawn"),
}
SEVERITIES = {"error": Words("Lỗi", "Error"), "warning": Words("Lưu ý", "Warning")}
#: Why a row that was read is neither accepted nor returned.
IGNORED = {
    "letterhead": Words("dòng tiêu đề văn bản phía trên bảng", "letterhead rows above the table"),
    "header": Words("dòng tiêu đề cột", "header rows"),
    "number_row": Words("dòng đánh số cột", "rows of column numbers"),
    "total": Words("dòng tổng cộng", "total rows"),
    "note": Words("dòng ghi chú, chữ ký", "notes and signatures"),
    "section": Words("dòng tên nhóm, mục", "section titles"),
    "duplicate": Words("dòng lặp lại giống hệt dòng đã có", "rows identical to an earlier row"),
}
#: What was written differently without a change of meaning, by the type of the column.
MENDED = {
    "text": Words("ô chữ (khoảng trắng, kiểu gõ dấu)", "texts (spaces, Unicode)"),
    "person_name": Words("họ tên (khoảng trắng, kiểu gõ dấu)", "names (spaces, Unicode)"),
    "integer": Words("số nguyên", "whole numbers"),
    "decimal": Words("số thập phân", "decimals"),
    "boolean": Words("ô Có/Không", "yes and no"),
    "date": Words("ngày", "dates"),
    "partial_date": Words("ngày, tháng hoặc năm", "dates, months or years"),
    "choice": Words("giá trị danh mục", "listed values"),
    "sex": Words("giới tính", "sexes"),
    "citizen_id": Words("số định danh (bù số 0 ở đầu, bỏ dấu cách)", "citizen ids (leading zeros, spaces)"),
    "tax_code": Words("mã số thuế", "tax codes"),
    "commune_code": Words("tên xã, phường đổi thành mã", "commune names turned into codes"),
    "land_type": Words("mã loại đất", "land types"),
    "tcvn3": Words(
        "ô phông chữ cũ TCVN3 (.VnTime…) đổi sang Unicode", "cells of the legacy font TCVN3 read as Unicode"
    ),
    "vni": Words("ô phông chữ cũ VNI đổi sang Unicode", "cells of the legacy font VNI read as Unicode"),
    "old_commune": Words("xã, phường cũ đổi thành đơn vị hiện hành", "old communes turned into present ones"),
    "divided_commune": Words(
        "xã, phường cũ nay đã chia cho nhiều đơn vị, ghi theo đơn vị của thời kỳ đó",
        "old communes that were divided since, kept as units of their time",
    ),
    "ditto": Words('ô ghi dấu «như trên» (nt, ") lấy theo ô phía trên', "ditto marks read as the cell above"),
    "section": Words(
        "ô trống lấy theo dòng tên mục hoặc tên trang (xã, thôn)",
        "empty cells filled from the heading or the sheet's name (commune, village)",
    ),
}
PERIOD_SOURCES = {
    "template": Words("ghi trong tệp mẫu", "stamped in the template"),
    "receipt": Words("ghi trong bản trả lại", "stamped in the returned copy"),
    "file_name": Words("theo tên tệp", "from the file's name"),
    "title": Words("theo dòng tiêu đề của bảng", "from the table's title"),
}
#: The receipt's sheets, and what it adds to the columns of the file. Officers mend a receipt and send it back.
FRONT_SHEET, RETURNED_SHEET = "Biên nhận", "Dòng trả lại"
#: Further sheets of our own workbooks that hold no rows of officers.
GUIDE_SHEET, LISTS_SHEET = "Hướng dẫn", "_danh_muc"
SOURCE_SHEET, SOURCE_ROW, ERRORS = "Trang gốc", "Dòng gốc", "Lỗi"
#: What a receipt's name adds to the name of the file: eight digits that are no date.
RECEIPT_NAME = re.compile(r"\.bien-nhan\.[0-9a-f]{8}")
_QUARTERS = ("I", "II", "III", "IV")


def unit_words(settings: Settings, declaration: Declaration, unit: str) -> Words:
    """A reporting unit: the owner for a file of the whole province, else the commune of that code."""
    if not unit:
        return Words("chưa xác định", "unknown")
    if unit == declaration.department:
        return Words(f"{declaration.owner} (toàn tỉnh)", f"{declaration.owner} (whole province)")
    known = communes(settings)
    commune = known.of_key(unit)
    if not commune:
        return Words(unit, unit)
    old_vi, old_en = (" cũ", "old ") if isinstance(commune, OldCommune) else ("", "")
    return Words(f"{commune.name}{old_vi} (mã {commune.code})", f"{commune.name} ({old_en}code {commune.code})")


def period_words(period: str) -> Words:
    """``2026-10`` → tháng 10/2026, ``2026Q4`` → quý IV/2026, ``2026`` → năm 2026."""
    if not period:
        return Words("chưa xác định", "unknown")
    year, rest = period[:4], period[4:]
    if rest.startswith("-"):
        return Words(f"tháng {rest[1:]}/{year}", period)
    if rest.startswith("Q"):
        return Words(f"quý {_QUARTERS[int(rest[1:]) - 1]}/{year}", f"{year} {rest}")
    return Words(f"năm {year}", year)


def count_vi(number: int) -> str:
    """1234567 → 1.234.567."""
    return f"{number:,}".replace(",", ".")


def _number(value: float, *, vietnamese: bool) -> str:
    text = f"{value:,.0f}" if value == int(value) else f"{value:,.4f}".rstrip("0")
    return text.translate(str.maketrans(",.", ".,")) if vietnamese else text


def range_words(column: Column) -> Words:
    """The bounds of a numeric column, both of them: ``> 0 và ≤ 50.000.000``; empty if it has none."""
    if column.ge is not None and column.le is not None:
        low_vi, high_vi = _number(column.ge, vietnamese=True), _number(column.le, vietnamese=True)
        low_en, high_en = _number(column.ge, vietnamese=False), _number(column.le, vietnamese=False)
        return Words(f"từ {low_vi} đến {high_vi}", f"{low_en} to {high_en}")
    bounds = [
        (sign, bound) for sign, bound in ((">", column.gt), ("≥", column.ge), ("≤", column.le)) if bound is not None
    ]
    return Words(
        " và ".join(f"{sign} {_number(bound, vietnamese=True)}" for sign, bound in bounds),
        " and ".join(f"{sign} {_number(bound, vietnamese=False)}" for sign, bound in bounds),
    )


def _limit(rule_id: str, column: Column) -> Words:
    """The declared bound that a rule speaks of: a column can have several."""
    plain = {
        DECIMAL_ROUNDED: DECIMAL_SCALE,
        TOO_LONG: column.max_length,
        PATTERN: column.pattern,
    }
    if rule_id in plain:
        return Words(str(plain[rule_id]), str(plain[rule_id]))
    if rule_id == OUT_OF_RANGE:
        return range_words(column)
    return Words(column.limit_text(), column.limit_text())


def explain(
    declaration: Declaration,
    rule_id: str,
    column_name: str = "",
    *,
    title: str = "",
    limit: str = "",
    limit_en: str = "",
) -> Explained:
    """A rule's texts, filled from the column that it is about; rules of a row name the key.

    title, limit: what a notice about the whole file says instead; limit_en: where English says it differently.
    """
    found = RULES[rule_id]
    column = declaration.columns.get(column_name)
    limits, allowed = Words(limit, limit_en or limit), ""
    if column is not None:
        title = column.title
        limits = _limit(rule_id, column)
        allowed = ", ".join(words[0] for words in column.choices.values())
    elif found.scope == "row":
        title = declaration.key_title

    def fill(text: str, bound: str) -> str:
        return text.format(title=title or column_name, limit=bound, allowed=allowed)

    return Explained(
        fill(found.vi, limits.vi),
        fill(found.en, limits.en),
        fill(found.mend_vi, limits.vi),
        fill(found.mend_en, limits.en),
    )
