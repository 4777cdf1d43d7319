"""Tables, lines and JSON as every command shows them."""

from __future__ import annotations

import datetime
import decimal
import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from orchestration.intake.ledger import Submission

#: Narrower than this a table of submissions cannot be read; output that is no terminal has no width of its own.
LEAST_WIDTH = 120
console = Console()
if not console.is_terminal:
    console = Console(width=LEAST_WIDTH)
_COLOURS = {
    "accepted": "green",
    "partly": "yellow",
    "waiting": "yellow",
    "refused": "red",
    "duplicate": "cyan",
    "withdrawn": "magenta",
}


def plain_table(
    title: str | None,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    right: Sequence[str] = (),
    whole: Sequence[str] = (),
) -> Table:
    """A table of text; nothing in a cell is taken for markup.

    right: columns aligned to the right. whole: columns that are never broken into lines; those at the right neither.
    """
    table = Table(title=title, title_justify="left", header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        aside = name in right
        table.add_column(name, justify="right" if aside else "left", overflow="fold", no_wrap=aside or name in whole)
    for row in rows:
        table.add_row(*(each if isinstance(each, Text) else Text(str(each)) for each in row))
    return table


def say(text: str, style: str = "") -> None:
    """One or more lines as they are: never wrapped, never taken for markup."""
    console.print(Text(text, style=style), soft_wrap=True)


def verdict_text(verdict: str) -> Text:
    """A verdict in its colour."""
    return Text(verdict, style=_COLOURS.get(verdict, ""))


def submissions_table(submissions: Iterable[Submission]) -> Table:
    """Submissions with their counts."""
    columns = ["submission", "dataset", "unit", "period", "file", "verdict", "read", "accepted", "returned", "ignored"]
    rows = [
        (
            each.submission_id[:8],
            each.dataset,
            each.unit,
            each.period,
            each.file_name,
            verdict_text(each.verdict),
            each.rows_read,
            each.rows_accepted,
            each.rows_rejected,
            each.rows_ignored,
        )
        for each in submissions
    ]
    return plain_table(None, columns, rows, right=columns[6:], whole=[*columns[:4], "verdict"])


def print_json(facts: Any) -> None:
    """JSON with decimals as numbers and times in ISO 8601."""
    sys.stdout.write(json.dumps(facts, ensure_ascii=False, indent=2, default=_plain) + "\n")


def _plain(value: Any) -> Any:
    if isinstance(value, decimal.Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    raise TypeError(type(value).__name__)
