"""Neighbouring source columns that together are one declared column: "Giới tính" over "Nam | Nữ".

Belongs here: finding such runs of columns by their headers, which are values of a list, and by a look at the cells
where no header above them says so. Does not belong here: what counts as a mark and reading the rows (``marks``).

Four forms occur: the values below the column's own header (or behind it in one cell: "Giới tính: Nam"), the values
alone, the values of the sex below the date of birth, where each person's date stands in the column of the sex, and the
pieces of one value: "Họ và tên đệm | Tên", and "Ngày | Tháng | Năm" below a date.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from orchestration.intake.folding import fold, plain
from orchestration.intake.header_rows import HeaderText
from orchestration.intake.marks import Kind, Part, Spread, is_mark
from orchestration.intake.vocabulary import CONTAINED, PLAIN, UNIVERSAL, Match, Vocabulary
from schemas.column_types import ColumnType, Date, PartialDate, PersonName

#: Rank of a run that no header names: behind every synonym.
_UNNAMED = 1_000
#: The headers of the pieces of a name and of a date, and their order.
_NAME_PIECES = {
    **dict.fromkeys(("họ", "họ đệm", "họ và đệm", "họ và chữ đệm", "họ và tên đệm", "họ chữ đệm", "họ lót"), 1),
    **dict.fromkeys(("tên", "tên riêng"), 2),
}
_DATE_PIECES = {"ngày": 1, "tháng": 2, "năm": 3}
_PIECES: dict[type[ColumnType], dict[str, int]] = {
    PersonName: _NAME_PIECES,
    Date: _DATE_PIECES,
    PartialDate: _DATE_PIECES,
}
#: Last words of the headers of pieces.
_PIECE_ENDS = frozenset(words.rsplit(" ", 1)[-1] for words in (*_NAME_PIECES, *_DATE_PIECES))


@dataclass(frozen=True)
class Run:
    """Source columns that may be one declared column. ``also``: another column that they tell as well, as the sex."""

    match: Match
    spread: Spread
    headers: dict[int, str]
    also: tuple[str, Spread] | None = None

    @property
    def first(self) -> int:
        """The source column that stands for the run."""
        return self.spread.parts[0].position


@dataclass(frozen=True)
class _Child:
    """A source column as a value of a column: below the words ``parent``, or alone. header: what to call it.

    sex: the column that it tells as well. piece: which piece of the value it holds, from 1.
    """

    match: Match
    parent: str
    word: str
    header: str
    listed: bool = True
    sex: str = ""
    piece: int = 0


def find_runs(
    vocabulary: Vocabulary, texts: Sequence[HeaderText], below: Sequence[Sequence[str]], settled: Collection[int]
) -> list[Run]:
    """All runs of a header. below: the rows under it. settled: source columns whose meaning was confirmed."""
    named: list[_Child | None] = []
    alone: list[_Child | None] = []
    for position, text in enumerate(texts):
        child = None if position in settled else _named_child(vocabulary, text)
        named.append(child)
        alone.append(_lone_child(vocabulary, text.own) if child is None and position not in settled else None)
    runs = [run for children in _neighbours(named) if (run := _run(children))]
    inside = {part.position for run in runs for part in run.spread.parts}
    loose = [None if position in inside else child for position, child in enumerate(alone)]
    runs += [
        run
        for children in _neighbours(loose)
        if (children[0][1].piece or _is_marked_below(vocabulary, children, below)) and (run := _run(children))
    ]
    return runs


def _may_be_child(vocabulary: Vocabulary, own: str) -> bool:
    """A cheap sieve: whether the last word of a header can end a value or a piece."""
    last = plain(own).rsplit(" ", 1)[-1]
    return last in vocabulary.value_ends or last in _PIECE_ENDS


def _named_child(vocabulary: Vocabulary, text: HeaderText) -> _Child | None:
    """A header that says of which column it is a value: by the words above it, or by its own first words."""
    if len(text.words) > 1:
        for parent in (*reversed(text.words[:-1]), " ".join(text.words[:-1])):
            child = _child(vocabulary, vocabulary.match(parent), parent, text.own, f"{parent} {text.own}")
            if child:
                return child
    words = plain(text.own).split() if _may_be_child(vocabulary, text.own) else []
    for cut in range(1, len(words)):
        own = " ".join(words[cut:])
        if not vocabulary.values(own) and own not in _NAME_PIECES and own not in _DATE_PIECES:
            continue
        parent = " ".join(words[:cut])
        options = [match for match in vocabulary.match(parent) if match.level < CONTAINED]
        child = _child(vocabulary, options, parent, own, text.own)
        if child and child.listed:
            return child
    return None


def _child(vocabulary: Vocabulary, options: Sequence[Match], parent: str, own: str, header: str) -> _Child | None:
    if len(options) != 1:
        return None
    (match,) = options
    values = vocabulary.values(own)
    if match.column in values:
        return _Child(match, parent, values[match.column], header)
    sex = vocabulary.birth_and_sex.get(match.column, "")
    if sex in values:
        return _Child(match, parent, values[sex], header, sex=sex)
    if piece := _piece(vocabulary, match.column, own):
        return _Child(match, parent, own, header, piece=piece)
    unlisted = match.column in vocabulary.listed and own != parent and not vocabulary.match(own)
    return _Child(match, parent, own, header, listed=False) if unlisted else None


def _piece(vocabulary: Vocabulary, column: str, own: str) -> int:
    """Which piece of a column's value a header names, from 1; 0 if none."""
    return _PIECES.get(vocabulary.types[column], {}).get(plain(own), 0)


