"""The reconciliation register as it is published: which differences there are between departments.

Belongs here: reading ``mart_difference`` of the current version. Does not belong here: deciding about a difference
(``orchestration/differences.py``), showing it. Imports nothing heavier than DuckDB.
"""

from __future__ import annotations

from typing import Any

from orchestration.settings import Settings
from orchestration.sharing.query import QueryError, literal, records

Difference = dict[str, Any]


class UnknownDifferenceError(QueryError):
    """The published version has no such difference or pair, or several."""


def differences(
    settings: Settings, *, pair: str | None = None, department: str | None = None, closed: bool = False
) -> list[Difference]:
    """The rows of ``mart_difference`` by id, open ones only unless ``closed``. Raises QueryError.

    pair: id of a pair. department: the one that has to answer.
    """
    known = records(settings, "select pair_id, answering_department from core.rec_pair order by pair_id")
    for name, column, wanted in (("pair", "pair_id", pair), ("department", "answering_department", department)):
        there = dict.fromkeys(row[column] for row in known)
        if wanted is not None and wanted not in there:
            raise UnknownDifferenceError(f"the register has no {name} {wanted!r}; there are: {', '.join(there)}")
    conditions = ["true" if closed else "is_open"]
    conditions += [f"pair_id = {literal(pair)}"] if pair is not None else []
    conditions += [f"answering_department = {literal(department)}"] if department is not None else []
    return records(
        settings, f"select * from marts.mart_difference where {' and '.join(conditions)} order by difference_id"
    )


def find_difference(settings: Settings, difference_id: str) -> Difference:
    """The one difference whose id is this one, or begins like this. Raises UnknownDifferenceError, QueryError."""
    wanted = literal(difference_id)
    found = records(
        settings,
        f"select * from marts.mart_difference where starts_with(difference_id, {wanted}) "
        f"order by difference_id = {wanted} desc, difference_id limit 2",
    )
    exact = [each for each in found if each["difference_id"] == difference_id]
    if exact:
        return exact[0]
    if len(found) != 1 or not difference_id:
        number = "several differences have" if found else "no difference has"
        raise UnknownDifferenceError(f"{number} an id that begins with {difference_id!r}")
    return found[0]
