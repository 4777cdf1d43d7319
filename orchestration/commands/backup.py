"""``kho backup`` and ``kho restore``: what can't be made anew, on another disk, and back from there.

Belongs here: arguments, help texts, what is printed. Does not belong here: the copying and proving (``backup.py``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestration.settings import settings

Folder = Annotated[Path, typer.Argument(help="Folder of the backups, on another disk.", file_okay=False)]


def backup(
    folder: Folder,
    verify: Annotated[bool, typer.Option("--verify", help="Make none; prove the newest one whole.")] = False,
    list_only: Annotated[bool, typer.Option("--list", help="Make none; list those that are there.")] = False,
) -> None:
    """Copy archive, ledger and keys to a folder; only what is new is copied. Whoever has it can read personal data."""
    from orchestration.backup import back_up, backups, chosen, damages
    from orchestration.console.submissions import show_progress

    if verify and list_only:
        raise typer.BadParameter("give --verify or --list")
    if list_only:
        for each in backups(folder):
            typer.echo(f"{each.name}  {len(each.archive)} files  made {each.made_at} by kho {each.kho}")
        return
    if verify:
        newest = chosen(folder)
        with show_progress() as progress:
            found = list(damages(folder, newest, progress=progress))
        for damage in found:
            typer.echo(damage, err=True)
        typer.echo(f"{newest.name}: {len(newest.archive)} files, {len(found)} missing or damaged")
        raise typer.Exit(1 if found else 0)
    with show_progress() as progress:
        made = back_up(settings(), folder, progress=progress)
    typer.echo(f"{made.name}: {len(made.archive)} files, the ledger and {len(made.keys)} keys in {folder}")


def restore(
    folder: Folder,
    name: Annotated[str | None, typer.Option(help="Backup; the newest by default.")] = None,
) -> None:
    """Bring a backup into an empty home (KHO_HOME); `kho rebuild` then makes everything else anew."""
    from orchestration import backup as backup_room
    from orchestration.console.submissions import show_progress

    found = backup_room.chosen(folder, name)
    with show_progress() as progress:
        backup_room.restore(settings(), folder, found, progress=progress)
    typer.echo(f"{found.name} is restored into {settings().home}; now: kho rebuild")
