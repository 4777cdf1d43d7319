"""Going back: an earlier version becomes the one that readers open, for all audiences at once.

Belongs here: the switch, and the note that says which state of the ledger was taken back. Does not belong here: making
versions (``publication.py``).

Nothing is deleted: the version that was left stays among the last few, and ``kho rollback`` goes forward to it as well.
The published state is then an old one, and says so: any run publishes anew, under a new number. The sensor alone waits
until the ledger goes beyond what was taken back; else it would undo the rollback within a minute.
"""

from __future__ import annotations

import json
from pathlib import Path

from orchestration.files import replacing
from orchestration.locks import WAREHOUSE, lock
from orchestration.settings import Settings
from orchestration.sharing.publish import TAKEN_BACK, announce, withdraw
from orchestration.sharing.versions import SHARED, Published, current, find_version, versions


def roll_back(settings: Settings, name: str) -> Published:
    """Let every audience read that version. Raises UnknownVersionError, and BusyError while a run is going.

    An audience that did not have that version has none until the next publication: what it would see otherwise is what
    was taken back.
    """
    with lock(settings, WAREHOUSE):
        chosen = find_version(settings, name)
        left = current(settings)
        if left and left.version != chosen.version:
            _note(settings, left)
        for folder in sorted(folder for folder in settings.publish.iterdir() if folder.is_dir()):
            if folder.name != SHARED:
                _switch(settings, folder.name, chosen)
        announce(chosen)
    return chosen


def _switch(settings: Settings, audience: str, chosen: Published) -> None:
    own = {each.version: each for each in versions(settings, audience=audience)}
    if chosen.version in own:
        announce(own[chosen.version])
    else:
        withdraw(settings, audience)


def taken_back(settings: Settings) -> int | None:
    """The highest ledger sequence that was published and taken back since the last publication; None if none was."""
    try:
        return int(json.loads(_marker(settings).read_text(encoding="utf-8"))["ledger_sequence"])
    except FileNotFoundError:
        return None


def forget_rollback(settings: Settings) -> None:
    """A new publication ends it."""
    _marker(settings).unlink(missing_ok=True)


def _note(settings: Settings, left: Published) -> None:
    sequence = max(left.ledger_sequence, taken_back(settings) or 0)
    with replacing(_marker(settings)) as file:
        file.write_text(json.dumps({"version": left.version, "ledger_sequence": sequence}) + "\n", encoding="utf-8")


def _marker(settings: Settings) -> Path:
    return settings.publish / TAKEN_BACK
