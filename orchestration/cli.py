"""The command ``kho``: what each command takes, what it calls, and its exit code.

Belongs here: arguments, help texts, exit codes. Does not belong here: how something is shown (``console``) or done.
Every command imports what it needs when it runs: ``check``, ``peek``, ``status``, ``sql``, ``schema`` and
``template`` must start in a moment and import neither Dagster nor dbt.
"""

from __future__ import annotations

import sys
import traceback
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from orchestration.commands import (
    backup,
    catalogue,
    delivery,
    differences,
    keys,
    kpi,
    mapping,
    person,
    postgres,
    retain,
    sharing,
    submissions,
    trace,
    vault,
)
from orchestration.commands.options import AsOf, AudienceName, DatasetName, File, Json, settings_as_of
from orchestration.demo import DEFAULT_ROWS, DEFAULT_SEED, FEWEST_ROWS, MOST_ROWS
from orchestration.locks import BusyError
from orchestration.settings import settings

FINE, RETURNED, USAGE, UNREADABLE, BUSY, INTERNAL = range(6)
_EXIT_CODES = (
    "Exit codes: 0 fine · 1 data was returned or refused · 2 usage · 3 unreadable file or unknown dataset · "
    "4 busy · 5 internal error."
)

#: Errors that say what to do instead.
_EXPECTED = {
    "BackupError",
    "DecisionError",
    "ForeignHomeError",
    "KeyFileError",
    "LedgerVersionError",
    "PostgresError",
    "QueryError",
    "UnknownAudienceError",
    "UnknownVersionError",
}

app = typer.Typer(
    help="Kho dữ liệu dùng chung: takes in the departments' files, returns what is wrong with its reason, and "
    f"publishes one warehouse for SQL.\n\n{_EXIT_CODES}",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)


class Format(StrEnum):
    """How ``kho sql`` prints its rows."""

    table = "table"
    csv = "csv"
    json = "json"


_debug = False


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an internal error.")] = False,
) -> None:
    global _debug  # noqa: PLW0603 - read once, when an error reaches main()
    _debug = debug


@app.command()
def demo(
    rows: Annotated[
        int, typer.Option(help="Residents of the synthetic province.", min=FEWEST_ROWS, max=MOST_ROWS)
    ] = DEFAULT_ROWS,
    seed: Annotated[int, typer.Option(help="The same seed gives the same province.")] = DEFAULT_SEED,
) -> None:
    """Run the main job on a synthetic Lào Cai, in an empty home; the files it drops have known errors."""
    from orchestration.demo.run import run_demo

    raise typer.Exit(run_demo(settings(), rows=rows, seed=seed))


@app.command()
def run(
    datasets: Annotated[list[str] | None, typer.Argument(help="Datasets to take in; all by default.")] = None,
) -> None:
    """Take in every file that waits, write receipts, build the warehouse once and publish it."""
    from orchestration.console.job import show_run
    from orchestration.run import run as run_everything

    with show_run() as on_progress:
        outcome = run_everything(settings(), datasets, on_progress=on_progress)
    from orchestration.console.job import show_outcome

    show_outcome(settings(), outcome)
    if outcome.failed:
        raise typer.Exit(INTERNAL)
    returned = any(each.verdict in ("partly", "refused", "waiting") for each in outcome.submissions)
    raise typer.Exit(RETURNED if returned else FINE)


@app.command()
def check(
    file: File,
    dataset: Annotated[str, typer.Option("--dataset", "-d", help="Dataset that the file belongs to.")],
    as_json: Json = False,
) -> None:
    """Check a file as the intake would, and store nothing."""
    from orchestration.console.job import show_check
    from orchestration.intake.check_file import check_file
    from schemas import dataset as find
    from schemas.file_rules import UNREADABLE_RULES

    declaration = find(dataset)
    if as_json:
        import tempfile

        with tempfile.NamedTemporaryFile(suffix=".json") as report:
            checked = check_file(settings(), declaration, file, Path(report.name))
            sys.stdout.write(Path(report.name).read_text(encoding="utf-8"))
    else:
        checked = check_file(settings(), declaration, file)
        show_check(settings(), declaration, checked)
    if checked.submission.verdict == "accepted":
        raise typer.Exit(FINE)
    notices = checked.submission.details.get("notices", [])
    unreadable = checked.submission.verdict == "refused" and notices and notices[0]["rule"] in UNREADABLE_RULES
    raise typer.Exit(UNREADABLE if unreadable else RETURNED)


@app.command()
def peek(file: File, as_json: Json = False) -> None:
    """Show every visible sheet's cells as text, as they stand in the file."""
    from orchestration.console.job import show_cells
    from orchestration.intake.peek import peek_file, write_cells

    with peek_file(settings(), file) as document:
        if as_json:
            write_cells(document, sys.stdout)
        else:
            show_cells(document)
        for name in document.left_out:
            typer.echo(f"left out, not a table: {name}", err=True)


@app.command()
def status(as_json: Json = False) -> None:
    """Show what waits, what was taken in, and which version is published."""
    from orchestration.console.job import show_status
    from orchestration.status import status_of

    show_status(status_of(settings()), as_json=as_json)


