"""The sentences of a receipt: the verdict, what became of the rows, what to do next.

Belongs here: choosing the sentence that fits a submission. Does not belong here: words for single counts
(``orchestration/intake/wording.py``) and rules (``schemas/``).
"""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.intake.receipts.summary import Summary, vietnam_time
from orchestration.intake.wording import ERRORS, FRONT_SHEET, RETURNED_SHEET, SOURCE_ROW, VERDICTS, Words, count_vi
from schemas import file_rules

_SEND = Words(
    "Chép tệp vào thư mục «incoming», cạnh thư mục «receipts» chứa biên nhận này; biên nhận mới sẽ có sau ít phút.",
    "Copy the file into 'incoming', beside the 'receipts' folder of this receipt; a new receipt follows in minutes.",
)
_NOTHING = Words("Không cần làm gì thêm.", "Nothing else to do.")


def _because(summary: Summary) -> Words:
    if not summary.notices:
        return Words("", "")
    reason = summary.notices[0].explained
    return Words(f" Lý do: {reason.vi}.", f" Reason: {reason.en}.")


def verdict(summary: Summary) -> Words:
    """One sentence: what became of the file."""
    facts = summary.submission
    accepted, returned = facts.rows_accepted, facts.rows_rejected
    because = _because(summary)
    if facts.verdict == "accepted":
        return Words(
            f"Tệp đã được nhận: {count_vi(accepted)} dòng đã vào kho, không có dòng nào bị trả lại.",
            f"Accepted: {accepted:,} rows were taken in, none was returned.",
        )
    if facts.verdict == "partly":
        return Words(
            f"Tệp đã được nhận một phần: {count_vi(accepted)} dòng đã vào kho, "
            f"{count_vi(returned)} dòng được trả lại để sửa.",
            f"Accepted in part: {accepted:,} rows were taken in, {returned:,} are returned to be mended.",
        )
    if facts.verdict == "refused":
        return Words(
            f"Tệp chưa được nhận, số liệu đã có không thay đổi.{because.vi}", f"Refused; nothing changed.{because.en}"
        )
    if facts.verdict == "waiting":
        return Words(
            f"Tệp đang chờ quyết định, số liệu đã có vẫn được dùng.{because.vi}",
            f"Waiting for a decision; the figures in use stay.{because.en}",
        )
    if facts.verdict == "duplicate":
        return _duplicate(summary)
    return Words("Tệp đã được rút lại; các dòng của tệp không còn được tính.", "Withdrawn: its rows no longer count.")


def _duplicate(summary: Summary) -> Words:
    if summary.earlier is None:
        return Words(
            "Tệp này giống hệt tệp đã nhận trước đây, không có gì thay đổi.",
            "Identical to a file received before; nothing changed.",
        )
    when = vietnam_time(summary.earlier.received_at)
    return Words(
        f"Tệp này giống hệt tệp đã nhận lúc {when.vi}, không có gì thay đổi.",
        f"Identical to the file received {when.en}; nothing changed.",
    )


def _accepted_label(verdict_code: str) -> Words:
    if verdict_code in ("accepted", "partly"):
        return Words("Đã vào kho", "Taken in")
    return Words("Dòng đúng, chưa vào kho", "Right, not taken in")


def count_labels(summary: Summary) -> list[tuple[Words, int]]:
    """Rows read and the three parts that they fall into."""
    facts = summary.submission
    return [
        (Words("Đọc được", "Rows read"), facts.rows_read),
        (_accepted_label(facts.verdict), facts.rows_accepted),
        (Words("Trả lại để sửa", "Returned"), facts.rows_rejected),
        (Words("Bỏ qua", "Ignored"), facts.rows_ignored),
    ]


