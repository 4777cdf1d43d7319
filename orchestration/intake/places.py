"""Communes: from what a cell says to the code of a present commune.

Belongs here: reading the seed of communes and resolving codes and names. Ambiguous names are never guessed; the
candidates are proposed instead.
"""

from __future__ import annotations

import csv
import difflib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from orchestration.intake.folding import clean_text, fold, plain
from orchestration.settings import Settings
from schemas import rules

_ABBREVIATED = {"x": "Xã", "p": "Phường", "đk": "Đặc khu"}
_LAST_PART = re.compile(r"(.+?)\s*[,;–-]\s*([^,;–-]+)")
_PROVINCE_KIND = re.compile(r"^(?:tỉnh|thành phố|t\.|tp\.?)\s*", re.IGNORECASE)
#: Kinds of units, those of before 1 July 2025 among them.
_FOLDED_KIND = re.compile(r"^(?:xa|x|phuong|p|dac khu|thi tran|tt|thi xa|tx|huyen|h|thanh pho|tp) ")
_CODE = re.compile(r"(?<![0-9])[0-9]{5}(?![0-9])")
#: A code alone, as text, as a number that lost its zeros, or as a float.
_NUMBER = re.compile(r"(['’]?[0-9][0-9 ]*)(?:[.,]0+)?")


def _compact(text: str) -> str:
    return fold(text).replace(" ", "")


#: Ways of comparing names, the strictest first: with diacritics, without, without spaces (Sapa).
_FORMS = (("plain", plain), ("fold", fold), ("compact", _compact))


@dataclass(frozen=True)
class Commune:
    """A present commune."""

    code: str
    name: str
    province: str


@dataclass(frozen=True)
class Unresolved:
    """Why a cell names no commune, and what it may have meant."""

    rule_id: str
    proposal: str | None


class Communes:
    """All present communes; cells name those of one province."""

    def __init__(self, file: Path, province: str) -> None:
        with file.open(encoding="utf-8", newline="") as source:
            table = list(csv.DictReader(source))
        every = [Commune(row["commune_code"], row["commune_name"], row["province_code"]) for row in table]
        names_of_province = {row["province_name"] for row in table if row["province_code"] == province}
        self.by_code = {each.code: each for each in every}
        self._province = province
        self.own = [each for each in every if each.province == province]
        self._province_words = {fold(_bare(name)) for name in names_of_province}
        self._names: dict[str, dict[str, set[str]]] = {form: {} for form, _ in _FORMS}
        self._folded: dict[str, str] = {}
        self._bare: dict[str, list[str]] = {}
        for each in self.own:
            for form, compare in _FORMS:
                for name in (each.name, _bare(each.name)):
                    self._names[form].setdefault(compare(name), set()).add(each.code)
            self._folded[fold(each.name)] = each.code
            self._bare.setdefault(fold(_bare(each.name)), []).append(each.code)

    def resolve(self, text: str) -> str | Unresolved:
        """The code of the commune of the province that a cell names by code, by name, or by both."""
        text = clean_text(text)
        number = _NUMBER.fullmatch(text)
        if number:
            return self._known(re.sub("[^0-9]", "", number[1]).zfill(5))
        code = _CODE.search(text)
        if not code:
            return self._named(text)
        coded = self._known(code[0])
        named = self._named((text[: code.start()] + text[code.end() :]).strip(" -–()[]:,;|"))
        if isinstance(coded, Unresolved) or isinstance(named, Unresolved) or coded == named:
            return coded if isinstance(coded, Unresolved) else named
        return Unresolved(rules.COMMUNE_AMBIGUOUS, self._shown([coded, named]))

    def _known(self, code: str) -> str | Unresolved:
        here = code in self.by_code and self.by_code[code].province == self._province
        return code if here else Unresolved(rules.COMMUNE_UNKNOWN, None)

    def _named(self, text: str) -> str | Unresolved:
        text = self._without_province(text)
        for form, compare in _FORMS:
            found = self._names[form].get(compare(_full_kind(text)), set())
            if len(found) == 1:
                return next(iter(found))
            if len(found) > 1:
                return Unresolved(rules.COMMUNE_AMBIGUOUS, self._shown(sorted(found)))
        return Unresolved(rules.COMMUNE_UNKNOWN, self._nearest(fold(text)))

    def _without_province(self, text: str) -> str:
        """Xã Bản Qua, tỉnh Lào Cai → Xã Bản Qua."""
        parts = _LAST_PART.fullmatch(text)
        if parts and fold(_PROVINCE_KIND.sub("", parts[2])) in self._province_words:
            return parts[1]
        return text

    def is_province(self, text: str) -> bool:
        """Whether a text is the province's own name, which may be a commune's name as well."""
        return fold(_PROVINCE_KIND.sub("", clean_text(text))) in self._province_words

    def may_name(self, text: str) -> bool:
        """Whether a text is like the name of a commune in any way of comparing; ``resolve`` says of which."""
        return any(compare(_full_kind(text)) in self._names[form] for form, compare in _FORMS)

    def find_in(self, text: str, *, with_kind: bool = False) -> str | None:
        """The one commune of the province that a longer text names in full, or by its 5-digit code.

        with_kind: only together with Xã/Phường (letterheads name provinces and departments, too).
        """
        if not with_kind:
            codes = {code for code in _CODE.findall(text) if self._known(code) == code}
            if len(codes) == 1:
                return codes.pop()
        padded = f" {fold(text)} "
        hits = {name: code for name, code in self._folded.items() if f" {name} " in padded}
        if not hits and not with_kind:
            hits = {
                name: next(iter(codes))
                for name, codes in self._names["fold"].items()
                if len(codes) == 1 and " " in name and name not in self._province_words and f" {name} " in padded
            }
        longest = [code for name, code in hits.items() if not any(name != other and name in other for other in hits)]
        return longest[0] if len(set(longest)) == 1 else None

    def _nearest(self, folded: str) -> str | None:
        """The communes whose bare name is nearest, whatever kind of unit the text says."""
        near = difflib.get_close_matches(_FOLDED_KIND.sub("", folded), self._bare, n=2, cutoff=0.75)
        return self._shown([code for name in near for code in self._bare[name]]) if near else None

    def _shown(self, codes: list[str]) -> str:
        return "; ".join(f"{self.by_code[code].name} ({code})" for code in codes)


def _bare(name: str) -> str:
    return re.sub(r"^(Xã|Phường|Đặc khu|Tỉnh|Thành phố)\s+", "", name)


def _full_kind(text: str) -> str:
    """Spell an abbreviated kind out: P. Sa Pa → Phường Sa Pa."""
    match = re.match(r"^(x|p|đk)\s*[. ]\s*(?=\S)", text, re.IGNORECASE)
    if not match:
        return text
    return f"{_ABBREVIATED[match[1].lower()]} {text[match.end() :]}"


@lru_cache(maxsize=4)
def _read(file: Path, province: str) -> Communes:
    return Communes(file, province)


def communes(settings: Settings) -> Communes:
    """The communes as the settings' province sees them."""
    return _read(settings.seeds / "commune.csv", settings.province)
