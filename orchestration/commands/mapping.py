"""``kho mapping …``: what an unknown header of a department's files means, confirmed by an engineer.

Belongs here: arguments and help texts. Does not belong here: how a confirmation is made (``confirmations.py``).
"""

from __future__ import annotations

from typing import Annotated

import typer

from orchestration.commands.options import DatasetName, Why
from orchestration.settings import settings

app = typer.Typer(help="Confirm what an unknown header of a department's files means.", no_args_is_help=True)

Header = Annotated[str, typer.Argument(help="The header as it is written in the file or in the receipt.")]


@app.command("list")
def list_mappings(
    dataset: Annotated[str | None, typer.Option("--dataset", "-d", help="Only this dataset.")] = None,
    history: Annotated[bool, typer.Option("--all", help="Also what was replaced or forgotten.")] = False,
) -> None:
    """List the headers whose meaning is confirmed, oldest first."""
    from orchestration.console.job import show_mappings
    from orchestration.intake.mappings import HeaderMappings
    from schemas import dataset as find

    mappings, path = HeaderMappings(settings().ledger), find(dataset).path if dataset else None
    show_mappings(mappings.history(path) if history else mappings.current(path))


@app.command("confirm")
def confirm_mapping(
    dataset: DatasetName,
    header: Header,
    column: Annotated[str, typer.Argument(help="Declared column or its title; 'ignore' for a surplus column.")],
    why: Why,
) -> None:
    """Confirm that a header means a column, so that the next file passes by itself."""
    from orchestration.confirmations import confirm
    from schemas import dataset as find

    typer.echo(confirm(settings(), find(dataset), header, column, why))


@app.command("forget")
def forget_mapping(dataset: DatasetName, header: Header, why: Why) -> None:
    """Let a confirmed header mean nothing again; that it was confirmed stays in the ledger."""
    from orchestration.confirmations import forget
    from schemas import dataset as find

    typer.echo(forget(settings(), find(dataset), header, why))
