"""Zip archives, Parquet and JSON lines are read as the tables that they hold, or refused with a reason."""

from __future__ import annotations

import datetime
import decimal
import io
import json
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from orchestration.intake.casts import base
from orchestration.intake.peek import peek_file, write_cells
from orchestration.intake.readers import UnreadableError, file_kind, json_lines, open_document, table, zipped
from orchestration.intake.readers import text as text_reader
from orchestration.intake.readers.workbook_child import cells
from orchestration.settings import Settings

Cells = list[list[str]]
Rows = dict[int, list[str]]

reading = effort(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "2026-10"


def read(settings: Settings, file: Path, *, exact: bool = False) -> dict[str, Rows]:
    """All rows of every sheet by number, the misshapen ones too; empty cells as empty text."""
    found: dict[str, Rows] = {}
    with open_document(settings, file, exact=exact) as document:
        for sheet in document.sheets:
            rows = found[sheet.name] = {}
            for batch in sheet.batches(sheet.width):
                for number, texts in zip(batch.rows.to_list(), batch.cells.iter_rows(), strict=True):
                    rows[number] = [cell or "" for cell in texts]
                rows |= {each.row: list(each.cells) for each in batch.misshapen}
    return found


def refused(settings: Settings, file: Path) -> UnreadableError:
    """Why a file is refused; the message must say what to do, and nothing may be left behind."""
    with pytest.raises(UnreadableError) as found:
        read(settings, file)
    assert "send it again" in str(found.value)
    assert list(settings.temporary.glob("*")) == []
    return found.value


def peeked(settings: Settings, file: Path) -> tuple[dict[str, Cells], str]:
    """What ``kho peek --json`` prints, and its complaint."""
    out, complaint = io.StringIO(), ""
    with peek_file(settings, file) as document:
        try:
            write_cells(document, out)
        except UnreadableError as error:
            complaint = str(error)
    return json.loads(out.getvalue()), complaint


# --- JSON lines ---------------------------------------------------------------------------------------------
def test_objects_become_rows_under_all_keys_of_the_file(settings: Settings, file: Path) -> None:
    """Row n + 1 is line n: the keys stand where a workbook of the same table has its header."""
    file.write_text('{"mã": "007", "tên": "Lò Thị Mẩy"}\n\n{"tên": " ", "số": 5, "mã": null}\r\n{}')
    assert read(settings, file) == {
        "jsonl": {
            1: ["mã", "tên", "số"],
            2: ["007", "Lò Thị Mẩy", ""],
            3: ["", "", ""],
            4: ["", " ", "5"],
            5: ["", "", ""],
        }
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("12345678901234567890", "12345678901234567890"),
        ("1.50", "1.50"),
        ("1.234", "1.2340"),
        ("-0.5", "-0.5"),
        ("1E3", "1000"),
        ("1e-3", "0.0010"),
        ("1e400", "1E+400"),
        ("true", "TRUE"),
        ("false", "FALSE"),
        ("null", ""),
        ('""', ""),
        ('"1.234"', "1.234"),
        (r'"Xã \"A\"\u00a0\n"', 'Xã "A"\u00a0\n'),
        ("[1, 2]", table.NESTED),
        ('{"a": 1}', table.NESTED),
        ("[]", table.NESTED),
    ],
)
def test_a_json_value_keeps_every_digit_and_a_nested_one_is_an_error_of_its_cell(
    settings: Settings, file: Path, value: str, text: str
) -> None:
    file.write_text(f'{{"a": "x", "b": {value}}}\n')
    assert read(settings, file)["jsonl"][2] == ["x", text]


@pytest.mark.parametrize(
    "line",
    ['{"a": 1', '{"a": 1, "a": 2}', "[1, 2]", "5", "chữ", '{"a": NaN}', r'{"a": "\ud800"}', r'{"a": "\u0000"}', "[" * 100_000],
    ids=["cut", "one key twice", "a list", "a number", "no JSON", "no number", "half a character", "a zero byte", "depth"],
)  # fmt: skip
@pytest.mark.parametrize("keys", ['"a": 1', '"a": 1, "b": 2'])
def test_a_line_that_is_no_row_is_misshapen_under_its_own_number(
    settings: Settings, file: Path, line: str, keys: str
) -> None:
    file.write_text(f"{{{keys}}}\n{line}\n{{{keys}}}\n")
    with open_document(settings, file) as document:
        (batch,) = document.sheets[0].batches(document.sheets[0].width)
    assert (batch.rows.to_list(), [each.row for each in batch.misshapen]) == ([1, 2, 4], [3])
    shown, complaint = peeked(settings, file)
    assert [len(shown["jsonl"]), "jsonl row 3: " in complaint] == [4, True]


