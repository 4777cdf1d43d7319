"""Reading, checking and writing one file on two cores: what is ahead of the row steps, and what is behind them.

Belongs here: the threads, and that an error of theirs is raised where the work was waited for. Does not belong here:
what is read or written. polars and pyarrow do their work without the interpreter's lock, so threads are enough; there
is one item ahead and one behind at most, so memory does not grow with the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

T = TypeVar("T")


def ahead(items: Iterator[T]) -> Iterator[T]:
    """The items in their order; the next one is made while one is worked on. Its error comes in its place."""
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as maker:

        def following() -> Future[tuple[T] | None]:
            return maker.submit(lambda: next(((item,) for item in items), None))

        coming = following()
        while found := coming.result():
            coming = following()
            yield found[0]


class Behind:
    """Does one piece of work after the other while its owner goes on; waits for the last one at the end.

    The error of a piece is raised by the next ``do`` or by the end, unless something else is being raised already.
    """

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="behind")
        self._last: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def do(self, work: Callable[[], None]) -> None:
        """Begin a piece of work when the one before is done."""
        if self._last:
            self._last.result()
        self._last = self._worker.submit(work)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._worker.shutdown(wait=True)
        if self._last and error is None:
            self._last.result()
