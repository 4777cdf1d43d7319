"""Columns to be marked: each row's value is the one that is marked, and whatever is not clear is an error of its cell."""

from __future__ import annotations

import openpyxl
import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from orchestration.intake import vault_files
from orchestration.intake.bronze import bronze_file, vault_file
from orchestration.intake.ledger import Submission
from orchestration.intake.marks import Kind, Part, Spread, gather, is_mark
from orchestration.settings import Settings
from schemas import Declaration, rules
from tests.conftest import HandIn
from tests.office import COMPLETIONS, RESIDENTS, as_csv

WORDS = ("Nam", "Nữ", "Khác")


def cells(*rows: str) -> str:
    """A CSV file of rows whose cells are separated by |."""
    return as_csv([row.split("|") for row in rows])


def findings(settings: Settings, declaration: Declaration, submission: Submission) -> list[tuple[int, str, int, str]]:
    """Row, column, position and rule of every finding."""
    file = vault_file(settings, declaration, submission.submission_id, "findings")
    return vault_files.read(settings, file).select("row", "column", "position", "rule").rows()


# --- one cell -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "cell", ["x", "X", " x ", "v", "✓", "✔", "☑", "1", "1.0", "+", "Có", "CÓ", "х", "ü", "Nữ", "nữ"]
)
def test_this_is_a_mark_below_nu(cell: str) -> None:
    assert is_mark(cell, "Nữ") is True


@pytest.mark.parametrize("cell", ["", " ", "0", "-", "–", "...", "…", "Không", "☐"])
def test_this_says_that_nothing_is_marked(cell: str) -> None:
    assert is_mark(cell, "Nữ") is False


@pytest.mark.parametrize("cell", ["?", "Nam", "12", "k", "xx", "#REF!", "Xã Bát Xát"])
def test_nobody_can_tell_whether_this_is_a_mark(cell: str) -> None:
    assert is_mark(cell, "Nữ") is None


# --- rows ---------------------------------------------------------------------------------------------------
def said_of(row: list[str]) -> tuple[str | None, list[tuple[int, str]]]:
    """What a row of marks says, worked out cell by cell: its value, and what is wrong at which column."""
    wrong: list[tuple[int, str]] = []
    chosen: str | None = None
    for position, (cell, word) in enumerate(zip(row, WORDS, strict=True)):
        mark = is_mark(cell, word)
        if mark is None:
            wrong.append((position, rules.MARK_UNKNOWN))
        elif mark and chosen is not None:
            wrong.append((position, rules.MARKED_TWICE))
        elif mark:
            chosen = word
    return None if wrong else chosen, wrong


@effort(deadline=None)
@given(st.lists(st.lists(st.sampled_from(["", "x", "V", "0", "?", "Nam"]), min_size=3, max_size=3), min_size=1))
def test_a_row_says_its_one_mark_or_what_is_wrong_at_which_cell(table: list[list[str]]) -> None:
    columns = {f"c{at}": [row[at] or None for row in table] for at in range(3)}
    spread = Spread(Kind.MARK, tuple(Part(at, word) for at, word in enumerate(WORDS)))
    gathered = gather(pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String)), spread)
    expected = [said_of(row) for row in table]
    assert gathered.words.to_list() == [word for word, _ in expected]
    found = [(index, at, rule) for at, each in gathered.problems for index, rule, _ in each.rows()]
    assert sorted(found) == sorted((row, at, rule) for row, (_, wrong) in enumerate(expected) for at, rule in wrong)
    for word, place in zip(gathered.words, gathered.places, strict=True):
        assert word in (None, WORDS[place])


def test_two_marks_of_one_value_are_one_value() -> None:
    spread = Spread(Kind.MARK, (Part(0, "Cán bộ"), Part(1, "Cán bộ"), Part(2, "Người dân")))
    frame = pl.DataFrame({"c0": ["x", "x", None], "c1": ["x", None, "x"], "c2": [None, "x", None]})
    gathered = gather(frame, spread)
    assert gathered.words.to_list() == ["Cán bộ", None, "Cán bộ"]
    assert [(at, each["index"].to_list()) for at, each in gathered.problems] == [(2, [1])]


