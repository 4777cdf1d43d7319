"""The commands ``kho catalogue …``: arguments, help texts, what each of them calls."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestration.settings import settings

app = typer.Typer(
    help="Write what is declared about datasets, tables and KPIs for people and portals.", no_args_is_help=True
)

Folder = Annotated[Path, typer.Option("-o", "--output", help="Folder to write into.", file_okay=False)]


@app.command()
def build(output: Folder = Path("catalogue")) -> None:
    """Write the catalogue as a site in Vietnamese and English that opens from a folder, without any network."""
    from orchestration.catalogue.site import build_catalogue

    written = build_catalogue(settings(), output)
    typer.echo(f"Wrote {len(written)} files; open {output / 'index.html'}")