@reading
@given(
    rows=st.lists(
        st.dictionaries(st.sampled_from("abcđ"), st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=5)),
        min_size=1,
        max_size=30,
    ).filter(any),
    ascii_only=st.booleans(),
    batch=st.integers(1, 7),
)  # fmt: skip
def test_any_objects_come_back_whatever_the_batches(
    settings: Settings, file: Path, rows: list[dict[str, str | None]], ascii_only: bool, batch: int
) -> None:
    text = "".join(json.dumps(row, ensure_ascii=ascii_only) + "\n" for row in ({"a": "x"}, *rows))
    file.write_text(text)
    keys = list(dict.fromkeys(key for row in ({"a": "x"}, *rows) for key in row))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_lines, "_BATCH_ROWS", batch)
        found = read(settings, file)["jsonl"]
    expected = [keys, ["x"] + [""] * (len(keys) - 1), *([row.get(key) or "" for key in keys] for row in rows)]
    assert found == dict(enumerate(expected, start=1))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_json_lines_are_read_in_other_encodings(settings: Settings, file: Path, encoding: str) -> None:
    file.write_text('{"tên": "Mẩy"}\n', encoding=encoding)
    assert read(settings, file) == {"jsonl": {1: ["tên"], 2: ["Mẩy"]}}


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        ('{"a":\n1}\n', "file.unreadable"),
        ("{}\n{}\n", "file.empty"),
        ('{"a": "' + "x" * (5 << 20) + '"}\n', "file.limits"),
        ("{" + ", ".join(f'"k{number}": 1' for number in range(20_000)) + "}", "file.limits"),
    ],
    ids=["one object over several lines", "no keys", "an endless line", "too many keys"],
)
def test_json_that_is_no_table_is_refused(settings: Settings, file: Path, content: str, rule: str) -> None:
    file.write_text(content)
    assert refused(settings, file).rule_id == rule


# --- Parquet ------------------------------------------------------------------------------------------------
def test_every_type_of_a_column_has_one_form_as_text(settings: Settings, file: Path) -> None:
    day, moment = datetime.date(2026, 10, 31), datetime.datetime(2026, 10, 31, 7, 30, 0, 500)
    columns: dict[str, tuple[Any, list[str]]] = {
        "chữ": (["007", ""], ["007", ""]),
        "nhóm": (pa.array(["a", None]).dictionary_encode(), ["a", ""]),
        "số nguyên": (pa.array([12345678901234567, -1], pa.int64()), ["12345678901234567", "-1"]),
        "số thực": ([1.234, 1e17 + 16], ["1.2340", "1E+17"]),
        "số thực ngắn": (pa.array([0.1, None], pa.float32()), ["0.1", ""]),
        "không phải số": (pa.array([float("nan"), float("inf")]), ["nan", "inf"]),
        "thập phân": ([decimal.Decimal("1.234"), decimal.Decimal("-0.50")], ["1.2340", "-0.5000"]),
        "ngày": ([day, None], ["2026-10-31", ""]),
        "lúc": ([moment, datetime.datetime(2026, 10, 31)], ["2026-10-31 07:30:00.0005", "2026-10-31"]),
        "lúc ở": (pa.array([0, None], pa.timestamp("ms", "Asia/Ho_Chi_Minh")), ["1970-01-01 08:00:00+0800", ""]),
        "giờ": ([datetime.time(7, 30), None], ["07:30:00", ""]),
        "có": ([True, False], ["TRUE", "FALSE"]),
        "byte": ([b"ch\xe1\xbb\xaf", b"\xff"], ["chữ", table.NESTED]),
        "rỗng": (pa.nulls(2), ["", ""]),
        "danh sách": ([[1, 2], None], [table.NESTED, ""]),
        "cấu trúc": ([{"a": 1}, {"a": 2}], [table.NESTED, table.NESTED]),
        "khoảng": ([datetime.timedelta(1), None], [table.NESTED, ""]),
    }
    pq.write_table(pa.table({name: values for name, (values, _) in columns.items()}), file)
    rows = [list(row) for row in zip(*(texts for _, texts in columns.values()), strict=True)]
    assert read(settings, file) == {"parquet": {1: list(columns), 2: rows[0], 3: rows[1]}}
    assert "parquet row 2: a list or an object in a cell" in peeked(settings, file)[1]