@app.command()
def sql(
    statement: Annotated[str | None, typer.Argument(help="One SELECT over the schemas core, marts and ops.")] = None,
    form: Annotated[Format, typer.Option("--format", help="How to print the rows.")] = Format.table,
    file: Annotated[
        Path | None, typer.Option("-f", "--file", help="Read the statement from a file.", exists=True, dir_okay=False)
    ] = None,
    as_of: AsOf = None,
    audience: AudienceName = "shared",
) -> None:
    """Query the published version. It can read nothing else and change nothing."""
    from orchestration.sharing.query import query, render

    if as_of and audience != "shared":
        raise typer.BadParameter("the past is built for the audience shared only")

    if (statement is None) == (file is None):
        raise typer.BadParameter("give one statement, or a file with -f")
    text = statement if statement is not None else file.read_text(encoding="utf-8")  # type: ignore[union-attr]
    render(query(settings_as_of(as_of), text, audience=audience), form.value, sys.stdout)


@app.command()
def schema(
    dataset: Annotated[str | None, typer.Argument(help="Dataset; all are listed by default.")] = None,
    as_json: Json = False,
) -> None:
    """Print what is declared about a dataset: columns, titles, synonyms, types, checks."""
    from orchestration.console.job import show_datasets, show_schema
    from schemas import dataset as find

    if dataset is None:
        show_datasets(as_json=as_json)
    else:
        show_schema(find(dataset), as_json=as_json)


@app.command()
def template(
    dataset: DatasetName,
    output: Annotated[Path, typer.Option("-o", "--output", help="Workbook to write.", dir_okay=False)],
    period: Annotated[str, typer.Option(help="Period that the file will report, such as 2026-10 or 2026Q4.")] = "",
    unit: Annotated[str, typer.Option(help="Reporting unit, such as a commune's code.")] = "",
) -> None:
    """Write the blank workbook of a dataset, with drop-downs and a version stamp."""
    from orchestration.templates import write_template
    from schemas import dataset as find

    write_template(find(dataset), output, period=period, unit=unit, settings=settings())
    typer.echo(f"Wrote {output}")


@app.command()
def rebuild() -> None:
    """Make bronze, vault and warehouse anew from the archive and the ledger, and publish."""
    from orchestration.console.job import show_outcome, show_rebuild, show_run
    from orchestration.rebuild import rebuild as rebuild_everything

    with show_run() as on_progress:
        rebuilt = rebuild_everything(settings(), on_progress=on_progress)
    show_rebuild(rebuilt)
    show_outcome(settings(), rebuilt.outcome)
    raise typer.Exit(INTERNAL if rebuilt.outcome.failed or rebuilt.differences else FINE)


@app.command()
def doctor() -> None:
    """Check this installation and home: versions, folders, file modes, ledger, leftovers."""
    from orchestration.console.job import show_findings
    from orchestration.doctor import examine_home

    raise typer.Exit(FINE if show_findings(examine_home(settings())) else RETURNED)


@app.command()
def dev(port: Annotated[int, typer.Option(help="Port of the Dagster UI, on loopback only.")] = 3000) -> None:
    """Start the Dagster UI and the sensor that takes in files as they arrive. It has no login: loopback only."""
    from orchestration.run import dev as start

    start(settings(), port=port)


@app.command()
def derive() -> None:
    """Rewrite the committed files that follow from the declarations: dbt sources, template workbooks."""
    from orchestration import templates
    from orchestration.building import derive as derived

    changed = [*derived.refresh(settings()), *templates.refresh(settings())]
    for path in changed:
        typer.echo(f"Wrote {path}")
    typer.echo(f"{len(changed)} files changed")


app.command()(backup.backup)
app.command()(backup.restore)
app.command()(kpi.kpi)
app.command()(delivery.delivery)
app.command()(retain.retain)
app.command()(sharing.versions)
app.command()(sharing.diff)
app.command()(sharing.rollback)
app.command()(sharing.serve)
app.command()(postgres.publish)
app.add_typer(sharing.tokens, name="token")
app.command()(trace.trace)
app.add_typer(differences.app, name="differences")
app.add_typer(submissions.app, name="submissions")
app.command()(submissions.replay)
app.add_typer(mapping.app, name="mapping")
app.add_typer(keys.app, name="key")
app.add_typer(vault.app, name="vault")
app.add_typer(person.app, name="person")
app.add_typer(catalogue.app, name="catalogue")


def main() -> None:
    """Entry point: turns every error into a message that says what to do, and an exit code."""
    from typer.exceptions import Abort, Exit, TyperException

    try:
        code = app(standalone_mode=False)
        sys.exit(code if isinstance(code, int) else FINE)
    except Exit as exit_:
        sys.exit(exit_.exit_code)
    except Abort:
        sys.exit(130)
    except TyperException as error:
        error.show()  # type: ignore[attr-defined]  # every usage error has it
        sys.exit(USAGE)
    except BusyError as error:
        _say(str(error), BUSY)
    except BrokenPipeError:
        sys.exit(FINE)
    except Exception as error:
        code = _code_of(error)
        if code == INTERNAL and not _debug:
            place = traceback.extract_tb(error.__traceback__)[-1]
            _say(f"internal error: {type(error).__name__} at {place.filename}:{place.lineno}; --debug shows more", code)
        if code == INTERNAL:
            traceback.print_exc()
            sys.exit(code)
        _say(str(error), code)


def _code_of(error: Exception) -> int:
    """Exit code by the error's name: importing the classes would import what the command did not need."""
    names = {each.__name__ for each in type(error).__mro__}
    if names & {"UnknownDatasetError", "UnreadableError"}:
        return UNREADABLE
    if names & _EXPECTED:
        return USAGE
    return INTERNAL


def _say(message: str, code: int) -> None:
    sys.stderr.write(f"kho: {message}\n")
    sys.exit(code)
