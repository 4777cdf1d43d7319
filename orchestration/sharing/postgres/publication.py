"""Publishing to PostgreSQL: what changed is loaded, then one transaction shows it to everybody.

Belongs here: the order of the steps, and what is left for the next time. Does not belong here: statements
(``layout.py``), who may connect (``roles.py``).

A publication that is killed before the switch has changed nothing for readers; the next one uses what was loaded. Loads
that nobody is shown any more are dropped some time later, because a query that began before may still read them.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import adbc_driver_manager
import duckdb

from orchestration.settings import Settings
from orchestration.sharing.audiences import declared_audiences
from orchestration.sharing.extract import Described, described
from orchestration.sharing.postgres.layout import (
    DATA,
    LOAD,
    META,
    META_STATEMENTS,
    Parent,
    audience_schema,
    create_parent,
    create_view,
    parent_of,
    selected,
)
from orchestration.sharing.postgres.roles import audience_role, grant
from orchestration.sharing.postgres.server import Server, connected, identifier, literal, only_publication
from orchestration.sharing.versions import Published, UnknownVersionError, current

#: After this time no query of a reader can still be at a load: roles have a shorter ``statement_timeout``.
KEEP_SECONDS = 900
_BATCH_ROWS = 50_000
#: Readers that hold a view while its columns change: the switch waits so long for them, and tries again.
_LOCK_SECONDS, _ATTEMPTS = 2, 15


@dataclass
class PublishedTo:
    """What was done: relations loaded, relations shown by audience, loads swept."""

    loaded: list[str] = field(default_factory=list)
    shown: dict[str, int] = field(default_factory=dict)
    swept: int = 0


@dataclass(frozen=True)
class _Shown:
    """A relation as an audience is to see it."""

    audience: str
    relation: str
    parent: Parent
    load_id: int
    version: str


def publish_to(settings: Settings, uri: str, *, keep_seconds: float = KEEP_SECONDS) -> PublishedTo:
    """Bring the current version of every audience to a PostgreSQL database. Raises PostgresError.

    keep_seconds: how long a load stays after it is shown to nobody any more.
    """
    versions = _versions(settings)
    done = PublishedTo()
    with connected(uri) as server, only_publication(server):
        server.execute(*META_STATEMENTS)
        for audience in versions:
            audience_role(server, audience)
        server.commit()
        shown = _load(settings, server, versions, done)
        _switch(server, shown, versions)
        done.shown = {audience: sum(each.audience == audience for each in shown) for audience in versions}
    with connected(uri, autocommit=True) as server:
        done.swept = _sweep(server, keep_seconds)
    return done


def _versions(settings: Settings) -> dict[str, Published]:
    found = {name: current(settings, audience=name) for name in declared_audiences(settings).names}
    versions = {name: version for name, version in found.items() if version}
    if not versions:
        raise UnknownVersionError("nothing is published yet: run kho run first")
    return versions


def _load(settings: Settings, server: Server, versions: dict[str, Published], done: PublishedTo) -> list[_Shown]:
    """Load what no load has yet, each relation in a transaction of its own."""
    opened = {name for name, each in declared_audiences(settings).relations.items() if each.reach == "open"}
    shown = []
    for audience, version in versions.items():
        with duckdb.connect(version.path, read_only=True) as source:
            for relation, facts in described(source, Path(version.file).stem).items():
                parent = parent_of(facts, everybody=relation in opened)
                content, rows = _content(source, facts)
                known = server.rows(
                    f"select load_id from {META}.load where parent = {literal(parent.name)} "
                    f"and content = {literal(content)} order by load_id desc limit 1"
                )
                load_id = known[0][0] if known else _add(server, source, parent, relation, content, rows)
                if not known:
                    done.loaded.append(relation)
                grant(server, parent, audience)
                server.commit()
                shown.append(_Shown(audience, relation, parent, load_id, version.version))
    return shown


def _content(source: duckdb.DuckDBPyConnection, relation: Described) -> tuple[str, int]:
    """What tells the rows of a relation from others, whatever their order, and their number."""
    name = f"{identifier(relation.schema)}.{identifier(relation.name)}"
    found = source.execute(
        f"select count(*), coalesce(sum(hash(t)::hugeint), 0), coalesce(bit_xor(hash(t)), 0) from {name} as t"
    ).fetchone()
    assert found is not None
    return f"{found[0]}-{found[1]}-{found[2]}", int(found[0])


def _add(
    server: Server, source: duckdb.DuckDBPyConnection, parent: Parent, relation: str, content: str, rows: int
) -> int:
    """Load a relation into a fresh table and make it a part of its parent; returns the load's number."""
    if not server.rows(f"select 1 from pg_tables where schemaname = '{DATA}' and tablename = {literal(parent.name)}"):
        server.execute(*create_parent(parent))
    ((load_id,),) = server.rows(f"select coalesce(max(load_id), 0) + 1 from {META}.load")
    table = f"{parent.name}_{load_id}"
    full_name = f"{DATA}.{identifier(table)}"
    server.execute(
        f"create table {full_name} (like {parent.full_name})",
        f"alter table {full_name} add constraint of_load check ({LOAD} = {load_id})",
    )
    reader = source.execute(selected(parent.relation, load_id)).to_arrow_reader(_BATCH_ROWS)
    with closing(reader):
        server.copy(DATA, table, reader)
    server.execute(
        f"alter table {parent.full_name} attach partition {full_name} for values in ({load_id})",
        f"analyze {full_name}",
        f"insert into {META}.load (load_id, parent, relation, content, rows) values "
        f"({load_id}, {literal(parent.name)}, {literal(relation)}, {literal(content)}, {rows})",
    )
    return int(load_id)


