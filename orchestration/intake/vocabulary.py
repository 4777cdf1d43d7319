"""The headers of one dataset, and how well a header of a file fits them.

Belongs here: comparing one text with the declaration's titles, synonyms and listed values. Does not belong here: where
a header stands (``recognise``), which of several columns it becomes (``assignment``), what a cell means (``casts``).

A header is compared as it is written first, then without punctuation, then without diacritics, then by the longest
synonym that it contains as whole words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from orchestration.intake.folding import clean_text, fold, plain
from schemas import Declaration
from schemas.column_types import Boolean, Choice, CitizenId, LandType

#: A cell longer than this is a sentence, not a header.
LONGEST_HEADER = 120
#: Levels of a match, the best first.
CONFIRMED, VERBATIM, PLAIN, FOLDED, CONTAINED = range(-1, 4)
#: Columns that every form has and no dataset needs; they are not reported as surplus.
UNIVERSAL = frozenset(
    fold(word) for word in ("STT", "TT", "Số TT", "Số thứ tự", "SốTT", "No", "Ghi chú", "GC", "Chú thích")
)
#: Headers of columns that together are one yes/no column; its cast understands the first of each.
_YES_NO = {"Có": ("Có", "Đúng", "Rồi", "Đã có"), "Không": ("Không", "Chưa", "Sai", "Không có", "Chưa có")}
#: What a header adds to a value to say how it is to be marked: "Nữ (đánh dấu x)".
_TO_BE_MARKED = re.compile(r" (?:(?:đánh dấu|ghi|điền|tích) )?[xv]$")
#: What separates several values in one header.
_PARTS = re.compile(r"\s*[,;/+&]\s*|\s+và\s+", re.IGNORECASE)
#: What forms put before or behind a header's words: "3. Xã", "Xã (5)", "Xã *".
_NUMBERING = re.compile(
    r"^\s*[(\[]?(?:\d{1,2}(?:\.\d{1,2})*|[IVX]{1,4}|[a-zđA-ZĐ])[.)\]]\s*(?=\S)|\s*(?:\(\s*(?:\d{1,2}|\*+)\s*\)|\*+)\s*$"
)
#: Units that change what a number means: a column declared in m² is not what "Diện tích (ha)" holds.
_UNITS = {"m2": "m2", "met vuong": "m2", "ha": "ha", "hec ta": "ha", "hecta": "ha", "km2": "km2", "sao": "sao"} | {
    "dong": "vnd", "nghin dong": "nghin", "trieu dong": "trieu", "ty dong": "ty", "trd": "trieu", "%": "%",
}  # fmt: skip


@dataclass(frozen=True)
class Match:
    """How well a header fits a declared column; smaller is better."""

    level: int
    rank: int
    column: str


class Vocabulary:
    """The headers of one dataset, prepared for comparison."""

    def __init__(self, declaration: Declaration) -> None:
        self.joined = {name for name, column in declaration.columns.items() if issubclass(column.type, LandType)}
        self._known: list[tuple[Callable[[str], str], dict[str, list[Match]]]] = [
            (_written, {}),
            (plain, {}),
            (fold, {}),
        ]
        self._seen: dict[str, list[Match]] = {}
        for name, column in declaration.columns.items():
            for rank, words in enumerate((*column.headers, name)):
                for level, (form, known) in enumerate(self._known):
                    known.setdefault(form(words), []).append(Match(level, rank, name))
        self.titles = {name: column.title for name, column in declaration.columns.items()}
        #: Columns of a list, and their values in the declaration's first words.
        self.listed = {name: tuple(groups) for name, groups in _lists(declaration).items()}
        self.types = {name: column.type for name, column in declaration.columns.items()}
        self._values = _listed_values(declaration)
        #: Last words of values, and of what stands behind a value that is to be marked.
        self.value_ends = {form.lstrip("~").rsplit(" ", 1)[-1] for form in self._values} | {"x", "v"}
        self._units = {
            name: {unit for words in column.headers for unit in _units(words)}
            for name, column in declaration.columns.items()
        }
        #: Columns with the date of birth and the sex of one person.
        self.birth_and_sex = {
            each.birth_column: each.sex_column
            for each in declaration.columns.values()
            if each.type is CitizenId and each.birth_column and each.sex_column
        }

    def match(self, header: str) -> list[Match]:
        """The declared columns that a header may be, all at the best level at which there is any."""
        if header not in self._seen:
            self._seen[header] = self._match(header)
        return self._seen[header]

    def values(self, header: str) -> dict[str, str]:
        """The columns of which a header is a listed value, and the value in the declaration's first words.

        A header without diacritics may be any value that looks so; one with them never: "Năm" is not "Nam". Several
        ways of writing one value are that value: "HS, SV".
        """
        whole = self._value(header)
        parts = [] if whole else [self._value(part) for part in _PARTS.split(header)]
        if len(parts) > 1 and all(parts):
            return {
                column: word for column, word in parts[0].items() if all(each.get(column) == word for each in parts)
            }
        return whole

    def _value(self, header: str) -> dict[str, str]:
        form = _TO_BE_MARKED.sub("", plain(header))
        if form in self._values:
            return self._values[form]
        return self._values.get(f"~{form}", {}) if form.isascii() else {}

    def _match(self, header: str) -> list[Match]:
        if not header or len(header) > LONGEST_HEADER:
            return []
        for form, known in self._known:
            if form(header) in known:
                return _best_of_each(known[form(header)])
        bare = _NUMBERING.sub("", header).strip()
        if bare and bare != header:
            return self.match(bare)
        units = _units(header)
        return [each for each in self._contained(fold(header)) if not units - self._units[each.column]]

    def _contained(self, form: str) -> list[Match]:
        """Columns of the longest synonym that stands in the header as whole words; single short words are too weak."""
        padded = f" {form} "
        folded = self._known[FOLDED][1]
        found = [words for words in folded if len(words) >= 4 and f" {words} " in padded]
        longest = max(map(len, found), default=0)
        hits = [match for words in found if len(words) == longest for match in folded[words]]
        return _best_of_each([Match(CONTAINED, match.rank, match.column) for match in hits])


def _lists(declaration: Declaration) -> dict[str, Mapping[str, Sequence[str]]]:
    """Columns of a list: the values in their first words, and all ways of writing each."""
    found: dict[str, Mapping[str, Sequence[str]]] = {}
    for name, column in declaration.columns.items():
        if issubclass(column.type, Choice):
            found[name] = {words[0]: words for words in column.choices.values() if words}
        elif column.type is Boolean:
            found[name] = _YES_NO
    return found


def _listed_values(declaration: Declaration) -> dict[str, dict[str, str]]:
    """Ways of writing a value → column → the value's first words; without diacritics with ~ in front."""
    found: dict[str, dict[str, str]] = {}
    for name, values in _lists(declaration).items():
        for first, ways in values.items():
            for words in ways:
                found.setdefault(plain(words), {}).setdefault(name, first)
                found.setdefault(f"~{fold(words)}", {}).setdefault(name, first)
    return found


def _units(header: str) -> set[str]:
    """The units that a header names in brackets, or behind a comma: "Diện tích (ha)", "Diện tích, ha"."""
    said = re.findall(r"[(\[,:]\s*(?:ĐVT\s*:?|đơn vị(?: tính)?\s*:?)?\s*([^()\[\],:]+)", header, re.IGNORECASE)
    return {_UNITS[form] for text in said if (form := fold(text) or text.strip(" )]")) in _UNITS}


def _written(text: str) -> str:
    return clean_text(text).casefold()


def _best_of_each(matches: Sequence[Match]) -> list[Match]:
    best: dict[str, Match] = {}
    for match in matches:
        if match.column not in best or match.rank < best[match.column].rank:
            best[match.column] = match
    return list(best.values())
