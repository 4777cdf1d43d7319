"""Files that the fuzzer starts from, made by code, of every kind that is read; and the corpora where they are present."""

from __future__ import annotations

import datetime
import io
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter
import xlwt

#: Larger files take long and break in no other way.
MOST_BYTES = 200 << 10
ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".xlsb", ".ods", ".zip", ".parquet", ".jsonl", ".json")

_HEADER = ["Số CCCD", "Họ và tên", "Ngày sinh", "Xã/phường", "Diện tích"]


def rows(dice: random.Random, count: int) -> list[list[Any]]:
    """Rows of a made-up register."""
    names = ["Giàng A Páo", "Lò Thị Mẩy", 'Trần "Tý" An', "Đỗ; Hằng, Nga", "  ", "=1+1", "Tẩn\nLở"]
    return [
        [
            f"0152{dice.randrange(10**8):08}",
            dice.choice(names),
            datetime.datetime(1950 + dice.randrange(70), 1 + dice.randrange(12), 1 + dice.randrange(28)),
            f"{dice.randrange(10**5):05}",
            dice.choice([1234.5, 0.125, 10**17 + 1, -3, dice.random()]),
        ]
        for _ in range(count)
    ]


def text_file(dice: random.Random) -> bytes:
    """CSV in one of its many forms."""
    delimiter, newline = dice.choice(";,\t|"), dice.choice(["\n", "\r\n", "\r"])
    quote = dice.random() < 0.5

    def cell(value: Any) -> str:
        text = f"{value:%d/%m/%Y}" if isinstance(value, datetime.datetime) else str(value)
        return '"' + text.replace('"', '""') + '"' if quote or any(each in text for each in '\n"' + delimiter) else text

    table = [_HEADER, *rows(dice, dice.randrange(30))]
    titles = ["SỞ TƯ PHÁP", ""] if dice.random() < 0.3 else []
    text = newline.join([*titles, *(delimiter.join(map(cell, row)) for row in table)]) + newline
    return text.encode(dice.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1258"]), "replace")


def json_lines(dice: random.Random) -> bytes:
    """Objects, some of them with other keys or nested values."""
    lines = []
    for row in rows(dice, 1 + dice.randrange(20)):
        found = dict(zip(_HEADER, [*row[:2], row[2].isoformat(), *row[3:]], strict=True))
        if dice.random() < 0.2:
            found[f"thêm {dice.randrange(3)}"] = dice.choice([None, True, [1, {"a": 2}], {"b": []}, "x\u0000"])
        lines.append(json.dumps(found, ensure_ascii=dice.random() < 0.5))
    return "\n".join(lines).encode()


def workbook(dice: random.Random) -> bytes:
    """An xlsx with formats, formulas, error cells, merged cells and hidden sheets."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "constant_memory": False}) as book:
        date = book.add_format({"num_format": "dd/mm/yyyy"})
        zeros = book.add_format({"num_format": "000000000000"})
        for name in ["Số liệu", "Trang 2", "_kho"][: 1 + dice.randrange(3)]:
            sheet = book.add_worksheet(name)
            top = dice.randrange(4)
            sheet.merge_range(top, 0, top, 4, "DANH SÁCH")
            sheet.write_row(top + 1, 0, _HEADER)
            for number, row in enumerate(rows(dice, dice.randrange(20)), start=top + 2):
                sheet.write_number(number, 0, int(row[0]), zeros)
                sheet.write_string(number, 1, row[1])
                sheet.write_datetime(number, 2, row[2], date)
                sheet.write_formula(number, 3, "=1/0", None, dice.choice(["#DIV/0!", "", 5, "x"]))
                sheet.write_number(number, 4, row[4])
            if name == "_kho":
                sheet.hide()
    return out.getvalue()


def old_workbook(dice: random.Random) -> bytes:
    """An xls."""
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("Số liệu")
    date, zeros = xlwt.easyxf(num_format_str="DD/MM/YYYY"), xlwt.easyxf(num_format_str="000000000000")
    for column, title in enumerate(_HEADER):
        sheet.write(0, column, title)
    for number, row in enumerate(rows(dice, dice.randrange(20)), start=1):
        sheet.write(number, 0, int(row[0]), zeros)
        sheet.write(number, 1, row[1])
        sheet.write(number, 2, row[2], date)
        sheet.write(number, 3, xlwt.Formula("1/0"))
        sheet.write(number, 4, row[4])
        sheet.row(number).set_cell_error(5, "#DIV/0!")
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def open_document_sheet(dice: random.Random) -> bytes:
    """An ods as LibreOffice writes it, in the small."""
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    body = "".join(
        "<table:table-row>"
        f'<table:table-cell office:value-type="float" office:value="{int(row[0])}"><text:p>{row[0]}</text:p></table:table-cell>'
        '<table:table-cell office:value-type="string"><text:p>a<text:s text:c="2"/>b</text:p></table:table-cell>'
        f'<table:table-cell office:value-type="date" office:date-value="{row[2]:%Y-%m-%d}"><text:p>x</text:p></table:table-cell>'
        f'<table:table-cell table:number-columns-repeated="{1 + dice.randrange(3)}"/>'
        '<table:table-cell table:formula="of:=1/0" office:value-type="string" office:string-value=""><text:p>#DIV/0!</text:p></table:table-cell>'
        "</table:table-row>"
        for row in rows(dice, 1 + dice.randrange(10))
    )
    content = (
        f"<office:document-content {names}><office:body><office:spreadsheet>"
        f'<table:table table:name="Trang">{body}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    manifest = '<manifest xmlns="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    return packed(
        {
            "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": manifest.encode(),
            "content.xml": content.encode(),
        }
    )


def parquet(dice: random.Random) -> bytes:
    """Columns of many types, nested ones among them."""
    found = rows(dice, dice.randrange(50))
    columns: dict[str, Any] = {title: [row[column] for row in found] for column, title in enumerate(_HEADER[:4])}
    columns["Diện tích"] = pa.array([float(row[4]) for row in found], pa.float64())
    columns["Nhóm"] = pa.array([row[1] for row in found], pa.string()).dictionary_encode()
    if dice.random() < 0.3:
        columns["Danh sách"] = [[1, 2]] * len(found)
    out = io.BytesIO()
    compression = dice.choice(["snappy", "gzip", "zstd", "none"])
    pq.write_table(pa.table(columns), out, compression=compression, row_group_size=dice.choice([7, 1000]))
    return out.getvalue()


def packed(parts: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive of parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def archive(dice: random.Random) -> bytes:
    """A zip archive of files of the other kinds, and of things that are no tables."""
    parts = {
        f"{number} xã {number}.{ending}": make(dice)
        for number, (ending, make) in enumerate(dice.sample(list(MAKERS.items()), 2))
    }
    more = {
        "công văn.pdf": b"%PDF-1.4",
        "__MACOSX/._x.csv": b"\x00\x05",
        "../../ra.csv": b"a;b\n1;2\n",
        "x.zip": packed({}),
    }
    for name in dice.sample(list(more), dice.randrange(3)):
        parts[name] = more[name]
    return packed(parts, dice.choice([zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_BZIP2]))


MAKERS: dict[str, Callable[[random.Random], bytes]] = {
    "csv": text_file,
    "jsonl": json_lines,
    "xlsx": workbook,
    "xls": old_workbook,
    "ods": open_document_sheet,
    "parquet": parquet,
}
ALL_MAKERS = MAKERS | {"zip": archive}


def corpora_files(folder: Path) -> list[Path]:
    """The files of other projects that are small enough; none where the corpora are absent."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix.lower() in ENDINGS)
    return [path for path in found if 0 < path.stat().st_size <= MOST_BYTES]
