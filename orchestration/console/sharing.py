"""What ``kho versions``, ``kho diff`` and ``kho token`` show. Belongs here: layout only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from orchestration.console.layout import console, plain_table, print_json, say
from orchestration.sharing.comparison import Comparison
from orchestration.sharing.service.tokens import Token
from orchestration.sharing.versions import Published

#: Values of KPIs that are shown; JSON has all of them.
_SHOWN = 30
_SIDES = ("rows before", "rows after", "added", "removed", "changed")


def show_versions(kept: Sequence[Published], read: Published | None, audience: str, *, as_json: bool) -> None:
    """Print versions, the newest last; the one that is read has a mark."""
    rows = [(each, read is not None and each.version == read.version) for each in kept]
    if as_json:
        print_json(
            [
                {
                    "version": each.version,
                    "is_read": is_read,
                    "published_at": each.published_at,
                    "ledger_sequence": each.ledger_sequence,
                    "bytes": each.bytes,
                    "sha256": each.sha256,
                    "file": str(each.path),
                }
                for each, is_read in rows
            ]
        )
        return
    if not rows:
        say(f"Nothing is published for {audience}.")
        return
    columns = ["version", "published", "ledger", "MB", "tables", ""]
    lines = [
        (each.version, each.published_at, each.ledger_sequence, f"{each.bytes / 1e6:.1f}", len(each.tables), mark)
        for each, mark in ((each, "is read" if is_read else "") for each, is_read in rows)
    ]
    console.print(plain_table(None, columns, lines, right=["ledger", "MB", "tables"], whole=["version", "published"]))


def show_comparison(found: Comparison, *, as_json: bool) -> None:
    """Print what differs, or that nothing does."""
    if as_json:
        print_json(asdict(found))
        return
    for what, tables in (("new", found.tables_added), ("gone", found.tables_removed)):
        for table in tables:
            say(f"{what}: {table}")
    for each in found.tables:
        for what, columns in (("new", each.columns_added), ("gone", each.columns_removed)):
            for column in columns:
                say(f"{what}: {each.table}.{column}")
    lines = [
        (
            each.table,
            each.rows_before,
            each.rows_after,
            each.added,
            each.removed,
            each.changed if each.key else "no key",
            ", ".join(f"{column} {count}" for column, count in each.columns_changed.items()),
        )
        for each in found.tables
    ]
    if lines:
        columns = ["table", *_SIDES, "rows that differ by column"]
        console.print(plain_table(None, columns, lines, right=_SIDES, whole=["table"]))
    _show_kpis(found)
    if not (found.tables_added or found.tables_removed or found.tables):
        say(f"{found.before} and {found.after} show the same.")


def _show_kpis(found: Comparison) -> None:
    columns = ["kpi", "level", "code", "breakdown", "period", "before", "after"]
    lines = [tuple("" if value is None else str(value) for value in each.values()) for each in found.kpis[:_SHOWN]]
    if lines:
        console.print(plain_table("\nKPI values", columns, lines, right=["before", "after"], whole=["kpi"]))
    if len(found.kpis) > _SHOWN:
        say(f"… and {len(found.kpis) - _SHOWN} more; --json has all")


def show_tokens(kept: Sequence[Token], *, as_json: bool) -> None:
    """Print tokens by id."""
    if as_json:
        print_json(
            [
                {"id": each.id, "user": each.user, "audience": each.audience, "created_at": each.created_at}
                for each in kept
            ]
        )
        return
    rows = [(each.id, each.user, each.audience, each.created_at) for each in kept]
    columns = ["id", "user", "audience", "created"]
    console.print(plain_table(None, columns, rows, whole=columns) if rows else "No tokens.")
