"""What calamine does not tell of an xlsx, read from the archive's parts.

Error cells and formulas that were never calculated come from calamine as blank cells, and zeros that only a number
format shows do not come at all: a citizen id in a column formatted ``000000000000`` would lose its zero. Here the
cells of that kind are found by searching the sheet's text; most blocks of most sheets have none and cost a few
searches. Archives that inflate beyond reason are refused before anything parses them.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from xml.etree import ElementTree

#: Real sheets shrink to a tenth, at most to a fortieth; deflate reaches a thousandth.
MOST_INFLATION = 100
_SMALL_PART = 1 << 20
_READ_BYTES = 1 << 20
_LONGEST_ROW_BYTES = 32 << 20
#: Shown in place of the value that a formula does not have; a cast takes it for an error of Excel.
NOT_CALCULATED = "#CHƯA TÍNH!"
#: The errors of Excel's binary formats by their codes.
ERROR_CODES = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
    0x2B: "#GETTING_DATA",
}

_ATTRIBUTE = re.compile(rb"""(\w+)\s*=\s*["']([^"']*)["']""")
_REFERENCE = re.compile(rb"([A-Z]{1,3})([0-9]{1,7})")
_FIXED_DIGITS = re.compile(r"0{2,}(;.*)?")


class RefusedError(Exception):
    """The workbook is not read; ``rule`` says why to the officer."""

    def __init__(self, rule: str, detail: str) -> None:
        super().__init__(detail)
        self.rule = rule


@dataclass
class Hidden:
    """Cells of one sheet whose text is not what calamine says. Rows and columns count from 0.

    texts: row → column → text. unknown: nothing could be found out. digits: column → (first row, last row, number of
    digits) of cells that show that many.
    """

    texts: dict[int, dict[int, str]] = field(default_factory=dict)
    unknown: bool = False
    digits: dict[int, list[tuple[int, int, int]]] = field(default_factory=dict)

    def show_text(self, row: int, column: int, text: str) -> None:
        """Note what a cell shows."""
        self.texts.setdefault(row, {})[column] = text

    def sort(self) -> None:
        """Bring the runs into the order of rows."""
        for runs in self.digits.values():
            runs.sort()

    def show_digits(self, row: int, column: int, count: int) -> None:
        """Note a cell that shows ``count`` digits; runs of equal cells are kept as one."""
        runs = self.digits.setdefault(column, [])
        if runs and runs[-1][1] == row - 1 and runs[-1][2] == count:
            runs[-1] = (runs[-1][0], row, count)
        else:
            runs.append((row, row, count))


class Package:
    """An opened xlsx: which part is which sheet, and what its cells hide."""

    def __init__(self, path: str) -> None:
        self._archive = zipfile.ZipFile(path)
        check_parts(self._archive)
        self._names = {each.replace("\\", "/").lower(): each for each in self._archive.namelist()}
        root = self._related("").get("officeDocument", [("", "xl/workbook.xml")])[0][1]
        related = self._related(root)
        targets = dict(each for kind in related.values() for each in kind)
        self._sheets = [
            targets.get(next((value for name, value in sheet.attrib.items() if name.endswith("}id")), ""))
            for sheet in _elements(self._read(root), "sheet")
        ]
        self._parts = {kind: each[0][1] for kind, each in related.items()}
        self._digits = _shown_digits(self.part("styles"))

    def _read(self, name: str) -> bytes:
        found = self._names.get(name.lower())
        return self._archive.read(found) if found else b""

    def part(self, kind: str) -> bytes:
        """The workbook's part of a kind; nothing where it has none."""
        return self._read(self._parts.get(kind, ""))

    def rows_of(self, position: int) -> Iterator[bytes]:
        """The part of a sheet in blocks of whole rows."""
        name = self._sheets[position] if position < len(self._sheets) else None
        if name and (part := self._names.get(name.lower())):
            yield from self._blocks(part)

    def strings(self) -> Iterator[bytes]:
        """The part of the shared strings in blocks of whole strings."""
        if part := self._names.get(self._parts.get("sharedStrings", "").lower()):
            yield from self._blocks(part, b"si")

    def _related(self, name: str) -> dict[str, list[tuple[str, str]]]:
        """The parts that a part refers to: kind → (id, name)."""
        folder = PurePosixPath(name).parent
        found: dict[str, list[tuple[str, str]]] = {}
        for each in _elements(self._read(str(folder / "_rels" / f"{PurePosixPath(name).name}.rels")), "Relationship"):
            target = each.get("Target", "").replace("\\", "/")
            part = target.lstrip("/") if target.startswith("/") else str(folder / target)
            found.setdefault(each.get("Type", "").rpartition("/")[2], []).append((each.get("Id", ""), part))
        return found

    def hidden(self, position: int) -> Hidden:
        """What the cells of a sheet hide. Raises RefusedError where a number is none: the part is damaged."""
        name = self._sheets[position] if position < len(self._sheets) else None
        found = Hidden()
        if name and (part := self._names.get(name.lower())):
            for block, cells in self._suspicious(part):
                for match in cells.finditer(block):
                    self._look(match[1], match[2] or b"", found)
        found.sort()
        return found

    def _suspicious(self, part: str) -> Iterator[tuple[bytes, re.Pattern[bytes]]]:
        """The blocks of whole rows that may hold such cells, and the pattern of a cell."""
        styles = [b'"%d"' % style for style in self._digits]
        patterns: dict[str, re.Pattern[bytes]] = {}
        for block in self._blocks(part):
            if not patterns:
                prefix = (re.search(rb"<(\w+:)?worksheet\b", block) or [b"", b""])[1] or b""
                patterns = _patterns(prefix)
            if (
                b't="e"' in block
                or b"t='e'" in block
                or any(b"s=" + style in block for style in styles)
                or patterns["no_value"].search(block)
                or patterns["no_number"].search(block)
            ):
                yield block, patterns["cell"]

    def _blocks(self, part: str, element: bytes = b"row") -> Iterator[bytes]:
        with self._archive.open(part) as stream:
            carry = b""
            while data := stream.read(_READ_BYTES):
                carry += data
                cut = max(carry.rfind(b"</%b>" % element), carry.rfind(b":%b>" % element))
                if cut > 0:
                    yield carry[:cut]
                    carry = carry[cut:]
                elif len(carry) > _LONGEST_ROW_BYTES:
                    raise RefusedError("file.limits", f"a row of more than {_LONGEST_ROW_BYTES >> 20} MB")
            yield carry

    def _look(self, attributes: bytes, body: bytes, found: Hidden) -> None:
        named = dict(_ATTRIBUTE.findall(attributes))
        place = _REFERENCE.fullmatch(named.get(b"r", b""))
        kind = named.get(b"t", b"n")
        value = re.search(rb"<(?:\w+:)?v[^>]*>([^<]*)</", body)
        text = value[1].strip() if value else b""
        if kind == b"n" and text and not _is_number(text):
            raise RefusedError("file.unreadable", "a numeric cell holds no number: the sheet is damaged")
        if not place:
            return
        row, column = int(place[2]) - 1, _column(place[1])
        if kind == b"e":
            found.texts.setdefault(row, {})[column] = text.decode("utf-8", "replace") or "#VALUE!"
        elif kind != b"str" and not text and re.search(rb"<(?:\w+:)?f\b", body):
            found.texts.setdefault(row, {})[column] = NOT_CALCULATED
        elif kind == b"n" and text and (count := self._digits.get(int(named.get(b"s", b"0") or 0))):
            found.show_digits(row, column, count)


