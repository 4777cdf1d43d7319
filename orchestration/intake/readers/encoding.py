"""The text encoding of a file, told by evidence, and the file as UTF-8.

Belongs here: byte-order marks, UTF-16, Windows-1258, and the proof that a text is what it is taken for. A text that
proves nothing is refused: a wrong encoding turns names into other names without an error. Bytes of the legacy fonts
TCVN3 and VNI leave here as the Western characters that they share; ``legacy_cells`` reads them cell by cell.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from orchestration.intake.readers.table import UnreadableError
from orchestration.intake.vietnamese.legacy_text import proven_tables
from schemas import file_rules

SAMPLE_BYTES = 1 << 20
_BLOCK_BYTES = 1 << 20
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
#: Vietnamese letters in UTF-8. In Windows-1258 these bytes would be letters followed by symbols, which no word has.
_UTF8_LETTERS = re.compile(
    rb"\xe1[\xba\xbb][\x80-\xbf]|\xc3[\x80-\xbf]|\xc4[\x82\x83\x90\x91\xa8\xa9]|\xc5[\xa8\xa9]|\xc6[\xa0\xa1\xaf\xb0]"
)
#: Windows-1258 writes a tone mark as a character of its own, after its vowel.
_TONE = re.compile("[\u0300\u0301\u0303\u0309\u0323]")
_STRAY_TONE = re.compile("(?<![aăâeêioôơuưyAĂÂEÊIOÔƠUƯY])[\u0300\u0301\u0303\u0309\u0323]")
_LAST_ASCII = re.compile(r"[\x00-\x7f][^\x00-\x7f]*\Z")
#: Bytes that mean another letter in Windows-1258 than in Windows-1252, its Western sister.
_SAME = bytes(
    each
    for each in range(256)
    if bytes([each]).decode("cp1258", "replace") == bytes([each]).decode("cp1252", "replace") != "\ufffd"
)


def _unreadable(why: str) -> UnreadableError:
    return UnreadableError(file_rules.FILE_UNREADABLE, why)


@dataclass(frozen=True)
class Utf8:
    """A file as UTF-8 and the length of its byte-order mark. ``unsure``: only a legacy font explains its characters."""

    path: Path
    mark: int = 0
    unsure: bool = False


def as_utf8(path: Path, scratch: Path) -> Utf8:
    """The file itself where it is UTF-8, else rewritten to ``scratch``.

    Raises UnreadableError where it is no text, or text of an encoding that cannot be told for certain.
    """
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
    encoding, mark = _encoding(sample, whole=path.stat().st_size <= SAMPLE_BYTES)
    if encoding == "utf-8":
        return Utf8(path, mark)
    unsure = encoding == "cp1258" and _has_legacy_fonts(sample)
    read = _western if unsure else _windows_1258 if encoding == "cp1258" else partial(_utf16, encoding, mark)
    with scratch.open("w", encoding="utf-8", newline="") as sink:
        sink.writelines(read(path))
    return Utf8(scratch, unsure=unsure)


def _encoding(sample: bytes, *, whole: bool) -> tuple[str, int]:
    """The encoding of a sample and the length of its byte-order mark."""
    for mark, name in _MARKS:
        if sample.startswith(mark):
            return name, len(mark)
    if b"\x00" in sample:
        return _utf16_without_mark(sample), 0
    if sample[0] < 0x20 and sample[:1] not in b"\t\r\n":
        raise _unreadable("it begins with a control character, so it is no text")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample, final=whole)
    except UnicodeDecodeError:
        return "cp1258", 0
    return "utf-8", 0


def _utf16_without_mark(sample: bytes) -> str:
    """UTF-16 by where the zeros stand: most characters of a table are ASCII, so every second byte is zero."""
    even, odd = (2 * sample[start::2].count(0) / len(sample) for start in (0, 1))
    if odd > 0.4 and even < 0.1:
        return "utf-16-le"
    if even > 0.4 and odd < 0.1:
        return "utf-16-be"
    raise _unreadable("binary zeros in a text file (not a table, or half copied)")


def _utf16(encoding: str, mark: int, path: Path) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for block in _blocks(path, mark):
            yield decoder.decode(block)
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise _unreadable("the text is cut inside a character or of an unknown encoding") from None


def _windows_1258(path: Path) -> Iterator[str]:
    """Text in NFC. Proved by its tone marks: each follows a vowel, and there is one where letters need the proof."""
    toned = telling = False
    carry = ""
    for block in _blocks(path, 0):
        if _UTF8_LETTERS.search(block):
            raise _unreadable("parts of the text are UTF-8 and parts are not")
        try:
            text = carry + block.decode("cp1258")
        except UnicodeDecodeError:
            raise _unreadable("unknown text encoding") from None
        if _STRAY_TONE.search(text):
            raise _unreadable("unknown text encoding")
        toned = toned or bool(_TONE.search(text))
        telling = telling or bool(block.translate(None, _SAME))
        last = _LAST_ASCII.search(text)  # a tone mark may begin the next block
        cut = last.start() if last else 0
        yield unicodedata.normalize("NFC", text[:cut])
        carry = text[cut:]
    if telling and not toned:
        raise _unreadable("unknown text encoding")
    yield unicodedata.normalize("NFC", carry)


def _has_legacy_fonts(sample: bytes) -> bool:
    """Whether the words of a sample prove a legacy font, and its tone marks do not prove Windows-1258 as well."""
    if _UTF8_LETTERS.search(sample):
        return False
    try:
        western = sample.decode("cp1252")
    except UnicodeDecodeError:
        return False
    if not proven_tables([western]):
        return False
    text = sample.decode("cp1258", "replace")
    tones, stray = len(_TONE.findall(text)), len(_STRAY_TONE.findall(text))
    return stray > 0 or tones == 0


def _western(path: Path) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("cp1252")()
    try:
        for block in _blocks(path, 0):
            if _UTF8_LETTERS.search(block):
                raise _unreadable("parts of the text are UTF-8 and parts are not")
            yield decoder.decode(block)
    except UnicodeDecodeError:
        raise _unreadable("unknown text encoding") from None


def _blocks(path: Path, start: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        read: Callable[[], bytes] = lambda: file.read(_BLOCK_BYTES)  # noqa: E731
        yield from iter(read, b"")
