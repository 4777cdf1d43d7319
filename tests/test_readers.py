"""Text files are read cell by cell as they stand, with the row numbers of Excel, or refused with a reason."""

from __future__ import annotations

import io
import json
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from orchestration.intake.peek import peek_file, rows_of, write_cells
from orchestration.intake.readers import UnreadableError, file_kind, open_document
from orchestration.intake.readers import text as text_reader
from orchestration.settings import Settings

Cells = list[list[str]]
#: Cells by their row number.
Rows = dict[int, list[str]]

VIETNAMESE = "Mã xã;Tên xã;Dân số\n02647;Xã Bản Qua;12345\n02650;Phường Đông Hà;6789\n"
VIETNAMESE_CELLS = [line.split(";") for line in VIETNAMESE.splitlines()]

reading = effort(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "2026-10.csv"


def read(settings: Settings, file: Path, width: int | None = None) -> tuple[Rows, Rows]:
    """All rows of the file's only sheet by number: the well-shaped ones and the misshapen."""
    rows: Rows = {}
    misshapen: Rows = {}
    with open_document(settings, file) as document:
        (sheet,) = document.sheets
        for batch in sheet.batches(width or sheet.width):
            for number, cells in zip(batch.rows.to_list(), batch.cells.iter_rows(), strict=True):
                rows[number] = [cell or "" for cell in cells]
            misshapen |= {each.row: list(each.cells) for each in batch.misshapen}
    return rows, misshapen


def cells_of(settings: Settings, file: Path, content: bytes | str) -> Cells:
    """The cells of a file all of whose rows have one width, in order of their numbers, which are 1, 2, 3 …"""
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    rows, misshapen = read(settings, file)
    assert (list(rows), misshapen) == (list(range(1, len(rows) + 1)), {})
    return list(rows.values())


def refusal(settings: Settings, file: Path, content: bytes | str) -> str:
    """The rule by which a file is refused; the message must say what to do."""
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(UnreadableError) as refused:
        read(settings, file)
    assert "send it again" in str(refused.value)
    return refused.value.rule_id


def printed(
    rows: Sequence[Sequence[str]], *, delimiter: str = ";", newline: str = "\n", quote_all: bool = False
) -> str:
    """A table as CSV: cells that need it, or all cells, in quotes."""

    def cell(text: str) -> str:
        needed = quote_all or any(each in text for each in (delimiter, '"', "\n", "\r"))
        return '"' + text.replace('"', '""') + '"' if needed else text

    return "".join(delimiter.join(map(cell, row)) + newline for row in rows)


# --- what was written is read -------------------------------------------------------------------------------
@st.composite
def tables(draw: st.DrawFn) -> Cells:
    """A header of plain words and rows of cells that hold whatever a cell can hold."""
    width = draw(st.integers(2, 5))
    cell = st.text(st.sampled_from("aĐượ \u0309;,\t|\"'\n\r.1=#sep"), max_size=8).filter(lambda each: each != "\ufeff")
    rows = draw(st.lists(st.lists(cell, min_size=width, max_size=width), max_size=12))
    return [[f"Cột {number}" for number in range(width)], *rows]


@reading
@given(
    table=tables(),
    delimiter=st.sampled_from(";,\t|"),
    newline=st.sampled_from(["\r\n", "\n", "\r"]),
    quote_all=st.booleans(),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    block=st.integers(1, 200),
)
@example([["a", "b"], ["1", "x\r\ny"], ["2", ""]], ";", "\r\n", False, "utf-8", 1)
def test_every_cell_of_any_table_comes_back_with_its_row_number(
    settings: Settings,
    file: Path,
    table: Cells,
    delimiter: str,
    newline: str,
    quote_all: bool,
    encoding: str,
    block: int,
) -> None:
    """Whatever the delimiter, the line ends, the quoting and the encoding, and wherever the blocks end."""
    records = [printed([row], delimiter=delimiter, newline=newline, quote_all=quote_all) for row in table]
    file.write_text("".join(records), encoding=encoding, newline="")
    with pytest.MonkeyPatch.context() as patch:
        longest = max(len(record.encode()) for record in records)
        patch.setattr(text_reader, "BLOCK_BYTES", longest + block)
        patch.setattr(text_reader, "FIRST_BLOCK_BYTES", block)  # often too short for a single row
        rows, misshapen = read(settings, file)
    assert misshapen == {}
    assert rows == dict(enumerate(table, start=1))


@reading
@given(
    widths=st.lists(st.sampled_from([3, 3, 3, 1, 2, 4, 6]), max_size=30),
    breaks=st.sampled_from(["\n", "\r\n"]),
    block=st.integers(40, 200),
)
def test_rows_of_another_width_are_misshapen_under_their_own_number_and_harm_no_other_row(
    settings: Settings, file: Path, widths: list[int], breaks: str, block: int
) -> None:
    table = [["một", "hai", "ba"], *([f'{row} "q"{breaks}{cell}' for cell in range(n)] for row, n in enumerate(widths))]
    file.write_text(printed(table, delimiter=";", newline=breaks), newline="")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_reader, "BLOCK_BYTES", 130 + block)
        rows, misshapen = read(settings, file, width=3)
    numbered = dict(enumerate(table, start=1))
    if max(widths.count(each) for each in {*widths, 3}) <= widths.count(3) + 1:  # three cells are the usual width
        assert rows == {number: row for number, row in numbered.items() if len(row) == 3}
        assert misshapen == {number: row for number, row in numbered.items() if len(row) != 3}
    assert sorted([*rows, *misshapen]) == list(numbered)


