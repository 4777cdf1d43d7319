"""Characters that look like the Latin letters of Vietnamese and are others: mended where nothing can be lost.

Belongs here: eth and African d for đ, Cyrillic and Greek letters in Latin text, full-width forms. A text that is truly
of another script stays: a letter is replaced only beside Latin ones, and only if all of its script there have a Latin
twin. Does not belong here: digits in place of letters, which need a proof (``casts``).
"""

from __future__ import annotations

import re
import unicodedata

from orchestration.intake.vietnamese.syllables import is_syllable

#: What a text must hold to be worth a look.
SUSPECT = "[ÐðƉɖ\u0370-\u052f\u1c80-\u1c8f\u1f00-\u1fff\uff01-\uff5e]"
_CAPITALS = ("АВЕКМНОРСТУХІЈЅΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEKMHOPCTYXIJSABEZHIKMNOPTYX")
# Only small letters whose capitals are twins as well: changing the case of a text must not change what it is.
_SMALL = ("аеорсухіјѕο", "aeopcyxijso")
_TWINS = str.maketrans(_CAPITALS[0] + _SMALL[0], _CAPITALS[1] + _SMALL[1])
_D = str.maketrans("ÐðƉɖ", "ĐđĐđ")
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_SUSPECT = re.compile(SUSPECT)
_WORD_WITH_D = re.compile(r"[^\W\d_]*[ÐðƉɖ][^\W\d_]*")
_FOREIGN = re.compile("[\u0370-\u052f\u1c80-\u1c8f\u1f00-\u1fff]")
_LATIN = re.compile("[A-Za-zÀ-ÖØ-öø-ȳḀ-ỿﬀ-ﬆ]")


def latin(text: str) -> str:
    """The text with look-alikes replaced by the letters that they stand for, in NFC; unchanged where any doubt is."""
    if not _SUSPECT.search(text):
        return text
    text = text.translate(_FULL_WIDTH)
    foreign = _FOREIGN.findall(text)
    if foreign and _LATIN.search(text) and all(ord(letter) in _TWINS for letter in foreign):
        text = text.translate(_TWINS)
    return _WORD_WITH_D.sub(_with_d, unicodedata.normalize("NFC", text))


def _with_d(found: re.Match[str]) -> str:
    word = found[0].translate(_D)
    return word if is_syllable(word) else found[0]
