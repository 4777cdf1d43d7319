"""Key files: random keys that lie beside the data they guard, for their owner only (0600).

Belongs here: making, reading, exchanging a key file. Does not belong here: what a key does (``pseudonyms``,
``vault_files``), and bringing data from one key to the next (``orchestration/privacy/rotation.py``).

A key file holds one key, 64 hex digits. While data goes over to a new key it holds two lines: first the key under which
things are written now, then the one that is being replaced. So a rotation that was killed is known, and nothing is
unreadable meanwhile.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

from orchestration.files import private_folder, replacing, sync_folder
from orchestration.settings import Settings

KEY_BYTES = 32
_KEY = re.compile(f"[0-9a-f]{{{2 * KEY_BYTES}}}")
#: The present key and, while it is being replaced, the one before.
_MOST_KEYS = 2


class KeyFileError(OSError):
    """The key file is damaged. No file is at fault, so none is refused: the intake stops until the key is restored."""


def new_key() -> str:
    """A random key as key files hold it."""
    return secrets.token_hex(KEY_BYTES)


def make_key(settings: Settings, file: Path) -> None:
    """Make a key file that is missing; of several processes that do it at once, the first one's key counts."""
    private_folder(settings.home)
    made = private_folder(settings.temporary) / f"{file.name}.{os.getpid()}"
    with replacing(made) as temporary:
        temporary.write_text(new_key(), encoding="ascii")
    try:
        os.link(made, file)  # fails where another process was first; then its key counts
    except FileExistsError:
        pass
    finally:
        made.unlink()
    sync_folder(file.parent)


def keys_in(file: Path) -> tuple[str, ...]:
    """The present key, then the one that is being replaced, if any. Raises KeyFileError."""
    lines = file.read_text(encoding="ascii", errors="replace").split()
    if not 1 <= len(lines) <= _MOST_KEYS or not all(map(_KEY.fullmatch, lines)):
        raise KeyFileError(f"{file} does not hold a key of {KEY_BYTES} bytes: restore it from its backup")
    return tuple(lines)


def write_keys(file: Path, *keys: str) -> None:
    """Replace a key file as a whole."""
    with replacing(file) as temporary:
        temporary.write_text("\n".join(keys), encoding="ascii")


def fingerprint(key: str) -> str:
    """Sixteen hex digits that name a key and say nothing about it."""
    return derived(key, "fingerprint").hex()[:16]


def derived(key: str, purpose: str) -> bytes:
    """Another key of 32 bytes for one purpose: the expansion of HKDF (RFC 5869), whose one block is an HMAC."""
    return hmac.digest(bytes.fromhex(key), f"kho {purpose}".encode() + b"\x01", hashlib.sha256)
