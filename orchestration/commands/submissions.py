"""``kho submissions …`` and ``kho replay``: what was handed in, and the decisions about it.

Belongs here: arguments and help texts of these commands. Does not belong here: how a decision is made
(``decisions.py``, ``replay.py``) or shown (``console/submissions.py``).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from orchestration.commands.options import Json, SubmissionId, Why
from orchestration.settings import settings

app = typer.Typer(help="List submissions and decide about those that wait.", no_args_is_help=True)


@app.command("list")
def list_submissions(
    dataset: Annotated[str | None, typer.Option("--dataset", "-d", help="Only this dataset.")] = None,
    waiting: Annotated[bool, typer.Option("--waiting", help="Only those that wait for a decision.")] = False,
    as_json: Json = False,
) -> None:
    """List submissions, oldest first."""
    from orchestration.console.submissions import show_list
    from orchestration.intake.ledger import Ledger
    from schemas import dataset as find

    ledger = Ledger(settings().ledger)
    found = ledger.of_dataset(find(dataset).path) if dataset else ledger.all()
    show_list([each for each in found if each.is_waiting or not waiting], as_json=as_json)


@app.command()
def show(submission_id: SubmissionId, as_json: Json = False) -> None:
    """Show everything about one submission: file, counts, reasons, changes, decisions. No restricted value is in it."""
    from orchestration.console.submissions import show_submission
    from orchestration.decisions import find_submission
    from orchestration.intake.ledger import Ledger

    show_submission(settings(), find_submission(Ledger(settings().ledger), submission_id), as_json=as_json)


def _decide(submission_id: str, kind: str, why: str) -> None:
    from orchestration.decisions import decide

    typer.echo(decide(settings(), submission_id, kind, why))


@app.command()
def accept(submission_id: SubmissionId, why: Why) -> None:
    """Let a waiting submission in; the next run builds it into the warehouse."""
    _decide(submission_id, "accept", why)


@app.command()
def reject(submission_id: SubmissionId, why: Why) -> None:
    """Refuse a waiting submission for good."""
    _decide(submission_id, "reject", why)


@app.command()
def withdraw(submission_id: SubmissionId, why: Why) -> None:
    """Take a submission back: its rows no longer count, and the one that it had superseded counts again."""
    _decide(submission_id, "withdraw", why)


@app.command()
def waive(
    submission_id: SubmissionId,
    rule: Annotated[list[str], typer.Option("--rule", help="Id of a rule, as `kho submissions show` names it.")],
    why: Why,
) -> None:
    """Accept an exception to one rule or several: the rows that were returned only because of them go in."""
    from orchestration.console.submissions import show_waived
    from orchestration.decisions import waive as waive_rules

    show_waived(settings(), waive_rules(settings(), submission_id, rule, why))


def replay(
    dataset: Annotated[list[str] | None, typer.Option("--dataset", "-d", help="Datasets; all by default.")] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only files that arrived on that day or later.")
    ] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Record what came out differently.")] = False,
    why: Annotated[str | None, typer.Option("--why", help="The reason, with --apply.")] = None,
    as_json: Json = False,
) -> None:
    """Run the archived originals again with the rules and synonyms of today, and show what would change."""
    from orchestration.console.submissions import show_progress, show_replay
    from orchestration.replay import replay as run_again
    from schemas import dataset as find
    from schemas import datasets as every

    if apply != (why is not None):
        raise typer.BadParameter("--apply and --why go together")
    chosen = [find(name) for name in dataset] if dataset else list(every().values())
    with show_progress() as on_file:
        done = run_again(settings(), chosen, since=since.date() if since else None, why=why, on_file=on_file)
    show_replay(done, applied=apply, as_json=as_json)