# --- whole files --------------------------------------------------------------------------------------------
def test_marks_and_the_split_year_of_birth_are_read_and_every_doubt_stands_at_its_cell(
    settings: Settings, hand_in: HandIn
) -> None:
    submission = hand_in(
        RESIDENTS,
        "2026-10.csv",
        cells(
            "TT|Số CCCD|Họ và tên|Năm sinh||Xã|Tình trạng cư trú|||",
            "|||Nam|Nữ||Thường trú|Tạm trú|Khác|",
            "1|010080000001|Lý A|1980|-|Xã Bát Xát|x|||",
            "2|010180000002|Lý B||05/03/1980|Xã Bát Xát||X||",
            "3|010180000003|Lý C||1980|Xã Bát Xát||||",
            "4|010180000004|Lý D||1980|Xã Bát Xát|||x|",
            "5|010180000005|Lý Đ|0|1980|Xã Bát Xát||✓||",
            "6|010180000006|Lý E||1980|Xã Bát Xát|||xem sổ|",
            "7|010180000007|Lý G||31/02/1980|Xã Bát Xát|x|||",
            "8|010180000008|Lý H|1980|1980|Xã Bát Xát|x|||",
            "9|010180000009|Lý I|||Xã Bát Xát|x|||",
            "10|010180000010|Lý K||1980|Xã Bát Xát|x|x||",
            "11|010180000011|Lý L||2080|Xã Bát Xát||?||",
        ),
    )
    kept = pl.read_parquet(bronze_file(settings, RESIDENTS, submission.submission_id))
    assert kept.select("source_row", "sex", "birth_year", "residence_type").rows() == [
        (3, "male", 1980, "permanent"),
        (4, "female", 1980, "temporary"),
        (5, "female", 1980, None),
        (6, "female", 1980, None),
        (7, "female", 1980, "temporary"),
        (8, "female", 1980, None),
    ]
    assert findings(settings, RESIDENTS, submission) == [
        (6, "residence_type", 8, "choice.unknown_optional"),
        (9, "date_of_birth", 4, "date.format"),
        (10, "date_of_birth", 4, "mark.twice"),
        (10, "sex", 4, "mark.twice"),
        (11, "date_of_birth", 3, "required"),
        (11, "sex", 3, "required"),
        (12, "residence_type", 7, "mark.twice"),
        (13, "citizen_id", 1, "citizen_id.birth_year"),
        (13, "date_of_birth", 4, "date.future"),
        (13, "residence_type", 7, "mark.unknown"),
    ]
    assert submission.details["mended"] == {"choice": 6, "commune_code": 11, "partial_date": 1}


def test_rows_that_differ_only_in_marks_nobody_can_read_are_not_taken_for_one(
    settings: Settings, hand_in: HandIn
) -> None:
    header = "Số CCCD|Họ và tên|Ngày sinh|Giới tính Nam|Giới tính Nữ|Xã"
    rows = [f"010080000001|Lý A|1980|{marks}|Xã Bát Xát" for marks in ("x|x", "?|", "x|x")]
    good = ["010080000002|Lý B|1980|x||Xã Bát Xát", "010080000003|Lý C|1980|x||Xã Bát Xát"]
    submission = hand_in(RESIDENTS, "2026-10.csv", cells(header, *rows, *good))
    assert (submission.rows_accepted, submission.rows_rejected) == (2, 2)
    assert submission.details["ignored"] == {"duplicate": 1, "header": 1}


def test_the_returned_rows_of_such_a_file_are_mended_and_sent_back_as_they_are(
    settings: Settings, hand_in: HandIn
) -> None:
    first = hand_in(
        COMPLETIONS,
        "2026-10.csv",
        cells(
            "TT|Họ và tên||Năm sinh||CCCD|Đối tượng||Khóa học",
            "|Họ đệm|Tên|Nam|Nữ||Học sinh|Người dân|",
            "1|Lý A|Sử|1985||010085000001|x||Kỹ năng số",
            "2|Lý Thị|Mai||1985|010185000002|x|x|Kỹ năng số",
            "3|Lý A|Páo|1985||010085000003||x|Kỹ năng số",
        ),
    )
    assert (first.verdict, first.rows_accepted, first.rows_rejected) == ("partly", 2, 1)
    (receipt,) = settings.receipts(COMPLETIONS.path).glob("*.xlsx")
    book = openpyxl.load_workbook(receipt)
    sheet = book["Dòng trả lại"]
    (marked,) = [cell for cell in sheet[3] if cell.comment]
    assert (marked.coordinate, sheet.cell(2, marked.column).value) == ("J3", "Đối tượng Người dân")
    marked.value = None
    book.save(receipt)
    again = hand_in(COMPLETIONS, receipt.name, receipt.read_bytes())
    assert (again.verdict, again.rows_accepted, again.period) == ("accepted", 1, "2026-10")
    kept = pl.read_parquet(bronze_file(settings, COMPLETIONS, again.submission_id))
    assert kept.select("sex", "birth_year", "person_group").rows() == [("female", 1985, "student")]
    names = vault_files.read(settings, vault_file(settings, COMPLETIONS, again.submission_id))["full_name"]
    assert names.to_list() == ["Lý Thị Mai"]
