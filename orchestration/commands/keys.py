"""``kho key …``: the keys of a home, and exchanging them.

Belongs here: arguments, help texts, what is printed. Does not belong here: key files (``intake/keys.py``),
bringing data under a new key (``rotation.py``).
"""

from __future__ import annotations

import datetime
from enum import StrEnum
from typing import Annotated

import typer

from orchestration.commands.options import Why
from orchestration.settings import settings

app = typer.Typer(help="The keys of pseudonyms and of the vault: make, show, exchange.", no_args_is_help=True)


class Key(StrEnum):
    """The keys of a home."""

    pseudonym = "pseudonym"
    vault = "vault"


@app.command()
def create() -> None:
    """Make the keys that are missing; the first run does it, too. Back them up apart from the data."""
    from orchestration.intake.pseudonyms import pseudonym_keys
    from orchestration.intake.vault_files import vault_keys

    pseudonym_keys(settings())
    vault_keys(settings())
    show()


@app.command()
def show() -> None:
    """Show fingerprint and age of each key, and never the key."""
    from orchestration.intake.keys import fingerprint, keys_in

    for name, file in ((Key.pseudonym, settings().pseudonym_key), (Key.vault, settings().vault_key)):
        if not file.exists():
            typer.echo(f"{name}: not made yet")
            continue
        keys = keys_in(file)
        made = datetime.datetime.fromtimestamp(file.stat().st_mtime, datetime.UTC)
        age = (datetime.datetime.now(datetime.UTC) - made).days
        unfinished = "; an exchange was interrupted, `kho run` finishes it" if len(keys) > 1 else ""
        typer.echo(f"{name}: fingerprint {fingerprint(keys[0])}, {age} days old{unfinished}")


@app.command()
def rotate(
    why: Why,
    key: Annotated[Key, typer.Argument(help="Which key.")] = Key.pseudonym,
) -> None:
    """Exchange a key: pseudonyms are made anew from the vault and the warehouse built, or the vault is encrypted anew.

    What was killed half-way is finished by the next run.
    """
    from orchestration.decisions import reason
    from orchestration.privacy.rotation import rotate as exchange

    counts = exchange(settings(), key.value, reason(why))
    typer.echo(", ".join(f"{name.replace('_', ' ')}: {count}" for name, count in counts.items()))
    if key is Key.pseudonym:
        from orchestration.commands.options import build_without_trace

        build_without_trace()
