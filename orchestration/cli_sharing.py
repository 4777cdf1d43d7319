"""The commands ``kho versions``, ``diff``, ``rollback``: arguments, help texts, what each of them calls.

Belongs here: what ``cli.py`` says of its commands holds for these, too: they import what they need when they run.
"""

from __future__ import annotations

from typing import Annotated

import typer

from orchestration.cli_options import AudienceName, Json
from orchestration.settings import settings

Version = Annotated[str, typer.Argument(help="Version, such as v000012 or 12.")]


def versions(audience: AudienceName = "shared", as_json: Json = False) -> None:
    """List the published versions that are kept, and which of them is read."""
    from orchestration.console_sharing import show_versions
    from orchestration.sharing.publish import current
    from orchestration.sharing.publish import versions as kept

    show_versions(
        kept(settings(), audience=audience), current(settings(), audience=audience), audience, as_json=as_json
    )


def diff(before: Version, after: Version, audience: AudienceName = "shared", as_json: Json = False) -> None:
    """Show what a version has that another has not: tables, columns, rows as counts, values of KPIs."""
    from orchestration.console_sharing import show_comparison
    from orchestration.sharing.comparison import compare
    from orchestration.sharing.publish import find_version

    old, new = (find_version(settings(), name, audience=audience) for name in (before, after))
    show_comparison(compare(old, new), as_json=as_json)


def rollback(version: Version) -> None:
    """Let all audiences read an earlier version. The sensor publishes again when a file comes, `kho run` at once."""
    from orchestration.sharing.rollback import roll_back

    chosen = roll_back(settings(), version)
    typer.echo(f"{chosen.version} of {chosen.published_at} is read by all audiences")
