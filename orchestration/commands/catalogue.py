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


@app.command()
def contracts(output: Folder = Path("contracts")) -> None:
    """Write every dataset as a data contract (Open Data Contract Standard 3.2, YAML)."""
    from orchestration.catalogue.contracts import write_contracts

    typer.echo(f"Wrote {len(write_contracts(output))} contracts into {output}")


@app.command()
def portal(
    base_url: Annotated[str, typer.Option(help="Where the open version's folder is served, such as https://….")],
    publisher: Annotated[str, typer.Option(help="Office that publishes.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="File to write.", dir_okay=False)] = Path(
        "catalogue.jsonld"
    ),
) -> None:
    """Write the open tables as a DCAT-AP catalogue (JSON-LD), which portals such as CKAN harvest."""
    from orchestration.catalogue.portal import write_portal_catalogue

    tables = write_portal_catalogue(settings(), output, base_url=base_url, publisher=publisher)
    typer.echo(f"Wrote {tables} tables to {output}")
