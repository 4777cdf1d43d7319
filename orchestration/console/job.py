"""What the commands of the main job show: runs, checks, cells, the state of the home, declarations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from orchestration.console.layout import console, plain_table, print_json, say, submissions_table, verdict_text
from orchestration.settings import Settings

if TYPE_CHECKING:
    from orchestration.doctor import HomeFinding
    from orchestration.intake.check_file import Checked
    from orchestration.intake.mappings import HeaderMapping
    from orchestration.intake.readers import Document
    from orchestration.rebuild import Rebuilt
    from orchestration.run import RunOutcome
    from orchestration.runs import Progress
    from orchestration.status import Status
    from schemas import Declaration

#: Findings and rows that are shown in a terminal; files and JSON have all of them.
MOST_LINES = 20


@contextmanager
def show_run() -> Iterator[Callable[[Progress], None]]:
    """A spinner while a run goes on; yields what the run tells its progress to."""
    with Console(stderr=True).status("starting (about ten seconds)…") as spinner:

        def note(progress: Progress) -> None:
            done = f"{progress.what}: {len(progress.submissions)} files" if progress.submissions else progress.what
            spinner.update(f"{done} done…")

        yield note


def show_mappings(mappings: Sequence[HeaderMapping]) -> None:
    """Print confirmed headers, or say that there is none."""
    columns = ["dataset", "header", "column", "why", "who", "when"]
    rows = [
        (each.dataset, each.header, each.column or "(forgotten)", each.why, each.who, f"{each.decided_at:%Y-%m-%d}")
        for each in mappings
    ]
    console.print(plain_table(None, columns, rows, whole=["dataset", "when"]) if rows else "No confirmed headers.")


def show_outcome(settings: Settings, outcome: RunOutcome) -> None:
    """What a run took in, where the receipts are, what is published now."""
    if outcome.submissions:
        console.print(submissions_table(outcome.submissions))
        folders = sorted({str(settings.receipts(each.dataset)) for each in outcome.submissions})
        say("receipts: " + "\n          ".join(folders))
    else:
        console.print("No new files.")
    if outcome.failed:
        Console(stderr=True).print(Text(f"failed: {outcome.failure}", style="red"))
    elif outcome.published:
        say(f"published {outcome.published.version}: {outcome.published.path}")
    else:
        console.print("The published version is up to date.")


def show_rebuild(rebuilt: Rebuilt) -> None:
    """What was read again, and what came out differently."""
    console.print(f"{rebuilt.submissions} submissions read again, {len(rebuilt.differences)} gave something else.")
    for each in rebuilt.differences:
        say(f"  {each}", "red")
    for each in rebuilt.outdated:
        say(f"  no longer counts: {each}")


def show_check(settings: Settings, declaration: Declaration, checked: Checked) -> None:
    """Verdict, counts, reasons and the first findings of a file that was only checked."""
    from orchestration.intake.wording import explain

    submission = checked.submission
    console.print(submissions_table([submission]))
    for notice in submission.details.get("notices", []):
        said = {key: notice.get(key, "") for key in ("title", "limit", "limit_en")}
        words = explain(declaration, notice["rule"], **said)
        say(f"{words.vi} · {words.en}")
    reasons = submission.details.get("reasons", [])
    if reasons:
        rows = []
        for each in reasons:
            words = explain(declaration, each["rule"], each["column"])
            rows.append((each["severity"], each["count"], _place(each), words.vi, words.mend_vi))
        console.print(
            plain_table("Reasons", ["severity", "count", "first", "reason", "how to mend"], rows, right=["count"])
        )
    for finding in checked.findings.head(MOST_LINES).to_dicts():
        words = explain(declaration, finding["rule"], finding["column"])
        place = f"{finding['sheet']}!{_place(finding)}"
        proposal = f" → {finding['proposal']}" if finding["proposal"] else ""
        say(f"{place}  {finding['rule']}: {words.en}{proposal}")
    more = checked.findings.height - MOST_LINES
    if more > 0:
        console.print(f"… and {more} more; --json shows all")


def _place(finding: dict[str, Any]) -> str:
    """The cell of a finding as Excel names it, or its row."""
    from orchestration.intake.receipts.summary import cell_name

    return cell_name(finding["row"], finding["position"]) or f"row {finding['row']}"


def show_cells(document: Document) -> None:
    """The first rows of every sheet."""
    from orchestration.intake.peek import rows_of

    for sheet in document.sheets:
        say(f"{sheet.name} ({document.kind})", "bold")
        for number, row in enumerate(rows_of(sheet), start=1):
            if number > 2 * MOST_LINES:
                console.print("…")
                break
            console.print(Text(f"{number:>6} │ " + " │ ".join(row)), no_wrap=True, overflow="ellipsis")


def show_status(status: Status, *, as_json: bool) -> None:
    """The state of the home."""
    if as_json:
        print_json(status.as_json())
        return
    columns = ["dataset", "waiting files", "submissions", "last period", "last verdict", "skipped files"]
    rows = [
        (
            each.dataset,
            len(each.waiting_files),
            ", ".join(f"{count} {verdict}" for verdict, count in sorted(each.verdicts.items())),
            each.last.period if each.last else "",
            verdict_text(each.last.verdict) if each.last else "",
            ", ".join(each.skipped_files),
        )
        for each in status.datasets
    ]
    console.print(plain_table(None, columns, rows, right=["waiting files"]))
    published = status.published
    say(f"home: {status.home}\nsources: {status.sources}")
    console.print(
        Text(
            f"published: {published['version']} at {published['published_at']}"
            if published
            else "published: nothing yet"
        )
    )


def show_datasets(*, as_json: bool) -> None:
    """All declared datasets."""
    from schemas import datasets

    if as_json:
        print_json([_facts(each) for each in datasets().values()])
        return
    rows = [(each.path, each.title, each.load, each.period, each.owner, each.grain) for each in datasets().values()]
    console.print(plain_table(None, ["dataset", "title", "load", "period", "owner", "grain"], rows))


def _facts(declaration: Declaration) -> dict[str, Any]:
    """A declaration for programs."""
    columns = [
        {
            "name": each.name,
            "title": each.title,
            "also": list(each.also),
            "type": each.type.name,
            "required": each.required,
            "classification": each.classification,
            "warehouse": next((one.name for one in declaration.warehouse_columns if one.source == each.name), None),
            "description": each.description,
            "choices": {code: list(words) for code, words in each.choices.items()},
            "checks": declaration.rule_ids(each.name),
        }
        for each in declaration.columns.values()
    ]
    names = (
        *("department", "grain", "load", "period", "due_day", "lock_day", "owed_by", "owed_from"),
        *("owner", "legal_basis", "retention_years"),
    )
    facts = {name: getattr(declaration, name) for name in names}
    return {
        "name": declaration.path,
        "title": declaration.title,
        **facts,
        "key": list(declaration.key),
        "all_or_nothing": declaration.all_or_nothing,
        "max_returned": declaration.max_returned,
        "max_vanished": declaration.max_vanished,
        "version": declaration.version,
        "columns": columns,
    }


def show_schema(declaration: Declaration, *, as_json: bool) -> None:
    """One declaration."""
    facts = _facts(declaration)
    if as_json:
        print_json(facts)
        return
    say(f"{declaration.path} — {declaration.title}. {declaration.grain}", "bold")
    due = f"{declaration.period}, due {declaration.due_day} days after its end"
    say(f"key: {', '.join(declaration.key)} · load: {declaration.load} · period: {due} · owner: {declaration.owner}")
    say(f"legal basis: {declaration.legal_basis}")
    columns = ["column", "title", "type", "required", "classification", "in the warehouse", "checks"]
    rows = [
        (
            each["name"],
            each["title"],
            each["type"],
            "yes" if each["required"] else "",
            each["classification"],
            each["warehouse"] or "no: vault only",
            ", ".join(each["checks"]),
        )
        for each in facts["columns"]
    ]
    console.print(plain_table(None, columns, rows))


def show_findings(findings: Iterable[HomeFinding]) -> bool:
    """Print what the doctor found; true where nothing needs a cure."""
    found = list(findings)
    rows = [
        (Text("ok", style="green") if not each.cure else Text("!!", style="red"), each.what, each.found, each.cure)
        for each in found
    ]
    console.print(plain_table(None, ["", "what", "found", "cure"], rows))
    return not any(each.cure for each in found)
