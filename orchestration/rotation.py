"""Bringing what is stored from one key to the next: the vault's files, and the pseudonyms of bronze.

Belongs here: exchanging a key while nothing else runs, and finishing an exchange that was killed. Does not belong here:
key files (``intake/keys.py``), how a vault file is encrypted (``intake/vault_files.py``), how a pseudonym is made
(``intake/pseudonyms.py``).
"""

from __future__ import annotations

from orchestration.intake import vault_files
from orchestration.settings import Settings


def encrypt_all(settings: Settings) -> int:
    """Bring every vault file under the present key, also those that an older kho left plain; returns how many."""
    key, changed = vault_files.vault_keys(settings)[0], 0
    for file in sorted(settings.vault.glob("*/*.parquet")):
        present = vault_files.opened_under(key, file)
        if present is None:
            vault_files.rewrite(settings, file)
            changed += 1
        else:
            present.close()
    return changed
