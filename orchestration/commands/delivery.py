"""The command ``kho delivery``: its arguments. Belongs here: nothing else; ``cli.py`` only adds it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from orchestration.commands.options import Json
from orchestration.settings import settings


def delivery(
    on: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The end of this day, as it was known then; today by default."),
    ] = None,
    department: Annotated[str | None, typer.Option("--department", "-d", help="Only this department.")] = None,
    as_json: Json = False,
) -> None:
    """Show what each department owed by a day, what it had delivered, what came late and what is missing."""
    from orchestration.console.delivery import show_register
    from orchestration.delivery import register
    from orchestration.intake.deadlines import local_day
    from schemas import datasets

    known = sorted({each.department for each in datasets().values()})
    if department is not None and department not in known:
        raise typer.BadParameter(f"there is no department {department!r}; there are: {', '.join(known)}")
    day = on.date() if on else local_day(settings().clock())
    show_register(register(settings(), day, department=department), as_json=as_json)