def test_blank_lines_are_rows_without_cells_and_count_in_the_numbers(settings: Settings, file: Path) -> None:
    file.write_text('a;b\n\n1;"x\n\ny"\n\n\n2;z')
    rows, misshapen = read(settings, file)
    assert {number: row for number, row in rows.items() if any(row)} == {
        1: ["a", "b"],
        3: ["1", "x\n\ny"],
        6: ["2", "z"],
    }
    assert (list(rows), misshapen) == ([1, 2, 3, 4, 5, 6], {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n1\n2\n", [["a"], ["1"], ["2"]]),
        ("sep=;\r\na;b\r\n1,5;2\r\n", [["a", "b"], ["1,5", "2"]]),
        ("SEP=|\na|b\n1;2|3;4\n", [["a", "b"], ["1;2", "3;4"]]),
        ("ma;ten;ty_le\n001;A;1.234,5\n002;B;0,75\n", [["ma", "ten", "ty_le"], ["001", "A", "1.234,5"], ["002", "B", "0,75"]]),
        ("Mã\tĐịa chỉ\n1\tThôn A, xã B, tỉnh C\n2\tThôn D, xã E, tỉnh C\n",
         [["Mã", "Địa chỉ"], ["1", "Thôn A, xã B, tỉnh C"], ["2", "Thôn D, xã E, tỉnh C"]]),
        ("Mã\tĐịa chỉ\n1\tA,B,C\n2\tD,E,F\n", [["Mã", "Địa chỉ"], ["1", "A,B,C"], ["2", "D,E,F"]]),
        ("a, b, c\n1, 2, 3\n", [["a", " b", " c"], ["1", " 2", " 3"]]),
        ('a;b\n5" ống;dài 3"\n', [["a", "b"], ['5" ống', 'dài 3"']]),
        ('a;b\nCông ty "A";"B ""C"""\n', [["a", "b"], ['Công ty "A"', 'B "C"']]),
        ("PKID;b\n1;2\n", [["PKID", "b"], ["1", "2"]]),
        ("a;b\n NULL ;#1\n-;'0123\n", [["a", "b"], [" NULL ", "#1"], ["-", "'0123"]]),
    ],
)  # fmt: skip
def test_cells_stand_as_they_are_written(settings: Settings, file: Path, text: str, expected: Cells) -> None:
    assert cells_of(settings, file, text) == expected


def test_the_usual_width_is_that_of_most_rows_not_that_of_titles_above(settings: Settings, file: Path) -> None:
    file.write_text("SỞ Y TẾ\nBáo cáo tháng 10, năm 2026\n\na;b;c\n1;2;3\n4;5;6\n7;8;9\n")
    rows, misshapen = read(settings, file)
    assert misshapen == {1: ["SỞ Y TẾ"], 2: ["Báo cáo tháng 10, năm 2026"]}
    assert list(rows) == [3, 4, 5, 6, 7]


def test_trailing_delimiters_beyond_the_table_are_nothing_but_a_cell_there_shifts_its_row(
    settings: Settings, file: Path
) -> None:
    """Excel leaves them out for sixteen rows in a row that have nothing there."""
    file.write_text("a;b;c;;\n1;2;3;;\n4;5;6\n7;8;9;;\n;1;2;3;\n1;2;3;\n4;5;6;;\n")
    assert read(settings, file, width=3) == (
        {1: ["a", "b", "c"], 2: ["1", "2", "3"], 3: ["4", "5", "6"], 4: ["7", "8", "9"], 7: ["4", "5", "6"]},
        {5: ["", "1", "2", "3", ""], 6: ["1", "2", "3", ""]},
    )


def test_one_delimiter_too_many_shifts_a_row_even_if_its_last_cell_is_empty(settings: Settings, file: Path) -> None:
    file.write_text("a;b;c\n1;2;3\n4;;5;\n6;7;8\n")
    assert read(settings, file)[1] == {3: ["4", "", "5", ""]}


