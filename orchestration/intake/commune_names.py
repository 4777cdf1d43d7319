"""How names of communes are compared, and what of them is the kind of the unit.

Belongs here: the ways of comparing, and taking a name apart. Does not belong here: which communes there are.
"""

from __future__ import annotations

import re
from itertools import pairwise

from orchestration.intake.folding import fold, plain

_ABBREVIATED = {"x": "Xã", "p": "Phường", "đk": "Đặc khu", "tt": "Thị trấn"}
_SHORT_KIND = re.compile(rf"^({'|'.join(_ABBREVIATED)})\s*[. ]\s*(?=\S)", re.IGNORECASE)
_KIND = re.compile(r"^(?:xã|phường|thị trấn|đặc khu|huyện|quận|thị xã|thành phố|tỉnh)\s+", re.IGNORECASE)


def _compact(text: str) -> str:
    return fold(text).replace(" ", "")


#: Ways of comparing names, the strictest first: with diacritics, without, without spaces (Sapa).
FORMS = (("plain", plain), ("fold", fold), ("compact", _compact))


def bare(name: str) -> str:
    """A name without the kind of its unit: Thị trấn Bát Xát → Bát Xát."""
    return _KIND.sub("", name)


def full_kind(text: str) -> str:
    """Spell an abbreviated kind out: P. Sa Pa → Phường Sa Pa."""
    return _SHORT_KIND.sub(lambda short: f"{_ABBREVIATED[short[1].lower()]} ", text)


def letter_pairs(text: str) -> frozenset[str]:
    """The pairs of letters of a text; names that are alike share most of them."""
    return frozenset(map("".join, pairwise(text)))