def test_parquet_is_read_row_group_by_row_group_in_order(settings: Settings, file: Path) -> None:
    pq.write_table(pa.table({"a": range(25_000)}), file, row_group_size=7000)
    small = settings.model_copy(update={"batch_rows": 10_000})
    with open_document(small, file) as document:
        batches = list(document.sheets[0].batches(2))
    assert [cell for batch in batches for cell in batch.cells["c0"]] == ["a", *map(str, range(25_000))]
    assert len(batches) > 1
    assert batches[-1].rows[-1] == 25_001


def test_a_parquet_file_cut_short_or_turned_is_refused(settings: Settings, file: Path) -> None:
    pq.write_table(pa.table({"a": ["x"] * 100}), file)
    whole = file.read_bytes()
    for content in (whole[:-20], whole[:200], b"PAR1", whole[:-12] + b"\xff" * 4 + whole[-8:]):
        file.write_bytes(content)
        assert refused(settings, file).rule_id == "file.unreadable"


def test_text_that_is_not_utf8_refuses_a_parquet_file(settings: Settings, file: Path) -> None:
    """Parquet promises UTF-8 and its readers do not check it."""
    pq.write_table(pa.table({"a": ["Giàng", "chữ"]}), file, compression="none", use_dictionary=False)
    file.write_bytes(file.read_bytes().replace("ữ".encode(), b"\xff\xff\xff"))
    assert refused(settings, file).rule_id == "file.unreadable"


def test_a_kilobyte_that_says_it_holds_a_hundred_million_rows_is_refused(settings: Settings, file: Path) -> None:
    with pq.ParquetWriter(file, pa.schema([("a", pa.string())]), compression="zstd") as writer:
        for _ in range(6):
            writer.write_table(
                pa.table({"a": pa.DictionaryArray.from_arrays(pa.array([0] * 1_000_000), ["x" * 50]).cast(pa.string())})
            )
    assert file.stat().st_size < 100_000
    assert refused(settings, file).rule_id == "file.limits"


def test_an_encrypted_parquet_file_has_a_password(settings: Settings, file: Path) -> None:
    file.write_bytes(b"PARE" + b"\x00" * 100)
    assert refused(settings, file).rule_id == "file.password"


def test_what_the_readers_write_for_a_nested_value_is_an_error_of_its_cell() -> None:
    assert {table.NESTED, cells.NESTED} == {base.NESTED_VALUE}
    assert isinstance(base.common_reading(table.NESTED), base.Failure)