# --- encodings ----------------------------------------------------------------------------------------------
def windows_1258(text: str) -> bytes:
    """As old Windows programs save Vietnamese: base letters, each tone mark a byte of its own."""
    encoded = bytearray()
    for char in unicodedata.normalize("NFC", text):
        try:
            encoded += char.encode("cp1258")
        except UnicodeEncodeError:
            parts = unicodedata.normalize("NFD", char)
            tones = "".join(part for part in parts if part in "\u0300\u0301\u0303\u0309\u0323")
            base = unicodedata.normalize("NFC", "".join(part for part in parts if part not in tones))
            encoded += base.encode("cp1258") + tones.encode("cp1258")
    return bytes(encoded)


SYLLABLES = st.sampled_from(
    [
        "Nguyễn",
        "Thị",
        "Hường",
        "xã",
        "Bản",
        "Qua",
        "phường",
        "Đông",
        "Hà",
        "thôn",
        "Ngòi",
        "Đường",
        "Tẩn",
        "Lở",
        "Mẩy",
        "giấy",
        "chứng",
        "nhận",
        "ữ",
        "Ỵ",
        "Ẵ",
    ]
)


@reading
@given(words=st.lists(SYLLABLES, min_size=1, max_size=400), block=st.integers(2, 300))
def test_any_vietnamese_text_of_windows_1258_is_read_in_its_usual_form(
    settings: Settings, file: Path, words: list[str], block: int
) -> None:
    """Also where a block ends between a vowel and its tone mark."""
    rows = [["Họ tên", "Số"], *([word, str(number)] for number, word in enumerate(words))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("orchestration.intake.readers.encoding._BLOCK_BYTES", block)
        text = printed(rows, delimiter=";", newline="\r\n")
        assert cells_of(settings, file, windows_1258(text)) == rows


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_is_read_with_and_without_its_mark(settings: Settings, file: Path, encoding: str) -> None:
    assert cells_of(settings, file, VIETNAMESE.encode(encoding)) == VIETNAMESE_CELLS


def test_utf8_keeps_the_unicode_form_of_the_file(settings: Settings, file: Path) -> None:
    decomposed = unicodedata.normalize("NFD", "Tên xã;b\nHuế;1\n")
    assert cells_of(settings, file, decomposed) == [line.split(";") for line in decomposed.splitlines()]


@pytest.mark.parametrize(
    "content",
    [
        VIETNAMESE.encode() + windows_1258("02653;Xã Hải Lăng;42\n"),
        windows_1258(VIETNAMESE) + "02653;Xã Hải Lăng;42\n".encode(),
        VIETNAMESE.encode() + b"02653;X\xff\xc3(;42\n",
        VIETNAMESE.encode()[:-9] + "Đ".encode()[:1],
        b"a;b\n" + b"1;x\n" * 400_000 + b"2;\xff\xfe\n",
        "São Paulo;Ação\n1;não\n".encode("cp1252"),
        "così;perché\n1;è più\n".encode("cp1252"),
        bytes(range(0xA1, 0x100)) + b"\n" + b"\n".join(bytes([each]) for each in range(0xA1, 0x100)),
        "你好;世界\n一;二\n".encode("gbk"),
        b"a;b\n1;x\x00y\n",
        b"a;b\n" + b"1;x\n" * 400_000 + b"\x00" * 4096,
        b"\x00" * 4096,
        "a;b\n1;2\n".encode("utf-16")[:-1],
        b"\x05admin" + b" " * 50,
    ],
    ids=[
        "UTF-8, then Windows-1258", "Windows-1258, then UTF-8", "bytes of no encoding", "cut inside a character",
        "late bytes of no encoding", "Portuguese", "Italian", "all Western letters", "Chinese", "a zero byte", "late zero bytes", "zeros only",
        "UTF-16 cut", "an owner file of Excel",
    ],
)  # fmt: skip
def test_text_of_an_encoding_that_is_not_certain_is_refused(settings: Settings, file: Path, content: bytes) -> None:
    assert refusal(settings, file, content) == "file.unreadable"


def test_western_text_that_reads_alike_in_both_encodings_is_read(settings: Settings, file: Path) -> None:
    assert cells_of(settings, file, "café;b\n1;2\n".encode("cp1252")) == [["café", "b"], ["1", "2"]]


# --- refusals -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "text",
    [
        'a;b\n1;"x"y\n2;z\n',
        'a;b\n1;"x\n2;z\n3;w\n',
        'a;b\n"Thôn "Bản Qua";2\n',
        'a;b\n1;"x" \n',
        "a;b\n" + "1;x\n" * 300_000 + '2;"x\n' + "3;y\n" * 300_000,
    ],
    ids=["text after a closing quote", "no closing quote", "quotes not doubled", "a space after it", "late"],
)
def test_quotes_that_do_not_pair_refuse_the_file_instead_of_merging_cells(
    settings: Settings, file: Path, text: str
) -> None:
    assert refusal(settings, file, text) == "file.unreadable"


