"""The connection to PostgreSQL: ADBC, so that Arrow goes in through COPY without a Python object per value.

Belongs here: connecting, statements, quoting, errors without the password. Does not belong here: what is said to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import adbc_driver_manager
import adbc_driver_postgresql.dbapi as driver

_PASSWORD = re.compile(r"(?<=:)[^:@/]*(?=@)|(?<=password=)[^\s&]+")
#: Of the lock that keeps two publications apart.
_ADVISORY = 7_023_841


class PostgresError(RuntimeError):
    """PostgreSQL could not be reached or refused; the message never holds the password."""


class Server:
    """A connection that executes statements; ``commit`` ends a transaction."""

    def __init__(self, connection: driver.Connection) -> None:
        self._connection = connection

    def execute(self, *statements: str) -> None:
        """Execute statements for their effect."""
        with self._connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with self._connection.cursor() as cursor:
            cursor.execute(statement)
            return [tuple(row) for row in cursor.fetchall()]

    def copy(self, schema: str, table: str, reader: Any) -> None:
        """Append the batches of an Arrow reader to a table."""
        with self._connection.cursor() as cursor:
            cursor.adbc_ingest(table, reader, mode="append", db_schema_name=schema)

    def commit(self) -> None:
        """Make what was executed since the last commit visible to others, all at once."""
        self._connection.commit()

    def rollback(self) -> None:
        """Forget what was executed since the last commit."""
        self._connection.rollback()


@contextmanager
def connected(uri: str, *, autocommit: bool = False) -> Iterator[Server]:
    """A connection to the server of a URI. Raises PostgresError, also for errors inside the block."""
    try:
        with driver.connect(uri, autocommit=autocommit) as connection:
            yield Server(connection)
    except adbc_driver_manager.Error as error:
        raise PostgresError(masked(str(error))) from None


@contextmanager
def only_publication(server: Server) -> Iterator[None]:
    """Held for a session: one publication at a time. Raises PostgresError while another one is going on."""
    ((free,),) = server.rows(f"select pg_try_advisory_lock({_ADVISORY})")
    if not free:
        raise PostgresError("another publication to this database is going on")
    try:
        yield
    finally:
        server.rollback()
        server.rows(f"select pg_advisory_unlock({_ADVISORY})")
        server.commit()


def masked(text: str) -> str:
    """The text without a password."""
    return _PASSWORD.sub("***", text)


def identifier(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
