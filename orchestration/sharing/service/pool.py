"""The workers of the service: started beforehand, each asked one question at a time, replaced when one does not answer.

Belongs here: processes and their ends. Does not belong here: what a worker does (``worker.py``), HTTP (``routes.py``).
"""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from orchestration.settings import Settings
from orchestration.sharing.service.worker import BEGUN, Answer, Question, serve_questions

#: How long a worker may take to start; after that it is given out all the same, and its first question tells.
_START_SECONDS = 60.0
#: How long a worker may take to obey an interrupt before it is killed.
_GRACE_SECONDS = 2.0
#: A thread started elsewhere must not hold a lock that a worker inherits: so none is forked.
_CONTEXT = multiprocessing.get_context("spawn")


@dataclass(eq=False)
class _Process:
    process: SpawnProcess
    questions: Connection
    control: Connection
    is_spent: bool = False  # it was killed or has died; another takes its place

    def ask(self, question: Question) -> Answer:
        """Ask and wait; a worker that is over its time by more than the grace, or dies, gives an answer, too.

        ``lost``: it had died before it began with this question, of the one before or of nothing to do with it.
        """
        begun = False
        try:
            self.questions.send(question)
            while self.questions.poll(question.seconds + _GRACE_SECONDS):
                said = self.questions.recv()
                if isinstance(said, Answer):
                    return said
                begun = said == BEGUN
            self.kill()
            return Answer("timeout", message=f"the query took longer than {question.seconds:g} seconds and was stopped")
        except (EOFError, OSError):
            self.is_spent = True
            if not begun:
                return Answer("lost", message="the worker of the query has died; try again")
            return Answer(
                "ended", message="the query ended its worker: it needs too much memory or is nested too deeply"
            )

    def interrupt(self, number: int) -> None:
        """Stop a question; it is answered then as failed."""
        try:
            self.control.send(number)
        except OSError:
            return  # it has died, which its question is told

    def kill(self) -> None:
        """End it at once; whoever waits for its answer is told."""
        self.is_spent = True
        self.process.kill()

    def kill_unless(self, asked: asyncio.Future[Answer]) -> None:
        """The same, unless the question was answered: the worker may be busy with another by now."""
        if not asked.done():
            self.kill()

    def end(self) -> None:
        """The same, and give back what it held."""
        self.kill()
        self.process.join()
        self.questions.close()
        self.control.close()


class Pool:
    """A fixed number of workers. Questions beyond it wait for up to the time limit of a query."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._numbers = itertools.count(1)
        self._threads = ThreadPoolExecutor(max_workers=settings.serve_workers + 1, thread_name_prefix="worker")
        self._idle: asyncio.Queue[_Process] = asyncio.Queue()
        self._all: set[_Process] = set()
        self._returning: set[asyncio.Task[None]] = set()  # the event loop itself holds no task

    async def start(self) -> None:
        """Start all workers."""
        await asyncio.gather(*(self._add() for _ in range(self._settings.serve_workers)))

    async def stop(self) -> None:
        """End all workers, whatever they do."""
        for each in self._all:
            each.end()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def next_number(self) -> int:
        """A number for a question."""
        return next(self._numbers)

    async def ask(self, question: Question) -> Answer:
        """Ask a worker, and a second one where the first was dead. One that dies of a question is its only one."""
        answer = await self._ask(question)
        return answer if answer.outcome != "lost" else await self._ask(question)

    async def _ask(self, question: Question) -> Answer:
        """Ask an idle worker; ``busy``: none was idle in time. Cancelled, it interrupts the query."""
        try:
            process = await asyncio.wait_for(self._idle.get(), self._settings.serve_seconds)
        except TimeoutError:
            return Answer("busy", message="all workers are busy; try again later")
        loop = asyncio.get_running_loop()
        asked = loop.run_in_executor(self._threads, process.ask, question)
        try:
            return await asyncio.shield(asked)
        except asyncio.CancelledError:
            process.interrupt(question.number)
            loop.call_later(_GRACE_SECONDS, process.kill_unless, asked)
            raise
        finally:
            # Whoever asked may be gone; the worker comes back when it has answered, or another in its place.
            task = asyncio.ensure_future(self._take_back(process, asked))
            self._returning.add(task)
            task.add_done_callback(self._returning.discard)

    async def _take_back(self, process: _Process, asked: asyncio.Future[Answer]) -> None:
        await asked
        if process.is_spent:
            self._all.discard(process)
            process.end()
            await self._add()
        else:
            self._idle.put_nowait(process)

    async def _add(self) -> None:
        process = await asyncio.get_running_loop().run_in_executor(self._threads, self._spawn)
        self._all.add(process)
        self._idle.put_nowait(process)

    def _spawn(self) -> _Process:
        """A worker that is ready: the time limit of its first question must not run while it imports."""
        questions, their_questions = _CONTEXT.Pipe()
        control, their_control = _CONTEXT.Pipe()
        process = _CONTEXT.Process(
            target=serve_questions,
            args=(their_questions, their_control, self._settings.serve_memory_mb),
            name="kho-worker",
            daemon=True,
        )
        process.start()
        their_questions.close()
        their_control.close()
        with suppress(EOFError, OSError):  # it died at once, which its first question is told
            if questions.poll(_START_SECONDS):
                questions.recv()
        return _Process(process, questions, control)
