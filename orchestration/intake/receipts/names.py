"""How the files of a receipt are called: after the file that was sent, with eight digits of the submission."""

from __future__ import annotations

import re
import unicodedata

from orchestration.intake.ledger import Submission
from orchestration.intake.wording import RECEIPT_NAME

#: Characters of the submitted file's name that are kept; a file name may have 255 bytes, up to four a character.
LONGEST = 50
#: Stands in the name of every receipt.
RECEIPT_MARK = ".bien-nhan."
#: The note beside the receipts.
NOTE = "LUU-Y.txt"
#: What Windows forbids in names, and what a shell or a link could read as more than a name.
_UNSAFE = re.compile(r"[\x00-\x1f\x7f<>:\"'`/\\|?*$&;\u2018\u2019\u201c\u201d]+")


_ENDING = re.compile(r"\.[A-Za-z0-9]{1,5}$")
#: Officers mend a receipt's returned rows and send that workbook: its receipt is not called after a receipt.
_OWN_ENDING = re.compile(rf"({RECEIPT_NAME.pattern})+$")


def receipt_stem(submission: Submission) -> str:
    """Name of a submission's receipt without its ending; the same for the same submission."""
    name = submission.file_name.encode("utf-8", "replace").decode("utf-8")
    name = _ENDING.sub("", unicodedata.normalize("NFC", name))
    printable = "".join(each for each in _UNSAFE.sub("_", name) if unicodedata.category(each)[0] != "C")
    safe = " ".join(_OWN_ENDING.sub("", printable).split()).lstrip(" .~_-")[:LONGEST].rstrip(" ._")
    return f"{safe or 'tep'}{RECEIPT_MARK}{submission.submission_id[:8]}"
