"""The commands ``kho versions``, ``diff``, ``rollback``, ``serve`` and ``token``: arguments, help texts, calls.

Belongs here: what ``cli.py`` says of its commands holds for these, too: they import what they need when they run.
"""

from __future__ import annotations

from typing import Annotated

import typer

from orchestration.commands.options import AudienceName, Json
from orchestration.settings import settings

Version = Annotated[str, typer.Argument(help="Version, such as v000012 or 12.")]


def versions(audience: AudienceName = "shared", as_json: Json = False) -> None:
    """List the published versions that are kept, and which of them is read."""
    from orchestration.console.sharing import show_versions
    from orchestration.sharing.versions import current
    from orchestration.sharing.versions import versions as kept

    show_versions(
        kept(settings(), audience=audience), current(settings(), audience=audience), audience, as_json=as_json
    )


def diff(before: Version, after: Version, audience: AudienceName = "shared", as_json: Json = False) -> None:
    """Show what a version has that another has not: tables, columns, rows as counts, values of KPIs."""
    from orchestration.console.sharing import show_comparison
    from orchestration.lineage.project import read_project
    from orchestration.sharing.comparison import compare
    from orchestration.sharing.versions import find_version

    old, new = (find_version(settings(), name, audience=audience) for name in (before, after))
    keys = {name: each.key for name, each in read_project(settings()).relations.items()}
    show_comparison(compare(old, new, keys), as_json=as_json)


def rollback(version: Version) -> None:
    """Let all audiences read an earlier version. The sensor publishes again when a file comes, `kho run` at once."""
    from orchestration.sharing.rollback import roll_back

    chosen = roll_back(settings(), version)
    typer.echo(f"{chosen.version} of {chosen.published_at} is read by all audiences")


tokens = typer.Typer(help="Say who may ask kho serve, and as which audience.", no_args_is_help=True)


@tokens.command("create")
def create_token(
    user: Annotated[str, typer.Argument(help="Who gets it; stands in the access log.")],
    audience: AudienceName,
) -> None:
    """Make a token. It is shown once and kept nowhere: whoever loses it needs a new one."""
    from orchestration.sharing.service.tokens import create_token as create

    typer.echo(create(settings(), user, audience))


@tokens.command("list")
def list_tokens(as_json: Json = False) -> None:
    """List users, audiences and ids of the tokens; never a token itself."""
    from orchestration.console.sharing import show_tokens
    from orchestration.sharing.service.tokens import tokens as kept

    show_tokens(kept(settings()), as_json=as_json)


@tokens.command("revoke")
def revoke_token(token_id: Annotated[str, typer.Argument(metavar="ID", help="Its id in the list.")]) -> None:
    """Revoke a token; the service refuses it from the next request on."""
    from orchestration.sharing.service.tokens import revoke_token as revoke

    typer.echo(f"The token of {revoke(settings(), token_id).user} is revoked.")


def serve(
    port: Annotated[int, typer.Option(help="Port.")] = 8321,
    host: Annotated[
        str, typer.Option(help="Address. Beyond loopback only behind a reverse proxy with TLS: tokens are secrets.")
    ] = "127.0.0.1",
) -> None:
    """Answer SQL over HTTP from the published versions: POST /query, GET /tables, GET /health."""
    from orchestration.sharing.service.routes import serve as start

    typer.echo(f"kho serve: http://{host}:{port}")
    start(settings(), host=host, port=port)
