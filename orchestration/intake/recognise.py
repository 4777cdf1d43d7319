"""Where the table is: the header rows of a sheet and which source column is which declared column.

Belongs here: comparing headers with the declaration's titles and synonyms. Does not belong here: rows below the
header (``rows``), period and unit (``period``), what a cell means (``casts``).

A header is matched as it is written first, then without punctuation, then without diacritics, then by the longest
synonym that it contains as whole words. A tie is never guessed. In a merged two-row header a child's own words go
before its parent's: below "Kết quả" the column "Điểm" is the score, not the result. Columns of a group that repeats
(land type, area, origin; land type, area, origin) stand back behind a column that occurs once.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from orchestration.intake.folding import clean_text, fold, plain
from schemas import Declaration, file_rules
from schemas.column_types import LandType

#: Deepest header that is tried; three rows occur where a form groups groups.
HEADER_DEPTH = 3
#: A cell longer than this is a sentence, not a header.
LONGEST_HEADER = 120
#: A table does not begin or end beyond this column; sheets have up to 16,384.
WIDEST_TABLE = 512
#: Longest group of columns that is looked for when headers repeat.
LONGEST_GROUP = 12
#: Levels of a match, the best first.
VERBATIM, PLAIN, FOLDED, CONTAINED = range(4)
#: Columns that every form has and no dataset needs; they are not reported as surplus.
UNIVERSAL = frozenset(
    fold(word) for word in ("STT", "TT", "Số TT", "Số thứ tự", "SốTT", "No", "Ghi chú", "GC", "Chú thích")
)


class LayoutError(Exception):
    """No table of this dataset was found; the rule says why, ``title`` what was missing."""

    def __init__(self, rule_id: str, title: str = "") -> None:
        super().__init__(rule_id)
        self.rule_id, self.title = rule_id, title


@dataclass(frozen=True)
class Layout:
    """The recognised table of one sheet. Rows are numbered from 1, source columns from 0.

    columns: the source column of each declared column that was found. further: source columns that say more of it,
    for types of which one row may have several values. header_rows: the header's cells as they stand.
    """

    first_header_row: int
    last_header_row: int
    headers: tuple[str, ...]
    columns: dict[str, int]
    further: dict[str, tuple[int, ...]] = field(default_factory=dict)
    header_rows: tuple[tuple[str, ...], ...] = ()
    surplus: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = field(default=())

    @property
    def width(self) -> int:
        """Number of source columns of the table."""
        return len(self.headers)


@dataclass(frozen=True)
class _Match:
    """How well a header fits a declared column; smaller is better."""

    level: int
    rank: int
    column: str


class Vocabulary:
    """The headers of one dataset, prepared for comparison."""

    def __init__(self, declaration: Declaration) -> None:
        self.joined = {name for name, column in declaration.columns.items() if issubclass(column.type, LandType)}
        self._known: list[tuple[Callable[[str], str], dict[str, list[_Match]]]] = [
            (_written, {}),
            (plain, {}),
            (fold, {}),
        ]
        self._seen: dict[str, list[_Match]] = {}
        for name, column in declaration.columns.items():
            for rank, words in enumerate((*column.headers, name)):
                for level, (form, known) in enumerate(self._known):
                    known.setdefault(form(words), []).append(_Match(level, rank, name))

    def match(self, header: str) -> list[_Match]:
        """The declared columns that a header may be, all at the best level at which there is any."""
        if header not in self._seen:
            self._seen[header] = self._match(header)
        return self._seen[header]

    def _match(self, header: str) -> list[_Match]:
        if not header or len(header) > LONGEST_HEADER:
            return []
        for form, known in self._known:
            if form(header) in known:
                return _best_of_each(known[form(header)])
        return self._contained(fold(header))

    def _contained(self, form: str) -> list[_Match]:
        """Columns of the longest synonym that stands in the header as whole words; single short words are too weak."""
        padded = f" {form} "
        folded = self._known[FOLDED][1]
        found = [words for words in folded if len(words) >= 4 and f" {words} " in padded]
        longest = max(map(len, found), default=0)
        hits = [match for words in found if len(words) == longest for match in folded[words]]
        return _best_of_each([_Match(CONTAINED, match.rank, match.column) for match in hits])


def _written(text: str) -> str:
    return clean_text(text).casefold()


def _best_of_each(matches: Sequence[_Match]) -> list[_Match]:
    best: dict[str, _Match] = {}
    for match in matches:
        if match.column not in best or match.rank < best[match.column].rank:
            best[match.column] = match
    return list(best.values())


def _header_texts(rows: Sequence[Sequence[str]], width: int) -> list[tuple[str, str]]:
    """For each source column its own header and the headers above it joined (merged cells fill to the right)."""
    filled: list[list[str]] = []
    for depth, row in enumerate(rows):
        cells = [clean_text(row[position]) if position < len(row) else "" for position in range(width)]
        if depth < len(rows) - 1:
            for position in range(1, width):
                below = any(position < len(other) and other[position].strip() for other in rows[depth + 1 :])
                if not cells[position] and cells[position - 1] and below:
                    cells[position] = cells[position - 1]
        filled.append(cells)
    texts = []
    for position in range(width):
        words = [cells[position] for cells in filled if cells[position]]
        distinct = [word for index, word in enumerate(words) if index == 0 or word != words[index - 1]]
        texts.append((distinct[-1] if distinct else "", " ".join(distinct)))
    return texts


@dataclass
class _Assignment:
    """Which source column is which declared column."""

    columns: dict[str, int] = field(default_factory=dict)
    further: dict[str, tuple[int, ...]] = field(default_factory=dict)
    levels: dict[int, int] = field(default_factory=dict)
    ambiguous: list[str] = field(default_factory=list)


def _assign(vocabulary: Vocabulary, texts: Sequence[tuple[str, str]]) -> _Assignment:
    """Give each declared column its best source column.

    A source column whose own words mean a column that has a better one goes by its parent's words, too.
    """
    found = _Assignment()
    grouped = _repeated_groups([fold(joined) for _, joined in texts])
    first, second = {}, {}
    for position, (own, joined) in enumerate(texts):
        options, whole = vocabulary.match(own), vocabulary.match(joined)
        said_in_full = bool(whole) and whole[0].level < CONTAINED  # "Thời gian" over "hoàn thành"
        first[position], second[position] = whole if said_in_full or not options else options, whole
    _settle(vocabulary, first, grouped, found)
    taken = found.levels.keys() | {
        position for position, options in first.items() if {each.column for each in options} & set(found.ambiguous)
    }
    _settle(vocabulary, {at: each for at, each in second.items() if at not in taken}, grouped, found)
    return found


def _settle(
    vocabulary: Vocabulary, options: Mapping[int, Sequence[_Match]], grouped: set[int], found: _Assignment
) -> None:
    """Give the columns that nothing was found for yet to those of the source columns that mean them."""
    claims: dict[str, list[tuple[tuple[bool, bool, int, int], int]]] = {}
    for position, matches in options.items():
        if len(matches) == 1 and matches[0].column not in (*found.columns, *found.ambiguous):
            (match,) = matches
            worth = (match.level >= CONTAINED, position in grouped, match.level, match.rank)
            claims.setdefault(match.column, []).append((worth, position))
    for column, claimed in claims.items():
        best = min(worth for worth, _ in claimed)
        equal = [position for worth, position in claimed if worth == best]
        if len(equal) > 1 and not (best[1] and column in vocabulary.joined):
            found.ambiguous.append(column)
            continue
        found.columns[column] = equal[0]
        if len(equal) > 1:
            found.further[column] = tuple(equal[1:])
        found.levels.update(dict.fromkeys(equal, best[2]))


def _repeated_groups(headers: Sequence[str]) -> set[int]:
    """Positions of groups of two and more columns that stand twice and more in a row: type, area, type, area."""
    found: set[int] = set()
    for length in range(2, LONGEST_GROUP + 1):
        for start in range(len(headers) - 2 * length + 1):
            group, following = (headers[at : at + length] for at in (start, start + length))
            if headers[start] and group == following and len(set(group)) > 1:
                found.update(range(start, start + 2 * length))
    return found


def _is_spanned(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the upper rows have a cell that spans several cells of the row below: a merged header."""
    for above, below in itertools.pairwise(rows):
        spans = any(
            above[position].strip()
            and not above[position + 1].strip()
            and position + 1 < len(below)
            and below[position].strip()
            and below[position + 1].strip()
            for position in range(min(len(above), len(below)) - 1)
        )
        if not spans:
            return False
    return True


