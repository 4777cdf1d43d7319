"""The access log of the service: who asked what, and what came of it. Never an answer, never a token."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import re
from dataclasses import dataclass

from orchestration.settings import Settings

#: Digits of the length of citizen ids and telephone numbers, which somebody may write into a query.
_NUMBERS = re.compile(r"\d{9,}")
_LONGEST_TEXT = 10_000


@dataclass(frozen=True, kw_only=True)
class Access:
    """One request. ``outcome``: ok, refused, failed, timeout, too_large, cancelled, busy, lost, ended, unauthorised."""

    user: str | None
    token: str | None
    audience: str | None
    version: str | None
    sql: str
    outcome: str
    rows: int = 0
    milliseconds: int = 0


def note_access(settings: Settings, access: Access) -> None:
    """Append one line. Long numbers in the query's text are masked; its hash is that of the whole text."""
    line = {
        "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds"),
        "user": access.user,
        "token": access.token,
        "audience": access.audience,
        "version": access.version,
        "sha256": hashlib.sha256(access.sql.encode()).hexdigest(),
        "sql": _NUMBERS.sub("…", access.sql[:_LONGEST_TEXT]),
        "rows": access.rows,
        "milliseconds": access.milliseconds,
        "outcome": access.outcome,
    }
    descriptor = os.open(settings.access_log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, (json.dumps(line, ensure_ascii=False) + "\n").encode())
    finally:
        os.close(descriptor)
