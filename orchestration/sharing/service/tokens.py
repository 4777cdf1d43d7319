"""Tokens: who may ask over HTTP, and as which audience.

Belongs here: making, finding, revoking them. A token is 32 random bytes, so that nobody can guess one from its hash and
a plain sha256 is enough at rest: slow hashes protect what people choose, which has few bits.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass

from orchestration.files import private_folder, replacing
from orchestration.locks import lock
from orchestration.settings import Settings

_LOCK = "tokens"
#: So that a token is recognised where it should not stand, such as in a script that is handed on.
_PREFIX = "kho_"
_ID_DIGITS = 8


class UnknownTokenError(LookupError):
    """No token has this id."""


@dataclass(frozen=True)
class Token:
    """A token as it is kept: by its hash. ``id``: its first digits."""

    sha256: str
    user: str
    audience: str
    created_at: str  # ISO 8601, UTC

    @property
    def id(self) -> str:
        """What names it in lists and in the log."""
        return self.sha256[:_ID_DIGITS]


def create_token(settings: Settings, user: str, audience: str) -> str:
    """A new token of a user for an audience; it is nowhere but in the answer. Raises UnknownAudienceError."""
    from orchestration.sharing.audiences import UnknownAudienceError, audience_names

    if audience not in audience_names():
        raise UnknownAudienceError(f"no audience {audience!r}; there are: {', '.join(audience_names())}")
    secret = _PREFIX + secrets.token_urlsafe(32)
    with lock(settings, _LOCK):
        made = Token(_hash(secret), user, audience, settings.clock().isoformat())
        _write(settings, [*tokens(settings), made])
    return secret


def tokens(settings: Settings) -> list[Token]:
    """All tokens, oldest first."""
    try:
        found = json.loads(settings.tokens.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    return [Token(**each) for each in found]


def find_token(settings: Settings, secret: str) -> Token | None:
    """Whose token this is; None if it is nobody's, or was revoked."""
    presented = _hash(secret)
    return next((each for each in tokens(settings) if secrets.compare_digest(each.sha256, presented)), None)


def revoke_token(settings: Settings, token_id: str) -> Token:
    """Remove a token; from now on it opens nothing. Raises UnknownTokenError."""
    with lock(settings, _LOCK):
        kept = tokens(settings)
        revoked = next((each for each in kept if each.id == token_id), None)
        if revoked is None:
            raise UnknownTokenError(f"no token {token_id!r}; `kho token list` lists them")
        _write(settings, [each for each in kept if each is not revoked])
    return revoked


def _write(settings: Settings, kept: list[Token]) -> None:
    private_folder(settings.home)
    with replacing(settings.tokens) as file:
        file.write_text(json.dumps([asdict(each) for each in kept], indent=1, ensure_ascii=False) + "\n", "utf-8")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
