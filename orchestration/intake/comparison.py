"""A submission against the rows that it replaces or updates: what is new, changed, gone, and what stays as it is.

Belongs here: comparing two sets of accepted rows by the dataset's key, in memory that does not grow with them. Counts
go to the ledger; the values before and after hold restricted ones and go to a file of the vault. Does not belong here:
which rows those are (``Ledger``), and what follows from the result (``take_in``).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from orchestration.intake import vault_files
from orchestration.intake.bronze import bronze_file, vault_file
from orchestration.settings import Settings
from schemas import Declaration

if TYPE_CHECKING:
    import duckdb

#: Of DuckDB's work here; it spills to disk beyond.
MEMORY_LIMIT = "200MB"
#: Rows whose keys are compared at a time: DuckDB does not spill the state of every aggregate.
SLICE_ROWS = 500_000
#: What can have become of a row, in the order in which receipts list them.
KINDS = ("changed", "vanished", "new")
PLACE = ("source_sheet", "source_row")


@dataclass(frozen=True)
class Changes:
    """How many rows of each kind there are. ``against``: the submissions that hold the rows before, oldest first.

    columns: how many cells of each declared column changed. updates: rows that the file does not name stay.
    """

    against: tuple[str, ...]
    updates: bool
    new: int
    changed: int
    vanished: int
    unchanged: int
    columns: dict[str, int]

    @property
    def vanished_share(self) -> float:
        """Share of the rows before that the file no longer has, 0 to 1."""
        before = self.changed + self.vanished + self.unchanged
        return self.vanished / before if before else 0.0

    def facts(self) -> dict[str, Any]:
        """As the ledger keeps them."""
        return {**vars(self), "against": list(self.against)}


@dataclass(frozen=True)
class _Rows:
    """The two files that together hold the accepted rows of a submission, row by row in the same order.

    name: under which DuckDB finds the vault's file, once it was registered.
    """

    bronze: Path
    vault: Path
    name: str

    def exist(self) -> bool:
        return self.bronze.exists() and self.vault.exists()

    def register(self, settings: Settings, connection: duckdb.DuckDBPyConnection) -> None:
        """Make the vault's file known to DuckDB."""
        connection.register(self.name, vault_files.for_duckdb(settings, self.vault))

    def select(
        self, settings: Settings, declaration: Declaration, number: int, types: Mapping[str, str] | None = None
    ) -> str:
        """SQL for the rows: number of their submission, place, every declared column.

        types: of the rows that they are compared with, which an older declaration may have stored otherwise.
        """
        stored = {"bronze": pq.read_schema(self.bronze).names, "vault": vault_files.names(settings, self.vault)}
        columns = [f"bronze.{name}" for name in PLACE]
        for each in declaration.columns.values():
            side, name = ("vault" if each.restricted else "bronze"), _name(each.name)
            value = f"{side}.{name}" if each.name in stored[side] else "null"
            if each.of_time_name in stored[side]:  # two communes of the time may be one now
                value = f"coalesce({side}.{_name(str(each.of_time_name))}, {value})"
            columns.append(f"try_cast({value} as {types[each.name]}) as {name}" if types else f"{value} as {name}")
        return (
            f"select {number} as submission, {', '.join(columns)} from read_parquet({_text(self.bronze)}) as bronze "
            f"positional join {_name(self.name)} as vault"
        )


def compare(
    settings: Settings, declaration: Declaration, earlier: Sequence[str], staged: Mapping[str, Path], *, updates: bool
) -> Changes | None:
    """Compare the staged files (``bronze``, ``vault``) with submissions; writes the third one, ``changes``.

    earlier: oldest first; of rows that share a key, the last one's counts. updates: rows before whose key the file does
    not name are none of its business. None where no submission before has its files, or none of the rows.
    """
    found = {each: _rows_of(settings, declaration, each) for each in earlier}
    found = {each: rows for each, rows in found.items() if rows.exist()}
    if not found:
        return None
    later = _Rows(staged["bronze"], staged["vault"], "vault later")
    with _connect(settings) as connection:
        later.register(settings, connection)
        connection.execute(f"create view later as {later.select(settings, declaration, -1)}")
        if updates:
            against = _make_updated(settings, connection, declaration, found, later)
        else:
            against = _make_replaced(settings, connection, declaration, found)
        if not against:
            return None
        _make_states(connection, declaration)
        counts, columns = _write(settings, connection, declaration, staged["changes"])
        ((rows,),) = connection.execute(f"select count(*) from later where {_named(declaration)}").fetchall()
    new, changed, vanished = (counts.get(kind, 0) for kind in ("new", "changed", "vanished"))
    return Changes(against, updates, new, changed, vanished, rows - new - changed, columns)