def find_layout(declaration: Declaration, head: Sequence[Sequence[str]], *, carried: Collection[str] = ()) -> Layout:
    """Find the header among the first rows of a sheet.

    carried: required columns that may be missing, because headings over the rows can say them.

    The header is where most declared columns are found; of equals the shallower, then the upper one.
    Raises LayoutError where there is none, where required columns are missing, or where two columns are equally
    good for a required one.
    """
    vocabulary = Vocabulary(declaration)
    head = [row[:WIDEST_TABLE] for row in head]
    best: tuple[tuple[int, int, int, int], int, int] | None = None
    for start in range(len(head)):
        for depth in range(1, HEADER_DEPTH + 1):
            rows = head[start : start + depth]
            if len(rows) < depth or (depth > 1 and not _is_spanned(rows)):
                break
            found = _assign(vocabulary, _header_texts(rows, max(map(len, rows))))
            strong = sum(1 for level in found.levels.values() if level < CONTAINED)
            score = (len(found.columns) + len(found.ambiguous), strong, -depth, -start)
            if best is None or score > best[0]:
                best = (score, start, depth)
    needed = min(2, sum(column.required for column in declaration.columns.values()))
    if best is None or best[0][0] < needed:
        raise LayoutError(file_rules.NO_HEADER)
    _, start, depth = best
    return _layout(declaration, vocabulary, head, start, depth, carried)


