"""``kho trace``: from rows of the published tables down to the cells of the departments' files.

Belongs here: arguments and help texts. Does not belong here: finding the rows (``sharing/trace.py``) and what stands
behind them (``sharing/trace_sources.py``).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from orchestration.settings import settings


class TraceFormat(StrEnum):
    """How ``kho trace`` prints."""

    table = "table"
    json = "json"


def trace(
    table: Annotated[str, typer.Argument(help="Table, such as marts.mart_kpi or core.fct_resident.")],
    where: Annotated[str, typer.Option("--where", "-w", help="Which of its rows, as a condition of SQL.")],
    column: Annotated[
        list[str] | None, typer.Option("--column", "-c", help="Column to trace; every counted figure by default.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="Rows of the table that are traced, at most.")] = 5,
    cells: Annotated[int, typer.Option(min=0, help="Rows of files whose cells are shown, at most.")] = 10,
    as_department: Annotated[
        str | None, typer.Option("--as-department", help="Show restricted values of this department's own files.")
    ] = None,
    purpose: Annotated[
        str | None, typer.Option(help="What they are needed for; it is kept with who saw which rows.")
    ] = None,
    form: Annotated[TraceFormat, typer.Option("--format", help="How to print.")] = TraceFormat.table,
) -> None:
    """Show which rows of which files made a figure: file, sheet, row, original cells, rules, decisions."""
    from orchestration.console.trace import show_trace
    from orchestration.sharing.trace import trace as find
    from orchestration.sharing.trace_sources import Permission, source_files

    if (as_department is None) != (purpose is None):
        raise typer.BadParameter("--as-department and --purpose go together")
    permission = Permission(as_department, purpose) if as_department and purpose is not None else None
    found = find(settings(), table, where, limit=limit, columns=column)
    facts = dict.fromkeys(fact for row in found.rows for each in row.columns for fact in each.facts)
    files = source_files(settings(), list(facts)[:cells], permission)
    show_trace(found, files, as_json=form is TraceFormat.json)
