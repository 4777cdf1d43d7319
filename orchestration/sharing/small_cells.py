"""Small cells: which figures of open data are withheld, so that none of fewer than k persons can be told or worked out.

Belongs here: the choice of what is withheld, over counts that add up. Does not belong here: which relation has such
counts (``audiences.py``), reading and writing them (``extract.py``).

A count below k is withheld, and so are its complement, its whole and everything else about its place in the group: what
is known of a place is either published or not, so that no numerator follows from a denominator, and no month from a
quarter. Totals are taken as known, even where no row has them. So further places are withheld, the smallest first,
until at least two are in each slice and their sum is at least k: each of them may then be anything from none to that
sum, as far as the published figures tell. A group that cannot be protected so is withheld as a whole, totals and all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

Count = Decimal | int | None
#: What a total holds beside its places: nobody publishes it, and subtraction gives it away.
_REST = "\N{SECTION SIGN}rest"


@dataclass(frozen=True)
class Row:
    """The counts of one place in one slice of a group; a total adds up the places of its slice.

    counts: persons; parts, wholes and complements (whole minus part) each in a position of their own; None: not known.
    """

    group: str
    slice: str
    place: str
    is_total: bool
    counts: tuple[Count, ...]


def withheld_places(rows: Iterable[Row], *, k: int) -> set[tuple[str, str]]:
    """Groups and places of the rows whose figures are not to be published; k: the smallest count that may be."""
    by_group: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_group[row.group].append(row)
    return {(group, place) for group, own in by_group.items() for place in _withheld(own, k)}


def _withheld(rows: Sequence[Row], k: int) -> set[str]:
    slices = _slices(rows)
    hidden = {
        place
        for places in slices.values()
        for place, counts in places.items()
        if any(count < k for count in _known(counts))
    }
    while True:
        open_slice = next((each for each in slices.values() if not _is_protected(each, hidden, k)), None)
        if open_slice is None:
            return hidden - {_REST}
        candidates = [place for place in open_slice if place not in hidden and place != _REST]
        if not candidates:
            return {row.place for row in rows}
        hidden.add(min(candidates, key=lambda place: (sum(_known(open_slice[place])), place)))


def _slices(rows: Sequence[Row]) -> dict[str, dict[str, tuple[Count, ...]]]:
    """Counts by place in each slice, with what the total has beyond its places."""
    slices: dict[str, dict[str, tuple[Count, ...]]] = defaultdict(dict)
    for row in rows:
        if not row.is_total:
            slices[row.slice][row.place] = row.counts
    for total in rows:
        if total.is_total:
            places = slices[total.slice]
            rest = tuple(
                None if whole is None else whole - sum(_known(counts[position] for counts in places.values()))
                for position, whole in enumerate(total.counts)
            )
            if any(_known(rest)):
                places[_REST] = rest
    return slices


def _known(counts: Iterable[Count]) -> list[Decimal | int]:
    return [each for each in counts if each is not None]


def _is_protected(places: Mapping[str, tuple[Count, ...]], hidden: set[str], k: int) -> bool:
    """Whether nothing of this slice can be worked out of what is published and of its total."""
    if not hidden & places.keys():
        return True
    together = [counts for place, counts in places.items() if place in hidden and place != _REST]
    columns = [_known(column) for column in zip(*together, strict=True)]
    return len(together) > 1 and all(sum(column) >= k for column in columns if column)
