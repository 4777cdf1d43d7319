"""Work ahead and behind comes in order, and none of its errors is lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.intake.overlap import Behind, ahead


def failing_after(items: list[int | None]) -> Iterator[int | None]:
    yield from items
    raise ValueError("the next one")


def overlapping_threads() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name.startswith(("ahead", "behind"))]


@given(st.lists(st.none() | st.integers(0, 3)))
def test_what_is_made_ahead_comes_in_its_order_and_an_error_in_its_place(items: list[int | None]) -> None:
    assert list(ahead(iter(items))) == items
    came = []
    with pytest.raises(ValueError, match="the next one"):
        for each in ahead(failing_after(items)):
            came.append(each)  # noqa: PERF402 - what came before the error is kept
    assert came == items
    assert overlapping_threads() == []


def test_one_item_is_made_ahead_and_no_more() -> None:
    made = []

    def items() -> Iterator[int]:
        for number in range(5):
            made.append(number)
            yield number

    came = ahead(items())
    assert [next(came), next(came)] == [0, 1]
    came.close()  # type: ignore[attr-defined]
    assert made == [0, 1, 2]
    assert overlapping_threads() == []


@given(st.lists(st.integers()))
def test_work_behind_is_done_in_its_order_before_the_end(items: list[int]) -> None:
    done: list[int] = []
    with Behind() as behind:
        for each in items:
            behind.do(lambda each=each: done.append(each))  # type: ignore[misc]
    assert done == items
    assert overlapping_threads() == []


@pytest.mark.parametrize("further", [0, 1, 2])
def test_an_error_behind_is_raised_at_the_next_piece_of_work_or_at_the_end(further: int) -> None:
    done: list[int] = []

    def fail() -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"), Behind() as behind:
        behind.do(lambda: done.append(0))
        behind.do(fail)
        for number in range(further):
            behind.do(lambda number=number: done.append(number + 1))  # type: ignore[misc]
    assert done == [0]


def test_an_error_in_front_is_not_hidden_by_one_behind() -> None:
    def fail() -> None:
        raise OSError("disk full")

    with pytest.raises(ValueError, match="in front"), Behind() as behind:
        behind.do(fail)
        raise ValueError("in front")