def _rows_of(settings: Settings, declaration: Declaration, submission_id: str) -> _Rows:
    bronze = bronze_file(settings, declaration, submission_id)
    return _Rows(bronze, vault_file(settings, declaration, submission_id), f"vault {submission_id}")


@contextlib.contextmanager
def _connect(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    import duckdb  # a tenth of a second, which only a resubmission needs

    config: dict[str, Any] = {
        "memory_limit": MEMORY_LIMIT,
        "threads": 2,
        "temp_directory": str(settings.temporary),
        "temp_file_encryption": "true",  # what it spills are restricted values
        "preserve_insertion_order": "false",
    }
    try:
        with duckdb.connect(config=config) as connection:
            yield connection
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise OSError("no space for the comparison with the previous submission") from error


def _types(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return {name: kind for name, kind, *_ in connection.execute("describe later").fetchall()}


def _make_replaced(
    settings: Settings,
    connection: duckdb.DuckDBPyConnection,
    declaration: Declaration,
    found: Mapping[str, _Rows],
) -> tuple[str, ...]:
    """``earlier``: all rows of the last submission."""
    identifier, rows = list(found.items())[-1]
    rows.register(settings, connection)
    connection.execute(f"create view earlier as {rows.select(settings, declaration, 0, _types(connection))}")
    return (identifier,)


def _make_updated(
    settings: Settings,
    connection: duckdb.DuckDBPyConnection,
    declaration: Declaration,
    found: Mapping[str, _Rows],
    later: _Rows,
) -> tuple[str, ...]:
    """``earlier``: of every key in ``later``, the row of the last submission that names it.

    Of all submissions only the keys are read, from bronze; whole rows only of those that are hit.
    """
    keys = [_name(each) for each in declaration.warehouse_key]
    same = " and ".join(f"stored.{key} is not distinct from wanted.{key}" for key in keys)
    place = "struct_pack(submission := submission, source_sheet := source_sheet, source_row := source_row)"
    files = f"[{', '.join(_text(rows.bronze) for rows in found.values())}]"
    connection.execute("create table known (submission_id varchar, submission integer)")
    connection.executemany("insert into known values (?, ?)", [[each, number] for number, each in enumerate(found)])
    stored_rows = sum(pq.read_metadata(rows.bronze).num_rows for rows in found.values())
    wanted = f"select {', '.join(keys)} from read_parquet({_text(later.bronze)})"
    for each, is_in_slice in _slices(stored_rows, keys):
        connection.execute(
            f"{_into('winners', each)} select unnest(place) from (select arg_max({place}, submission) as place "
            f"from read_parquet({files}, union_by_name = true) as stored join known using (submission_id) "
            f"semi join ({wanted} where {is_in_slice}) as wanted on {same} "
            f"where {is_in_slice} group by {', '.join('stored.' + key for key in keys)})"
        )
    connection.execute("create table earlier as from later limit 0")
    hit = connection.execute("select distinct submission from winners order by 1").fetchall()
    identifiers, types = list(found), _types(connection)
    for (number,) in hit:
        rows = found[identifiers[number]]
        rows.register(settings, connection)
        stored = rows.select(settings, declaration, number, types)
        connection.execute(
            f"insert into earlier select stored.* from ({stored}) as stored "
            "semi join winners using (submission, source_sheet, source_row)"
        )
    return tuple(identifiers[number] for (number,) in hit)


def _make_states(connection: duckdb.DuckDBPyConnection, declaration: Declaration) -> None:
    """Make the table ``states``: a row for every key that is new, changed or gone, with its place on both sides.

    Contents are compared by two hashes of 64 bits, so that only keys and places have to be held.
    """
    names = [_name(each) for each in declaration.columns]
    keys = ", ".join(map(_name, declaration.key))
    connection.execute(
        "create view both_sides as "
        "select true as is_later, * from later union all by name select false as is_later, * from earlier"
    )

    def place(of: str) -> str:
        struct = "struct_pack(submission := submission, source_sheet := source_sheet, source_row := source_row)"
        return f"any_value({struct}) filter (where {of})"

    connection.execute(
        f"create table hashed as select {keys}, is_later, submission, source_sheet, source_row, "
        f"hash({', '.join(names)}) as content_a, hash({', '.join(reversed(names))}) as content_b "
        f"from both_sides where {_named(declaration)}"
    )
    ((rows,),) = connection.execute("select count(*) from hashed").fetchall()
    for each, is_in_slice in _slices(rows, [_name(name) for name in declaration.key]):
        connection.execute(
            f"{_into('states', each)} select {keys}, {place('is_later')} as later_place, "
            f"{place('not is_later')} as earlier_place, "
            "case when not bool_or(not is_later) then 'new' when not bool_or(is_later) then 'vanished' "
            "when min(content_a) <> max(content_a) or min(content_b) <> max(content_b) then 'changed' end as kind "
            f"from hashed where {is_in_slice} group by {keys} having kind is not null"
        )
    connection.execute("drop table hashed")


def _slices(rows: int, keys: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Number and condition of the slices into which rows fall by their key."""
    count = 1 + rows // SLICE_ROWS
    for number in range(count):
        yield number, f"hash({', '.join(keys)}) % {count} = {number}"


def _into(table: str, number: int) -> str:
    return f"insert into {table}" if number else f"create table {table} as"


def _write(
    settings: Settings, connection: duckdb.DuckDBPyConnection, declaration: Declaration, target: Path
) -> tuple[dict[str, int], dict[str, int]]:
    """Write the file of changes; returns the rows of each kind, and the changed cells of each column.

    A line for each row that is new or gone; for one that changed a line for each cell, with its value before and after.
    """
    keys = f"[{', '.join(f'cast({_name(each)} as varchar)' for each in declaration.key)}]"
    cells = ", ".join(
        f"struct_pack(ordinal := {number}, name := {_text(each)}, before := cast(old.{_name(each)} as varchar), "
        f"after := cast(new.{_name(each)} as varchar))"
        for number, each in enumerate(declaration.columns)
    )
    order = " ".join(f"when {_text(kind)} then {number}" for number, kind in enumerate(KINDS))
    connection.execute(
        f"create table cells as select 'changed' as kind, new.source_sheet, new.source_row, {_of_side('new', keys)} as "
        f"key, unnest(list_filter([{cells}], lambda each: each.before is distinct from each.after)) as cell "
        "from states "
        f"join both_sides as new on new.is_later and {_same_place('new', 'later_place')} "
        f"join both_sides as old on not old.is_later and {_same_place('old', 'earlier_place')} "
        "where states.kind = 'changed'"
    )
    changes = connection.execute(
        f"select * exclude (ordinal) from (select kind, source_sheet, source_row, key, cell.ordinal, "
        "cell.name as column_name, cell.before, cell.after from cells union all "
        "select kind, coalesce(later_place, earlier_place).source_sheet, "
        f"coalesce(later_place, earlier_place).source_row, {keys}, 0, null, null, null "
        "from states where kind <> 'changed') "
        f"order by case kind {order} end, source_sheet, source_row, ordinal"
    ).to_arrow_reader(vault_files.BATCH_ROWS)
    with vault_files.writer(settings, target, changes.schema) as writer:
        for batch in changes:
            writer.write_batch(batch)
    rows = connection.execute("select kind, count(*) from states group by kind").fetchall()
    changed = connection.execute("select cell.name, count(*) from cells group by 1, cell.ordinal order by cell.ordinal")
    return dict(rows), dict(changed.fetchall())


def _of_side(side: str, keys: str) -> str:
    return keys.replace("cast(", f"cast({side}.")


def _same_place(side: str, place: str) -> str:
    return " and ".join(f"{side}.{name} = states.{place}.{name}" for name in ("submission", *PLACE))


def _named(declaration: Declaration) -> str:
    """A row can be told from others: a part of its key is there."""
    return "(" + " or ".join(f"{_name(each)} is not null" for each in declaration.key) + ")"


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _text(text: str | Path) -> str:
    return "'" + str(text).replace("'", "''") + "'"
