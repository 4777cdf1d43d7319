"""Whether a word can be a Vietnamese syllable: the evidence by which text of an unknown font or encoding is told.

Belongs here: how a syllable is built (initial consonants, rhyme, tone). Does not belong here: a dictionary, and what
follows from the evidence. Initials and endings that names of the ethnic groups of the mountains bring (Páo, Đắk,
Krông) count as Vietnamese.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")
_SHARP_OR_HEAVY = frozenset("\u0301\u0323")
_CONSONANTS = " b c ch d đ g gh h k kh l m n ng ngh nh p ph r s t th tr v x bl br dr đr gr kl kr pl pr h'"
_VOWELS_AND_ENDINGS = (
    # a, ă, â
    "a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây "
    # e, ê
    "e ec em en eng eo ep et ê êc êch êm ên êng ênh êp êt êu "
    # i, y
    "i ia ich im in inh ip it iu iêc iêm iên iêng iêp iêt iêu y yêm yên yêng yêt yêu "
    # o
    "o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăp oăt oc oe oen oeo oet oi om on ong ooc "
    "oong op ot "
    # ô, ơ
    "ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt "
    # u
    "u ua uân uâng uât uây uc uê uêch uên uêt uênh ui um un ung uôc uôi uôm uôn uông uôt uơ up ut uy uya uych uyên "
    "uyêt uynh uyt uyp uyu "
    # ư
    "ư ưa ưc ưi ưm ưn ưng ưt ưu ươc ươi ươm ươn ương ươp ươt ươu "
    # in names of other peoples
    "ak ăk âk ek êk ik ok ôk uk ưk oăk"
)
#: What follows qu, beside the rhymes that begin with u without their u.
_BEHIND_QU = "a ac ach ai an ang anh ao at au ay ăc ăm ăn ăng ăp ăt e en eo et ên êu i it ơi ơn ơt ôc"
_INITIALS, _RHYMES = frozenset(_CONSONANTS.split(" ")), frozenset(_VOWELS_AND_ENDINGS.split())
_AFTER_QU = frozenset(_BEHIND_QU.split())
_STOPPED = ("c", "ch", "p", "t")


@lru_cache(maxsize=65_536)
def is_syllable(word: str) -> bool:
    """Whether a word, in any case and either Unicode form, is built like one syllable with one tone at most."""
    decomposed = unicodedata.normalize("NFD", word.lower())
    tones = [char for char in decomposed if char in _TONES]
    if len(tones) > 1:
        return False
    base = unicodedata.normalize("NFC", "".join(char for char in decomposed if char not in _TONES))
    tone = tones[0] if tones else ""
    return any(_fits(base[:cut], base[cut:], tone) for cut in range(min(4, len(base))))


def _fits(initial: str, rhyme: str, tone: str) -> bool:
    if initial == "qu":
        known = rhyme in _AFTER_QU or "u" + rhyme in _RHYMES
    elif initial == "gi":
        known = rhyme in _RHYMES and rhyme[0] not in "iy"
    else:
        known = initial in _INITIALS and rhyme in _RHYMES
    if not known or (initial == "c" and rhyme[0] in "eêiy") or (initial in ("gh", "ngh") and rhyme[0] not in "eêi"):
        return False
    return tone in _SHARP_OR_HEAVY if rhyme.endswith(_STOPPED) and tone else not rhyme.endswith(_STOPPED)
