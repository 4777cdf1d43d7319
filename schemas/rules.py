"""The catalogue of rules: what can be wrong with a file, a row or a cell, and how an officer mends it.

Here stand identity, severity, quality dimension and wording. How a rule is evaluated stands where the
evaluation happens: casts in ``orchestration/intake/casts``, checks in the datasets' Pandera classes,
layout and file rules in the steps of the intake. A rule of a single dataset is declared in that dataset's
module with :func:`rule`, so that adding a dataset edits no existing file.

Wording never contains the cell's value: messages go to logs and to Dagster, values only to the owner's receipt.
Placeholders: ``{title}`` the Vietnamese title of the column, ``{limit}`` the declared bound, ``{allowed}`` the values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]
#: The six dimensions of the motto "đúng – đủ – sạch – sống – thống nhất – dùng chung".
Dimension = Literal["accurate", "complete", "clean", "live", "unified", "shared"]
Scope = Literal["cell", "row", "file"]


@dataclass(frozen=True)
class Rule:
    """One thing that can be wrong. ``mend_vi``/``mend_en`` say what the officer does about it."""

    id: str
    severity: Severity
    dimension: Dimension
    vi: str
    en: str
    mend_vi: str
    mend_en: str
    scope: Scope = "cell"


RULES: dict[str, Rule] = {}


def rule(
    id: str,
    severity: Severity,
    dimension: Dimension,
    *,
    vi: str,
    en: str,
    mend_vi: str,
    mend_en: str,
    scope: Scope = "cell",
) -> str:
    """Register a rule and return its id. Registering another rule under the same id is an error."""
    declared = Rule(id, severity, dimension, vi, en, mend_vi, mend_en, scope)
    if RULES.setdefault(id, declared) != declared:
        raise ValueError(f"rule {id!r} is declared twice with different content")
    return id


# --- any cell ---------------------------------------------------------------------------------------------
REQUIRED = rule(
    "required",
    "error",
    "complete",
    vi="Ô «{title}» bắt buộc nhưng đang để trống",
    en="'{title}' is required but empty",
    mend_vi="Điền giá trị vào ô này",
    mend_en="Fill in the cell",
)
EXCEL_ERROR = rule(
    "cell.excel_error",
    "error",
    "clean",
    vi="Ô «{title}» chứa lỗi công thức của Excel",
    en="'{title}' holds an Excel formula error",
    mend_vi="Sửa công thức hoặc gõ giá trị vào ô",
    mend_en="Mend the formula or type the value",
)
LOST_DIGITS = rule(
    "cell.lost_digits",
    "error",
    "accurate",
    vi="«{title}» bị Excel lưu dạng số nên đã mất chữ số",
    en="'{title}' was stored as a number and has lost digits",
    mend_vi="Định dạng cột là Văn bản (Text) rồi nhập lại từ hồ sơ gốc",
    mend_en="Format the column as Text and enter the value again",
)
TOO_LONG = rule(
    "text.too_long",
    "error",
    "clean",
    vi="«{title}» dài quá {limit} ký tự",
    en="'{title}' is longer than {limit} characters",
    mend_vi="Rút gọn nội dung; phần giải thích để ở cột Ghi chú",
    mend_en="Shorten it; explanations belong in the notes column",
)
PATTERN = rule(
    "text.pattern",
    "error",
    "clean",
    vi="«{title}» không đúng dạng quy định",
    en="'{title}' does not have the required form",
    mend_vi="Viết lại theo mẫu {limit}",
    mend_en="Write it in the form {limit}",
)
INTEGER_FORMAT = rule(
    "integer.format",
    "error",
    "clean",
    vi="«{title}» phải là số nguyên",
    en="'{title}' must be a whole number",
    mend_vi="Chỉ ghi chữ số, ví dụ 1250",
    mend_en="Write digits only, such as 1250",
)
DECIMAL_FORMAT = rule(
    "decimal.format",
    "error",
    "clean",
    vi="«{title}» phải là số",
    en="'{title}' must be a number",
    mend_vi="Ghi số với dấu phẩy thập phân, ví dụ 1250,5; đơn vị tính để ở tiêu đề cột",
    mend_en="Write a number with a decimal comma, such as 1250,5; the unit belongs in the header",
)
DECIMAL_AMBIGUOUS = rule(
    "decimal.ambiguous",
    "error",
    "accurate",
    vi="«{title}»: không rõ dấu chấm/phẩy là hàng nghìn hay thập phân",
    en="'{title}': the separator may mean thousands or decimals",
    mend_vi="Viết số không có dấu phân cách hàng nghìn",
    mend_en="Write the number without a thousands separator",
)
DECIMAL_ROUNDED = rule(
    "decimal.rounded",
    "warning",
    "clean",
    vi="«{title}» có nhiều hơn {limit} chữ số thập phân, đã làm tròn",
    en="'{title}' has more than {limit} decimals and was rounded",
    mend_vi="Làm tròn trước khi gửi nếu cần",
    mend_en="Round it before sending if that matters",
)
OUT_OF_RANGE = rule(
    "number.range",
    "error",
    "accurate",
    vi="«{title}» nằm ngoài khoảng cho phép ({limit})",
    en="'{title}' is outside the allowed range ({limit})",
    mend_vi="Kiểm tra lại giá trị và đơn vị tính",
    mend_en="Check the value and its unit",
)
DATE_FORMAT = rule(
    "date.format",
    "error",
    "clean",
    vi="«{title}» không phải là ngày hợp lệ",
    en="'{title}' is not a valid date",
    mend_vi="Ghi ngày dạng dd/mm/yyyy, ví dụ 05/03/1980",
    mend_en="Write the date as dd/mm/yyyy, such as 05/03/1980",
)
DATE_FUTURE = rule(
    "date.future",
    "error",
    "accurate",
    vi="«{title}» ở trong tương lai",
    en="'{title}' lies in the future",
    mend_vi="Kiểm tra lại năm",
    mend_en="Check the year",
)
BOOLEAN_FORMAT = rule(
    "boolean.format",
    "error",
    "clean",
    vi="«{title}» chỉ nhận Có hoặc Không (hoặc dấu x)",
    en="'{title}' takes yes or no (or an x)",
    mend_vi="Ghi Có hoặc Không",
    mend_en="Write Có or Không",
)
CHOICE_UNKNOWN = rule(
    "choice.unknown",
    "error",
    "unified",
    vi="«{title}» có giá trị ngoài danh mục ({allowed})",
    en="'{title}' is not one of the listed values ({allowed})",
    mend_vi="Chọn một giá trị trong danh mục",
    mend_en="Choose one of the listed values",
)
CHOICE_UNKNOWN_OPTIONAL = rule(
    "choice.unknown_optional",
    "warning",
    "unified",
    vi="«{title}» có giá trị ngoài danh mục ({allowed}), đã để trống",
    en="'{title}' is not one of the listed values ({allowed}); left empty",
    mend_vi="Chọn một giá trị trong danh mục nếu có thể",
    mend_en="Choose one of the listed values if you can",
)
LEGACY_FONT = rule(
    "cell.legacy_font",
    "error",
    "clean",
    vi="«{title}» có thể gõ bằng phông chữ cũ (TCVN3, VNI) nên không đọc được chắc chắn",
    en="'{title}' may be written in a legacy font (TCVN3, VNI) and cannot be read for certain",
    mend_vi="Gõ lại ô này bằng bảng mã Unicode (phông Times New Roman, Arial)",
    mend_en="Type the cell again in Unicode (Times New Roman, Arial)",
)
MARKED_TWICE = rule(
    "mark.twice",
    "error",
    "accurate",
    vi="«{title}» được đánh dấu hoặc ghi ở nhiều cột cùng lúc",
    en="'{title}' is marked or filled in in several columns at once",
    mend_vi="Chỉ đánh dấu một cột, xóa dấu ở các cột còn lại",
    mend_en="Mark one column and clear the others",
)
MARK_UNKNOWN = rule(
    "mark.unknown",
    "error",
    "clean",
    vi="Dấu trong cột đánh dấu của «{title}» không rõ nghĩa",
    en="What stands in a column to be marked for '{title}' is no mark",
    mend_vi="Ghi x vào cột đúng, để trống các cột còn lại",
    mend_en="Write x in the right column and leave the others empty",
)

# --- identity (rules and table of the citizen id: Circular 59/2021/TT-BCA art. 4, Circular 07/2016/TT-BCA) --
CITIZEN_ID_FORMAT = rule(
    "citizen_id.format",
    "error",
    "accurate",
    vi="«{title}» phải có đúng 12 chữ số",
    en="'{title}' must have exactly 12 digits",
    mend_vi="Đối chiếu với thẻ căn cước và nhập đủ 12 chữ số",
    mend_en="Compare with the identity card and enter all 12 digits",
)
CITIZEN_ID_NINE_DIGITS = rule(
    "citizen_id.nine_digits",
    "error",
    "unified",
    vi="«{title}» là số CMND 9 chữ số đã hết giá trị",
    en="'{title}' is an old 9-digit number, no longer valid",
    mend_vi="Thay bằng số định danh cá nhân 12 chữ số",
    mend_en="Replace it by the 12-digit citizen id",
)
CITIZEN_ID_LOST_ZERO = rule(
    "citizen_id.lost_zero",
    "error",
    "accurate",
    vi="«{title}» thiếu chữ số 0 ở đầu và không khớp giới tính, năm sinh để tự bù",
    en="'{title}' has lost leading zeros and cannot be restored from sex and birth year",
    mend_vi="Định dạng cột là Văn bản (Text) rồi nhập đủ 12 chữ số",
    mend_en="Format the column as Text and enter all 12 digits",
)
CITIZEN_ID_SEX = rule(
    "citizen_id.sex",
    "error",
    "accurate",
    vi="«{title}» mâu thuẫn với giới tính của dòng này (chữ số thứ 4)",
    en="'{title}' contradicts the sex of its row (4th digit)",
    mend_vi="Kiểm tra lại số định danh và giới tính",
    mend_en="Check the citizen id and the sex",
)
CITIZEN_ID_BIRTH_YEAR = rule(
    "citizen_id.birth_year",
    "error",
    "accurate",
    vi="«{title}» mâu thuẫn với năm sinh của dòng này (chữ số thứ 4 đến 6)",
    en="'{title}' contradicts the birth year of its row (4th to 6th digit)",
    mend_vi="Kiểm tra lại số định danh và ngày sinh",
    mend_en="Check the citizen id and the date of birth",
)
CITIZEN_ID_FUTURE = rule(
    "citizen_id.future",
    "error",
    "accurate",
    vi="«{title}» cho năm sinh ở trong tương lai",
    en="'{title}' implies a birth year in the future",
    mend_vi="Kiểm tra lại chữ số thứ 4 đến 6",
    mend_en="Check the 4th to 6th digit",
)
CITIZEN_ID_PROVINCE = rule(
    "citizen_id.province",
    "warning",
    "accurate",
    vi="«{title}» có mã tỉnh nơi đăng ký khai sinh không có trong bảng 63 tỉnh (có thể là mã quốc gia)",
    en="'{title}' starts with a code outside the 63 provinces (it may be a country's)",
    mend_vi="Kiểm tra lại 3 chữ số đầu; nếu khai sinh ở nước ngoài thì giữ nguyên",
    mend_en="Check the first 3 digits; keep them if the birth was registered abroad",
)
TAX_CODE_FORMAT = rule(
    "tax_code.format",
    "error",
    "accurate",
    vi="«{title}» phải có 10 chữ số (hoặc 10 chữ số, gạch nối, 3 chữ số)",
    en="'{title}' must have 10 digits (or 10 digits, a hyphen and 3 digits)",
    mend_vi="Đối chiếu với giấy đăng ký thuế",
    mend_en="Compare with the tax registration",
)
TAX_CODE_CHECK_DIGIT = rule(
    "tax_code.check_digit",
    "error",
    "accurate",
    vi="«{title}» sai chữ số kiểm tra",
    en="'{title}' has a wrong check digit",
    mend_vi="Đối chiếu với giấy đăng ký thuế",
    mend_en="Compare with the tax registration",
)
TAX_CODE_PERSONAL = rule(
    "tax_code.personal",
    "error",
    "clean",
    vi="«{title}» chứa số định danh cá nhân 12 chữ số",
    en="'{title}' holds a 12-digit citizen id",
    mend_vi="Chuyển số này sang cột số định danh cá nhân của chủ sử dụng",
    mend_en="Move the number to the owner's citizen id column",
)

# --- places and land --------------------------------------------------------------------------------------
COMMUNE_UNKNOWN = rule(
    "commune.unknown",
    "error",
    "unified",
    vi="«{title}» không có trong danh mục xã, phường của tỉnh",
    en="'{title}' is not a commune of the province",
    mend_vi="Ghi tên hoặc mã đơn vị hành chính cấp xã hiện hành (từ 01/7/2025)",
    mend_en="Write the name or code of a present commune (since 1 July 2025)",
)
COMMUNE_AMBIGUOUS = rule(
    "commune.ambiguous",
    "error",
    "unified",
    vi="«{title}» trùng tên với nhiều đơn vị",
    en="'{title}' is the name of several units",
    mend_vi="Ghi kèm Xã/Phường, ghi kèm huyện nếu là đơn vị cũ, hoặc dùng mã đơn vị",
    mend_en="Add Xã/Phường, the district of an old unit, or use the code",
)
COMMUNE_DIVIDED = rule(
    "commune.divided",
    "error",
    "unified",
    vi="«{title}» là đơn vị cũ (trước 01/7/2025) đã được chia cho nhiều xã, phường",
    en="'{title}' is an old unit (before 1 July 2025) that was divided among several communes",
    mend_vi="Ghi xã, phường hiện hành nơi thực tế thuộc về",
    mend_en="Write the present commune that it really belongs to",
)
COMMUNE_OLD_CODE = rule(
    "commune.old_code",
    "error",
    "unified",
    vi="«{title}» là mã của đơn vị cũ (trước 01/7/2025)",
    en="'{title}' is the code of an old unit (before 1 July 2025)",
    mend_vi="Ghi mã hoặc tên xã, phường hiện hành",
    mend_en="Write the code or name of the present commune",
)
LAND_TYPE_UNKNOWN = rule(
    "land_type.unknown",
    "error",
    "unified",
    vi="«{title}» không phải là mã loại đất",
    en="'{title}' is not a land-type code",
    mend_vi="Dùng mã loại đất của Thông tư 08/2024/TT-BTNMT, ví dụ ONT, LUC, CLN",
    mend_en="Use a code of Circular 08/2024/TT-BTNMT, such as ONT, LUC, CLN",
)
LAND_TYPE_GROUP = rule(
    "land_type.group",
    "warning",
    "accurate",
    vi="«{title}» là mã nhóm đất, chưa phải loại đất chi tiết",
    en="'{title}' is a group code, not a land type",
    mend_vi="Ghi mã loại đất chi tiết nếu biết",
    mend_en="Write the detailed code if it is known",
)
CERTIFICATE_FORMAT = rule(
    "certificate.format",
    "warning",
    "accurate",
    vi="«{title}» không đúng dạng số phát hành giấy chứng nhận",
    en="'{title}' does not look like a certificate number",
    mend_vi="Đối chiếu với giấy chứng nhận, ví dụ AD 266864 hoặc AA 09273289",
    mend_en="Compare with the certificate, such as AD 266864 or AA 09273289",
)

NESTED_VALUE = rule(
    "cell.nested",
    "error",
    "clean",
    vi="Ô «{title}» chứa nhiều giá trị lồng nhau, không phải một giá trị",
    en="'{title}' holds a list or an object, not one value",
    mend_vi="Tách mỗi giá trị thành một cột hoặc một dòng riêng",
    mend_en="Put each value into a column or a row of its own",
)

# --- rows -------------------------------------------------------------------------------------------------
ROW_STRUCTURE = rule(
    "row.structure",
    "error",
    "clean",
    vi="Dòng có số ô khác với dòng tiêu đề nên các cột bị lệch",
    en="The row has another number of cells than the header, so its columns are shifted",
    mend_vi="Kiểm tra dấu phân cách hoặc dấu nháy trong dòng này rồi xuất lại tệp",
    mend_en="Check the separators or quotes of this row and export the file again",
    scope="row",
)
KEY_CONFLICT = rule(
    "row.key_conflict",
    "error",
    "unified",
    vi="Nhiều dòng có cùng khóa ({title}) nhưng nội dung khác nhau",
    en="Several rows share the key ({title}) and differ",
    mend_vi="Giữ lại một dòng đúng, xóa các dòng còn lại",
    mend_en="Keep the right row and delete the others",
    scope="row",
)

# --- values taken from above ------------------------------------------------------------------------------
DITTO_NOTHING = rule(
    "ditto.nothing_above",
    "error",
    "complete",
    vi="«{title}» ghi dấu «như trên» nhưng phía trên không có giá trị rõ ràng để lấy",
    en="'{title}' says 'as above', but there is no certain value above it",
    mend_vi="Ghi đầy đủ giá trị vào ô này",
    mend_en="Write the value itself into this cell",
)
DITTO_NAMES = rule(
    "ditto.not_here",
    "error",
    "accurate",
    vi="«{title}» không được ghi dấu «như trên»: mỗi dòng phải ghi rõ giá trị của chính dòng đó",
    en="'{title}' may not say 'as above': every row has to carry its own value",
    mend_vi="Ghi đầy đủ giá trị vào ô này",
    mend_en="Write the value itself into this cell",
)
SECTION_UNKNOWN = rule(
    "section.unknown",
    "error",
    "unified",
    vi="«{title}» đang để trống và dòng tên mục phía trên không phải là xã, phường của tỉnh",
    en="'{title}' is empty, and the heading above the row names no commune of the province",
    mend_vi="Điền xã, phường vào dòng này, hoặc sửa dòng tên mục phía trên thành tên xã, phường hiện hành",
    mend_en="Fill in the commune, or write a present commune's name into the heading above",
)
SECTION_UNKNOWN_OPTIONAL = rule(
    "section.unknown_optional",
    "warning",
    "unified",
    vi="Dòng tên mục phía trên không phải là xã, phường của tỉnh nên «{title}» bị để trống",
    en="The heading above the row names no commune of the province, so '{title}' stays empty",
    mend_vi="Sửa dòng tên mục phía trên thành tên xã, phường hiện hành nếu muốn đưa vào kho",
    mend_en="Write a present commune's name into the heading if it is to be taken in",
)
SECTION_DIFFERS = rule(
    "section.differs",
    "warning",
    "unified",
    vi="«{title}» khác với xã, phường ở dòng tên mục (hoặc tên trang) phía trên; đã lấy theo ô này",
    en="'{title}' differs from the commune in the heading (or the sheet's name) above; the cell counts",
    mend_vi="Kiểm tra xem dòng này có nằm đúng mục không",
    mend_en="Check whether the row stands in the right section",
)
