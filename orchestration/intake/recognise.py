"""Where the table is: the header rows of a sheet and which source column is which declared column.

Belongs here: comparing headers with the declaration's titles and synonyms. Does not belong here: rows below the
header (``rows``), period and unit (``period``), what a cell means (``casts``).

A header is matched with its diacritics first, then without, then by the longest synonym that it contains as whole
words. A tie is never guessed. In a merged two-row header a child's own words go before its parent's: below
"Kết quả" the column "Điểm" is the score, not the result.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from orchestration.intake.folding import clean_text, fold, plain
from schemas import Declaration, file_rules

#: Deepest header that is tried; three rows occur where a form groups groups.
HEADER_DEPTH = 3
#: A cell longer than this is a sentence, not a header.
LONGEST_HEADER = 120
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
    """The recognised table of one sheet. Rows are numbered from 1, source columns from 0."""

    first_header_row: int
    last_header_row: int
    headers: tuple[str, ...]
    columns: dict[str, int]
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
        self.plain: dict[str, list[_Match]] = {}
        self.folded: dict[str, list[_Match]] = {}
        for name, column in declaration.columns.items():
            for rank, words in enumerate((*column.headers, name)):
                self.plain.setdefault(plain(words), []).append(_Match(0, rank, name))
                self.folded.setdefault(fold(words), []).append(_Match(1, rank, name))

    def match(self, header: str) -> list[_Match]:
        """The declared columns that a header may be, all at the best level at which there is any."""
        if not header or len(header) > LONGEST_HEADER:
            return []
        for known, form in ((self.plain, plain(header)), (self.folded, fold(header))):
            if form in known:
                return _best_of_each(known[form])
        return self._contained(fold(header))

    def _contained(self, form: str) -> list[_Match]:
        """Columns of the longest synonym that stands in the header as whole words; single short words are too weak."""
        padded = f" {form} "
        found = [words for words in self.folded if len(words) >= 4 and f" {words} " in padded]
        longest = max(map(len, found), default=0)
        hits = [match for words in found if len(words) == longest for match in self.folded[words]]
        return _best_of_each([_Match(2, match.rank, match.column) for match in hits])


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


def _assign(
    vocabulary: Vocabulary, texts: Sequence[tuple[str, str]]
) -> tuple[dict[str, int], dict[int, _Match], list[str]]:
    """Give each declared column its best source column. Returns mapping, match by source column, ambiguous columns."""
    claims: dict[str, list[tuple[_Match, int]]] = {}
    for position, (own, joined) in enumerate(texts):
        options = vocabulary.match(own)
        if joined != own:
            whole = vocabulary.match(joined)
            if whole and (not options or whole[0].level < options[0].level):
                options = whole
        if len(options) == 1:
            claims.setdefault(options[0].column, []).append((options[0], position))
    columns: dict[str, int] = {}
    matches: dict[int, _Match] = {}
    ambiguous: list[str] = []
    for column, found in claims.items():
        found.sort(key=lambda claim: (claim[0].level, claim[0].rank, claim[1]))
        best, position = found[0]
        if len(found) > 1 and (found[1][0].level, found[1][0].rank) == (best.level, best.rank):
            ambiguous.append(column)
            continue
        columns[column] = position
        matches[position] = best
    return columns, matches, ambiguous


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


def find_layout(declaration: Declaration, head: Sequence[Sequence[str]]) -> Layout:
    """Find the header among the first rows of a sheet.

    The header is where most declared columns are found; of equals the shallower, then the upper one.
    Raises LayoutError where there is none, where required columns are missing, or where two columns are equally
    good for a required one.
    """
    vocabulary = Vocabulary(declaration)
    best: tuple[tuple[int, int, int, int], int, int] | None = None
    for start in range(len(head)):
        for depth in range(1, HEADER_DEPTH + 1):
            rows = head[start : start + depth]
            if len(rows) < depth or (depth > 1 and not _is_spanned(rows)):
                break
            columns, matches, ambiguous = _assign(vocabulary, _header_texts(rows, max(map(len, rows))))
            strong = sum(1 for match in matches.values() if match.level < 2)
            score = (len(columns) + len(ambiguous), strong, -depth, -start)
            if best is None or score > best[0]:
                best = (score, start, depth)
    needed = min(2, sum(column.required for column in declaration.columns.values()))
    if best is None or best[0][0] < needed:
        raise LayoutError(file_rules.NO_HEADER)
    _, start, depth = best
    return _layout(declaration, vocabulary, head, start, depth)


def _layout(
    declaration: Declaration, vocabulary: Vocabulary, head: Sequence[Sequence[str]], start: int, depth: int
) -> Layout:
    rows = head[start : start + depth]
    width = max(len(row) for row in rows)
    texts = _header_texts(rows, width)
    while texts and not texts[-1][1]:
        texts.pop()
    columns, matches, ambiguous = _assign(vocabulary, texts)
    required = [name for name, column in declaration.columns.items() if column.required]
    unclear = [name for name in ambiguous if name in required]
    if unclear:
        raise LayoutError(file_rules.AMBIGUOUS_HEADER, _titles(declaration, unclear))
    missing = [name for name in required if name not in columns]
    if missing:
        raise LayoutError(file_rules.MISSING_COLUMNS, _titles(declaration, missing))
    headers = tuple(
        joined if own != joined and position not in matches else own for position, (own, joined) in enumerate(texts)
    )
    return Layout(
        first_header_row=start + 1,
        last_header_row=start + depth,
        headers=headers,
        columns=columns,
        surplus=tuple(
            header
            for position, header in enumerate(headers)
            if header and position not in matches and fold(header) not in UNIVERSAL
        ),
        absent=tuple(
            column.title for name, column in declaration.columns.items() if column.nullable and name not in columns
        ),
        ambiguous=tuple(declaration.columns[name].title for name in ambiguous),
    )


def _titles(declaration: Declaration, names: Sequence[str]) -> str:
    return "; ".join(declaration.columns[name].title for name in names)
