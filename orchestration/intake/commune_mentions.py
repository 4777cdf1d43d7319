"""The one commune that a longer text names beside other things: a file's name, a letterhead, a heading.

Belongs here: finding names and codes within a text. Does not belong here: what a cell says that names a commune and
nothing else (``places.py``).
"""

from __future__ import annotations

import datetime
import re

from orchestration.intake.folding import fold
from orchestration.intake.old_communes import EVERYWHERE
from orchestration.intake.places import CODE, Communes, before_reform

_NAMES_KIND = re.compile(r"\b(?:xa|phuong|thi tran|tt)\b")


def find_commune(
    communes: Communes, text: str, *, with_kind: bool = False, on: datetime.date | None = None, subject: str = ""
) -> str | None:
    """The one commune of the province that a longer text names in full, or by its 5-digit code.

    A present one is told by its code, an old one by its key: its code may be that of a present one, too.
    with_kind: only together with Xã/Phường (letterheads name provinces and departments, too); on: the day whose
    communes are meant, the present one if None. subject: what the text is about; a name that it holds needs its kind
    (Văn bản điện tử is not from Xã Văn Bàn).
    """
    if before_reform(on):
        # Without a kind, Bát Xát may be the district.
        hits = _old(communes, text, with_kind, on) or _present(communes, text, True)
    else:
        hits = _present(communes, text, with_kind, subject)
        if not hits and _NAMES_KIND.search(fold(text)):
            hits = _old(communes, text, True, on)
    longest = {code for name, code in hits.items() if not any(name != other and name in other for other in hits)}
    return longest.pop() if len(longest) == 1 else None


def _present(communes: Communes, text: str, with_kind: bool, subject: str = "") -> dict[str, str]:
    """The codes of the present communes that a text names, by what names them."""
    codes = [] if with_kind else [code for code in CODE.findall(text) if communes.is_own(code)]
    if codes:
        return {code: code for code in codes}
    padded = f" {fold(text)} "
    hits = {name: code for name, code in communes.full_names.items() if f" {name} " in padded}
    if hits or with_kind:
        return hits
    told = f" {fold(subject)} "
    return {
        name: next(iter(codes))
        for name, codes in communes.names["fold"].items()
        if len(codes) == 1
        and " " in name
        and name not in communes.province_words
        and f" {name} " in padded
        and f" {name} " not in told
    }


def _old(communes: Communes, text: str, with_kind: bool, on: datetime.date | None) -> dict[str, str]:
    """The keys of the old communes that a text names together with their kind, by what names them."""
    old = communes.old
    coded = [] if with_kind else [unit for code in CODE.findall(text) for unit in old.coded(code, on)]
    if coded:
        return {unit.key: unit.key for unit in coded}
    padded = f" {fold(text)} "
    named = {name: old.named("fold", name, EVERYWHERE, on) for name in old.full_names if f" {name} " in padded}
    return {name: units[0].key for name, units in named.items() if len(units) == 1}
