"""Communes: from what a cell says to the code of a present commune.

Belongs here: reading the seed of present communes and resolving codes and names of present and old ones. What is not
certain is never guessed; the candidates are proposed instead. Does not belong here: where old communes are read and
found (``old_communes.py``), communes that a longer text names beside other things (``commune_mentions.py``).

A file of a period before 1 July 2025 names old communes, by name and by code; nearly every present code was an old
one's, too. A later file names present ones, and where no present one has the name, an old one. An old commune that went
whole into a present one is that one; one that was divided is an error.
"""

from __future__ import annotations

import csv
import datetime
import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

from orchestration.intake.commune_names import FORMS, bare, full_kind, letter_pairs
from orchestration.intake.folding import clean_text, fold
from orchestration.intake.old_communes import EVERYWHERE, Area, OldCommune, OldCommunes
from orchestration.settings import Settings
from schemas import rules

#: The first day of the present communes; districts ended the day before.
REFORM = datetime.date(2025, 7, 1)

_SEPARATOR = re.compile(r"\s*[,;()–-]\s*")
#: A district or province that follows without a comma.
_UNSEPARATED = re.compile(
    r"(?<=[^\s,;(–-])\s+(?:thuộc\s+|thuoc\s+)?"
    r"(?=(?:huyện|quận|thị xã|thành phố|tỉnh|huyen|quan|thi xa|thanh pho|tinh)\s|(?:h|q|tx|tp)\.)",
    re.IGNORECASE,
)
_PROVINCE_KIND = re.compile(r"^(?:tỉnh|thành phố|t\.|tp\.?)\s*", re.IGNORECASE)
#: Kinds of units, those of before 1 July 2025 among them.
_FOLDED_KIND = re.compile(r"^(?:xa|x|phuong|p|dac khu|thi tran|tt|thi xa|tx|huyen|h|thanh pho|tp) ")
#: A code within a text.
CODE = re.compile(r"(?<![0-9])[0-9]{5}(?![0-9])")
#: A code alone, as text, as a number that lost its zeros, or as a float.
_NUMBER = re.compile(r"(['’]?[0-9][0-9 ]*)(?:[.,]0+)?")
#: What the intake itself writes for a commune, whatever the period of the file: its key, or a present one's code.
_EXACT = re.compile(r"=(([0-9]{5})(?:@[0-9]{4}-[0-9]{2}-[0-9]{2})?)")


@dataclass(frozen=True)
class Commune:
    """A present commune."""

    code: str
    name: str
    province: str
    valid_from: str

    @property
    def key(self) -> str:
        """What tells it from an old commune of the same code, as in ``dim_commune``."""
        return f"{self.code}@{self.valid_from}"


@dataclass(frozen=True)
class Found:
    """The present commune that a cell names; ``old``: the old one that it named, where it named one.

    namesakes: several old ones bear the name, and all of them went into that commune; ``old`` is any of them.
    """

    code: str
    old: OldCommune | None = None
    namesakes: bool = False


@dataclass(frozen=True)
class Unresolved:
    """Why a cell names no present commune, and what it may have meant.

    divided: the old one that it certainly names, where that one was divided among several.
    """

    rule_id: str
    proposal: str | None
    divided: OldCommune | None = None


