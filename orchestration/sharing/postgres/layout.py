"""How tables and audiences are called in PostgreSQL, and with which types.

Belongs here: names, types, the statements that make tables and views. Does not belong here: when they are executed.

Rows of all loads of a relation lie in one table partitioned by load; a view per audience shows those of the load that
``kho_meta.current`` names. So a publication is one change of rows in that table: a statement sees one version of
everything, a REPEATABLE READ transaction too, and nobody waits for a lock. The rows' own policy says the same again,
for a reader who goes past the view: loads of the audiences of the login, and rows of its communes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from orchestration.sharing.extract import Described
from orchestration.sharing.postgres.server import identifier, literal

DATA, META = "kho_data", "kho_meta"
LOAD = "kho_load"
_LONGEST_NAME = 40
#: DuckDB's types as PostgreSQL and Arrow both have them; others are shown as text.
_TYPES = {
    "BOOLEAN": "boolean",
    "TINYINT": "smallint",
    "SMALLINT": "smallint",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "UTINYINT": "smallint",
    "USMALLINT": "integer",
    "UINTEGER": "bigint",
    "HUGEINT": "numeric(38, 0)",
    "UBIGINT": "numeric(38, 0)",
    "FLOAT": "real",
    "DOUBLE": "double precision",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
    "VARCHAR": "text",
}
_CASTS = {"TINYINT": "smallint", "UTINYINT": "smallint", "USMALLINT": "integer", "UINTEGER": "bigint"}
#: Columns that name the commune of a row, and the expression of its code.
_COMMUNE = {
    "commune_code": "commune_code",
    "commune_key": "split_part(commune_key, '@', 1)",
    "geography_code": "geography_code",
}

META_STATEMENTS = (
    f"create schema if not exists {META}",
    f"create schema if not exists {DATA}",
    f"create table if not exists {META}.load (load_id bigint primary key, parent text not null, "
    "relation text not null, content text not null, rows bigint not null, "
    "loaded_at timestamp with time zone not null default now(), "
    "superseded_at timestamp with time zone)",
    f"create table if not exists {META}.current (audience text, relation text, load_id bigint not null references "
    f"{META}.load, parent text not null, version text not null, primary key (audience, relation))",
    f"create table if not exists {META}.member (login text primary key, audience text not null, communes text[])",
    f"create or replace function {META}.communes() returns text[] language sql stable security definer "
    f"set search_path = pg_catalog as $$ select communes from {META}.member where login = session_user $$",
    f"create or replace function {META}.loads() returns bigint[] language sql stable security definer "
    f"set search_path = pg_catalog as $$ select array_agg(load_id) from {META}.current where "
    "pg_has_role(session_user, to_regrole('kho_' || replace(audience, ':', '_')), 'member') $$",
)


@dataclass(frozen=True)
class Parent:
    """The table of all loads of a relation with these columns. everybody: rows without a commune are no secret."""

    name: str
    relation: Described
    everybody: bool

    @property
    def full_name(self) -> str:
        """Quoted, with its schema."""
        return f"{DATA}.{identifier(self.name)}"


def parent_of(relation: Described, *, everybody: bool) -> Parent:
    """Another one as soon as a column or a type is another."""
    facts = repr([(each.name, each.type) for each in relation.columns]) + str(everybody)
    shape = hashlib.sha256(f"{relation.schema}.{relation.name} {facts}".encode()).hexdigest()[:8]
    return Parent(f"{relation.name[:_LONGEST_NAME]}_{shape}", relation, everybody)


def audience_schema(audience: str) -> str:
    """The schema, and the role, of an audience."""
    return "kho_" + audience.replace(":", "_")


def postgres_type(duckdb_type: str) -> str:
    """The type of a column."""
    return duckdb_type.lower() if duckdb_type.startswith("DECIMAL") else _TYPES.get(duckdb_type, "text")


def selected(relation: Described, load_id: int) -> str:
    """DuckDB's query for the rows of a load, in types that go over unchanged."""
    columns = [f"{load_id}::bigint as {LOAD}"]
    for each in relation.columns:
        name, target = identifier(each.name), postgres_type(each.type)
        cast = "varchar" if target == "text" else "decimal(38, 0)" if "38, 0" in target else _CASTS.get(each.type)
        columns.append(f"{name}::{cast} as {name}" if cast else name)
    return f"select {', '.join(columns)} from {identifier(relation.schema)}.{identifier(relation.name)}"


def create_parent(parent: Parent) -> list[str]:
    """The statements that make it, with row-level security for members who see some communes only."""
    columns = ", ".join(f"{identifier(each.name)} {postgres_type(each.type)}" for each in parent.relation.columns)
    names = {each.name for each in parent.relation.columns}
    place = next((code for column, code in _COMMUNE.items() if column in names), None)
    sees_all = f"(select {META}.communes()) is null"
    inside = f" or {place} = any ((select {META}.communes())::text[])" if place else " or true" * parent.everybody
    return [
        f"create table if not exists {parent.full_name} ({LOAD} bigint not null, {columns}) partition by list ({LOAD})",
        f"alter table {parent.full_name} enable row level security",
        f"create policy own_rows on {parent.full_name} for select using "
        f"({LOAD} = any ((select {META}.loads())::bigint[]) and ({sees_all}{inside}))",
        *_comments(f"table {parent.full_name}", parent.full_name, parent.relation),
    ]


def create_view(parent: Parent, audience: str) -> list[str]:
    """The view of an audience, with its comments."""
    relation = parent.relation
    view = f"{identifier(audience_schema(audience))}.{identifier(relation.name)}"
    columns = ", ".join(identifier(each.name) for each in relation.columns)
    current = (
        f"select load_id from {META}.current where audience = {literal(audience)} "
        f"and relation = {literal(f'{relation.schema}.{relation.name}')}"
    )
    return [
        f"drop view if exists {view}",
        f"create view {view} with (security_invoker = true) as select {columns} from {parent.full_name} "
        f"where {LOAD} = ({current})",
        *_comments(f"view {view}", view, relation),
    ]


def _comments(what: str, name: str, relation: Described) -> list[str]:
    found = [f"comment on {what} is {literal(relation.comment)}"] if relation.comment else []
    return found + [
        f"comment on column {name}.{identifier(each.name)} is {literal(each.comment)}"
        for each in relation.columns
        if each.comment
    ]
