"""``kho retain``: arguments, help text, what is printed.

Does not belong here: choosing (``retention.py``) and removing (``erasure.py``).
"""

from __future__ import annotations

from typing import Annotated

import typer

from orchestration.settings import settings


def retain(
    apply: Annotated[bool, typer.Option("--apply", help="Remove; without it nothing is changed.")] = False,
    why: Annotated[str | None, typer.Option("--why", help="The reason, kept with who did it.")] = None,
) -> None:
    """Show, or with --apply remove, originals, restricted values and receipts that may no longer be kept.

    How long a dataset is kept stands in its declaration (retention_years). Pseudonymised rows stay.
    """
    from orchestration.decisions import reason
    from orchestration.privacy.retention import expired
    from orchestration.privacy.retention import retain as remove

    if apply and why is None:
        raise typer.BadParameter("--apply needs --why")
    found = remove(settings(), reason(why)) if apply and why is not None else expired(settings())
    for each in found:
        kept = "" if each.file_bytes else "  (its original stays, or is gone already)"
        facts = each.submission
        name = f"{facts.dataset}  {facts.period}  {facts.submission_id}  {facts.file_name}"
        typer.echo(f"{name}  until {each.until}{kept}")
    if not found:
        typer.echo("Nothing is kept longer than its dataset's retention_years.")
        return
    did = "removed" if apply else "would go; nothing was changed, --apply removes them"
    typer.echo(f"{len(found)} submissions, {sum(each.file_bytes for each in found):,} bytes of originals: {did}")