def _switch(server: Server, shown: Iterable[_Shown], versions: dict[str, Published]) -> None:
    """Show the loads to all audiences in one transaction; it waits for readers only where a view's columns change."""
    shown = list(shown)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            server.execute(f"set local lock_timeout = '{_LOCK_SECONDS}s'")
            _switch_once(server, shown, versions)
            server.commit()
            return
        except adbc_driver_manager.Error as error:
            server.rollback()
            if getattr(error, "sqlstate", None) != "55P03" or attempt == _ATTEMPTS:  # lock_not_available
                raise
            time.sleep(_LOCK_SECONDS)


def _switch_once(server: Server, shown: list[_Shown], versions: dict[str, Published]) -> None:
    known = {
        (audience, relation): parent
        for audience, relation, parent in server.rows(f"select audience, relation, parent from {META}.current")
    }
    for each in shown:
        if known.pop((each.audience, each.relation), None) != each.parent.name:
            server.execute(*create_view(each.parent, each.audience))
            schema = identifier(audience_schema(each.audience))
            server.execute(f"grant select on all tables in schema {schema} to {schema}")
        values = ", ".join(literal(text) for text in (each.audience, each.relation, each.parent.name, each.version))
        server.execute(
            f"insert into {META}.current (audience, relation, parent, version, load_id) "
            f"values ({values}, {each.load_id}) on conflict (audience, relation) "
            "do update set parent = excluded.parent, version = excluded.version, "
            "load_id = excluded.load_id"
        )
    for audience, relation in known:
        view = f"{identifier(audience_schema(audience))}.{identifier(relation.partition('.')[2])}"
        server.execute(
            f"drop view if exists {view}",
            f"delete from {META}.current where audience = {literal(audience)} and relation = {literal(relation)}",
        )
    server.execute(
        f"update {META}.load set superseded_at = case when load_id in (select load_id from {META}.current) then null "
        "else coalesce(superseded_at, now()) end"
    )


def _sweep(server: Server, keep_seconds: float) -> int:
    """Drop loads that nobody is shown for some time; one that a reader still holds is left for the next time."""
    swept = 0
    server.execute(f"set lock_timeout = '{_LOCK_SECONDS}s'")
    for load_id, parent in server.rows(
        f"select load_id, parent from {META}.load where superseded_at < now() - interval '{keep_seconds} seconds'"
    ):
        table = f"{DATA}.{identifier(f'{parent}_{load_id}')}"
        try:
            _detach(server, f"{DATA}.{identifier(parent)}", table)
            server.execute(f"drop table if exists {table}", f"delete from {META}.load where load_id = {load_id}")
            swept += 1
        except adbc_driver_manager.Error:
            continue
    return swept


def _detach(server: Server, parent: str, table: str) -> None:
    """Take a part out of its parent, without a lock that readers would wait for."""
    state = server.rows(f"select inhdetachpending from pg_inherits where inhrelid = to_regclass({literal(table)})")
    if state:
        server.execute(f"alter table {parent} detach partition {table} {'finalize' if state[0][0] else 'concurrently'}")
