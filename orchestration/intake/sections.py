"""Headings over rows: which commune and which village the rows beneath a heading belong to.

Belongs here: what a heading names, how long it holds, and which declared columns it may speak for. Does not belong
here: finding the headings (``rows``), putting the values into rows (``carry``).

A heading that names nothing known ends the one before it, unless its number stands deeper in the outline ("1. Nam
giới" below "I. Xã Bát Xát"): what is not known is an error of the rows that need it, never the neighbour's value.
The name of a sheet is the heading over all of its rows.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from orchestration.intake.commune_mentions import find_commune
from orchestration.intake.folding import fold, plain
from orchestration.intake.headings import (
    VILLAGE_WORDS,
    Heading,
    depth,
    names_in,
    place_kind,
    village_in,
    without_ordinal,
)
from orchestration.intake.places import Communes, Unresolved, exactly
from orchestration.intake.units_of_time import Unit, unit_of_time
from schemas import Declaration
from schemas.column_types import CommuneCode, Text

_TOTAL_OF_COMMUNE = re.compile(r".*\b(?:xa|phuong|dac khu|thi tran|muc|phan|[ivx]+)\b.*")
_TOTAL_OF_VILLAGE = re.compile(r".*\b(?:thon|ban|to|tdp|xom|ap|buon|khu|lang)\b.*")


def commune_column(declaration: Declaration) -> str | None:
    """The column that a commune's heading speaks for."""
    return next((name for name, each in declaration.columns.items() if issubclass(each.type, CommuneCode)), None)


def village_column(declaration: Declaration) -> str | None:
    """The column that a village's heading speaks for."""
    for name, each in declaration.columns.items():
        if each.type is Text and any(plain(header) in VILLAGE_WORDS for header in each.headers):
            return name
    return None


@dataclass(frozen=True)
class Place:
    """What the headings say about one column: a value (of a commune its key), or why there is none.

    row: the row of the heading. unknown: there is a heading, but it names nothing known; proposal: what it may mean.
    told: it says by its words that it names such a place. level: its depth in the outline, None without a number.
    """

    value: str | None = None
    row: int = 0
    unknown: bool = False
    told: bool = False
    proposal: str | None = None
    level: int | None = None


@dataclass(frozen=True)
class Section:
    """The commune and the village that hold from a row on."""

    commune: Place = Place()
    village: Place = Place()


class Sections:
    """The sections of one sheet, heading after heading."""

    def __init__(self, communes: Communes, sheet: str = "", on: datetime.date | None = None) -> None:
        """on: the day whose communes the headings name, see ``Communes.look_up``."""
        self._communes, self._on = communes, on
        self._whole = Section()
        self._whole = self._of_sheet(sheet)
        self.current = self._whole

    def _of_sheet(self, name: str) -> Section:
        ordinal, text = without_ordinal(name)
        named = self._next(Section(), Heading(0, "section", ordinal, text)) if text else Section()
        return named if named.commune.value or named.commune.told or named.village.value else Section()

    def names_place(self, text: str) -> bool:
        """Whether a text is the name of a commune, with or without its kind."""
        return isinstance(self._commune(text), str)

    def follow(self, headings: Iterable[Heading]) -> list[Section]:
        """The section before the first heading, and the one after each."""
        states = [self.current]
        for heading in headings:
            self.current = self._next(self.current, heading)
            states.append(self.current)
        return states

    def _next(self, now: Section, heading: Heading) -> Section:
        if heading.kind == "total":
            return self._after_total(now, heading)
        kind, level = place_kind(heading.text), depth(heading.ordinal)
        deeper = level is not None and now.commune.level is not None and level > now.commune.level
        found = self._commune(heading.text)
        if isinstance(found, str) and not (kind == "village" and deeper):
            if kind == "village" and found == self._bare_commune(heading.text):  # Bản Xèo: a village or the commune?
                return Section(Place(None, heading.row, True, True, self._shown(found), level), self._village(heading))
            village = (
                Place(village_in(heading.text), heading.row, level=level)
                if kind == "village"
                else self._village(heading)
            )
            return Section(Place(found, heading.row, level=level), village)
        if kind == "village":
            return replace(now, village=Place(village_in(heading.text), heading.row, level=level))
        if kind == "commune":
            proposal = found.proposal if isinstance(found, Unresolved) else None
            return Section(Place(None, heading.row, True, True, proposal, level), self._village(heading))
        return self._after_unknown(now, heading, level, deeper=deeper)

    def _after_unknown(self, now: Section, heading: Heading, level: int | None, *, deeper: bool) -> Section:
        """A heading that names no place."""
        if deeper or (now.commune == self._whole.commune and now.commune.value):
            ends = now.village.level is not None and level is not None and level <= now.village.level
            return replace(now, village=self._village(heading)) if ends else now
        return Section(Place(None, heading.row, True, level=level), self._village(heading))

    def _after_total(self, now: Section, heading: Heading) -> Section:
        """The total of a commune or of a village ends it; the total of a page does not."""
        said = fold(heading.text)
        if _TOTAL_OF_VILLAGE.fullmatch(said):
            return replace(now, village=self._village(heading))
        if _TOTAL_OF_COMMUNE.fullmatch(said):
            return Section(replace(self._whole.commune, row=heading.row), self._village(heading))
        return now

    def _village(self, heading: Heading) -> Place:
        """The village after a heading that names none: the sheet's own, if it has one."""
        return replace(self._whole.village, row=heading.row)

    def _commune(self, text: str) -> str | Unresolved | None:
        """The key of the commune of the time that a heading names, or why it names none."""
        tried: str | Unresolved | None = None
        for name in names_in(text):
            if place_kind(name) != "commune" and (self._communes.is_province(name) or not self._may_name(name)):
                continue  # resolving what is no name at all would search for what is like it
            found = unit_of_time(self._communes, name, on=self._on)
            if isinstance(found, Unit):
                return found.key
            tried = tried if isinstance(tried, Unresolved) and tried.proposal else found
        within = find_commune(self._communes, text, with_kind=True, on=self._on)
        if within not in self._communes.by_code:
            return tried  # the key of an old commune that words further in happen to name
        inside = unit_of_time(self._communes, exactly(within), on=self._on)
        return inside.key if isinstance(inside, Unit) else tried

    def _may_name(self, text: str) -> bool:
        coded = re.search(r"(?<![0-9])[0-9]{5}(?![0-9])", text) is not None and re.search(r"[^\W\d_]", text) is not None
        return coded or self._communes.may_name(text)

    def _bare_commune(self, text: str) -> str | None:
        """The key of the commune of which a heading is the bare name."""
        found = [unit_of_time(self._communes, name, on=self._on) for name in names_in(text)]
        return next((each.key for each in found if isinstance(each, Unit)), None)

    def _shown(self, key: str) -> str:
        commune = self._communes.of_key(key)
        return f"{commune.name} ({commune.code})" if commune else key
