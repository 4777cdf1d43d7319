"""``kho person …``: answering a data subject's request.

Belongs here: arguments, help texts, what is printed. Does not belong here: finding and recording (``persons.py``).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.commands.vault import Purpose
from orchestration.settings import settings

if TYPE_CHECKING:
    from orchestration.privacy.persons import Place

app = typer.Typer(help="Answer a person's request: find, export, correct-request, erase.", no_args_is_help=True)

CitizenId = Annotated[
    str,
    typer.Option("--id", prompt="Citizen id", hide_input=True, help="Asked for if left out: no history has it."),
]


@app.command()
def find(purpose: Purpose, citizen_id: CitizenId) -> None:
    """List the rows that hold the person, without their values; the request is recorded."""
    from orchestration.privacy.persons import find as find_person

    _show(find_person(settings(), citizen_id, purpose))


@app.command()
def export(
    purpose: Purpose,
    citizen_id: CitizenId,
    output: Annotated[Path, typer.Option("-o", "--output", help="JSON file to write (0600).", dir_okay=False)],
) -> None:
    """Write all that is held of the person to a file; the request and every look are recorded."""
    from orchestration.privacy.persons import export as export_person

    places = export_person(settings(), citizen_id, purpose, output)
    typer.echo(f"Wrote {len(places)} rows to {output}")


@app.command("correct-request")
def correct_request(purpose: Purpose, citizen_id: CitizenId) -> None:
    """Record that the person asks for a correction, and say which department must answer by when."""
    from orchestration.privacy.persons import request_correction

    places, due = request_correction(settings(), citizen_id, purpose)
    _show(places)
    typer.echo(f"To be answered by {due}: {', '.join(sorted({each.owner for each in places}))}")


@app.command()
def erase(purpose: Purpose, citizen_id: CitizenId) -> None:
    """Remove the person from vault, bronze, archive, warehouse and published versions; builds and publishes.

    Originals in which the id stands go as a whole. Backups and copies that were handed out are not reached.
    """
    from orchestration.building.warehouse import remove
    from orchestration.commands.options import build_without_trace
    from orchestration.console.submissions import show_progress
    from orchestration.privacy.erasure import erase as erase_person

    with show_progress() as progress:
        done = erase_person(settings(), citizen_id, purpose, progress=progress)
    for dataset, rows in sorted(done.rows.items()):
        typer.echo(f"{dataset}  {rows} rows")
    typer.echo(f"{len(done.originals)} originals removed; record {done.record_id}")
    remove(settings())  # a table that is replaced leaves its old pages in the file
    build_without_trace()
    typer.echo("Backups made before still hold the person: make a new one and destroy those.")


def _show(places: list[Place]) -> None:
    for each in places:
        state = "counts now" if each.counts_now else each.kind
        typer.echo(
            f"{each.dataset}  {each.period}  {each.submission_id}  {each.file_name}  {each.sheet}!{each.row}  {state}"
        )
    typer.echo(f"{len(places)} rows")
