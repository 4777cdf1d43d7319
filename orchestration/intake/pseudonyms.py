"""Keyed pseudonyms: HMAC-SHA256 of a value under a key that lives outside the warehouse.

A plain hash of an id is reversed in minutes by trying all ids; without the key this one is not. The key file (0600) is
made at first use and must be backed up with the archive: without it old and new pseudonyms no longer join.
"""

from __future__ import annotations

import polars as pl
import polars_hash

from orchestration.intake.folded_names import folded
from orchestration.intake.keys import KeyFileError, keys_in, make_key
from orchestration.intake.ledger import Ledger
from orchestration.settings import Settings
from schemas.column_types import PersonName
from schemas.columns import Column

#: Half of the digest: RFC 2104 allows truncation to half; 128 bits never collide among persons.
DIGEST_DIGITS = 32
AGREEMENT_DIGITS = 16
_ADDRESSED = "^(?:ho )?(?:ong|ba) "


def pseudonym_keys(settings: Settings) -> tuple[str, ...]:
    """The present key of this home, made at first use, then the one that is being replaced. Raises KeyFileError."""
    file = settings.pseudonym_key
    if not file.exists():
        if Ledger(settings.ledger).has_accepted_rows():
            raise KeyFileError(f"{file} is missing: restore it from its backup, or persons would appear a second time")
        make_key(settings, file)
    return keys_in(file)


def pseudonym_key(settings: Settings) -> str:
    """The key under which pseudonyms are made now; two processes that make it at once agree on one."""
    return pseudonym_keys(settings)[0]


def _without_address(names: pl.Series) -> pl.Series:
    at = names.str.contains(_ADDRESSED).fill_null(False).arg_true()
    if at.is_empty():
        return names
    return names.clone().scatter(at, names.gather(at).str.replace(_ADDRESSED, ""))


def pseudonyms(digests: pl.Series) -> pl.Series:
    """The pseudonyms, 32 hex digits, of whole digests."""
    return digests.str.slice(0, DIGEST_DIGITS)


class Pseudonymiser:
    """HMAC-SHA256 (RFC 2104) under one key, a whole column at a time.

    The key is the text of the key file, 64 hex digits: just the block of SHA-256. Same values as
    ``hmac.digest(key.encode(), value, "sha256")``, at a sixth of the cost of a Python call a value (0.3 s a million).
    """

    def __init__(self, key: str) -> None:
        self._key = key

    def digests(self, values: pl.Series, column: Column) -> pl.Series:
        """The whole digests of a column, 64 hex digits; names are folded before, so that hoà and hòa agree.

        Half of each is the pseudonym. The other half is as unknown as the key to whoever has only that: ``agreement``
        uses it as the key of one person. Nothing of it is kept.
        """
        if column.type is PersonName:
            values = folded(values.cast(pl.String))
        return self._digests(values.cast(pl.String))

    def series(self, values: pl.Series, column: Column) -> pl.Series:
        """Pseudonyms of a column, 32 hex digits."""
        return pseudonyms(self.digests(values, column))

    def agreement(self, digests: pl.Series, names: pl.Series) -> pl.Series:
        """Sixteen hex digits of a person's id and name together, null where either is missing; names are folded before.

        They are compared among the rows of one person only, where 64 bits never agree by chance. BLAKE3 of a secret and
        a text is a keyed hash of that text, at half the cost of a second HMAC; the secret is as long as always.

        Forms of address before a name (Ông, Bà, Hộ ông …), as land registers write them, do not count.
        """
        bare = _without_address(folded(names.cast(pl.String)))
        pairs = pl.DataFrame({"secret": digests.str.slice(DIGEST_DIGITS), "name": bare})
        joined = pl.concat_str("secret", "name").alias("pair")
        hashed = polars_hash.col("pair").chash.blake3().str.slice(0, AGREEMENT_DIGITS)
        return pairs.select(joined).select(hashed).to_series()

    def of_pseudonyms(self, values: pl.Series) -> pl.Series:
        """Pseudonyms of pseudonyms or of agreement keys, as long as they are: the values themselves are not kept."""
        digits = int(values.str.len_bytes().drop_nulls().to_list()[0]) if values.count() else 0
        return self._digests(values).str.slice(0, digits)

    def _digests(self, values: pl.Series) -> pl.Series:
        return values.to_frame().select(polars_hash.col(values.name).chash.hmac_sha256(key=self._key)).to_series()
