"""``kho vault …``: one restricted record at a time, for a stated purpose, and the log of who looked.

Belongs here: arguments, help texts, what is printed. Does not belong here: finding and logging (``vault_access.py``).
"""

from __future__ import annotations

from typing import Annotated

import typer

from orchestration.commands.options import DatasetName, Json
from orchestration.settings import settings

app = typer.Typer(
    help="Look at one restricted record, for a stated purpose; every look is logged.", no_args_is_help=True
)

Purpose = Annotated[
    str, typer.Option("--purpose", help="The task or case, in a few words; logged with your name and the time.")
]


@app.command("get")
def get_record(
    dataset: DatasetName,
    purpose: Purpose,
    submission: Annotated[str, typer.Option("--submission", help="Id of the submission, or its first digits.")] = "",
    row: Annotated[int, typer.Option("--row", help="Number of the row in the file.")] = 0,
    sheet: Annotated[str, typer.Option("--sheet", help="Sheet, where several have that row.")] = "",
    person: Annotated[str, typer.Option("--person", help="Pseudonym of a person, instead of submission and row.")] = "",
    as_json: Json = False,
) -> None:
    """Show one record with its restricted values. It is logged before it is shown."""
    from orchestration.privacy.vault_access import get_row, get_row_of_person
    from schemas import dataset as find

    if bool(person) == bool(submission and row):
        raise typer.BadParameter("name a row by --submission and --row, or by --person")
    declaration = find(dataset)
    if person:
        found = get_row_of_person(settings(), declaration, person, purpose)
    else:
        found = get_row(settings(), declaration, submission, row, purpose, sheet=sheet)
    from orchestration.console.layout import print_json

    facts = {"submission_id": found.submission_id, "sheet": found.sheet, "row": found.row}
    if as_json:
        print_json({**facts, "restricted": found.restricted, "others": {k: _text(v) for k, v in found.others.items()}})
        return
    for name, value in {**facts, **found.restricted, **found.others}.items():
        typer.echo(f"{name}: {_text(value)}")


def _text(value: object) -> str:
    return "" if value is None else str(value)


@app.command("log")
def show_log(as_json: Json = False) -> None:
    """List every look into the vault, oldest first."""
    from orchestration.console.layout import print_json
    from orchestration.intake.privacy_records import PrivacyRecords

    looks = [{**vars(each), "at": each.at.isoformat()} for each in PrivacyRecords(settings().ledger).accesses()]
    if as_json:
        print_json(looks)
        return
    for each in looks:
        place = f"{each['dataset']} {each['submission_id']} {each['source_sheet']}!{each['source_row']}"
        typer.echo(f"{each['at']}  {each['who']}  {place}  {each['purpose']}")
    if not looks:
        typer.echo("Nobody has looked into the vault yet.")