def _layout(
    declaration: Declaration,
    vocabulary: Vocabulary,
    head: Sequence[Sequence[str]],
    start: int,
    depth: int,
    carried: Collection[str],
) -> Layout:
    rows = head[start : start + depth]
    texts = _header_texts(rows, max(len(row) for row in rows))
    while texts and not texts[-1][1] and not any(_at(row, len(texts) - 1) for row in head[start + depth :]):
        texts.pop()  # a column without header and, as far as the head shows, without cells
    found = _assign(vocabulary, texts)
    required = [name for name, column in declaration.columns.items() if column.required]
    unclear = [name for name in found.ambiguous if name in required]
    if unclear:
        raise LayoutError(file_rules.AMBIGUOUS_HEADER, _titles(declaration, unclear))
    missing = [name for name in required if name not in found.columns and name not in carried]
    if missing:
        raise LayoutError(file_rules.MISSING_COLUMNS, _titles(declaration, missing))
    headers = tuple(
        joined if own != joined and position not in found.levels else own
        for position, (own, joined) in enumerate(texts)
    )
    return Layout(
        first_header_row=start + 1,
        last_header_row=start + depth,
        headers=headers,
        columns=found.columns,
        further=found.further,
        header_rows=tuple(tuple(row) for row in rows),
        surplus=tuple(
            header
            for position, header in enumerate(headers)
            if header and position not in found.levels and fold(header) not in UNIVERSAL
        ),
        absent=tuple(
            column.title
            for name, column in declaration.columns.items()
            if column.nullable and name not in found.columns and name not in found.ambiguous
        ),
        ambiguous=tuple(declaration.columns[name].title for name in found.ambiguous),
    )


def _at(row: Sequence[str], position: int) -> str:
    return row[position].strip() if position < len(row) else ""


def _titles(declaration: Declaration, names: Sequence[str]) -> str:
    return "; ".join(declaration.columns[name].title for name in names)
