"""What ``kho delivery`` shows: a line a department, the province, and what is missing. Belongs here: layout only."""

from __future__ import annotations

from orchestration.console.layout import console, plain_table, print_json, say
from orchestration.delivery import Delivery, Register, Tally
from orchestration.delivery import as_json as register_json
from schemas import dataset

_COUNTS = ("owed", "delivered", "late", "overdue")


def show_register(found: Register, *, as_json: bool) -> None:
    """Print the register of a day."""
    if as_json:
        print_json(register_json(found))
        return
    if not found.deliveries:
        say(f"Nothing was due by {found.on:%d/%m/%Y}.")
        return
    rows = [_row(name, tally) for name, tally in found.departments.items()]
    columns = ["department", *_COUNTS, "share", "datasets complete"]
    console.print(plain_table(None, columns, rows, right=columns[1:]))
    say(headline(found))
    if found.outstanding:
        columns = ["dataset", "title", "unit", "period", "due", "days overdue", "newest file"]
        missing = [_missing(found, each) for each in found.outstanding]
        console.print(
            plain_table("\nnot delivered", columns, missing, right=["days overdue"], whole=["dataset", "due"])
        )


def headline(found: Register) -> str:
    """The province in one line: 310/329; 12/18 at 100 %."""
    province = found.province
    return (
        f"by {found.on:%d/%m/%Y}: {province.delivered}/{province.owed} delivered, {province.late} of them late, "
        f"{province.overdue} overdue; {found.departments_complete}/{len(found.departments)} departments at 100 %; "
        f"{province.datasets_complete}/{province.datasets_owed} datasets complete"
    )


def _row(name: str, tally: Tally) -> list[str]:
    counts = [str(getattr(tally, each)) for each in _COUNTS]
    # Cut off, not rounded: 999 of 1,000 is not 100 %.
    share = f"{100 * tally.delivered // tally.owed} %"
    return [name, *counts, share, f"{tally.datasets_complete}/{tally.datasets_owed}"]


def _missing(found: Register, delivery: Delivery) -> list[str]:
    owed = delivery.owed
    days = found.days_overdue(delivery)
    unit = "" if owed.unit == owed.department else owed.unit
    return [
        owed.dataset,
        dataset(owed.dataset).title,
        unit,
        owed.period,
        f"{owed.due_date:%d/%m/%Y}",
        str(days) if days else "due today",
        delivery.last_verdict or "none",
    ]