def test_the_refusal_of_quotes_names_the_line_and_no_value(settings: Settings, file: Path) -> None:
    file.write_text('a;b\n1;"x\ny"\n2;"Giàng"A Páo\n')
    with pytest.raises(UnreadableError) as refused:
        read(settings, file)
    assert "after line 3 " in str(refused.value)
    assert "Giàng" not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "file.empty"),
        (b"  \r\n\r\n", "file.empty"),
        (b"\xef\xbb\xbf\r\n", "file.empty"),
        (b"sep=;\r\n", "file.empty"),
        (b"%PDF-1.4 x", "file.unreadable"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "file.unreadable"),
        (b"\x89PNG\r\n\x1a\n", "file.unreadable"),
        (b"\x1f\x8b\x08\x00", "file.unreadable"),
        (b"PK\x03\x04 half an archive", "file.unreadable"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 half", "file.unreadable"),
        ("\ufeff\n <HTML><table><tr><td>a</td></tr></table>".encode(), "file.unreadable"),
        ("<html><body>".encode("utf-16"), "file.unreadable"),
        (b"<?xml version='1.0'?><Workbook/>", "file.unreadable"),
        (b"{\\rtf1 a}", "file.unreadable"),
        (";".join("a" for _ in range(16_385)).encode(), "file.limits"),
    ],
)
def test_what_is_no_table_is_refused_whatever_its_name(
    settings: Settings, file: Path, content: bytes, rule: str
) -> None:
    assert refusal(settings, file, content) == rule


@pytest.mark.parametrize(
    "content", [b"x" * 5000, b"a;b\n1;" + b"x" * 5000 + b"\n2;3\n", b'a;b\n1;"' + b"x\n" * 5000 + b'"\n']
)
def test_a_row_longer_than_a_block_is_refused(
    settings: Settings, file: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setattr(text_reader, "BLOCK_BYTES", 1000)
    assert refusal(settings, file, content) == "file.unreadable"


def test_a_row_of_more_cells_than_a_sheet_can_have_is_refused(settings: Settings, file: Path) -> None:
    assert refusal(settings, file, b"a;b\n1;2\n3;4\n" + b";" * 20_000 + b"\n") == "file.unreadable"


@pytest.mark.parametrize(("content", "kind"), [(b"a;b\n", "csv"), (b"PK;b\n1;2\n", "csv"), (b"<a>;b\n1;2\n", "csv")])
def test_the_kind_is_judged_by_content(file: Path, content: bytes, kind: str) -> None:
    path = file.with_suffix(".xlsx")
    path.write_bytes(content)
    assert file_kind(path) == kind


def test_nothing_is_left_in_the_temporary_folder(settings: Settings, file: Path) -> None:
    cells_of(settings, file, VIETNAMESE.encode("utf-16"))
    refusal(settings, file, windows_1258(VIETNAMESE) + VIETNAMESE.encode())
    assert list(settings.temporary.iterdir()) == []


# --- peek ---------------------------------------------------------------------------------------------------
def peeked(settings: Settings, file: Path) -> tuple[dict[str, Cells], str]:
    """What ``kho peek --json`` prints, and its complaint."""
    out, complaint = io.StringIO(), ""
    with peek_file(settings, file) as document:
        try:
            write_cells(document, out)
        except UnreadableError as error:
            complaint = str(error)
    return json.loads(out.getvalue()), complaint


def test_peek_shows_titles_and_tables_as_they_stand(settings: Settings, file: Path) -> None:
    file.write_text('SỞ Y TẾ\n\na;b\n1;"x\ny"\n\n2;\n\n\n')
    rows = [["SỞ Y TẾ"], ["", ""], ["a", "b"], ["1", "x\ny"], ["", ""], ["2", ""]]
    assert peeked(settings, file) == ({"csv": rows}, "")


def test_peek_shows_a_row_of_another_width_where_it_stands_and_complains(settings: Settings, file: Path) -> None:
    file.write_text("a;b\n1;2\n3\n4;5;6\n7;8\n9;0\n")
    shown, complaint = peeked(settings, file)
    assert shown == {"csv": [["a", "b"], ["1", "2"], ["3"], ["4", "5", "6"], ["7", "8"], ["9", "0"]]}
    assert "csv row 3: 1 cells instead of 2; csv row 4: 3 cells instead of 2" in complaint


def test_rows_of_a_sheet_come_from_all_blocks(settings: Settings, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_reader, "BLOCK_BYTES", 20)
    file.write_text("a;b\n" + "".join(f"{number};x\n" for number in range(50)))
    with peek_file(settings, file) as document:
        assert list(rows_of(document.sheets[0])) == [["a", "b"], *([str(number), "x"] for number in range(50))]
