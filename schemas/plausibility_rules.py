"""Rules about figures that are possible but hard to believe. All are warnings: nothing is returned or waits for them.

Belongs here: what a file's counts and totals may say about it as a whole. Does not belong here: why a file is refused
or waits (``file_rules.py``), rules of cells and rows (``rules.py``).
"""

from __future__ import annotations

from schemas.rules import rule

UNUSUAL_COUNT = rule(
    "file.unusual_count",
    "warning",
    "accurate",
    scope="file",
    vi="Số dòng khác hẳn các kỳ trước (trước đây → kỳ này): {title}",
    en="Numbers of rows far from those of earlier periods (before → now): {title}",
    mend_vi="Kiểm tra tệp có thiếu hoặc thừa số liệu của các đơn vị này không; nếu đúng thì không cần làm gì",
    mend_en="Check whether the file lacks or repeats figures of these units; if it is right there is nothing to do",
)
CONTROL_TOTAL = rule(
    "file.control_total",
    "warning",
    "accurate",
    scope="file",
    vi="Dòng tổng cộng khác với tổng của các dòng số liệu (ô của tổng: tổng tính được): {title}",
    en="The total row differs from the sum of the rows (cell of the total: the sum): {title}",
    mend_vi="Kiểm tra có dòng nào bị thiếu, bị lặp hoặc gõ sai số; sửa rồi gửi lại, hoặc sửa dòng tổng cộng",
    mend_en="Look for a row that is missing, repeated or mistyped and send the file again, or mend the total",
)
