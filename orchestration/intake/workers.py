"""Several files at once on several cores: processes that look into files before their turn, and write receipts.

Belongs here: the processes, which file they have next, what becomes of them when a run ends or one of them dies. Does
not belong here: the way of a file (``take_in``), the threads within one file (``overlap``).

What a file becomes depends on those before it, so files are held against the ledger and recorded one after the other,
in their order, by the process that has the locks. What costs time does not depend on them: archiving, reading and
checking before, the receipt afterwards. A worker's result that the ledger has overtaken is made again.
"""

from __future__ import annotations

import ctypes
import gc
import logging
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from logging.handlers import QueueHandler
from queue import SimpleQueue
from typing import Any, Self, TypeVar

from orchestration.intake.archive import Archived, archive
from orchestration.intake.discover import IncomingFile
from orchestration.intake.judging import LookedInto, blank_submission, look_into, submission_id
from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.receipts import write_receipt
from orchestration.settings import Settings
from schemas import Declaration, dataset

log = logging.getLogger("kho.intake")
T = TypeVar("T")

#: Beside the largest file there must be so many others, or so many bytes: a worker's start costs a second of CPU.
WORTH_FILES, WORTH_BYTES = 6, 25_000_000
#: Files that are looked into or wait for their turn, for each worker: what they leave on the disk is bounded.
_WINDOW = 2
_PR_SET_PDEATHSIG = 1
#: A thread started elsewhere must not hold a lock that a worker inherits: so none is forked.
_CONTEXT = multiprocessing.get_context("spawn")
#: Told None when a receipt is written, or why it is not.
OnReceipt = Callable[[BaseException | None], None]


@dataclass(frozen=True)
class Ahead:
    """What a worker has made of a file. ``archived`` and ``looked``: None where it changed while it was copied."""

    received_at: datetime
    archived: Archived | None
    looked: LookedInto | None


class Workers:
    """The workers of one run, for the files that wait when it begins. They start when the first file is asked for.

    None does where few files wait, or ``intake_processes`` is 1. The last dataset's end, or the run's, ends them.
    """

    def __init__(self, settings: Settings, waiting: Iterable[tuple[Declaration, IncomingFile]]) -> None:
        self._settings = settings
        self._waiting = deque(waiting)
        self._coming: dict[tuple[str, str], tuple[datetime, Future[Any]]] = {}
        self._receipts: deque[tuple[Declaration, Submission, Future[Any], OnReceipt]] = deque()
        self._executor: ProcessPoolExecutor | None = None
        self._processes: set[Any] = set()
        self._to_come = {declaration.path for declaration, _ in self._waiting}
        self._count = min(settings.intake_processes, len(self._waiting))
        if not self._is_worth_it():
            self._waiting.clear()

    def _is_worth_it(self) -> bool:
        sizes = sorted(file.size for _, file in self._waiting)[:-1]
        return self._count > 1 and (len(sizes) >= WORTH_FILES or sum(sizes) >= WORTH_BYTES)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind:  # nobody waits for what they are at; the next run sweeps it away
            for each in self._processes:
                each.kill()
        self._end()

    def looked_into(self, declaration: Declaration, incoming: IncomingFile) -> Ahead | None:
        """What was made of a file, waiting for it; None where no worker has it. Raises OSError as ``archive`` does."""
        self._note_receipts(wait=False)
        self._fill()
        coming = self._coming.pop(_name(declaration, incoming), None)
        if coming is None:
            return None
        received_at, future = coming
        try:
            archived, looked, records = future.result()
        except BrokenExecutor:
            self._give_up()
            return None
        self._fill()
        _log_again(records)
        return Ahead(received_at, archived, looked)

    def write_receipt(self, declaration: Declaration, submission: Submission, then: OnReceipt) -> bool:
        """Have a receipt written; ``then`` is called in this thread. False where there are no workers."""
        if self._executor is None:
            return False
        try:
            future = self._submit(_write_receipt, self._settings, declaration.path, submission)
        except BrokenExecutor:
            self._give_up()
            return False
        self._receipts.append((declaration, submission, future, then))
        return True

    def leave(self, declaration: Declaration) -> None:
        """A dataset's turn is over: wait for its receipts, forget its further files; after the last one, end."""
        self._note_receipts(wait=True)
        self._waiting = deque(each for each in self._waiting if each[0].path != declaration.path)
        for name in [each for each in self._coming if each[0] == declaration.path]:
            _forget(self._coming.pop(name)[1])
        self._to_come.discard(declaration.path)
        if not self._to_come:
            self._end()

    def _fill(self) -> None:
        """Give the workers the next files, in their order. The moment of arrival is that of their turn here."""
        while self._waiting and len(self._coming) < _WINDOW * self._count:
            declaration, file = self._waiting.popleft()
            received_at = self._settings.clock()
            try:
                future = self._submit(_look_into, self._settings, declaration.path, file, received_at)
            except BrokenExecutor:
                return self._give_up()
            self._coming[_name(declaration, file)] = (received_at, future)
        return None

    def _submit(self, work: Callable[..., T], *arguments: Any) -> Future[T]:
        """Have something done. Processes are started here, one by one: they die with the thread that starts them."""
        if self._executor is None:
            self._executor = ProcessPoolExecutor(self._count, _CONTEXT, _begin, (os.getpid(),))
        before = set(multiprocessing.active_children())
        future = self._executor.submit(work, *arguments)
        self._processes |= set(multiprocessing.active_children()) - before
        return future

    def _note_receipts(self, *, wait: bool) -> None:
        while self._receipts and (wait or self._receipts[0][2].done()):
            declaration, submission, future, then = self._receipts.popleft()
            error = future.exception()
            if isinstance(error, BrokenExecutor):
                self._give_up()
                error = _error_of(partial(write_receipt, self._settings, declaration, submission))
            then(error)

    def _give_up(self) -> None:
        """A worker was killed, for want of memory perhaps: the rest is done one after the other, by the run itself."""
        if self._executor:
            log.warning("a process of the intake has died; files are taken in one after the other")
        self._end()

    def _end(self) -> None:
        """End the processes when they are done with what they are at, and take away what was made for nobody."""
        self._waiting.clear()
        for _, future in self._coming.values():
            _forget(future)
        self._coming.clear()
        if self._executor:
            self._executor.shutdown()
            self._executor = None