def _lone_child(vocabulary: Vocabulary, own: str) -> _Child | None:
    if not _may_be_child(vocabulary, own) or fold(own) in UNIVERSAL:
        return None
    names = [name for name, each in vocabulary.types.items() if each is PersonName]
    if plain(own) in _NAME_PIECES and len(names) == 1:
        return _Child(Match(PLAIN, 0, names[0]), "", own, own, piece=_NAME_PIECES[plain(own)])
    values = vocabulary.values(own)
    if len(values) != 1:
        return None
    ((column, word),) = values.items()
    return _Child(Match(CONTAINED, _UNNAMED, column), "", word, f"{vocabulary.titles[column]} {own}")


def _family(numbered: tuple[int, tuple[int, _Child]]) -> tuple[int, Match, str, str, bool]:
    """What children side by side have in common."""
    number, (position, child) = numbered
    return position - number, child.match, child.parent, child.sex, child.piece > 0


def _neighbours(children: Sequence[_Child | None]) -> list[list[tuple[int, _Child]]]:
    """Children of one parent that stand side by side."""
    found = []
    placed = [(position, child) for position, child in enumerate(children) if child]
    for _, group in itertools.groupby(enumerate(placed), key=_family):
        found.append([each for _, each in group])
    return found


def _run(children: Sequence[tuple[int, _Child]]) -> Run | None:
    """A run of at least two values, each of them named once, or of all pieces of a value."""
    first = children[0][1]
    headers = {position: child.header for position, child in children}
    if first.piece:
        ordered = sorted(children, key=lambda each: each[1].piece)
        pieces = tuple(child.piece for _, child in ordered)
        kind = {(1, 2): Kind.NAME, (1, 2, 3): Kind.DATE}.get(pieces)
        parts = tuple(Part(position, child.word) for position, child in ordered)
        return Run(first.match, Spread(kind, parts), headers) if kind else None
    listed = [child.word for _, child in children if child.listed]
    if len(set(listed)) < 2 or len(set(map(plain, headers.values()))) < len(headers):
        return None
    if first.sex and len(set(listed)) < len(listed):
        return None  # which of two dates of birth of a man?
    parts = tuple(Part(position, child.word, child.listed) for position, child in children)
    also = (first.sex, Spread(Kind.FILLED, parts)) if first.sex else None
    return Run(first.match, Spread(Kind.HELD if first.sex else Kind.MARK, parts), headers, also)


def _is_marked_below(
    vocabulary: Vocabulary, children: Sequence[tuple[int, _Child]], below: Sequence[Sequence[str]]
) -> bool:
    """Whether the cells below headers that name no column are marks; without any cell, whether all values are there.

    "Thường trú | Tạm trú" may hold two addresses, and "Nam | Nữ" counts.
    """
    if len(children) < 2:
        return False
    cells = [
        is_mark(row[position], child.word)
        for row in below
        for position, child in children
        if position < len(row) and row[position].strip()
    ]
    if cells:
        return 2 * cells.count(True) >= len(cells) - cells.count(False) and True in cells
    column = children[0][1].match.column
    return {child.word for _, child in children} >= set(vocabulary.listed[column])
