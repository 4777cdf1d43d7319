"""TCVN3 and VNI: Vietnamese of before Unicode, written in Western characters that special fonts show otherwise.

Belongs here: the two tables, which font name means which, and reading a text by a table. Does not belong here: where a
workbook says its fonts (``readers/workbook_child``), and texts whose font is not known (``legacy_text``).
Needs nothing but the standard library: the child process that reads workbooks imports it, too.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

TCVN3, VNI = "tcvn3", "vni"

#: TCVN 5712:1993 VN3 ("ABC"), letter by letter as the character of its byte, then what it shows. Capitals with a tone
#: do not exist: fonts whose name ends in H show all letters as capitals.
_TCVN3 = (
    "¡Ă¢Â£Ê¤Ô¥Ơ¦Ư§Đ¨ă©âªê«ô¬ơ\u00adư®đ"
    "µà¶ả·ã¸á¹ạ»ằ¼ẳ½ẵ¾ắÆặÇầÈẩÉẫÊấËậ"
    "ÌèÎẻÏẽÐéÑẹÒềÓểÔễÕếÖệ×ìØỉÜĩÝíÞị"
    "ßòáỏâõãóäọåồæổçỗèốéộêờëởìỡíớîợ"
    "ïùñủòũóúôụõừöử÷ữøứùựúỳûỷüỹýýþỵ"
)
#: VNI-Windows: letters of one character (also in capitals), and marks that follow a vowel.
_VNI_LETTERS = "ñđôơöưóĩæỉòịîỵ"
_GRAVE, _ACUTE, _TILDE, _HOOK, _DOT = "\u0300", "\u0301", "\u0303", "\u0309", "\u0323"
_CIRCUMFLEX, _BREVE = "\u0302", "\u0306"
_VNI_MARKS = {
    "aeoôuöy": {"ù": _ACUTE, "ø": _GRAVE, "û": _HOOK, "õ": _TILDE, "ï": _DOT},
    "i": {"ù": _ACUTE, "ø": _GRAVE},
    "aeo": {
        "â": _CIRCUMFLEX,
        "á": _CIRCUMFLEX + _ACUTE,
        "à": _CIRCUMFLEX + _GRAVE,
        "å": _CIRCUMFLEX + _HOOK,
        "ã": _CIRCUMFLEX + _TILDE,
        "ä": _CIRCUMFLEX + _DOT,
    },
    "a": {
        "ê": _BREVE,
        "é": _BREVE + _ACUTE,
        "è": _BREVE + _GRAVE,
        "ú": _BREVE + _HOOK,
        "ü": _BREVE + _TILDE,
        "ë": _BREVE + _DOT,
    },
}


def _pairs(table: str) -> dict[str, str]:
    return {code: letter for position, (code, letter) in enumerate(pairwise(table)) if position % 2 == 0}


def _vni() -> dict[str, str]:
    small = _pairs(_VNI_LETTERS)
    table = small | {code.upper(): letter.upper() for code, letter in small.items()}
    for vowels, marks in _VNI_MARKS.items():
        for code in (*vowels, *vowels.upper()):
            for mark, sign in marks.items():
                table[code + mark] = unicodedata.normalize("NFC", table.get(code, code) + sign)
                if code.isupper():  # a mark may stay small behind a capital: Uûy ban
                    table[code + mark.upper()] = table[code + mark]
    return table


#: What a font shows (NFC) for a character, or for a vowel and its mark. VNI writes ì and í as they are.
TABLES: dict[str, dict[str, str]] = {TCVN3: _pairs(_TCVN3), VNI: _vni()}
_CODES = {
    name: re.compile("|".join(map(re.escape, sorted(table, key=len, reverse=True)))) for name, table in TABLES.items()
}
#: Letters that a font shows as they are.
_KEPT = {TCVN3: {}, VNI: dict.fromkeys(map(ord, "ìíÌÍ"))}
#: Characters that a text in a legacy font can have: those of Windows-1252.
_WESTERN = frozenset(bytes(set(range(256)) - {0x81, 0x8D, 0x8F, 0x90, 0x9D}).decode("cp1252"))
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_WORD = re.compile(r"[^\W\d_]+")


def font_encoding(font: str) -> tuple[str, bool] | None:
    """The table of a font by its name, and whether it shows capitals only; None for fonts of Unicode."""
    name = font.strip().lower()
    if name.startswith(".vn"):
        return TCVN3, name.endswith("h")
    return (VNI, False) if name.startswith("vni-") else None


def is_western(text: str) -> bool:
    """Whether a text has a character that a legacy font shows otherwise, and none that such a text cannot have."""
    return bool(_NOT_ASCII.search(text)) and _WESTERN.issuperset(text)


def shown(text: str, encoding: str, *, capitals: bool = False) -> str:
    """What a text shows in a font of that table."""
    table = TABLES[encoding]
    read = _CODES[encoding].sub(lambda found: table[found[0]], text)
    return read.upper() if capitals else read


def left_over(text: str, encoding: str) -> str:
    """What of a text's Western letters and signs a font of that table does not have."""
    return "".join(_NOT_ASCII.findall(_CODES[encoding].sub("", text))).translate(_KEPT[encoding])


def with_capitals(text: str) -> str:
    """A text that was read by the table of TCVN3, with the capitals that it lacks where its neighbours are some.

    Among capitals a letter with a tone is a capital (NGUYễN), and among words that all begin with a capital, so does
    one that begins with such a letter (Nguyễn Thị ánh). Changes nothing but case.
    """
    ascii_letters = [letter for letter in text if letter.isascii() and letter.isalpha()]
    if len(ascii_letters) > 1 and all(letter.isupper() for letter in ascii_letters):
        return text.upper()
    text = _WORD.sub(lambda word: _capital_word(word[0]), text)
    words = _WORD.findall(text)
    plain = [word for word in words if word[0].isascii() or word[0].isupper()]
    if len(plain) > 1 and all(word[0].isupper() for word in plain):
        return _WORD.sub(lambda word: word[0] if word[0][0].isascii() else word[0][0].upper() + word[0][1:], text)
    return text


def _capital_word(word: str) -> str:
    plain = [letter for letter in word if letter.isascii()]
    return word.upper() if len(plain) > 1 and all(letter.isupper() for letter in plain) else word
