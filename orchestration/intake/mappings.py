"""Headers whose meaning the data engineer has confirmed, for each dataset of a department.

Belongs here: recording such confirmations in the ledger's file, and which of them count. Does not belong here: using
them (``assignment``), who may confirm and with what words (``orchestration/confirmations.py``). Headers and columns
only, never a cell's value.

Nothing is changed or deleted: a new confirmation follows the old one, and forgetting is a line of its own. A
submission remembers the last line that was there when it was taken in, so that it can be read again as it was then;
the clock cannot say that, because it can be set.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.intake.folding import clean_text, plain
from orchestration.intake.ledger_file import opened

#: Confirmed as the column of a header that is deliberately surplus.
IGNORE = "ignore"
_TABLE = """
create table if not exists header_mapping (
    mapping_id integer primary key autoincrement,
    dataset    text not null,          -- department/name
    header     text not null,          -- as it was written
    form       text not null,          -- as it is compared
    column     text,                   -- a declared column, or ignore; null: forgotten
    why        text not null,
    who        text not null,
    decided_at text not null           -- UTC, ISO 8601
)
"""


@dataclass(frozen=True)
class HeaderMapping:
    """One line: a header of a dataset was confirmed as a column, or (``column`` None) that was forgotten."""

    mapping_id: int
    dataset: str
    header: str
    column: str | None
    why: str
    who: str
    decided_at: datetime.datetime


@dataclass(frozen=True)
class Confirmed:
    """What counts for a dataset: the column of each header, by its form. last: the newest line that was looked at."""

    columns: Mapping[str, str] = field(default_factory=dict)
    last: int = 0

    def of(self, header: str) -> str | None:
        """The column, or ``ignore``, that was confirmed for a header."""
        return self.columns.get(form_of(header))


def form_of(header: str) -> str:
    """How headers are compared here: case, spaces and punctuation do not count, diacritics do."""
    return plain(header) or clean_text(header)


class HeaderMappings:
    """The table in the ledger's file at ``path``; it is made by the first confirmation."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def record(
        self, dataset: str, header: str, column: str | None, *, why: str, who: str, at: datetime.datetime
    ) -> None:
        """Add a line."""
        with opened(self.path) as connection:
            connection.execute(_TABLE)
            connection.execute(
                "insert into header_mapping (dataset, header, form, column, why, who, decided_at) "
                "values (?, ?, ?, ?, ?, ?, ?)",
                (dataset, clean_text(header), form_of(header), column, why, who, at.isoformat()),
            )

    def history(self, dataset: str | None = None) -> list[HeaderMapping]:
        """Every line, oldest first."""
        return [mapping for mapping, _ in self._lines(dataset)]

    def confirmed(self, dataset: str, *, until: int | None = None) -> Confirmed:
        """What counts now, or what counted when line ``until`` was the newest."""
        columns: dict[str, str] = {}
        last = 0
        for mapping, form in self._lines(dataset):
            if until is not None and mapping.mapping_id > until:
                break
            last = mapping.mapping_id
            columns.pop(form, None)
            if mapping.column is not None:
                columns[form] = mapping.column
        return Confirmed(columns, last)

    def current(self, dataset: str | None = None) -> list[HeaderMapping]:
        """The lines that count now."""
        newest = {(mapping.dataset, form): mapping for mapping, form in self._lines(dataset)}
        return sorted(
            (mapping for mapping in newest.values() if mapping.column is not None), key=lambda each: each.mapping_id
        )

    def _lines(self, dataset: str | None) -> list[tuple[HeaderMapping, str]]:
        if not self.path.exists():
            return []
        with opened(self.path) as connection:
            if not connection.execute("select 1 from sqlite_master where name = 'header_mapping'").fetchone():
                return []
            rows = connection.execute(
                "select mapping_id, dataset, header, column, why, who, decided_at, form from header_mapping "
                "where dataset = ? or ? is null order by mapping_id",
                (dataset, dataset),
            )
            return [_line(*row) for row in rows]


def _line(
    mapping_id: int, dataset: str, header: str, column: str | None, why: str, who: str, decided_at: str, form: str
) -> tuple[HeaderMapping, str]:
    when = datetime.datetime.fromisoformat(decided_at)
    return HeaderMapping(mapping_id, dataset, header, column, why, who, when), form
