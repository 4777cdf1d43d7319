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
_TRAILING_PROVINCE = re.compile(r"\s*[,;–-]\s*(?:tỉnh|thành phố|t\.|tp\.?)\s.*$", re.IGNORECASE)


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
    """All present communes; names are looked up within one province, codes in the whole country."""

    def __init__(self, file: Path, province: str) -> None:
        with file.open(encoding="utf-8", newline="") as source:
            table = list(csv.DictReader(source))
        every = [Commune(row["commune_code"], row["commune_name"], row["province_code"]) for row in table]
        names_of_province = {row["province_name"] for row in table if row["province_code"] == province}
        self.by_code = {each.code: each for each in every}
        self.own = [each for each in every if each.province == province]
        self._province_words = {fold(_bare(name)) for name in names_of_province}
        self._names: dict[str, dict[str, set[str]]] = {form: {} for form, _ in _FORMS}
        self._folded: dict[str, str] = {}
        for each in self.own:
            for form, compare in _FORMS:
                for name in (each.name, _bare(each.name)):
                    self._names[form].setdefault(compare(name), set()).add(each.code)
            self._folded[fold(each.name)] = each.code

    def resolve(self, text: str) -> str | Unresolved:
        """The code of the commune that a cell names by code or by name."""
        text = _TRAILING_PROVINCE.sub("", clean_text(text))
        digits = re.sub(r"[^0-9]", "", text) if re.fullmatch(r"[\s'’0-9]+", text) else ""
        if digits:
            code = digits.zfill(5)
            return code if code in self.by_code else Unresolved(rules.COMMUNE_UNKNOWN, None)
        for form, compare in _FORMS:
            found = self._names[form].get(compare(_full_kind(text)), set())
            if len(found) == 1:
                return next(iter(found))
            if len(found) > 1:
                return Unresolved(rules.COMMUNE_AMBIGUOUS, self._shown(sorted(found)))
        return Unresolved(rules.COMMUNE_UNKNOWN, self._nearest(fold(text)))

    def find_in(self, text: str, *, with_kind: bool = False) -> str | None:
        """The one commune of the province that a longer text names in full, or by its 5-digit code.

        with_kind: only together with Xã/Phường (letterheads name provinces and departments, too).
        """
        if not with_kind:
            codes = {
                code for code in re.findall(r"(?<![0-9])[0-9]{5}(?![0-9])", text) if self.by_code.get(code) in self.own
            }
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
        near = difflib.get_close_matches(folded, self._folded, n=2, cutoff=0.75)
        if not near:
            kind = next((prefix for prefix in ("xa", "phuong", "dac khu") if not folded.startswith(prefix)), "xa")
            near = difflib.get_close_matches(f"{kind} {folded}", self._folded, n=2, cutoff=0.75)
        return self._shown([self._folded[name] for name in near]) if near else None

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
