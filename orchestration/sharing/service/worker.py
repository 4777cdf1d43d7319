"""A worker of the service: a process that answers one query at a time, and can be killed without harm.

Belongs here: what happens in that process. Does not belong here: starting and ending it (``pool.py``), who may ask
(``tokens.py``). An answer is whole or an error: nobody takes the first part of a table for all of it.
"""

from __future__ import annotations

import contextlib
import io
import resource
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Literal

import duckdb

from orchestration.sharing.query import QueryError, QueryTimeoutError, Result, render
from orchestration.sharing.reader import RefusedError, open_read_only, single_query
from orchestration.sharing.service.allowed import check_names, computing_functions

Form = Literal["arrow", "csv", "json"]
_BATCH_ROWS = 10_000
#: Beyond its limit for queries a worker needs so much for Python, Arrow and the answer itself.
_OWN_MEMORY_MB = 1024
_MEGABYTE = 1024 * 1024
#: What a worker says when it has a question and is about to work on it.
BEGUN = "begun"


class TooLargeError(QueryError):
    """The answer has more rows or bytes than allowed."""


@dataclass(frozen=True)
class Question:
    """A query on one published file. ``number`` tells questions apart; ``relations``: those that it may name."""

    number: int
    file: Path
    relations: frozenset[str]
    sql: str
    form: Form
    seconds: float
    rows: int
    bytes: int


@dataclass(frozen=True)
class Answer:
    """What became of a question: ``outcome`` is ok, refused, failed, timeout, too_large or gone (its file is)."""

    outcome: str
    body: bytes = b""
    rows: int = 0
    message: str = ""


class _Limited(Result):
    """A result that ends with an error when it has too many rows."""

    most = 0
    count = 0

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        for row in super().__iter__():
            self.counted(1)
            yield row

    def counted(self, rows: int) -> None:
        self.count += rows
        if self.count > self.most:
            self.close()
            raise TooLargeError(f"the answer has more than {self.most} rows; add a LIMIT, or count and sum in SQL")


class _Text(io.StringIO):
    """Text that ends with an error when it grows too long; it counts characters, of which each is a byte or more."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._left = most

    def write(self, text: str) -> int:
        self._left -= len(text)
        _check_size(self._left)
        return super().write(text)


def _check_size(left: int) -> None:
    if left < 0:
        raise TooLargeError("the answer is too large; choose fewer columns, or count and sum in SQL")


class Worker:
    """Answers questions; keeps the file of the last one open."""

    def __init__(self, memory_mb: int) -> None:
        self._memory_mb = memory_mb
        self._opened: tuple[Path, duckdb.DuckDBPyConnection, frozenset[str]] | None = None
        self.running: tuple[int, duckdb.DuckDBPyConnection] | None = None

    def answer(self, question: Question) -> Answer:
        """Answer it; every error is an answer, too."""
        try:
            return self._answer(question)
        except RefusedError as error:
            return Answer("refused", message=str(error))
        except QueryTimeoutError as error:
            return Answer("timeout", message=str(error))
        except TooLargeError as error:
            return Answer("too_large", message=str(error))
        except duckdb.IOException:
            return Answer("gone")
        except (QueryError, duckdb.Error, MemoryError) as error:
            self._close()  # the memory of a query that failed for want of it is free for the next one
            return Answer("failed", message=str(error) or "the query needs too much memory")
        finally:
            self.running = None

    def _answer(self, question: Question) -> Answer:
        connection, functions = self._open(question.file)
        cursor = connection.cursor()
        self.running = (question.number, cursor)
        check_names(cursor, single_query(cursor, question.sql).query, question.relations, functions)
        result = _Limited(cursor, question.sql, timeout=question.seconds)
        result.most = question.rows
        body = _arrow(result, question.bytes) if question.form == "arrow" else _text(result, question)
        return Answer("ok", body, result.count)

    def _open(self, file: Path) -> tuple[duckdb.DuckDBPyConnection, frozenset[str]]:
        if self._opened is None or self._opened[0] != file:
            self._close()
            connection = open_read_only(file, memory_mb=self._memory_mb)
            self._opened = (file, connection, computing_functions(connection))
        return self._opened[1], self._opened[2]

    def _close(self) -> None:
        if self._opened:
            self._opened[1].close()
            self._opened = None


def _text(result: _Limited, question: Question) -> bytes:
    stream = _Text(question.bytes)
    render(result, "csv" if question.form == "csv" else "json", stream)
    body = stream.getvalue().encode()
    _check_size(question.bytes - len(body))
    return body


def _arrow(result: _Limited, most: int) -> bytes:
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    batches = result.arrow(_BATCH_ROWS)
    with pa.ipc.new_stream(sink, next(batches)) as writer:
        for batch in batches:
            result.counted(batch.num_rows)
            writer.write_batch(batch)
            _check_size(most - sink.tell())
    return bytes(sink.getvalue())


def serve_questions(questions: Connection, control: Connection, memory_mb: int) -> None:
    """Main function of a worker: say that it is ready, and answer what comes through ``questions`` until it is closed.

    Each question is said to have begun: a worker that dies then has died of it, and nobody else is to be asked it.

    A number through ``control`` interrupts the question of that number. The process can write no file at all and has a
    hard limit of memory, whatever DuckDB's own walls let through.
    """
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limit = (memory_mb + _OWN_MEMORY_MB) * _MEGABYTE
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    worker = Worker(memory_mb)
    threading.Thread(target=_obey, args=(worker, control), daemon=True).start()
    questions.send("ready")
    while True:
        try:
            question = questions.recv()
        except (EOFError, KeyboardInterrupt):
            return
        questions.send(BEGUN)
        questions.send(worker.answer(question))


def _obey(worker: Worker, control: Connection) -> None:
    while True:
        try:
            number = control.recv()
        except EOFError:
            return
        running = worker.running
        if running and running[0] == number:
            with contextlib.suppress(duckdb.Error):  # it may have been answered and closed just now
                running[1].interrupt()