def _patterns(prefix: bytes) -> dict[str, re.Pattern[bytes]]:
    p = re.escape(prefix)
    return {
        "cell": re.compile(rb"<%bc\s([^>]*?)(?:/>|>(.*?)</%bc>)" % (p, p), re.DOTALL),
        "no_value": re.compile(
            rb"<%bf(?:\s[^>]*/>|/>|[^<]*</%bf>)\s*(?:<%bv\s*/>|<%bv>\s*</%bv>)?\s*</%bc>" % (p, p, p, p, p, p)
        ),
        "no_number": re.compile(rb"<%bv>[^-+0-9.\s<]" % p),
    }


def check_parts(archive: zipfile.ZipFile) -> None:
    """Raise RefusedError where an archive holds two parts of one name, or one that inflates beyond reason."""
    names = archive.namelist()
    if len(set(names)) < len(names):
        raise RefusedError("file.unreadable", "the archive holds two parts of one name")
    for part in archive.infolist():
        if part.file_size > _SMALL_PART and part.file_size > MOST_INFLATION * part.compress_size:
            raise RefusedError("file.limits", f"{part.filename} inflates more than {MOST_INFLATION} times")


def fixed_digits(code: str) -> int:
    """How many digits a number format shows at least; 0 where it shows no leading zeros."""
    return len(code.partition(";")[0]) if _FIXED_DIGITS.fullmatch(code) else 0


def _is_number(text: bytes) -> bool:
    try:
        return float(text) == float(text)
    except ValueError:
        return False


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - ord("A") + 1
    return number - 1


def _elements(xml: bytes, name: str) -> Iterator[ElementTree.Element]:
    """The elements of a local name, whatever their namespace."""
    if xml:
        for each in ElementTree.fromstring(xml).iter():
            if each.tag.rpartition("}")[2] == name:
                yield each


def _shown_digits(styles: bytes) -> dict[int, int]:
    """Cell style → number of digits, of the styles that show numbers with leading zeros."""
    if not styles:
        return {}
    root = ElementTree.fromstring(styles)
    digits = {}
    for each in root.iter():
        code = each.get("formatCode", "")
        if each.tag.endswith("numFmt") and (count := fixed_digits(code)):
            digits[each.get("numFmtId")] = count
    used = [each.get("numFmtId") for formats in root.iter() if formats.tag.endswith("cellXfs") for each in formats]
    return {style: digits[each] for style, each in enumerate(used) if each in digits}
