"""Communes of a time: from what a cell says to the very unit that stood at the end of the file's period.

Belongs here: which form of a commune a fact of a day belongs to, and that a divided one is certain as a unit of its
time. Does not belong here: what a text names (``places.py``), how old units are found (``old_communes.py``).
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from orchestration.intake.old_communes import OldCommune
from orchestration.intake.places import REFORM, Communes, Found, Unresolved


@dataclass(frozen=True)
class Unit:
    """A commune as it stood on a day. ``key``: as in ``dim_commune``.

    code: the present commune that it is or went into whole; None: it was divided since. old: the old one that the text
    named, where it named one.
    """

    key: str
    code: str | None
    old: OldCommune | None = None


def unit_of_time(
    communes: Communes, text: str, *, on: datetime.date | None, district: str | None = None
) -> Unit | Unresolved:
    """The unit of the day that a cell names; see ``Communes.look_up`` for what a cell may say.

    A file of later than the change that names a divided commune remains unresolved: what it means today is not known.
    """
    found = communes.look_up(text, on=on, district=district)
    if isinstance(found, Found):
        return Unit(_key(communes, found, on), found.code, found.old)
    if found.divided and on and found.divided.stood(on):
        return Unit(found.divided.key, None, found.divided)
    return found


def _key(communes: Communes, found: Found, on: datetime.date | None) -> str:
    """The key of the form in which a commune stood on a day.

    The present one where it did not stand yet, or where it is not known which of several namesakes is meant.
    """
    present = communes.by_code[found.code]
    if on is None or on.isoformat() >= present.valid_from:
        return present.key
    if found.old and not found.namesakes and found.old.stood(on):
        return found.old.key
    # Since the reform a commune that became a ward has kept its code; before it, one code named two territories.
    before = communes.old.coded(found.code, on) if on >= REFORM else []
    return before[0].key if before and before[0].stood(on) else present.key