# --- zip ----------------------------------------------------------------------------------------------------
def pack(file: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def workbook(*rows: list[Any]) -> bytes:
    book = openpyxl.Workbook()
    book.active.title = "Trang"
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_every_table_of_an_archive_is_a_sheet_that_says_where_it_stands(settings: Settings, file: Path) -> None:
    pack(
        file,
        {
            "xã A/dân cư.csv": b"a;b\n1;2\n",
            "xã B.xlsx": workbook(["a", "b"], [3, 4]),
            "c.bin": b'{"a": 5}\n',
            "thư mục/": b"",
            "công văn.pdf": b"%PDF-1.4",
            "__MACOSX/._xã B.xlsx": b"\x00\x05\x16\x07",
            "~$xã B.xlsx": b"\x05admin",
        },
    )
    assert read(settings, file) == {
        "xã A/dân cư.csv": {1: ["a", "b"], 2: ["1", "2"]},
        "xã B.xlsx › Trang": {1: ["a", "b"], 2: ["3", "4"]},
        "c.bin": {1: ["a"], 2: ["5"]},
    }
    with open_document(settings, file) as document:
        assert document.kind == "zip"
        assert list(document.left_out) == ["công văn.pdf", "__MACOSX/._xã B.xlsx", "~$xã B.xlsx"]
        assert [sheet.numeric_cells for sheet in document.sheets] == [False, True, True]


@pytest.mark.parametrize(
    ("name", "raw", "flags", "shown"),
    [
        ("UTF-8", "xã Bản Qua.csv".encode(), 0x800, "xã Bản Qua.csv"),
        ("UTF-8 of macOS", unicodedata.normalize("NFD", "xã Bản Qua.csv").encode(), 0, "xã Bản Qua.csv"),
        ("Windows-1258", b"xa\xde B\xe0\xd2n.csv".replace(b"\xe0", b"a"), 0, "xã Bản.csv"),
        ("code page 437", "éà.csv".encode("cp437"), 0, "éà.csv"),
        ("out of the archive", b"../../../etc/a.csv", 0, "etc/a.csv"),
        ("a root", b"/etc/a.csv", 0, "etc/a.csv"),
        ("a drive", b"C:\\Users\\a.csv", 0, "Users/a.csv"),
        ("a line's end", b"a\nb.csv", 0, "a?b.csv"),
        ("text turned round", "a\u202evsc.csv".encode(), 0x800, "a?vsc.csv"),
        ("endless", b"d" * 300 + b"/x.csv", 0, "d" * 59 + "…" + "d" * 54 + "/x.csv"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_a_members_name_is_shown_as_people_know_it_and_leads_nowhere(
    settings: Settings, file: Path, name: str, raw: bytes, flags: int, shown: str
) -> None:
    file.write_bytes(raw_zip(raw, b"a;b\n1;2\n", flags))
    assert read(settings, file) == {shown: {1: ["a", "b"], 2: ["1", "2"]}}


def raw_zip(name: bytes, content: bytes, flags: int) -> bytes:
    """An archive of one stored member, its name in these bytes."""
    facts = struct.pack(
        "<HHHHHIIIHH", 20, flags, 0, 0, 33, zlib.crc32(content), len(content), len(content), len(name), 0
    )
    local = b"PK\x03\x04" + facts + name + content
    central = b"PK\x01\x02" + struct.pack("<H", 20) + facts + struct.pack("<HHHII", 0, 0, 0, 0, 0) + name
    return local + central + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)


def _with_duplicate(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.csv", "a;b")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.csv", "a;c")


def _with_link(file: Path) -> None:
    link = zipfile.ZipInfo("a.csv")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(link, "/etc/passwd")


def _with_password(file: Path) -> None:
    content = bytearray(raw_zip(b"a.csv", b"a;b\n" * 9, 0))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.find(mark) + place] |= 1
    file.write_bytes(content)


def _with_wrong_place(file: Path) -> None:
    content = raw_zip(b"a.csv", b"a;b\n1;2\n", 0)
    end = content.rfind(b"PK\x05\x06")
    file.write_bytes(content[: end + 16] + struct.pack("<I", 5000) + content[end + 20 :])


def _with_wrong_sum(file: Path) -> None:
    file.write_bytes(raw_zip(b"a.csv", b"a;b\n1;2\n", 0).replace(b"1;2", b"1;3"))


@pytest.mark.parametrize(
    ("make", "rule", "title", "because"),
    [
        (_with_duplicate, "file.archive_member", "a.csv", ""),
        (_with_link, "file.empty", "", ""),
        (_with_password, "file.archive_member", "a.csv", "file.password"),
        (_with_wrong_place, "file.archive_member", "a.csv", "file.unreadable"),
        (_with_wrong_sum, "file.archive_member", "a.csv", "file.unreadable"),
        (lambda file: pack(file, {"x.pdf": b"%PDF"}), "file.empty", "", ""),
        (lambda file: pack(file, {}), "file.empty", "", ""),
        (lambda file: pack(file, {"a.csv": b"a;b\n1;2", "b.xlsx": b"%PDF"}), "file.archive_member", "b.xlsx", "file.unreadable"),
        (lambda file: pack(file, {"a.csv": b"a;b\n1;2", "b.xlsx": workbook([1])[:-30]}), "file.archive_member", "b.xlsx", "file.unreadable"),
        (lambda file: pack(file, {"a.csv": b"a;b\n1;2", "b.dat": b"Rar!\x1a\x07\x00"}), "file.archive_member", "b.dat", "file.archive_member"),
        (lambda file: pack(file, {"a.csv": b"a;b\n1;2"}, zipfile.ZIP_BZIP2), "file.archive_member", "a.csv", "file.unreadable"),
        (lambda file: pack(file, {"a.csv": b"a;b\n" + b"1;2\n" * 2_000_000}), "file.archive_limits", "a.csv", ""),
        (lambda file: pack(file, {f"{number}.csv": b"a;b" for number in range(500)}), "file.archive_limits", "", ""),
    ],
    ids=["two of one name", "a link", "a password", "a wrong place", "a wrong checksum", "no table", "nothing", "a table's name",
         "a damaged workbook", "an archive of another kind", "another method", "a bomb", "too many"],
)  # fmt: skip
def test_an_archive_that_cannot_be_read_as_a_whole_is_refused_and_says_which_file(
    settings: Settings, file: Path, make: Callable[[Path], None], rule: str, title: str, because: str
) -> None:
    make(file)
    error = refused(settings, file)
    assert (error.rule_id, error.title, error.because) == (rule, title, because)


def test_an_archive_inside_an_archive_is_refused(settings: Settings, file: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a.csv", "a;b\n1;2\n")
    pack(file, {"a.csv": b"a;b\n1;2\n", "trong.dat": inner.getvalue()})
    assert (refused(settings, file).rule_id, refused(settings, file).title) == ("file.archive_member", "trong.dat")


def test_members_together_may_not_be_larger_than_the_limit(
    settings: Settings, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zipped, "MOST_UNPACKED_BYTES", 30)
    pack(file, {"a.csv": b"a;b\n1;2\n3;4\n", "b.csv": b"a;b\n1;2\n3;4\n", "c.csv": b"a;b\n1;2\n3;4\n"})
    assert (refused(settings, file).rule_id, refused(settings, file).title) == ("file.archive_limits", "c.csv")


def test_a_list_of_contents_beyond_reason_is_not_read(
    settings: Settings, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack(file, {f"{number}.csv": b"" for number in range(50)})
    monkeypatch.setattr(zipped, "MOST_DIRECTORY_BYTES", 1000)
    assert refused(settings, file).rule_id == "file.archive_limits"


def test_what_is_found_late_in_a_member_names_it(
    settings: Settings, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_reader, "BLOCK_BYTES", 1000)
    pack(file, {"tốt.csv": b"a;b\n1;2\n", "hỏng.csv": b"a;b\n" + b"1;x\n" * 1000 + b'9;"x\n'})
    error = refused(settings, file)
    assert (error.rule_id, error.title, error.because) == ("file.archive_member", "hỏng.csv", "file.unreadable")


def test_an_archive_takes_no_longer_than_one_file_may(settings: Settings, file: Path) -> None:
    pack(file, {"a.xlsx": workbook([1]), "b.xlsx": workbook([2])})
    assert refused(settings.model_copy(update={"reader_seconds": 0.01}), file).rule_id in (
        "file.archive_member",
        "file.archive_limits",
    )


# --- which kind ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b'{"a": 1}\n', "jsonl"),
        (b' \n{ "a\\"b" : 1', "jsonl"),
        (b"{}\n", "jsonl"),
        (b"{a};b\n1;2\n", "csv"),
        (b'"{""a"": 1}";b\n', "csv"),
        (b"PAR1;b\n", "parquet"),
        (b"PAR;b\n", "csv"),
    ],
)
def test_the_kind_is_judged_by_content(file: Path, content: bytes, kind: str) -> None:
    file.write_bytes(content)
    assert file_kind(file) == kind


@reading
@given(
    start=st.sampled_from([b"", b"{", b'{"a":', b"PK\x03\x04", b"PK\x05\x06", b"a;b\n", b"\xff\xfe", b"\xef\xbb\xbf", b'"']),
    rest=st.binary(max_size=60) | st.text(st.sampled_from('a;"\n\r{}:,1[]\\'), max_size=60).map(str.encode),
)  # fmt: skip
def test_any_bytes_are_a_table_or_a_clean_refusal(settings: Settings, file: Path, start: bytes, rest: bytes) -> None:
    file.write_bytes(start + rest)
    try:
        assert read(settings, file)
    except UnreadableError as error:
        assert "send it again" in str(error)
