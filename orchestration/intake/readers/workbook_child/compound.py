"""A stream of a compound file (OLE), the container of an xls."""

from __future__ import annotations

import struct

_FREE = 0xFFFFFFFA  # from here on numbers of sectors are marks, not places
_STREAM, _ROOT = 2, 5
_ENTRY_BYTES = 128


def stream_of(data: bytes, *names: str) -> bytes | None:
    """The first stream of one of the names; None where there is none.

    Raises ValueError or struct.error where the file is damaged.
    """
    shift, small_shift = struct.unpack_from("<HH", data, 30)
    size = 1 << shift
    table = _table(data, size)
    names = tuple(each.casefold() for each in names)  # Excel writes Workbook, other programs WORKBOOK
    directory, _, smallest, small_table = struct.unpack_from("<4I", data, 48)
    entries = _chain(data, table, directory, size)
    small = b""
    for start in range(0, len(entries) - _ENTRY_BYTES + 1, _ENTRY_BYTES):
        raw, length, kind = struct.unpack_from("<64sHB", entries, start)
        first, count = struct.unpack_from("<II", entries, start + 116)
        name = raw[: max(length - 2, 0)].decode("utf-16-le", "replace").casefold()
        if kind == _ROOT:
            small = _chain(data, table, first, size)
        elif kind == _STREAM and name in names and count >= smallest:
            return _chain(data, table, first, size)[:count]
        elif kind == _STREAM and name in names:
            places = _chain(data, table, small_table, size)
            next_small = list(struct.unpack(f"<{len(places) // 4}I", places[: len(places) // 4 * 4]))
            # A small stream lies in pieces in the root's stream, which has no header of its own in front.
            return _chain(bytes(1 << small_shift) + small, next_small, first, 1 << small_shift)[:count]
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
