"""Text of a legacy font (TCVN3, VNI) whose font is not known: what its words prove, and what follows for each cell.

Belongs here: evidence and the reading of cells. Does not belong here: the tables (``legacy_fonts``), the
streams of cells (``readers/legacy_cells``). A word is evidence where it cannot be Vietnamese as it stands and can by
a table: "NguyÔn" is nothing, and Nguyễn in TCVN3. A cell that can be right both ways ("Bé", in TCVN3 "Bộ") follows its
column, its sheet, then its row; where those hold both kinds it is doubtful, and never guessed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from orchestration.intake.vietnamese.legacy_fonts import TABLES, TCVN3, left_over, shown, with_capitals
from orchestration.intake.vietnamese.syllables import is_syllable

#: Different words that prove a table, and their least share of the words that are no Vietnamese as they stand.
PROVING_WORDS = 3
PROVING_SHARE = 0.8
#: Cells of the other kind (its header) that a column may have and still count as of one kind, if many more agree.
_FEW, _MANY = 2, 10
#: What Vietnamese in Unicode does not have, and any text of a legacy font has soon: a cheap sieve.
STRANGE = "[¡-¬\u00ad®-¾ÄÅÆÇËÎÏÐÑÖ×ØÛÜÞßäåæçëîïðñö÷øûüþÿ]|[aeAE][àáâãèéêùúõÀÁÂÃÈÉÊÙÚÕ]"
LEGACY, UNICODE = "legacy", "unicode"
#: What a cell must hold to be worth a look.
WESTERN = "[\u00a1-\u00ff]"

_TOKEN = re.compile(r"[a-zA-Z¡-¯µ-¹»-¾À-ɏ\u0300-\u036fḀ-ỿ]+")
_WESTERN = re.compile(WESTERN)
_BEYOND_WESTERN = re.compile(r"[Ā-ɏ\u0300-\u036fḀ-ỿ]")
_LETTERS = re.compile(r"[^\W\d_ªº]+")
_SIGN = re.compile(r"[¡-¿×÷]")
#: Signs that stand around a word of any text: quotes, § and the like before it, ® and © behind it.
_SIGNS_BEFORE, _SIGNS_BEHIND = "«¡§¢£¥·©", "»®©ª¢£¥·"
_UNITS = frozenset({"µm", "µg", "µl", "µs"})


@dataclass(frozen=True)
class Word:
    """What a word can be: right as it stands, right by which tables; broken by a sign between letters; Unicode."""

    stands: bool
    by: frozenset[str]
    broken: bool
    unicode: bool


@lru_cache(maxsize=65_536)
def _word(token: str) -> Word:
    bare = token.lstrip(_SIGNS_BEFORE).rstrip(_SIGNS_BEHIND)
    signed = bool(_SIGN.search(bare))
    stands = not signed and all(is_syllable(part) for part in _LETTERS.findall(bare))
    if token in _UNITS:
        return Word(True, frozenset(), broken=False, unicode=False)
    if _BEYOND_WESTERN.search(token):
        return Word(stands, frozenset(), broken=False, unicode=True)
    whole = {name for name in TABLES if not left_over(token, name)}
    broken = signed and any(char.isascii() for char in bare)
    return Word(stands, frozenset(name for name in whole if broken or is_syllable(shown(token, name))), broken, False)


def _words(text: str) -> list[Word]:
    """The words of a text that are not plain ASCII; a sign alone (½, ®) is no word."""
    tokens = (token for token in _TOKEN.findall(text) if not token.isascii())
    return [_word(token) for token in tokens if len(token) > 1 or not _SIGN.match(token)]


def _shown(text: str, encoding: str) -> str:
    read = shown(text, encoding)
    return with_capitals(read) if encoding == TCVN3 else read


@dataclass
class _Kinds:
    """Cells of a column by what they can only be."""

    legacy: int = 0
    unicode: int = 0

    def of_one_kind(self) -> str | None:
        """What (nearly) all telling cells are."""
        for one, other, kind in ((self.legacy, self.unicode, LEGACY), (self.unicode, self.legacy, UNICODE)):
            if one and (not other or (other <= _FEW and one >= _MANY * other)):
                return kind
        return None


@dataclass(frozen=True)
class Mended:
    """A cell after a look at its words: its text, the table by which it was read, what it may mean where doubtful.

    either: the doubt is only whether it is Unicode, so that the rest of its row can tell.
    """

    text: str
    by: str | None = None
    doubt: str | None = None
    either: bool = False


def proven_tables(texts: Iterable[str]) -> list[str]:
    """The tables that enough different words of some texts prove, the likeliest first."""
    own: dict[str, set[str]] = {name: set() for name in TABLES}
    share: Counter[str] = Counter()
    nothing = 0
    for token in {token for text in texts if _WESTERN.search(text) for token in _TOKEN.findall(text)}:
        for word in _words(token):
            if word.stands or word.unicode:
                continue
            nothing += not word.by
            share.update(word.by)
            if len(word.by) == 1 and any(letter.isascii() for letter in token):  # single letters prove nothing
                own[next(iter(word.by))].add(token)
    total = nothing + sum(len(words) for words in own.values())
    found = [name for name, words in own.items() if len(words) >= PROVING_WORDS]
    enough = sum(share[name] for name in found) >= PROVING_SHARE * total
    return sorted(found, key=lambda name: -len(own[name])) if enough else []


@dataclass
class LegacyText:
    """Reads the cells of one sheet, once its columns are known. ``unsure``: the file's own encoding is not known."""

    proven: list[str]
    unsure: bool = False
    _columns: dict[int, _Kinds] = field(default_factory=dict)
    _sheet: _Kinds = field(default_factory=_Kinds)

    def learn(self, position: int, texts: Mapping[str, int]) -> None:
        """Take the texts of a column, each with the number of its cells, as evidence of its kind."""
        kinds = self._columns.setdefault(position, _Kinds())
        for text, count in texts.items():
            kind = self._kind(text)
            for each in (kinds, self._sheet):
                each.legacy += count * (kind == LEGACY)
                each.unicode += count * (kind == UNICODE)

    def _kind(self, text: str) -> str | None:
        """What a text can only be, if it tells."""
        words = _words(text)
        legacy = any(not word.stands and word.by.intersection(self.proven) for word in words)
        unicode = any(word.stands and not word.by for word in words)
        return None if legacy == unicode else LEGACY if legacy else UNICODE

    def kind_of_row(self, texts: Iterable[str]) -> str | None:
        """What the telling cells of a row are, if they agree."""
        kinds = {self._kind(text) for text in texts if not text.isascii()} - {None}
        return kinds.pop() if len(kinds) == 1 else None

    def read(self, position: int, text: str, row: str | None = None) -> Mended:
        """A cell of a column as it should be read; ``row``: the kind of its row, where the column does not tell."""
        words = _words(text)
        if not words or not _WESTERN.search(text):
            return Mended(text)
        tables = [name for name in self.proven if all(name in word.by for word in words)]
        changing = [name for name in tables if shown(text, name) != text]
        if all(word.stands for word in words):
            return self._either(position, text, changing, row) if changing else Mended(text)
        if len(tables) == 1:
            return Mended(_shown(text, tables[0]), tables[0])
        suspect = any(not word.stands and word.by.intersection(self.proven) for word in words)
        if tables or suspect or (self.unsure and not any(word.unicode for word in words)):
            return Mended(text, doubt=_each_word(text, tables or self.proven))
        return Mended(text)

    def _either(self, position: int, text: str, tables: list[str], row: str | None) -> Mended:
        """A cell that is Vietnamese as it stands, and by a table other Vietnamese."""
        kind = self._columns.get(position, _Kinds()).of_one_kind() or self._sheet.of_one_kind() or row
        if kind == UNICODE:
            return Mended(text)
        if kind == LEGACY and len(tables) == 1:
            return Mended(_shown(text, tables[0]), tables[0])
        return Mended(text, doubt=_shown(text, tables[0]), either=len(tables) == 1)


def _each_word(text: str, tables: list[str]) -> str:
    """The text with each word that the likeliest table explains read by it."""

    def read(found: re.Match[str]) -> str:
        by = [name for name in tables if name in _word(found[0]).by]
        return shown(found[0], by[0]) if by and not _word(found[0]).stands else found[0]

    return _TOKEN.sub(read, text)


@lru_cache(maxsize=65_536)
def legacy_proposal(text: str, least: int = 2) -> str | None:
    """What a single text may mean in a legacy font; None if it need not be one.

    least: the number of telling words, where one that is broken by a sign counts twice.
    """
    words = _words(text)
    strange = [word for word in words if not word.stands]
    if sum(2 if word.broken else 1 for word in strange) < least:
        return None
    if whole := [name for name in TABLES if all(name in word.by for word in words)]:
        return _shown(text, whole[0])
    tables = [name for name in TABLES if all(name in word.by for word in strange)]
    return _each_word(text, tables) if tables else None
