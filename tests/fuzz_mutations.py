"""Ways in which the fuzzer breaks a file; each is decided by the dice alone, so that a number tells the input."""

from __future__ import annotations

import io
import random
import re
import warnings
import zipfile
from collections.abc import Callable, Sequence

_MAGIC = (
    b"\x00", b"\xff", b"\r", b"\n", b'"', b";", b",", b"\t", b"{", b"}", b"\xef\xbb\xbf", b"\xff\xfe", b"PK\x03\x04", b"PK\x05\x06",
    b"PAR1", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x00\x00\x00\x80", b"<!DOCTYPE a>",
    b"</row>", b"<c>", b"&a;", b"NaN", b"1e999", b"\\ud800", b"\xed\xa0\x80", b"\xc3",
)  # fmt: skip
_VALUES = (
    b"", b"0", b"-1", b"1", b"99", b"1048577", b"16385", b"4294967295", b"18446744073709551616", b"ZZZ9999999", b"XFD1048576", b"A0", b"A",
    b"1e999", b"NaN", b"e", b"s", b"str", b"inlineStr", b"d", b"b", b"../../x", b"rId999", b"\xff\xfe", b"&#0;", b"&lt;", b"veryHidden",
)  # fmt: skip
_ATTRIBUTE = re.compile(rb'="([^"<>]{0,40})"')
_ELEMENT = re.compile(rb"<(\w+:)?\w+[^<>]*>")

Mutation = Callable[[random.Random, bytes, bytes], bytes]


def flip_bits(dice: random.Random, data: bytes, other: bytes) -> bytes:
    """Some bits turned, few or many."""
    found = bytearray(data)
    for _ in range(dice.choice([1, 1, 3, 20, 200])):
        found[dice.randrange(len(found))] ^= 1 << dice.randrange(8)
    return bytes(found)


def cut(dice: random.Random, data: bytes, other: bytes) -> bytes:
    """The beginning, the end, or all but a piece."""
    first, second = sorted(dice.randrange(len(data) + 1) for _ in range(2))
    return dice.choice([data[:first], data[second:], data[:first] + data[second:]])


def splice(dice: random.Random, data: bytes, other: bytes) -> bytes:
    """The beginning of one file and the end of another."""
    return data[: dice.randrange(len(data) + 1)] + other[dice.randrange(len(other) + 1) :]


def insert(dice: random.Random, data: bytes, other: bytes) -> bytes:
    """Bytes that mean something to some reader, in some places."""
    for _ in range(dice.choice([1, 2, 10])):
        place = dice.randrange(len(data) + 1)
        data = data[:place] + dice.choice(_MAGIC) * dice.choice([1, 1, 1, 50]) + data[place + dice.choice([0, 1, 4]) :]
    return data


def lines(dice: random.Random, data: bytes, other: bytes) -> bytes:
    """Lines doubled, removed, exchanged, or taken from another file."""
    found = data.splitlines(keepends=True) or [b""]
    strange = other.splitlines(keepends=True) or [b""]
    for _ in range(dice.choice([1, 3, 10])):
        place = dice.randrange(len(found))
        found[place] = dice.choice([b"", found[place] * 2, dice.choice(found), dice.choice(strange), b"\n" * 50])
    return b"".join(found)


def signs(dice: random.Random, data: bytes, other: bytes) -> bytes:
    """Signs that separate, quote or nest, put in, taken out or exchanged; the text stays text."""
    for _ in range(dice.choice([1, 2, 10])):
        places = [match.start() for match in re.finditer(rb"[;,\t|\"\n\r{}\[\]:.0-9 ]", data)] or [0]
        place = dice.choice(places)
        new = dice.choice(
            [b"", b";", b",", b"\t", b'"', b'""', b"\n", b"\r", b"{", b"}", b"[", b":", b".", b"-", b"e9", b"\\", b" "]
        )
        data = data[:place] + new + data[place + dice.choice([0, 1]) :]
    return data


def overwrite(dice: random.Random, data: bytes, other: bytes) -> bytes:
    """A field of four bytes set to an extreme value."""
    place = dice.randrange(len(data))
    value = dice.choice([0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 0x80000000, 0xFFFF, dice.randrange(1 << 32)])
    return data[:place] + value.to_bytes(4, dice.choice(["little", "big"])) + data[place + 4 :]


def _attributes(dice: random.Random, data: bytes, other: bytes) -> bytes:
    found = list(_ATTRIBUTE.finditer(data))
    for match in sorted(dice.sample(found, min(len(found), dice.choice([1, 2, 8]))), key=lambda each: -each.start()):
        data = data[: match.start(1)] + dice.choice(_VALUES) + data[match.end(1) :]
    return data


def _elements(dice: random.Random, data: bytes, other: bytes) -> bytes:
    found = list(_ELEMENT.finditer(data))
    for match in sorted(dice.sample(found, min(len(found), dice.choice([1, 3]))), key=lambda each: -each.start()):
        new = dice.choice([b"", match[0] * 2, match[0] * 300, dice.choice(_VALUES), dice.choice(found)[0]])
        data = data[: match.start()] + new + data[match.end() :]
    return data


def parts(dice: random.Random, data: bytes, other: bytes) -> bytes:
    """A part of an archive broken, removed, doubled, renamed or exchanged; the archive itself stays whole."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found = [(info.filename, archive.read(info)) for info in archive.infolist()]
    except Exception:
        return flip_bits(dice, data, other)
    found = [each for each in found if each[0]]
    if not found:
        return flip_bits(dice, data, other)
    place = dice.randrange(len(found))
    name, content = found[place]
    how = dice.randrange(10)
    if how == 0:
        del found[place]
    elif how == 1:
        found.append((name, dice.choice(found)[1]))
    elif how == 2:
        found[place] = (
            dice.choice(["../x", "/etc/x", "C:\\x", "con.csv", "a\n.csv", "\u202e.csv", dice.choice(found)[0]]),
            content,
        )
    elif how == 3:
        found[place] = (name, dice.choice(found)[1])
    elif content:
        found[place] = (name, dice.choice([*PLAIN, *[_attributes] * 6, *[_elements] * 4])(dice, content, other))
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # two parts of one name are meant
        for each, inside in found:
            archive.writestr(each, inside)
    return out.getvalue()


PLAIN: Sequence[Mutation] = (flip_bits, cut, splice, insert, lines, overwrite)


def mutate(dice: random.Random, data: bytes, other: bytes) -> bytes:
    """The file broken once, or a few times; one in fifty stays whole."""
    if dice.random() < 0.02:
        return data
    is_zip, is_text = data.startswith(b"PK"), b"\x00" not in data[:1000]
    for _ in range(dice.choice([1, 1, 1, 2, 4])):
        if not data:
            return data
        ways = [parts] * 20 + list(PLAIN) if is_zip else [lines] * 6 + [signs] * 6 + list(PLAIN) if is_text else PLAIN
        data = dice.choice(ways)(dice, data, other)
    return data
