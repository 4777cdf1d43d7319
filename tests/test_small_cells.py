"""Small cells of open data: none of them is published, and none follows from what is."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from orchestration.sharing.small_cells import Row, withheld_places

K = 5


def rows(table: dict[str, tuple[int, ...]], *, slice_: str = "", total: bool = True) -> list[Row]:
    """Places with numerator and denominator, their complements, and the total."""
    made = [Row("g", slice_, place, False, (n, d, d - n)) for place, (n, d) in table.items()]
    n, d = (sum(each[position] for each in table.values()) for position in (0, 1))
    return [*made, Row("g", slice_, "all", True, (n, d, d - n))] if total else made


def hidden(table: dict[str, tuple[int, ...]], **options: object) -> set[str]:
    return {place for _, place in withheld_places(rows(table, **options), k=K)}


def test_large_figures_are_all_published() -> None:
    assert hidden({"a": (10, 20), "b": (30, 60)}) == set()


def test_one_small_figure_takes_the_smallest_other_place_with_it_so_that_the_total_does_not_give_it_away() -> None:
    assert hidden({"a": (3, 20), "b": (30, 60), "c": (8, 16)}) == {"a", "c"}


def test_a_complement_of_few_is_small_too() -> None:
    assert hidden({"a": (18, 20), "b": (30, 60), "c": (8, 16)}) == {"a", "c"}


def test_no_one_and_everyone_tell_of_each_person_and_are_small() -> None:
    assert hidden({"a": (0, 20), "b": (30, 60), "c": (8, 16), "d": (40, 80)}) == {"a", "c"}


def test_small_figures_whose_sum_is_small_take_a_further_place_with_them() -> None:
    assert hidden({"a": (1, 20), "b": (2, 20), "c": (8, 16), "d": (40, 80)}) == {"a", "b", "c"}


def test_a_table_that_cannot_be_protected_is_withheld_with_its_total() -> None:
    assert hidden({"a": (3, 20), "b": (1, 10)}) == {"a", "b", "all"}
    assert hidden({"a": (3, 20)}) == {"a", "all"}


def test_a_total_that_no_row_has_is_taken_as_known() -> None:
    assert hidden({"a": (3, 20), "b": (30, 60), "c": (8, 16)}, total=False) == {"a", "c"}


def test_a_small_rest_that_subtraction_would_give_away_is_protected_like_a_place() -> None:
    table = rows({"a": (30, 60), "b": (8, 16), "c": (40, 80)}, total=False)
    assert withheld_places([*table, Row("g", "", "all", True, (80, 160, 80))], k=K) == {("g", "a"), ("g", "b")}


def test_a_place_is_withheld_in_every_slice_of_its_group_and_in_no_other_group() -> None:
    small, large = {"a": (3, 20), "b": (30, 60), "c": (8, 16)}, {"a": (30, 60), "b": (30, 60), "c": (30, 60)}
    months = [*rows(small, slice_="2026-01"), *rows(large, slice_="2026-02")]
    other = [Row("other", each.slice, each.place, each.is_total, each.counts) for each in rows(large)]
    assert withheld_places([*months, *other], k=K) == {("g", "a"), ("g", "c")}


def test_what_is_not_known_is_not_small() -> None:
    counted = [Row("g", "", place, False, (count, None, None)) for place, count in (("a", 9), ("b", 7))]
    assert withheld_places(counted, k=K) == set()


# --- the same, seen by somebody who has only what is published -----------------------------------------------

cells = st.tuples(st.integers(0, 14), st.integers(0, 14)).map(lambda pair: (pair[0], pair[0] + pair[1]))
MONTHS = ("2026-01", "2026-02", "2026Q1")


@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=6))
def test_no_withheld_figure_follows_by_subtraction_from_months_quarters_totals_or_pairs(
    places: list[tuple[tuple[int, int], tuple[int, int]]],
) -> None:
    """Every figure is an unknown; every published one and every sum that holds is an equation. None fixes a hidden one."""
    tables = [{str(p): each[month] for p, each in enumerate(places)} for month in (0, 1)]
    tables.append({p: tuple(a + b for a, b in zip(tables[0][p], tables[1][p], strict=True)) for p in tables[0]})
    made = [row for slice_, table in zip(MONTHS, tables, strict=True) for row in rows(table, slice_=slice_)]
    withheld = {place for _, place in withheld_places(made, k=K)}
    names = [*tables[0], "all"]
    unknowns = {key: position for position, key in enumerate(product(MONTHS, names, range(3)))}

    def equation(*terms: tuple[tuple[str, str, int], int]) -> list[Fraction]:
        row = [Fraction(0)] * len(unknowns)
        for key, factor in terms:
            row[unknowns[key]] += factor
        return row

    known = [equation(((row.slice, row.place, f), 1)) for row in made if row.place not in withheld for f in range(3)]
    for f, (slice_, name) in product(range(3), product(MONTHS, names)):
        known.append(equation(((slice_, "all", f), 1), *(((slice_, place, f), -1) for place in tables[0])))
        known.append(equation(*(((month, name, f), 1) for month in MONTHS[:2]), ((MONTHS[2], name, f), -1)))
        known.append(equation(((slice_, name, 0), 1), ((slice_, name, 2), 1), ((slice_, name, 1), -1)))
    fixed = _fixed_unknowns(known)
    for row in made:
        for f, count in enumerate(row.counts):
            if row.place in withheld:
                assert unknowns[row.slice, row.place, f] not in fixed
            else:
                assert count >= K


def _fixed_unknowns(equations: list[list[Fraction]]) -> set[int]:
    """Positions of the unknowns that linear equations determine: those alone in a row of the reduced echelon form."""
    matrix, pivots = [row[:] for row in equations], 0
    for column in range(len(matrix[0])):
        found = next((r for r in range(pivots, len(matrix)) if matrix[r][column]), None)
        if found is None:
            continue
        matrix[pivots], matrix[found] = matrix[found], matrix[pivots]
        factor = matrix[pivots][column]
        matrix[pivots] = [value / factor if value else value for value in matrix[pivots]]
        for r, row in enumerate(matrix):
            if r != pivots and row[column]:
                share = row[column]
                matrix[r] = [a - share * b if b else a for a, b in zip(row, matrix[pivots], strict=True)]
        pivots += 1
    return {next(c for c, value in enumerate(row) if value) for row in matrix if sum(1 for value in row if value) == 1}


@given(st.lists(cells, min_size=1, max_size=4))
def test_counts_that_cannot_be_negative_leave_every_withheld_figure_at_least_k_wide(
    places: list[tuple[int, int]],
) -> None:
    """All tables of whole numbers that agree with what is published are written out; each hidden figure takes many values."""
    table = {str(p): each for p, each in enumerate(places)}
    withheld = hidden(table)
    if "all" in withheld or not withheld:
        return
    for figure in (0, 2):  # numerator and complement are free of each other, the denominator is their sum
        counts = {place: (n, d, d - n)[figure] for place, (n, d) in table.items() if place in withheld}
        left = sum(counts.values())
        agreeing = [each for each in product(range(left + 1), repeat=len(counts)) if sum(each) == left]
        for position in range(len(counts)):
            values = {each[position] for each in agreeing}
            assert max(values) - min(values) >= K
