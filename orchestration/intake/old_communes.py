"""Communes as they stood before: their names, their districts, and the present communes that each went into.

Belongs here: reading the seeds of old units of one province, and finding units by code, by name and by district. Does
not belong here: what a cell means by them (``places.py``).
"""

from __future__ import annotations

import csv
import datetime
import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from orchestration.intake.commune_names import FORMS, bare
from orchestration.intake.folding import fold

#: District codes that a word allows; the empty set stands for everywhere.
Area = frozenset[str]
EVERYWHERE: Area = frozenset()

_DISTRICT_KINDS = {"h": "huyen", "q": "quan", "tx": "thi xa", "tp": "thanh pho", "t": "tinh"}
_SHORT_KIND = re.compile(rf"^({'|'.join(_DISTRICT_KINDS)}) (?=\S)")


@dataclass(frozen=True)
class District:
    """A district of before July 2025; ``label``: with its province where another one has its name."""

    name: str
    province: str
    label: str


@dataclass(frozen=True)
class OldCommune:
    """A commune that no longer stands in this form; ``went``: codes of the present communes that it went into."""

    code: str
    name: str
    district_code: str
    district: District | None
    valid_from: str
    valid_to: str
    went: tuple[str, ...]

    @property
    def key(self) -> str:
        """What tells it from the present commune of the same code, as in ``dim_commune``."""
        return f"{self.code}@{self.valid_from}"

    @property
    def full_name(self) -> str:
        """Its name with that of its district, as people tell namesakes apart."""
        if not self.district:
            return self.name
        return f"{self.name}, {self.district.label[0].lower()}{self.district.label[1:]}"

    def stood(self, on: datetime.date) -> bool:
        """Whether it stood on that day."""
        return self.valid_from <= on.isoformat() < self.valid_to


class OldCommunes:
    """The old communes of which at least a part lies in some present communes (those of one province)."""

    def __init__(self, seeds: Path, present: Collection[str]) -> None:
        self.every = _read(seeds, present)
        self.by_key = {each.key: each for each in self.every}
        self.full_names = {fold(each.name) for each in self.every}
        self.bare_names: dict[str, list[OldCommune]] = {}
        self.territory: dict[str, set[str]] = {}
        self._coded: dict[str, list[OldCommune]] = {}
        self._named: dict[str, dict[str, list[OldCommune]]] = {form: {} for form, _ in FORMS}
        areas: dict[str, set[str]] = {}
        for each in self.every:
            self.bare_names.setdefault(fold(bare(each.name)), []).append(each)
            self._coded.setdefault(each.code, []).append(each)
            for unit in each.went:
                self.territory.setdefault(unit, set()).add(each.district_code)
            for form, compare in FORMS:
                for key in {compare(each.name), compare(bare(each.name))}:
                    self._named[form].setdefault(key, []).append(each)
            if each.district:
                for name in (each.district.name, each.district.province):
                    # Yên Bái is a city and a province; without a kind it is either.
                    for words in {fold(name), fold(bare(name))}:
                        areas.setdefault(words, set()).add(each.district_code)
        self._areas = {words: frozenset(codes) for words, codes in areas.items()}

    def coded(self, code: str, on: datetime.date | None) -> list[OldCommune]:
        """The old communes of a code, see ``_of_the_day``."""
        return _of_the_day(self._coded.get(code, []), on)

    def named(self, form: str, key: str, area: Area, on: datetime.date | None) -> list[OldCommune]:
        """The old communes of a name in an area, see ``_of_the_day``."""
        return _of_the_day(
            [each for each in self._named[form].get(key, []) if not area or each.district_code in area], on
        )

    def area(self, words: str) -> Area | None:
        """The districts that a word names: a district with or without its kind, or a whole province. None: nothing."""
        folded = fold(words)
        spelled = _SHORT_KIND.sub(lambda kind: f"{_DISTRICT_KINDS[kind[1]]} ", folded)
        return self._areas.get(spelled) or self._areas.get(folded)


def _of_the_day(units: list[OldCommune], on: datetime.date | None) -> list[OldCommune]:
    """Those that stood on the day, else those that stood last."""
    standing = [each for each in units if on and each.stood(on)]
    if standing or not units:
        return standing
    last = max(each.valid_to for each in units)
    return [each for each in units if each.valid_to == last]


def _read(seeds: Path, present: Collection[str]) -> list[OldCommune]:
    went: dict[tuple[str, str], list[str]] = {}
    for code, valid_from, unit, _ in _rows(seeds / "commune_successor.csv"):
        if unit in present:
            went.setdefault((code, valid_from), []).append(unit)
    lines = [line for line in _rows(seeds / "old_commune.csv") if (line[0], line[1]) in went]
    districts = _districts(seeds, {line[4] for line in lines})
    return [
        OldCommune(code, name, district, districts.get(district), valid_from, valid_to, tuple(went[code, valid_from]))
        for code, valid_from, name, _, district, valid_to in lines
    ]


def _districts(seeds: Path, codes: Collection[str]) -> dict[str, District]:
    provinces = {code: name for code, name, _ in _rows(seeds / "old_province.csv")}
    lines = [line for line in _rows(seeds / "old_district.csv") if line[0] in codes]
    names = Counter(name for _, name, _, _ in lines)
    found = {}
    for code, name, _, province_code in lines:
        province = provinces[province_code]
        label = name if names[name] == 1 else f"{name}, {province[0].lower()}{province[1:]}"
        found[code] = District(name, province, label)
    return found


def _rows(file: Path) -> Iterator[list[str]]:
    """The rows of a seed, whose columns stand in the order in which its generator writes them."""
    with file.open(encoding="utf-8", newline="") as source:
        rows = csv.reader(source)
        next(rows)
        yield from rows
