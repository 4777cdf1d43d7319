"""How Vietnamese words are compared: first as they are written, then without diacritics.

Belongs here: the two forms of comparison and the cleaning of a cell's text. Does not belong here: what is compared.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from orchestration.intake.vietnamese.lookalikes import latin

#: Old and new placement of the tone mark are the same word: hoà/hòa, thuỷ/thủy, khoẻ/khỏe.
_TONE_PLACEMENT = {
    "oà": "òa", "oá": "óa", "oả": "ỏa", "oã": "õa", "oạ": "ọa",
    "oè": "òe", "oé": "óe", "oẻ": "ỏe", "oẽ": "õe", "oẹ": "ọe",
    "uỳ": "ùy", "uý": "úy", "uỷ": "ủy", "uỹ": "ũy", "uỵ": "ụy",
}  # fmt: skip
_TONES = re.compile(rf"(?:{'|'.join(_TONE_PLACEMENT)})(?!\w)")
_RAISED = str.maketrans("²³", "23")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_SPACES = re.compile(r"\s+")
_NOT_WORDS = re.compile(r"[\W_]+")


def clean_text(text: str) -> str:
    """NFC, one space between words, none at the ends, nothing invisible, no look-alikes. Loses no meaning."""
    text = latin(unicodedata.normalize("NFC", _INVISIBLE.sub("", text)))
    return _SPACES.sub(" ", text).strip()


@lru_cache(maxsize=65_536)
def plain(text: str) -> str:
    """For comparison with diacritics: case, punctuation, spaces, raised figures and tone placement do not count."""
    words = _NOT_WORDS.sub(" ", clean_text(text).casefold().translate(_RAISED)).strip()
    return _TONES.sub(lambda found: _TONE_PLACEMENT[found.group(0)], words)


@lru_cache(maxsize=65_536)
def fold(text: str) -> str:
    """For comparison without diacritics: also đ = d, and no marks. Năm and Nam are the same here."""
    decomposed = unicodedata.normalize("NFD", plain(text).replace("đ", "d").replace("ð", "d"))
    return "".join(char for char in decomposed if not unicodedata.combining(char))