class Communes:
    """All present communes; cells name those of one province, or old ones that went into them."""

    def __init__(self, file: Path, province: str) -> None:
        with file.open(encoding="utf-8", newline="") as source:
            table = list(csv.DictReader(source))
        every = [
            Commune(row["commune_code"], row["commune_name"], row["province_code"], row["valid_from"]) for row in table
        ]
        self.by_code = {each.code: each for each in every}
        self._seeds = file.parent
        self._province = province
        self.own = [each for each in every if each.province == province]
        names = {row["province_name"] for row in table if row["province_code"] == province}
        self.province_words = {fold(bare(name)) for name in names}
        self._province_names = {fold(name) for name in names} | {f"tinh {name}" for name in self.province_words}
        #: Codes of the province's present communes by name, whole and bare, in each form of comparison.
        self.names: dict[str, dict[str, set[str]]] = {form: {} for form, _ in FORMS}
        #: Codes by the folded name with its kind.
        self.full_names: dict[str, str] = {}
        self._bare: dict[str, list[str]] = {}
        for each in self.own:
            for form, compare in FORMS:
                for name in (each.name, bare(each.name)):
                    self.names[form].setdefault(compare(name), set()).add(each.code)
            self.full_names[fold(each.name)] = each.code
            self._bare.setdefault(fold(bare(each.name)), []).append(each.code)

    @cached_property
    def old(self) -> OldCommunes:
        """The old communes of the province, read when a text first needs them."""
        return OldCommunes(self._seeds, {each.code for each in self.own})

    @cached_property
    def _pairs(self) -> dict[str, frozenset[str]]:
        """The pairs of letters of every bare name, present and old."""
        return {name: letter_pairs(name) for name in (*self._bare, *self.old.bare_names)}

    def resolve(self, text: str, *, on: datetime.date | None = None, district: str | None = None) -> str | Unresolved:
        """The code of the present commune that a cell names, see ``look_up``."""
        found = self.look_up(text, on=on, district=district)
        return found.code if isinstance(found, Found) else found

    def look_up(self, text: str, *, on: datetime.date | None = None, district: str | None = None) -> Found | Unresolved:
        """The commune of the province that a cell names by code, by name, or by both.

        on: the day whose communes are meant, the present one if None; district: what a column beside it says.
        """
        text = clean_text(text)
        exact = _EXACT.fullmatch(text)
        if exact and (found := self._exact(*exact.groups())):
            return found
        number = _NUMBER.fullmatch(text)
        if number:
            return self._coded(re.sub("[^0-9]", "", number[1]).zfill(5), on)
        area = (self._area(district) if district else None) or EVERYWHERE
        code = CODE.search(text)
        if not code:
            return self._named(text, area, on)
        rest = (text[: code.start()] + text[code.end() :]).strip(" -–()[]:,;|")
        coded, named = self._coded(code[0], on), self._named(rest, area, on)
        if isinstance(coded, Found) and _is_called(coded.old or self.by_code[coded.code], rest):
            return coded  # the code decides between namesakes
        if isinstance(coded, Unresolved) and coded.divided and _is_called(coded.divided, rest):
            return coded
        return self._agreed(code[0], coded, named)

    def _exact(self, key: str, code: str) -> Found | Unresolved | None:
        """What ``exactly`` stands for."""
        if key in self.old.by_key:
            return self._translated([self.old.by_key[key]])
        return Found(code) if self.is_own(code) and key in (code, self.by_code[code].key) else None

    def _agreed(self, code: str, coded: Found | Unresolved, named: Found | Unresolved) -> Found | Unresolved:
        """What code and name say together. The code of an old commune is certain beside that commune's name."""
        if isinstance(coded, Unresolved) and coded.rule_id == rules.COMMUNE_OLD_CODE:
            same = isinstance(named, Found) and named.old is not None and named.old.code == code
            divided = isinstance(named, Unresolved) and named.rule_id == rules.COMMUNE_DIVIDED
            return named if same or divided else coded
        if isinstance(coded, Unresolved) or isinstance(named, Unresolved):
            first = coded if isinstance(coded, Unresolved) else named
            assert isinstance(first, Unresolved)
            return first if coded == named else replace(first, divided=None)
        if coded.code == named.code and (not coded.old or not named.old or coded.old == named.old):
            return named
        shown = [self._shown_old(each.old) if each.old else self._shown([each.code]) for each in (coded, named)]
        return Unresolved(rules.COMMUNE_AMBIGUOUS, "; ".join(shown))

    def _coded(self, code: str, on: datetime.date | None) -> Found | Unresolved:
        if before_reform(on) and (units := self.old.coded(code, on)):
            return self._translated(units)
        if self.is_own(code):
            return Found(code)
        if units := self.old.coded(code, on):
            return Unresolved(rules.COMMUNE_OLD_CODE, "; ".join(map(self._shown_old, units)))
        return Unresolved(rules.COMMUNE_UNKNOWN, None)

    def is_own(self, code: str) -> bool:
        """Whether a code is that of a present commune of the province."""
        return code in self.by_code and self.by_code[code].province == self._province

    def _named(self, text: str, area: Area, on: datetime.date | None) -> Found | Unresolved:
        for name, where in self._readings(text, area):
            for form, compare in FORMS:
                found = self._matched(form, compare(full_kind(name)), where, on)
                if found:
                    return found
        return Unresolved(rules.COMMUNE_UNKNOWN, self._nearest(fold(name)))

    def _readings(self, text: str, area: Area) -> Iterator[tuple[str, Area]]:
        """The whole text as a name, then without the districts and provinces that stand behind it.

        Xã Quang Kim, huyện Bát Xát, tỉnh Lào Cai → Xã Quang Kim in Bát Xát.
        """
        yield text, area
        for spelling in dict.fromkeys((text, _UNSEPARATED.sub(", ", text))):
            rest, where = spelling, area
            while split := self._split(rest):
                rest, named = split
                if where and named and not where & named:
                    break
                where = where & named if where and named else where or named
                yield rest, where

    def _split(self, text: str) -> tuple[str, Area] | None:
        """A text without the district or province behind it, and that one's districts. Phan Rang - Tháp Chàm is one."""
        text = text.rstrip(" )")
        for mark in reversed(list(_SEPARATOR.finditer(text))[-2:]):
            area = self._area(text[mark.end() :])
            if area is not None:
                return text[: mark.start()], area
        return None

    def _area(self, words: str) -> Area | None:
        """The districts that words allow; None if they name neither district nor province."""
        folded = fold(words)
        if folded in self._province_names or folded in self.province_words:
            return EVERYWHERE
        area = self.old.area(words)
        if area is None and fold(_PROVINCE_KIND.sub("", words)) in self.province_words:
            return EVERYWHERE
        return area

    def _matched(self, form: str, key: str, area: Area, on: datetime.date | None) -> Found | Unresolved | None:
        """The commune of a name, present or old; None if there is none of that name."""
        present = sorted(self.names[form].get(key, ()))
        if area:
            present = [code for code in present if self.old.territory.get(code, set()) & area]
        if present and not area and not before_reform(on):
            return self._chosen(present)
        units = self.old.named(form, key, area, on)
        if not units:
            return self._chosen(present) if present else None
        translated = self._translated(units)
        if present and not before_reform(on) and isinstance(translated, Found) and present != [translated.code]:
            # A district stands beside a name that means one commune now and meant another one then.
            return Unresolved(rules.COMMUNE_AMBIGUOUS, "; ".join([self._shown(present), *map(self._shown_old, units)]))
        return translated

    def _chosen(self, codes: list[str]) -> Found | Unresolved:
        return Found(codes[0]) if len(codes) == 1 else Unresolved(rules.COMMUNE_AMBIGUOUS, self._shown(codes))

    def _translated(self, units: list[OldCommune]) -> Found | Unresolved:
        """The present commune of old ones: certain if all of them went into it whole."""
        went = {each.went for each in units}
        if len(went) == 1 and len(units[0].went) == 1:
            return Found(units[0].went[0], units[0], namesakes=len(units) > 1)
        if len(units) == 1:
            return Unresolved(rules.COMMUNE_DIVIDED, self._shown(list(units[0].went)), units[0])
        return Unresolved(rules.COMMUNE_AMBIGUOUS, "; ".join(map(self._shown_old, units)))

    def of_key(self, key: str) -> Commune | OldCommune | None:
        """The commune of a key, or the present one of a code; None where there is none."""
        code, _, valid_from = key.partition("@")
        present = self.by_code.get(code)
        if present and valid_from in ("", present.valid_from):
            return present
        return self.old.by_key.get(key)

    def is_province(self, text: str) -> bool:
        """Whether a text is the province's own name, which may be a commune's name as well."""
        return fold(_PROVINCE_KIND.sub("", clean_text(text))) in self.province_words

    def may_name(self, text: str) -> bool:
        """Whether a text is like the name of a present commune in any way of comparing; ``look_up`` says of which."""
        return any(compare(full_kind(text)) in self.names[form] for form, compare in FORMS)

    def _nearest(self, folded: str) -> str | None:
        """The communes, present and old, whose bare name is nearest, whatever kind of unit the text says."""
        wanted = _FOLDED_KIND.sub("", folded)
        pairs = letter_pairs(wanted)
        # difflib takes 10 µs a name, and a wrong column may hold as many texts as rows.
        alike = [name for name, own in self._pairs.items() if 3 * len(own & pairs) >= len(own | pairs)]
        if wanted in self._pairs:
            alike = [wanted]
        shown = []
        for name in difflib.get_close_matches(wanted, alike, n=2, cutoff=0.75):
            present = self._bare.get(name, [])
            old = [each for each in self.old.bare_names.get(name, []) if not set(each.went) <= set(present)]
            shown += [*(self._shown([code]) for code in present), *map(self._shown_old, old)]
        return "; ".join(dict.fromkeys(shown)) or None

    def _shown(self, codes: list[str]) -> str:
        return "; ".join(f"{self.by_code[code].name} ({code})" for code in codes)

    def _shown_old(self, unit: OldCommune) -> str:
        """Thị trấn Sa Pa, thị xã Sa Pa → Phường Sa Pa (03006)."""
        return f"{unit.full_name} → {' / '.join(self._shown([code]) for code in unit.went)}"


def _is_called(commune: Commune | OldCommune, text: str) -> bool:
    """Whether a text is a commune's name, with or without its kind."""
    return any(compare(full_kind(text)) in {compare(commune.name), compare(bare(commune.name))} for _, compare in FORMS)


def before_reform(on: datetime.date | None) -> bool:
    """Whether a day is one of the old communes."""
    return on is not None and on < REFORM


def exactly(key: str) -> str:
    """A text that names the commune of a key, or the present one of a code, whatever the period of the file."""
    return f"={key}"


@lru_cache(maxsize=4)
def _read(file: Path, province: str) -> Communes:
    return Communes(file, province)


def communes(settings: Settings) -> Communes:
    """The communes as the settings' province sees them."""
    return _read(settings.seeds / "commune.csv", settings.province)
