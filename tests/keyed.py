"""Pseudonyms and agreement keys of single values, worked out apart from the intake."""

from __future__ import annotations

import hmac

import polars as pl
import polars_hash


def blake3(text: str) -> str:
    """64 hex digits."""
    return str(pl.DataFrame({"text": [text]}).select(polars_hash.col("text").chash.blake3()).item())


def pseudonym(key: str, value: str) -> str:
    """The first half of the HMAC."""
    return hmac.digest(key.encode(), value.encode(), "sha256")[:16].hex()


def agreement_key(key: str, person: str, folded_name: str) -> str:
    """The name, hashed with the half of the HMAC that is kept nowhere."""
    secret = hmac.digest(key.encode(), person.encode(), "sha256")[16:].hex()
    return blake3(secret + folded_name)[:16]