def _forget(future: Future[Any]) -> None:
    if not future.cancel():
        future.add_done_callback(_discard)


def _name(declaration: Declaration, incoming: IncomingFile) -> tuple[str, str]:
    return declaration.path, f"{incoming.identity} {incoming.path}"


def _discard(future: Future[Any]) -> None:
    if not future.cancelled() and not future.exception():
        _, looked, _ = future.result()
        if looked:
            looked.discard()


def _error_of(work: Callable[[], object]) -> BaseException | None:
    try:
        work()
    except Exception as error:
        return error
    return None


def _log_again(records: Iterable[logging.LogRecord]) -> None:
    for each in records:
        logging.getLogger(each.name).handle(each)


# --- in a worker --------------------------------------------------------------------------------------------------
def _begin(parent: int) -> None:
    """A worker dies with the process that started it; an interrupt is that one's affair."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()


def _look_into(
    settings: Settings, path: str, incoming: IncomingFile, received_at: datetime
) -> tuple[Archived | None, LookedInto | None, list[logging.LogRecord]]:
    declaration, ledger = dataset(path), Ledger(settings.ledger)
    said: SimpleQueue[logging.LogRecord] = SimpleQueue()
    handler = QueueHandler(said)
    log.addHandler(handler)
    try:
        archived = archive(settings, incoming)
        if archived is None:
            return None, None, _all(said)
        identifier = submission_id(declaration, archived.sha256, ledger.times_seen(path, archived.sha256))
        blank = blank_submission(declaration, archived, received_at, identifier)
        looked = look_into(settings, declaration, ledger, archived.path, blank)
        return archived, looked, _all(said)
    finally:
        log.removeHandler(handler)


def _all(said: SimpleQueue[logging.LogRecord]) -> list[logging.LogRecord]:
    return [said.get() for _ in range(said.qsize())]


def _write_receipt(settings: Settings, path: str, submission: Submission) -> None:
    write_receipt(settings, dataset(path), submission)
