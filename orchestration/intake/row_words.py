"""Words by which a row below the header is told to be no data: totals, notes, signatures, numbers of columns.

Belongs here: the vocabulary and how it is compared. Does not belong here: when a word counts (``rows``).

Comparison is with diacritics first. Without them Tổng cộng is the same as the name Tống Công, so a folded word counts
only where the text has no diacritics at all, or where the caller knows that no value stands in that cell.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from orchestration.intake.folding import fold, plain


class Words:
    """A pattern over whole texts, written with diacritics, that also knows its form without them."""

    def __init__(self, pattern: str) -> None:
        self._marked = re.compile(pattern)
        self._folded = re.compile(_folded_pattern(pattern))

    def match(self, text: str, *, loose: bool = False) -> bool:
        """Whether a whole text is of these words. loose: letters may lack or confuse their marks."""
        written, folded = plain(text), fold(text)
        if self._marked.fullmatch(written):
            return True
        return (loose or written == folded) and bool(self._folded.fullmatch(folded))


def _folded_pattern(pattern: str) -> str:
    """A pattern without the marks of its letters; its own signs stay."""
    return "".join(fold(char) or char if char.isalpha() else char for char in pattern)


_TOTAL = r"(?:tổng(?: cộng| số)?|cộng|toàn tỉnh|tc)(?: cộng)?(?: số)?(?: chung| toàn (?:tỉnh|xã|phường|huyện))?"
#: A total as such: Tổng cộng, Tổng (I+II), Tổng số: 120 người.
TOTAL = Words(rf"{_TOTAL}(?: [ivx]+)*(?: \d.*)?")
#: A total of something that it names: Cộng xã Bát Xát, Tổng số hộ, Cộng mục I, Cộng chuyển sang trang 2.
TOTAL_OF = Words(
    rf"(?:{_TOTAL}|lũy kế|luỹ kế|cộng dồn) (?:các )?(?:xã|phường|thị trấn|đặc khu|huyện|tỉnh|thôn|bản|tổ|tdp|xóm|ấp|"
    r"buôn|khu|làng|mục|phần|nhóm|trang|tờ|chuyển|mang|đơn vị|khối|hộ|nhân khẩu|khẩu|người|diện tích|thửa|học viên|"
    r"số (?:hộ|người|khẩu|nhân khẩu|thửa|học viên))\b.*|mang sang(?: .*)?|cộng mang sang(?: .*)?|chuyển sang trang .*"
)
#: What a total begins with, in any spelling; a cheap sieve before words are compared.
LIKE_TOTAL = r"(?i)^\W*(t\S{0,3}ng|c\S{0,3}ng|to\S{0,3}n|tc|l\S{0,3}y|mang)\b"
FOOTER = Words(
    r"(?:người lập|người tổng hợp|thủ trưởng|giám đốc|phó giám đốc|kt giám đốc|kt chủ tịch|chủ tịch|phó chủ tịch|"
    r"tm ubnd|tm ủy ban|nơi nhận|ký ghi rõ họ tên|ký tên|kế toán|xác nhận|thư ký|trưởng phòng|trưởng thôn|"
    r"trưởng bản|tổ trưởng|trưởng công an|cán bộ lập|người kiểm tra|tl giám đốc)\b.*"
)
SIGNED = re.compile(r".*\bngay \d{0,2} ?thang \d{0,2} ?nam \d{0,4}")
NOTE = Words(r"(?:ghi chú|nguồn|lưu ý|chú thích|chú ý|đơn vị tính|đvt|(?:danh sách|biểu|bảng)(?: này)? (?:gồm|có))\b.*")
#: A note says what it is and goes on after a sign; a person may be called Lưu Ý Nhi.
NOTED = re.compile(r"[\s(*+-]*[^:(]{2,24}\s*[:(].*", re.DOTALL)
#: A page's number, or that a section goes on: no heading.
PAGE = re.compile(r"(?:trang )?\d{1,4}(?: \d{1,4})?|tiep(?: theo)?(?: .*)?")
#: What numbers a section, in a column of its own. A plain number counts a row, even one that lacks its values.
ORDINAL = re.compile(r"[ivx]{1,5}|[a-z]|\d{1,2}( \d{1,2})+")
SECTION = re.compile(r"([IVX]{1,5}|[A-Z]|\d+(\.\d+)+)\s*[.)/:–-]\s*\D.*")
#: A sum or a count beside a heading: 25, 1.250,5, 25 người.
FIGURE = re.compile(r"[\d][\d.,\s]*(?:\s*(?:người|hộ|khẩu|thửa|ha|m2|m²|học viên))?", re.IGNORECASE)
PLAIN_NUMBER = re.compile(r"\d{1,6}\.?")
_COLUMN_NUMBER = re.compile(r"[(\[]?\s*\d{1,3}\s*[)\]]?(\s*=.*)?|\(?\s*[A-Za-z]\s*\)?")


def are_column_numbers(texts: Sequence[str]) -> bool:
    """1 2 3 …, (1) (2) (3) … or A B 1 2 …: numbers that go up by one, letters in front of them."""
    if len(texts) < 2 or not all(_COLUMN_NUMBER.fullmatch(text) for text in texts):
        return False
    numbers = [int(re.sub(r"\D", "", text.split("=")[0])) for text in texts if re.search(r"\d", text.split("=")[0])]
    steps = [later - earlier for earlier, later in itertools.pairwise(numbers)]
    return len(numbers) >= 2 and numbers[0] in (0, 1, 2) and all(step == 1 for step in steps)
