"""Who may connect to PostgreSQL and see what: one role an audience, logins that are members of one.

Belongs here: roles, rights, limits of a login. Does not belong here: which rows a member sees (the policies of
``layout.py``).
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from orchestration.sharing.postgres.layout import DATA, META, META_STATEMENTS, Parent, audience_schema
from orchestration.sharing.postgres.server import Server, connected, identifier, literal

_PASSWORD_BYTES = 18
#: Of a login: so that no query runs or holds a version for ever. A user may raise them for a session of his own.
_LIMITS = {
    "statement_timeout": "'60s'",
    "idle_in_transaction_session_timeout": "'300s'",
    "default_transaction_read_only": "on",
    "temp_file_limit": "'2GB'",  # no user may raise this one
}
_CONNECTIONS = 10


def audience_role(server: Server, audience: str) -> None:
    """Make schema and role of an audience, with no right but to look into it."""
    name = audience_schema(audience)
    if not server.rows(f"select 1 from pg_roles where rolname = {literal(name)}"):
        server.execute(f"create role {identifier(name)} nologin")
    server.execute(
        f"create schema if not exists {identifier(name)}",
        f"grant usage on schema {identifier(name)}, {DATA}, {META} to {identifier(name)}",
        f"grant select on {META}.current to {identifier(name)}",
        f"grant execute on function {META}.communes(), {META}.loads() to {identifier(name)}",
        "revoke create on schema public from public",
        # large objects: the one way in which an account without a right could fill the disk
        "revoke execute on function lo_from_bytea(oid, bytea), lo_create(oid), lo_creat(integer) from public",
    )
    ((database,),) = server.rows("select current_database()")
    server.execute(f"revoke temporary on database {identifier(database)} from public")


def grant(server: Server, parent: Parent, audience: str) -> None:
    """The right to read the columns of a table, which are those of the audience and no others."""
    columns = ", ".join(identifier(each.name) for each in parent.relation.columns)
    server.execute(
        f'grant select ("kho_load", {columns}) on {parent.full_name} to {identifier(audience_schema(audience))}'
    )


def make_login(uri: str, name: str, audience: str, *, communes: Sequence[str] = ()) -> str:
    """Make a login, or give one a new password; returns the password, which is kept nowhere. Raises PostgresError.

    communes: codes to whose rows it is restricted; all rows of the audience if there are none.
    """
    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    role, group = identifier(name), identifier(audience_schema(audience))
    codes = f"array[{', '.join(map(literal, communes))}]::text[]" if communes else "null"
    with connected(uri) as server:
        server.execute(*META_STATEMENTS)
        audience_role(server, audience)
        known = server.rows(f"select 1 from pg_roles where rolname = {literal(name)}")
        limited = f"login connection limit {_CONNECTIONS} password {literal(password)}"
        server.execute(f"{'alter' if known else 'create'} role {role} {limited}")
        for ((member),) in server.rows(f"select audience from {META}.member where login = {literal(name)}"):
            server.execute(f"revoke {identifier(audience_schema(member))} from {role}")
        server.execute(f"grant {group} to {role}")
        limits = _LIMITS | {"search_path": f"{group}, pg_catalog"}
        server.execute(*(f"alter role {role} set {setting} = {value}" for setting, value in limits.items()))
        server.execute(
            f"insert into {META}.member (login, audience, communes) "
            f"values ({literal(name)}, {literal(audience)}, {codes}) on conflict (login) "
            "do update set audience = excluded.audience, communes = excluded.communes"
        )
        server.commit()
    return password
