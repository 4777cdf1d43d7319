"""Keyed pseudonyms: HMAC-SHA256 of a value under a key that lives outside the warehouse.

A plain hash of an id is reversed in minutes by trying all ids; without the key this one is not. The key file (0600) is
made at first use and must be backed up with the archive: without it old and new pseudonyms no longer join.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import os
import re
import secrets
from collections.abc import Callable, Iterable
from typing import Any

import polars as pl

from orchestration.files import private_folder, replacing, sync_folder
from orchestration.intake.folding import fold
from orchestration.intake.ledger import Ledger
from orchestration.settings import Settings
from schemas.column_types import PersonName
from schemas.columns import Column

KEY_BYTES = 32
#: Half of the digest: RFC 2104 allows truncation to half; 128 bits never collide among persons.
DIGEST_BYTES = 16
_BLOCK = 64


class KeyFileError(OSError):
    """The key file is damaged. No file is at fault, so none is refused: the intake stops until the key is restored."""


def pseudonym_key(settings: Settings) -> bytes:
    """The key of this home, made at first use; two processes that make it at once agree on one."""
    file = settings.pseudonym_key
    if not file.exists():
        if Ledger(settings.ledger).has_accepted_rows():
            raise KeyFileError(f"{file} is missing: restore it from its backup, or persons would appear a second time")
        private_folder(settings.home)
        made = private_folder(settings.temporary) / f"{file.name}.{os.getpid()}"
        with replacing(made) as temporary:
            temporary.write_text(secrets.token_hex(KEY_BYTES), encoding="ascii")
        try:
            os.link(made, file)  # fails where another process was first; then its key counts
        except FileExistsError:
            pass
        finally:
            made.unlink()
        sync_folder(file.parent)
    text = file.read_text(encoding="ascii", errors="replace").strip()
    if not re.fullmatch(f"[0-9a-f]{{{2 * KEY_BYTES}}}", text):
        raise KeyFileError(f"{file} does not hold a key of {KEY_BYTES} bytes: restore it from its backup")
    return bytes.fromhex(text)


def _own_sha256() -> Callable[[bytes], Any]:
    """The interpreter's own SHA-256 where it has one (3.11: ``_sha256``, 3.12: ``_sha2``), else OpenSSL's.

    Copying a begun hash, which is done twice a value, is a plain copy of memory there; OpenSSL allocates a context
    each time (0.9 against 1.7 µs a value).
    """
    for module in ("_sha2", "_sha256"):
        with contextlib.suppress(ImportError):
            sha256: Callable[[bytes], Any] = importlib.import_module(module).sha256
            return sha256
    return hashlib.sha256


class Pseudonymiser:
    """HMAC-SHA256 (RFC 2104) under one key, with the two key blocks hashed once.

    Same values as ``hmac.digest(key, value, "sha256")``, at less than half its cost per value.
    """

    def __init__(self, key: bytes) -> None:
        block = key.ljust(_BLOCK, b"\0")
        sha256 = _own_sha256()
        self._inner = sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = sha256(bytes(byte ^ 0x5C for byte in block))

    def _digests(self, values: Iterable[bytes]) -> list[bytes]:
        inner_copy, outer_copy = self._inner.copy, self._outer.copy
        found = []
        for value in values:
            inner = inner_copy()
            inner.update(value)
            outer = outer_copy()
            outer.update(inner.digest())
            found.append(outer.digest())
        return found

    def series(self, values: pl.Series, column: Column) -> pl.Series:
        """Pseudonyms of a column, 32 hex digits; names are folded before, so that hoà and hòa agree."""
        if column.type is PersonName:
            values = pl.Series(values.name, [None if text is None else fold(text) for text in values.to_list()])
        known = values.drop_nulls()
        digests = pl.Series(values.name, self._digests(known.cast(pl.Binary).to_list()), dtype=pl.Binary)
        pseudonyms = digests.bin.slice(0, DIGEST_BYTES).bin.encode("hex")
        if len(known) == len(values):
            return pseudonyms
        return (
            pl.Series(values.name, [None], dtype=pl.String)
            .new_from_index(0, len(values))
            .scatter(values.is_not_null().arg_true(), pseudonyms)
        )
