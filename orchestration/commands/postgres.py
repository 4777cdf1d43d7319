"""``kho publish --to …``: arguments, help text, what is printed. What is done is in ``sharing/postgres``."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestration.commands.options import AudienceName
from orchestration.settings import settings


def publish(
    to: Annotated[
        str, typer.Option("--to", envvar="KHO_POSTGRES", help="postgresql://user:password@host/database; kept nowhere.")
    ],
    login: Annotated[str | None, typer.Option(help="Make this login, or give it a new password.")] = None,
    audience: AudienceName = "shared",
    commune: Annotated[
        list[str] | None, typer.Option(help="Code of a commune whose rows alone the login sees; repeat it for more.")
    ] = None,
) -> None:
    """Bring the published version to PostgreSQL: what changed is loaded, then shown to everybody at once."""
    from orchestration.sharing.audiences import declared_audiences

    if login:
        from orchestration.sharing.postgres.roles import make_login

        known = declared_audiences(settings())[audience].name
        password = make_login(to, login, known, communes=commune or ())
        typer.echo(f"login {login} of {known}, password (shown once): {password}")
        return
    from orchestration.sharing.postgres.publication import publish_to

    done = publish_to(settings(), to)
    typer.echo(f"{len(done.loaded)} relations loaded, {done.swept} old loads removed")
    for name, relations in done.shown.items():
        typer.echo(f"{name}: {relations} relations")
