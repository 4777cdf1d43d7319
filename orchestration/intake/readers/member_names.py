"""The name of a file inside a zip archive, as the person who packed it saw it.

Belongs here: which encoding a name has, and what of a path is shown. A name serves to be read by people, never to
open anything.
"""

from __future__ import annotations

import re
import unicodedata
import zipfile

_UTF8_FLAG = 0x800
#: Windows packs under Vietnamese settings with code page 1258, where a tone mark is a byte of its own after its vowel.
_TONED = re.compile("[aăâeêioôơuưyAĂÂEÊIOÔƠUƯY][\u0300\u0301\u0303\u0309\u0323]|[ăâđêôơưĂÂĐÊÔƠƯ]")
_STRAY_TONE = re.compile("(?<![aăâeêioôơuưyAĂÂEÊIOÔƠUƯY])[\u0300\u0301\u0303\u0309\u0323]")
_UNSHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
LONGEST_NAME = 120


def readable_name(info: zipfile.ZipInfo) -> str:
    """Folders and name, without what leads out of the archive (``..``, a root, a drive) and in printable characters."""
    text = info.filename if info.flag_bits & _UTF8_FLAG else _decoded(info.filename.encode("cp437", "replace"))
    text = _UNSHOWN.sub("?", unicodedata.normalize("NFC", text)).replace("\\", "/")
    parts = [part.strip() for part in text.split("/")]
    kept = [part for part in parts if part not in ("", ".", "..") and not re.fullmatch("[A-Za-z]:", part)]
    name = "/".join(kept) or "?"
    # Two long names may differ at their end only, where the ending and mostly the number stand.
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME // 2 - 1]}…{name[-LONGEST_NAME // 2 :]}"


def _decoded(raw: bytes) -> str:
    """UTF-8, which macOS writes without saying so; Windows-1258 where its tone marks prove it; else code page 437."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        text = raw.decode("cp1258")
    except UnicodeDecodeError:
        return raw.decode("cp437")
    return text if _TONED.search(text) and not _STRAY_TONE.search(text) else raw.decode("cp437")
