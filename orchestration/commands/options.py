"""Arguments and options that several commands take, with their help texts, and the settings that follow from them."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from orchestration.settings import Settings, settings

DatasetName = Annotated[str, typer.Argument(help="Dataset, such as land/parcels.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
File = Annotated[Path, typer.Argument(help="The file.", exists=True, dir_okay=False, readable=True)]
SubmissionId = Annotated[str, typer.Argument(help="Id of the submission, or its first digits.")]
Why = Annotated[str, typer.Option("--why", help="The reason; it is kept in the ledger, with who gave it and when.")]
AudienceName = Annotated[
    str, typer.Option("--audience", "-a", help="Whose version: shared, open or department:<name>.")
]
AsOf = Annotated[
    datetime | None,
    typer.Option(
        "--as-of",
        formats=["%Y-%m-%d"],
        help="As it was known at the end of that day. The first time, its warehouse is built, which takes a while.",
    ),
]


def settings_as_of(day: datetime | None) -> Settings:
    """The settings to read the warehouse with: of today, or of what was known at the end of a day."""
    if day is None:
        return settings()
    from orchestration.building.as_of import is_built, warehouse_as_of
    from orchestration.intake.deadlines import end_of_day

    moment = end_of_day(day.date())
    if not is_built(settings(), moment):
        sys.stderr.write(f"kho: building the warehouse as it was known on {day:%Y-%m-%d} …\n")
    return warehouse_as_of(settings(), moment)


def build_without_trace() -> None:
    """Build and publish what has changed, then remove the older versions, which hold what must not be read any more."""
    from orchestration.console.job import show_outcome, show_run
    from orchestration.run import run
    from orchestration.sharing.publish import keep_only_current

    with show_run() as on_progress:
        outcome = run(settings(), anyway=True, on_progress=on_progress)
    show_outcome(settings(), outcome)
    if outcome.failed:
        sys.stderr.write("kho: older versions stay published until a build succeeds: run kho run, then this again\n")
        raise typer.Exit(5)
    keep_only_current(settings())
