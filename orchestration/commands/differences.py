"""The commands ``kho differences …``: arguments, help texts, what each of them calls.

Belongs here: what ``cli.py`` says of its commands holds for these, too: they import what they need when they run.
"""

from __future__ import annotations

from typing import Annotated

import typer

from orchestration.commands.options import Json
from orchestration.intake.difference_decisions import Kind
from orchestration.settings import settings

app = typer.Typer(
    help="List what departments say differently about the same thing, and decide about it.", no_args_is_help=True
)

DifferenceId = Annotated[str, typer.Argument(help="Id of the difference, or its beginning.")]


@app.command("list")
def list_differences(
    pair: Annotated[str | None, typer.Option("--pair", "-p", help="Only this pair, such as learner_name.")] = None,
    department: Annotated[
        str | None, typer.Option("--department", "-d", help="Only what this department has to answer.")
    ] = None,
    closed: Annotated[bool, typer.Option("--all", help="Also those that are explained or accepted.")] = False,
    as_json: Json = False,
) -> None:
    """List the differences of the published version, open ones by default."""
    from orchestration.console.differences import show_list
    from orchestration.sharing.differences import differences

    show_list(differences(settings(), pair=pair, department=department, closed=closed), as_json=as_json)


@app.command()
def show(difference_id: DifferenceId, as_json: Json = False) -> None:
    """Show both values with their files and rows, who has to answer, and what was decided."""
    from orchestration.console.differences import show_difference
    from orchestration.intake.difference_decisions import DifferenceDecisions
    from orchestration.sharing.differences import find_difference

    found = find_difference(settings(), difference_id)
    decisions = DifferenceDecisions(settings().ledger).of(found["difference_id"])
    show_difference(found, decisions, as_json=as_json)


@app.command()
def decide(
    difference_id: DifferenceId,
    kind: Annotated[
        Kind,
        typer.Option(
            "--kind",
            help="explained: the two may differ · accepted: it stays as it is · corrected: files that agree will come, "
            "until then it is open · reopened: an earlier decision no longer holds.",
        ),
    ],
    why: Annotated[str, typer.Option("--why", help="The reason. It is published: no names, no numbers of persons.")],
) -> None:
    """Decide about a difference; the next run publishes it. The newest decision counts, the others stay."""
    from orchestration.differences import decide as record

    typer.echo(record(settings(), difference_id, kind, why))
