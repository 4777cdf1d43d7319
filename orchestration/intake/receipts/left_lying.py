"""``receipts/LUU-Y.txt``: tells the officer what lies in her incoming folder and will get no receipt, and what to do.

Belongs here: the words, and keeping the file as it should be; it is there only while there is something to say. Does
not belong here: deciding what is not taken in (``discover``).
"""

from __future__ import annotations

import logging
import time
import unicodedata
from pathlib import Path

from orchestration.files import replacing
from orchestration.intake.discover import LeftLying, Why, incoming_files, left_lying, readable_name
from orchestration.intake.ledger import Ledger
from orchestration.intake.receipts.names import NOTE
from orchestration.settings import Settings
from schemas import Declaration

log = logging.getLogger("kho.intake")

#: A copy that is still going on is nobody's mistake.
PARTIAL_SECONDS = 600
MOST_NAMES = 200
_TITLE = "LƯU Ý: những gì đang nằm trong thư mục incoming mà kho không nhận"
_TAKEN = "đã nhận xong, biên nhận nằm cạnh tệp này, nhưng thư mục không cho kho dọn tệp. Không cần gửi lại; có thể xóa."
_WORDS = {
    Why.FOLDER: "là thư mục; kho không mở thư mục con. Hãy chuyển các tệp bên trong ra ngay trong incoming.",
    Why.LINK: "là lối tắt (liên kết), không phải tệp. Hãy chép chính tệp đó vào incoming.",
    Why.DEVICE: "không phải là tệp. Hãy xóa và chép tệp số liệu vào incoming.",
    Why.PARTIAL: "là tệp chép hoặc tải dở. Hãy chép lại cho xong; nếu tệp đã đủ thì đổi tên, bỏ phần đuôi này.",
    Why.TOO_LARGE: "lớn hơn {most} MB nên kho không nhận. Hãy chia thành nhiều tệp, hoặc báo cán bộ dữ liệu.",
}


def refresh_note(settings: Settings, declaration: Declaration) -> None:
    """Write, rewrite or remove a dataset's note. A folder that does not let it is logged: nothing waits for a note."""
    note = settings.receipts(declaration.path) / NOTE
    lines = [*_left(settings, declaration), *_taken(settings, declaration)]
    try:
        if not lines:
            note.unlink(missing_ok=True)
            return
        shown = lines[:MOST_NAMES]
        if len(lines) > len(shown):
            shown.append(f"… và {len(lines) - len(shown)} mục khác.")
        # With a byte-order mark and the line ends of Windows, so that any editor shows it.
        content = ("\r\n".join([_TITLE, "", *shown]) + "\r\n").encode("utf-8-sig")
        if not note.is_file() or note.read_bytes() != content:
            mode = note.parent.stat().st_mode & 0o666 if note.parent.is_dir() else 0o600
            with replacing(note, mode=mode) as temporary:
                temporary.write_bytes(content)
    except OSError as error:
        log.error("%s: no note: %s", declaration.path, error.strerror)


def _left(settings: Settings, declaration: Declaration) -> list[str]:
    most = str(settings.largest_file_mb)
    found = left_lying(settings, declaration.path)
    return [f"- «{_shown(each.path)}» {_WORDS[each.why].format(most=most)}" for each in found if _is_told(each)]


def _is_told(left: LeftLying) -> bool:
    age = time.time() - left.mtime_ns / 1e9
    return left.why in _WORDS and (left.why is not Why.PARTIAL or age < 0 or age > PARTIAL_SECONDS)


def _taken(settings: Settings, declaration: Declaration) -> list[str]:
    """Files that were taken in and are still there."""
    done = {(each.file_identity, each.file_name) for each in Ledger(settings.ledger).not_removed(declaration.path)}
    if not done:
        return []
    files = incoming_files(settings, declaration.path)
    return [f"- «{_shown(each.path)}» {_TAKEN}" for each in files if (each.identity, each.name) in done]


def _shown(path: Path) -> str:
    """A name in one line, without what an editor would obey."""
    name = unicodedata.normalize("NFC", readable_name(path))
    return "".join(each if unicodedata.category(each)[0] != "C" else " " for each in name)
