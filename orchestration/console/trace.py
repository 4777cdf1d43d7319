"""What ``kho trace`` shows. Belongs here: layout only; everything shown comes from ``sharing/trace*.py``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from orchestration.console.layout import console, plain_table, print_json, say
from orchestration.lineage.queries import ROWS
from orchestration.sharing.trace import Trace, TracedColumn
from orchestration.sharing.trace_sources import SourceFile


def show_trace(found: Trace, files: Sequence[SourceFile], *, as_json: bool) -> None:
    """The traced rows, and the files behind them."""
    if as_json:
        print_json(_facts(found, files))
        return
    if not found.rows:
        say(f"No row of {found.relation} meets the condition.")
    for row in found.rows:
        said = " · ".join(f"{name} {value}" for name, value in row.values.items() if value is not None)
        say(f"\n{said}", "bold")
        lines = [(_name(each), "" if each.value is None else each.value, _behind(each)) for each in row.columns]
        console.print(plain_table(None, ["column", "value", "made of"], lines, right=["value"]))
    if found.rows and not any(each.facts for row in found.rows for each in row.columns):
        say(f"No row of a file adds anything here. {found.relation} is made of: {', '.join(found.datasets) or 'none'}")
    for file in files:
        _show_file(file)


def _name(column: TracedColumn) -> str:
    return "(row)" if column.column == ROWS else column.column


def _behind(column: TracedColumn) -> str:
    if column.note:
        files = len(column.facts)
        return f"{column.note}; the files in question: {files}" if files else column.note
    counted = Counter(fact.relation for fact in column.facts if fact.source_row)
    files = len({fact.submission_id for fact in column.facts})
    said = [f"{count:,} rows of {relation}" for relation, count in sorted(counted.items())]
    if not said:
        return f"{files} file(s); no further than that: it counts files, not rows"
    return f"{', '.join(said)} from {files} file(s)"


def _show_file(file: SourceFile) -> None:
    submission = file.submission
    say(f"\n{submission.file_name} ({submission.dataset}, {submission.period})", "bold")
    say(
        f"submission {submission.submission_id} of {submission.received_at:%Y-%m-%d %H:%M} UTC · {submission.verdict}"
        f"{'' if submission.is_current else ' · does not count now'} · sha256 {submission.file_sha256}"
    )
    for each in file.decisions:
        say(" · ".join(filter(None, (each["kind"], each["about"], each["why"], each["who"], each["at"]))))
    for row in file.rows:
        say(f"sheet {row.fact.source_sheet}, row {row.fact.source_row} → {row.fact.relation}")
        if row.lost:
            say(f"  the original cannot be shown: {row.lost}")
        say("  " + " · ".join(f"{cell.header}: {cell.text}" for cell in row.cells if cell.text))
        kept = f"  rules kept: {len(row.passed)}"
        say(kept + "".join(f" · warning {rule} ({column})" for rule, column in row.warnings))


def _facts(found: Trace, files: Sequence[SourceFile]) -> dict[str, Any]:
    """The same for programs."""
    return {
        "relation": found.relation,
        "datasets": found.datasets,
        "rows": [asdict(row) for row in found.rows],
        "files": [
            {
                **{name: getattr(each.submission, name) for name in _SUBMISSION},
                "decisions": each.decisions,
                "rows": [asdict(row) for row in each.rows],
            }
            for each in files
        ],
    }


_SUBMISSION = (
    "submission_id",
    "department",
    "dataset",
    "unit",
    "period",
    "file_name",
    "file_sha256",
    "received_at",
    "verdict",
    "is_current",
)