def _whole_file_again(summary: Summary, shown: int, total: int) -> list[Words]:
    steps = []
    if shown:
        steps.append(
            Words(
                f"Mở tệp của bạn và sửa các ô được tô màu ở trang «{RETURNED_SHEET}»: cột «{SOURCE_ROW}» cho biết dòng "
                "trong tệp của bạn, cột cuối cho biết lý do.",
                f"Open your file and mend the cells coloured in sheet '{RETURNED_SHEET}'; '{SOURCE_ROW}' is the row in "
                "your file, the last column says why.",
            )
        )
    if total > shown:
        steps.append(
            Words(
                f"Trang «{RETURNED_SHEET}» chỉ ghi {count_vi(shown)} dòng đầu trong {count_vi(total)} dòng trả lại: "
                "sửa cả các dòng còn lại theo những lý do ở bảng dưới.",
                f"Sheet '{RETURNED_SHEET}' has the first {shown:,} of {total:,} returned rows: mend the others by the "
                "reasons below.",
            )
        )
    return [*steps, _save_whole(summary), _SEND]


def _save_whole(summary: Summary) -> Words:
    period = summary.submission.period
    name = f"; tên tệp vẫn ghi kỳ, ví dụ {period}.xlsx" if period else ""
    name_en = f"; its name still says the period, such as {period}.xlsx" if period else ""
    if summary.submission.verdict == "partly":
        return Words(
            f"Lưu lại cả tệp, gồm cả những dòng đã đúng: tệp mới thay toàn bộ lần gửi này{name}.",
            f"Save the whole file with the rows that were right: it replaces this one as a whole{name_en}.",
        )
    return Words(
        f"Lưu lại cả tệp, gồm cả những dòng đã đúng: chưa dòng nào vào kho{name}.",
        f"Save the whole file with the rows that were right: none was taken in yet{name_en}.",
    )


def _in_this_copy(summary: Summary, marked: Sequence[str]) -> list[Words]:
    """The workbook is the officer's own, with its bad cells marked in the sheets of these titles."""
    sheets = ", ".join(f"«{title}»" for title in marked)
    sheets_en = ", ".join(f"'{title}'" for title in marked)
    mend = Words(
        f"Sửa các ô tô màu ngay trong tệp này, ở trang {sheets}: ô đỏ là lỗi, ô vàng là lưu ý; di chuột vào ô để xem "
        f"lý do và cách sửa. Cột «{ERRORS}» ở cuối ghi mọi lý do của từng dòng.",
        f"Mend the coloured cells in this very file, in sheet {sheets_en}: red ones are errors, yellow ones warnings; "
        f"each has a comment, and the last column '{ERRORS}' gives all reasons of its row.",
    )
    period = summary.period
    whole = Words("nó thay toàn bộ lần gửi này", "it replaces this one as a whole")
    if summary.submission.verdict not in ("accepted", "partly"):
        whole = Words("chưa dòng nào vào kho", "no row was taken in yet")
    elif summary.declaration.load == "upsert":
        whole = Words("dòng đã vào kho được cập nhật theo khóa", "rows that were taken in are updated by their key")
    save = Words(
        f"Lưu chính tệp này với cả những dòng đã đúng: {whole.vi}. Kỳ ({period.vi}) đã ghi sẵn trong tệp; trang "
        f"«{FRONT_SHEET}», cột «{ERRORS}», màu và ghi chú được bỏ qua khi nhận, không cần xóa.",
        f"Save this very file with the rows that were right: {whole.en}. It carries its period ({period.en}); the "
        f"sheet '{FRONT_SHEET}', column '{ERRORS}', colours and comments are ignored and need not be removed.",
    )
    return [mend, save, _SEND]


