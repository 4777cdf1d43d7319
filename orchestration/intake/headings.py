"""What stands between the rows of a table as a heading or a subtotal: how such a text is numbered and what it names.

Belongs here: taking a heading apart (its number, the kind of place that it names), for any dataset. Does not belong
here: which rows are headings (``rows``), which commune a name means (``places``), whom it is carried to (``carry``).

Kinds of places are compared with diacritics: "Bản" is a village, "Bàn" is a surname.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from orchestration.intake.folding import clean_text, fold, plain

PlaceKind = Literal["commune", "village"]
#: ``section``: a heading by its number or the place that it names; ``aside``: a text alone in its row that may be
#: one; ``total``: a total or subtotal, which may end a section.
HeadingKind = Literal["section", "aside", "total"]

#: Headers of the column that holds a village; also the words with which a village's name begins.
VILLAGE_WORDS = ("thôn", "bản", "tổ dân phố", "tdp", "khu dân cư", "khu phố", "xóm", "buôn", "ấp", "làng")
_COMMUNE = r"(?:xã|phường|đặc khu|thị trấn)(?! hội\b| viên\b| đội\b)"
_VILLAGE = (
    rf"(?:{'|'.join(VILLAGE_WORDS)}|tổ(?= \d)|khu(?= \d))"
    r"(?! trưởng\b| sao\b| đồ\b| gốc\b| cam kết\b| chính\b| giao\b| này\b| vẽ\b| kê\b| án\b)"
)
_STARTS: dict[PlaceKind, tuple[re.Pattern[str], re.Pattern[str]]] = {
    "commune": (
        re.compile(rf"{_COMMUNE} \S.*"),
        re.compile(r"(?:xa|phuong|dac khu|thi tran)(?! hoi\b| vien\b| doi\b) \S.*"),
    ),
    "village": (
        re.compile(rf"{_VILLAGE} \S.*"),
        re.compile(r"(?:thon|to dan pho|tdp|khu dan cu|khu pho|xom|buon|to(?= \d)|khu(?= \d))(?! truong\b) \S.*"),
    ),
}
_NUMBERS = r"\d{1,3}(?:\.\d{1,3})*"
#: A number and its sign, or a number before a space; a letter alone begins names: A Mú Sung, Y Tý.
_NUMBERED = re.compile(
    rf"(?:(?:[Mm]ục|MỤC|[Pp]hần|PHẦN)\s+)?"
    rf"(?:([IVXLC]{{1,6}}|[A-ZĐ]|[a-zđ]|{_NUMBERS})\s*[.)/:_–-]+\s*|([IVX]{{2,5}}|I|V|{_NUMBERS})\s+)(?=[^\d\s])"
)
_ABBREVIATED = re.compile(r"(?:x|p|đk|tt)\s*\.\s*", re.IGNORECASE)
#: What a heading says after the name: a count, a part of a page, how many people.
_AFTER_NAME = re.compile(r"\s*(?:[(:;]|\s[–-]\s).*", re.DOTALL)
_BEFORE_NAME = re.compile(r"(?:đơn vị|địa bàn|địa phương|tên xã|tên phường|ubnd|công an)\s*:?\s+", re.IGNORECASE)


@dataclass(frozen=True)
class Heading:
    """A row that is no data and may say something about the rows beneath. ``ordinal``: its number, "" without one."""

    row: int
    kind: HeadingKind
    ordinal: str
    text: str


def without_ordinal(text: str) -> tuple[str, str]:
    """``II. Xã Bát Xát`` → ``II`` and ``Xã Bát Xát``; ``""`` where there is no number. X. Bát Xát is no tenth one."""
    text = clean_text(text)
    match = _NUMBERED.match(text)
    if not match or (_ABBREVIATED.match(text) and not place_kind(text[match.end() :])):
        return "", text
    return match[1] or match[2], text[match.end() :]


def depth(ordinal: str) -> int | None:
    """How deep a number stands in an outline: I and A above 1, 1 above 1.1 and a; None without a number."""
    if not ordinal:
        return None
    if ordinal[0].isdigit():
        return 1 + ordinal.count(".")
    return 0 if ordinal.isupper() else 3


def place_kind(text: str) -> PlaceKind | None:
    """The kind of place that a text names by its first word. Without any diacritics only what cannot be a surname."""
    written, folded = plain(text), fold(text)
    for kind, (marked, unmarked) in _STARTS.items():
        if marked.fullmatch(written) or (written == folded and unmarked.fullmatch(folded)):
            return kind
    return None


def names_in(text: str) -> list[str]:
    """What a heading may give as a name, the most literal first: as it stands, without what surrounds the name."""
    text = clean_text(text)
    bare = _BEFORE_NAME.sub("", text, count=1)
    cut = (_AFTER_NAME.sub("", each).strip(" .,-–") for each in (text, bare))
    return list(dict.fromkeys(each for each in (text, bare, *cut) if each))


def village_in(text: str) -> str:
    """The village of a heading as it is written, without the commune or a count behind it."""
    name = _AFTER_NAME.sub("", clean_text(text))
    return re.sub(r"[\s,–-]+(?:xã|phường|thị trấn)\s.*", "", name, flags=re.IGNORECASE).strip(" .,-–")
