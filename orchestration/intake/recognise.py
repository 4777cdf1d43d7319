"""Where the table is: the header rows of a sheet and which source column is which declared column.

Belongs here: searching the first rows of a sheet for the header, and what follows from it. Does not belong here:
comparing texts (``vocabulary``), choosing between columns (``assignment``), rows below the header (``rows``), period
and unit (``period``), what a cell means (``casts``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from xlsxwriter.utility import xl_col_to_name

from orchestration.intake.assignment import NOTHING_CONFIRMED, Assignment, assign
from orchestration.intake.folding import fold
from orchestration.intake.header_rows import header_texts, is_spanned, remarks_below
from orchestration.intake.mappings import Confirmed
from orchestration.intake.marks import Spread
from orchestration.intake.vocabulary import CONFIRMED, CONTAINED, UNIVERSAL, Vocabulary
from schemas import Declaration, file_rules
from schemas.column_types import CommuneCode
from schemas.headers import DISTRICT

#: Deepest header that is tried; three rows occur where a form groups groups.
HEADER_DEPTH = 3
#: A table does not begin or end beyond this column; sheets have up to 16,384.
WIDEST_TABLE = 512
_DISTRICT = frozenset(fold(word) for word in DISTRICT.split(" | "))


@dataclass(frozen=True)
class Doubt:
    """What recognition did not settle, by source columns from 0.

    headers: what stands above each source column. missing: declared columns that none was found for, tied: those that
    several are equally good for. unknown: source columns that mean nothing. last_header_row: its number.
    """

    headers: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    tied: dict[str, tuple[int, ...]] = field(default_factory=dict)
    unknown: tuple[int, ...] = ()
    last_header_row: int = 0


class LayoutError(Exception):
    """No table of this dataset was found; the rule says why, ``title`` what was missing.

    further: what else is wrong, as rule and title. doubt: what was found all the same.
    """

    def __init__(
        self, rule_id: str, title: str = "", further: tuple[tuple[str, str], ...] = (), doubt: Doubt | None = None
    ) -> None:
        super().__init__(rule_id)
        self.rule_id, self.title, self.further, self.doubt = rule_id, title, further, doubt


@dataclass(frozen=True)
class Layout:
    """The recognised table of one sheet. Rows are numbered from 1, source columns from 0.

    columns: the source column of each declared column that was found. further: source columns that say more of it,
    for types of which one row may have several values. spread: declared columns that several source columns say
    together, by marks; ``columns`` has the first of them. header_rows: the header's cells as they stand. confirmed:
    headers that were understood because they were confirmed, and the titles of their columns. district: the source
    column that says in which district a row's commune lies; it is no declared column, and none too many.
    """

    first_header_row: int
    last_header_row: int
    headers: tuple[str, ...]
    columns: dict[str, int]
    further: dict[str, tuple[int, ...]] = field(default_factory=dict)
    spread: dict[str, Spread] = field(default_factory=dict)
    header_rows: tuple[tuple[str, ...], ...] = ()
    surplus: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = field(default=())
    confirmed: tuple[tuple[str, str], ...] = ()
    doubt: Doubt = field(default_factory=Doubt)
    district: int | None = None

    @property
    def width(self) -> int:
        """Number of source columns of the table."""
        return len(self.headers)

    def places(self, column: str) -> tuple[int, ...]:
        """All source columns of a declared column that was found."""
        if column in self.spread:
            return self.spread[column].positions
        return (self.columns[column], *self.further.get(column, ()))


def find_layout(
    declaration: Declaration,
    head: Sequence[Sequence[str]],
    confirmed: Confirmed = NOTHING_CONFIRMED,
    *,
    carried: Collection[str] = (),
) -> Layout:
    """Find the header among the first rows of a sheet.

    confirmed: headers whose meaning was confirmed. carried: required columns that may be missing, because headings
    over the rows can say them.

    The header is where most declared columns are found; of equals the one whose lowest row names values to be marked,
    then the shallower, then the upper one.
    Raises LayoutError where there is none, where required columns are missing, or where two columns are equally
    good for a required one.
    """
    vocabulary = Vocabulary(declaration)
    head = [row[:WIDEST_TABLE] for row in head]
    best: tuple[tuple[int, int, int, int, int], int, int] | None = None
    for start in range(len(head)):
        for depth in range(1, HEADER_DEPTH + 1):
            rows = head[start : start + depth]
            if len(rows) < depth or (depth > 1 and not is_spanned(rows)):
                break
            found = assign(vocabulary, header_texts(rows, max(map(len, rows))), head[start + depth :], confirmed)
            strong = sum(1 for level in found.levels.values() if level < CONTAINED)
            score = (len(found.columns) + len(found.tied), strong, len(found.spread), -depth, -start)
            if best is None or score > best[0]:
                best = (score, start, depth)
    needed = min(2, sum(column.required for column in declaration.columns.values()))
    if best is None or not best[0][0]:
        raise LayoutError(file_rules.NO_HEADER)
    (found_columns, *_), start, depth = best
    if found_columns < needed:
        raise LayoutError(file_rules.NO_HEADER, doubt=_all_in_doubt(vocabulary, head, start, depth, confirmed))
    return _layout(declaration, vocabulary, head, start, depth, confirmed, carried)


def _all_in_doubt(
    vocabulary: Vocabulary, head: Sequence[Sequence[str]], start: int, depth: int, confirmed: Confirmed
) -> Doubt:
    """What a row that is hardly a header leaves open."""
    rows, below = head[start : start + depth], head[start + depth :]
    texts = header_texts(rows, max(map(len, rows)))
    found = assign(vocabulary, texts, below, confirmed)
    return _doubt(vocabulary.titles, found, tuple(text.joined for text in texts), below, start + depth)


def _layout(
    declaration: Declaration,
    vocabulary: Vocabulary,
    head: Sequence[Sequence[str]],
    start: int,
    depth: int,
    confirmed: Confirmed,
    carried: Collection[str],
) -> Layout:
    last = start + depth + remarks_below(head[start + depth :])
    rows, below = head[start : start + depth], head[last:]
    texts = header_texts(rows, max(len(row) for row in rows))
    while texts and not texts[-1].joined and not any(_at(row, len(texts) - 1) for row in below):
        texts.pop()  # a column without header and, as far as the head shows, without cells
    found = assign(vocabulary, texts, below, confirmed)
    headers = tuple(
        found.headers.get(position)
        or (text.joined if text.own != text.joined and position not in found.levels else text.own)
        for position, text in enumerate(texts)
    )
    doubt = _doubt(declaration.columns, found, headers, below, last)
    _refuse(declaration, doubt, carried)
    district = _district(declaration, doubt)
    doubt = replace(doubt, unknown=tuple(at for at in doubt.unknown if at != district))
    return Layout(
        first_header_row=start + 1,
        last_header_row=last,
        headers=headers,
        columns=found.columns,
        further=found.further,
        spread=found.spread,
        header_rows=tuple(tuple(row) for row in head[start:last]),
        surplus=tuple(headers[at] or f"(cột {xl_col_to_name(at)})" for at in doubt.unknown),
        absent=tuple(declaration.columns[name].title for name in doubt.missing),
        ambiguous=tuple(declaration.columns[name].title for name in doubt.tied),
        confirmed=tuple(
            (headers[position], declaration.columns[name].title)
            for name, position in found.columns.items()
            if found.levels.get(position) == CONFIRMED
        ),
        doubt=doubt,
        district=district,
    )


def _district(declaration: Declaration, doubt: Doubt) -> int | None:
    """The one source column of districts beside a column of communes; of two, neither."""
    if not any(issubclass(column.type, CommuneCode) for column in declaration.columns.values()):
        return None
    found = [at for at in doubt.unknown if fold(doubt.headers[at]) in _DISTRICT]
    return found[0] if len(found) == 1 else None


def _doubt(
    columns: Iterable[str],
    found: Assignment,
    headers: tuple[str, ...],
    below: Sequence[Sequence[str]],
    last_header_row: int,
) -> Doubt:
    settled = found.levels.keys() | found.ignored
    return Doubt(
        headers,
        tuple(name for name in columns if name not in found.columns and name not in found.tied),
        found.tied,
        tuple(
            at
            for at, header in enumerate(headers)
            if at not in settled and fold(header) not in UNIVERSAL and (header or any(_at(row, at) for row in below))
        ),
        last_header_row,
    )


def _refuse(declaration: Declaration, doubt: Doubt, carried: Collection[str]) -> None:
    """Raise LayoutError where required columns tie or are missing; it names all of them."""
    required = [name for name, column in declaration.columns.items() if column.required]
    wrong = [
        (rule, "; ".join(declaration.columns[name].title for name in names))
        for rule, names in (
            (file_rules.AMBIGUOUS_HEADER, [name for name in doubt.tied if name in required]),
            (file_rules.MISSING_COLUMNS, [name for name in required if name in doubt.missing and name not in carried]),
        )
        if names
    ]
    if wrong:
        rule, title = wrong[0]
        raise LayoutError(rule, title, tuple(wrong[1:]), doubt)


def _at(row: Sequence[str], position: int) -> str:
    return row[position].strip() if position < len(row) else ""