def _partly(summary: Summary, shown: int, total: int) -> list[Words]:
    if summary.declaration.load == "full" or total > shown:
        return _whole_file_again(summary, shown, total)
    period = summary.submission.period
    mend = Words(
        f"Sửa các ô được tô màu ở trang «{RETURNED_SHEET}» ngay trong tệp này: mỗi ô có ghi chú lý do và cách sửa.",
        f"Mend the coloured cells of sheet '{RETURNED_SHEET}' in this very file; each has a comment with the reason.",
    )
    enough = Words(
        f"Lưu chính tệp này (kỳ {period} đã ghi sẵn trong tệp) rồi gửi: chỉ cần các dòng đã sửa, những dòng đã vào kho "
        "không phải gửi lại.",
        f"Save this very file (it carries its period {period}) and send it: the mended rows are enough, rows that were "
        "taken in need not be sent again.",
    )
    return [mend, enough, _SEND]


def _waiting(summary: Summary, mend: Sequence[Words]) -> list[Words]:
    identifier = summary.submission.submission_id
    decide = Words(
        f"Nếu số liệu đúng như trong tệp: báo cán bộ dữ liệu để quyết định, nêu mã biên nhận {identifier}.",
        f"If the figures are right as they are, ask the data engineer to decide, naming {identifier}.",
    )
    otherwise = Words(
        "Nếu tệp còn thiếu hoặc sai: sửa và gửi lại như sau.", "If anything is missing or wrong, mend it:"
    )
    return [decide, otherwise, *mend]


def _refused(summary: Summary, mend: Sequence[Words]) -> list[Words]:
    first = summary.notices[0] if summary.notices else None
    if first is not None and first.rule == file_rules.INTERNAL:
        return [Words(f"{first.explained.mend_vi}.", f"{first.explained.mend_en}.")]
    if mend:
        return [*mend]
    rule = [Words(f"{first.explained.mend_vi}.", f"{first.explained.mend_en}.")] if first else []
    return [*rule, _SEND]


def _accepted(summary: Summary, marked: Sequence[str]) -> list[Words]:
    if not summary.of_severity("warning"):
        return [_NOTHING]
    if not marked:
        look = Words(
            "Không bắt buộc phải sửa; nên xem các lưu ý bên dưới, nếu cần thì sửa trong tệp rồi gửi lại.",
            "Nothing has to be mended; look at the warnings below, and send a mended file if you wish.",
        )
        return [look]
    look = Words(
        "Không bắt buộc phải sửa; nên xem các ô có lưu ý (tô vàng). Nếu muốn sửa thì làm như sau.",
        "Nothing has to be mended; look at the yellow cells. If you wish to mend them:",
    )
    return [look, *_in_this_copy(summary, marked)]


def _after_duplicate(summary: Summary, earlier_receipt: str) -> list[Words]:
    steps = [_NOTHING]
    if summary.earlier is not None:
        was = VERDICTS[summary.earlier.verdict]
        steps.append(
            Words(
                f"Kết quả của lần gửi trước: {was.vi.lower()}; xem biên nhận «{earlier_receipt}».",
                f"Result of the earlier file: {was.en.lower()}; see its receipt '{earlier_receipt}'.",
            )
        )
    intended = Words(
        "Nếu bạn định gửi bản đã sửa: kiểm tra xem tệp đã được lưu trong Excel chưa, rồi chép lại vào «incoming».",
        "If you meant to send a mended file, check that it was saved in Excel and copy it into 'incoming' again.",
    )
    return [*steps, intended]


def next_steps(
    summary: Summary, *, shown: int, total: int, earlier_receipt: str = "", marked: Sequence[str] = ()
) -> list[Words]:
    """What the officer does now.

    The receipt has ``shown`` of ``total`` returned rows, or it is a copy of the file with marks in sheets ``marked``.
    """
    code = summary.submission.verdict
    again = _in_this_copy(summary, marked) if marked else []
    if code == "partly":
        return again or _partly(summary, shown, total)
    if code == "waiting":
        return _waiting(summary, again or _whole_file_again(summary, shown, total))
    if code == "refused":
        return _refused(summary, again or (_whole_file_again(summary, shown, total) if shown else []))
    if code == "duplicate":
        return _after_duplicate(summary, earlier_receipt)
    return _accepted(summary, marked) if code == "accepted" else [_NOTHING]
