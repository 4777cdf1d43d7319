"""``kho kpi``: the province's figures by name, as of today or of an earlier day.

Belongs here: arguments and help texts. Does not belong here: the queries (``sharing/kpi_values.py``).
"""

from __future__ import annotations

from typing import Annotated

import typer

from orchestration.commands.options import AsOf, Json, settings_as_of


def kpi(
    kpi_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="KPI; all are listed by default.")] = None,
    commune: Annotated[str | None, typer.Option("--commune", "-c", help="A commune's code or name.")] = None,
    communes: Annotated[bool, typer.Option("--communes", help="Every commune, one a line.")] = False,
    period: Annotated[
        str | None, typer.Option("--period", "-p", help="2026-10, 2026Q4 or 2026; the newest by default.")
    ] = None,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Show a KPI: numerator, denominator, value, target, and the files that it was counted from."""
    from orchestration.console.kpi import show_kpi, show_latest
    from orchestration.sharing.kpi_values import kpi_values, latest_values

    if commune and communes:
        raise typer.BadParameter("give --commune or --communes")
    if kpi_id is None and (commune or communes or period):
        raise typer.BadParameter("name the KPI; `kho kpi` lists them")
    chosen = settings_as_of(as_of)
    if kpi_id is None:
        show_latest(latest_values(chosen), as_json=as_json)
    else:
        found = kpi_values(chosen, kpi_id, commune=commune, communes=communes, period=period)
        show_kpi(found, as_json=as_json)
