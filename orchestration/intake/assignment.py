"""Which source column becomes which declared column, once it is known where the header stands.

Belongs here: choosing between several source columns that fit one declared column. Does not belong here: comparing
two texts (``vocabulary``), finding the header (``recognise``).

A tie is never guessed, and a header whose meaning was confirmed ties with a column under its own title. In a merged
two-row header a child's own words go before its parent's: below "Kết quả" the column "Điểm" is the score, not the
result. Columns of a group that repeats (land type, area, origin; land type, area, origin) stand back behind a column
that occurs once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from orchestration.intake.folding import fold
from orchestration.intake.groups import Run, find_runs
from orchestration.intake.header_rows import HeaderText, repeated_groups
from orchestration.intake.mappings import IGNORE, Confirmed
from orchestration.intake.marks import Spread
from orchestration.intake.vocabulary import CONFIRMED, CONTAINED, Match, Vocabulary

NOTHING_CONFIRMED = Confirmed()


@dataclass
class Assignment:
    """Which source column is which declared column.

    further: other source columns that say more of it. spread: those that say it together, by marks. levels: how well
    each source column that means anything fits. headers: what to call those that need their parent's words. tied:
    source columns that are equally good for one that gets none. ignored: source columns confirmed to be surplus.
    """

    columns: dict[str, int] = field(default_factory=dict)
    further: dict[str, tuple[int, ...]] = field(default_factory=dict)
    spread: dict[str, Spread] = field(default_factory=dict)
    levels: dict[int, int] = field(default_factory=dict)
    headers: dict[int, str] = field(default_factory=dict)
    tied: dict[str, tuple[int, ...]] = field(default_factory=dict)
    ignored: set[int] = field(default_factory=set)


def assign(
    vocabulary: Vocabulary,
    texts: Sequence[HeaderText],
    below: Sequence[Sequence[str]] = (),
    confirmed: Confirmed = NOTHING_CONFIRMED,
) -> Assignment:
    """Give each declared column its best source column; ``below`` are the rows under the header.

    A source column whose own words mean a column that has a better one goes by its parent's words, too.
    """
    found = Assignment()
    grouped = repeated_groups([fold(text.joined) for text in texts])
    settled = _confirmed_columns(vocabulary, texts, confirmed, found)
    found.ignored = {position for position, column in settled.items() if column == IGNORE}
    runs = {run.first: run for run in find_runs(vocabulary, texts, below, settled)}
    inside = {part.position for run in runs.values() for part in run.spread.parts}
    first, second = {}, {}
    for position, text in enumerate(texts):
        if position in inside:
            first[position] = [runs[position].match] if position in runs else []
        elif position in settled:
            first[position] = [] if position in found.ignored else [Match(CONFIRMED, 0, settled[position])]
        else:
            options, whole = vocabulary.match(text.own), vocabulary.match(text.joined)
            said_in_full = bool(whole) and whole[0].level < CONTAINED  # "Thời gian" over "hoàn thành"
            first[position], second[position] = whole if said_in_full or not options else options, whole
    _settle(vocabulary, first, grouped, found)
    taken = found.levels.keys() | {
        position for position, options in first.items() if {each.column for each in options} & found.tied.keys()
    }
    _settle(vocabulary, {at: each for at, each in second.items() if at not in taken}, grouped, found)
    for run in runs.values():
        _spread(run, found)
    return found


def _confirmed_columns(
    vocabulary: Vocabulary, texts: Sequence[HeaderText], confirmed: Confirmed, found: Assignment
) -> dict[int, str]:
    """The source columns whose meaning was confirmed; a column that is no longer declared means nothing."""
    columns: dict[int, str] = {}
    for position, text in enumerate(texts) if confirmed.columns else ():
        for header in (text.joined, text.own):
            column = confirmed.of(header)
            if column == IGNORE or column in vocabulary.titles:
                columns[position], found.headers[position] = str(column), header
                break
    return columns


def _spread(run: Run, found: Assignment) -> None:
    """Note a run whose first source column was chosen, and what else it tells."""
    if found.columns.get(run.match.column) != run.first:
        return
    found.spread[run.match.column] = run.spread
    found.headers.update(run.headers)
    found.levels.update({part.position: run.match.level for part in run.spread.parts if part.listed})
    if run.also:
        column, spread = run.also
        if column not in (*found.columns, *found.tied):
            found.columns[column], found.spread[column] = run.first, spread


def _settle(
    vocabulary: Vocabulary, options: Mapping[int, Sequence[Match]], grouped: set[int], found: Assignment
) -> None:
    """Give the columns that nothing was found for yet to those of the source columns that mean them."""
    claims: dict[str, list[tuple[tuple[bool, bool, int, int], int]]] = {}
    for position, matches in options.items():
        if len(matches) == 1 and matches[0].column not in (*found.columns, *found.tied):
            (match,) = matches
            worth = (match.level >= CONTAINED, position in grouped, match.level, match.rank)
            claims.setdefault(match.column, []).append((worth, position))
    for column, claimed in claims.items():
        best = min(worth for worth, _ in claimed)
        equal = [position for worth, position in claimed if worth == best]
        rivals = [position for worth, position in claimed if CONFIRMED < worth[2] < CONTAINED]
        against = best[2] == CONFIRMED and bool(rivals)
        if against or (len(equal) > 1 and not (best[1] and column in vocabulary.joined)):
            found.tied[column] = tuple(sorted([*equal, *(rivals if against else ())]))
            continue
        found.columns[column] = equal[0]
        if len(equal) > 1:
            found.further[column] = tuple(equal[1:])
        found.levels.update(dict.fromkeys(equal, best[2]))
