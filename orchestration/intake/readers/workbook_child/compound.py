"""A stream of a compound file (OLE), the container of an xls."""

from __future__ import annotations

import struct

_FREE = 0xFFFFFFFA  # from here on numbers of sectors are marks, not places
_STREAM = 2
_ENTRY_BYTES = 128


def stream_of(data: bytes, *names: str) -> bytes | None:
    """The first stream of one of the names; None where there is none, or one so small that it has no sectors.

    Raises ValueError or struct.error where the file is damaged.
    """
    (shift,) = struct.unpack_from("<H", data, 30)
    size = 1 << shift
    table = _table(data, size)
    (directory,) = struct.unpack_from("<I", data, 48)
    (smallest,) = struct.unpack_from("<I", data, 56)
    entries = _chain(data, table, directory, size)
    for start in range(0, len(entries) - _ENTRY_BYTES + 1, _ENTRY_BYTES):
        raw, length, kind = struct.unpack_from("<64sHB", entries, start)
        first, count = struct.unpack_from("<II", entries, start + 116)
        name = raw[: max(length - 2, 0)].decode("utf-16-le", "replace")
        if kind == _STREAM and name in names and count >= smallest:
            return _chain(data, table, first, size)[:count]
    return None


def _table(data: bytes, size: int) -> list[int]:
    """The next sector of every sector."""
    places = list(struct.unpack_from("<109I", data, 76))
    (more,) = struct.unpack_from("<I", data, 68)
    for _ in range(len(data) // size):
        if more >= _FREE:
            break
        *further, more = struct.unpack_from(f"<{size // 4}I", data, (more + 1) * size)
        places += further
    table: list[int] = []
    for place in places:
        if place < _FREE:
            table += struct.unpack_from(f"<{size // 4}I", data, (place + 1) * size)
    return table


def _chain(data: bytes, table: list[int], first: int, size: int) -> bytes:
    found = []
    while first < len(table):
        found.append(data[(first + 1) * size : (first + 2) * size])
        if len(found) > len(table):
            raise ValueError("a chain of sectors without end")
        first = table[first]
    return b"".join(found)
