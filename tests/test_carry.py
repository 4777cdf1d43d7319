"""What a row does not say itself is taken from above it only where that is certain, the same wherever batches end."""

from __future__ import annotations

import datetime
from collections import Counter

import hypothesis
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.intake.carry import Carrier
from orchestration.intake.casts import CastContext
from orchestration.intake.places import communes, exactly
from orchestration.intake.recognise import Layout, find_layout
from orchestration.intake.rows import RowFilter
from orchestration.settings import settings
from schemas import Declaration
from tests.office import COMPLETIONS, PARCELS, RESIDENTS
from tests.test_rows import batch_of, cells

HEADER = "STT|Số định danh cá nhân|Họ và tên|Ngày sinh|Giới tính|Xã/phường|Thôn|Dân tộc|Ghi chú"
RECEIVED = datetime.date(2026, 11, 2)
BAT_XAT, Y_TY = exactly("02683@2025-07-01"), exactly("02701@2025-07-01")
PERSON = "1|010085000001|Giàng A Páo|05/03/1985|Nam|{}|{}|{}|"


def carry(
    declaration: Declaration, header: str, *below: str, size: int = 1000, sheet: str = "csv"
) -> tuple[pl.DataFrame, list[tuple[int, str, int, str, str | None]], dict[str, int]]:
    """Data rows below a header by declared column and row number, findings, and what was mended."""
    rows = cells(header, *below)
    layout = find_layout(declaration, rows, carried={"commune"})
    mended: Counter[str] = Counter()
    carrier = Carrier(declaration, layout, CastContext(RECEIVED, communes(settings())), sheet=sheet, mended=mended)
    sieve = RowFilter(declaration, layout, carrier.sections.names_place)
    frames, findings = [], []
    for start in range(0, len(rows), size):
        data = sieve.apply(batch_of(rows[start : start + size], start + 1, layout.width))
        carried = carrier.apply(data)
        frames.append(_texts(layout, data.rows, carried.cells, carried.texts, declaration))
        findings += carried.findings.select("row", "column", "position", "rule", "proposal").rows()
    return pl.concat(frames), findings, {kind: count for kind, count in mended.items() if count}


def _texts(
    layout: Layout, rows: pl.Series, frame: pl.DataFrame, texts: dict[str, pl.Series], declaration: Declaration
) -> pl.DataFrame:
    found = {name: frame[f"c{position}"] for name, position in layout.columns.items()} | texts
    return pl.DataFrame({"row": rows, **{name: found[name] for name in declaration.columns if name in found}})


def person(commune: str = "", village: str = "", ethnicity: str = "") -> str:
    return PERSON.format(commune, village, ethnicity)


def residents(
    *below: str, size: int = 1000, sheet: str = "csv"
) -> tuple[list[tuple[str | None, ...]], list[tuple[int, str, str, str | None]], dict[str, int]]:
    """(commune, village, ethnicity) of each data row, (row, column, rule, proposal) of each finding, mended."""
    frame, findings, mended = carry(RESIDENTS, HEADER, *below, size=size, sheet=sheet)
    said = [(row, column, rule, proposal) for row, column, _, rule, proposal in findings]
    return frame.select("commune", "village", "ethnicity").rows(), said, mended


def communes_of(*below: str, sheet: str = "csv") -> list[str | None]:
    return [row[0] for row in residents(*below, sheet=sheet)[0]]


# --- headings -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("heading", "commune", "village"),
    [
        ("Xã Bát Xát||||||||", BAT_XAT, None),
        ("I. Xã Bát Xát||||||||", BAT_XAT, None),
        ("I|XÃ BÁT XÁT|||||||", BAT_XAT, None),
        ("1|Xã Bát Xát|||||||25", BAT_XAT, None),
        ("||Xã Bát Xát (25 người)||||||", BAT_XAT, None),
        ("Đơn vị: Xã Bát Xát, tỉnh Lào Cai||||||||", BAT_XAT, None),
        ("A. Bát Xát||||||||", BAT_XAT, None),
        ("Bát Xát||||||||", BAT_XAT, None),
        ("02683 - Bát Xát||||||||", BAT_XAT, None),
        ("X. Bát Xát||||||||", BAT_XAT, None),
        ("II. A Mú Sung||||||||", exactly("02686@2025-07-01"), None),
        ("1. Thôn Bản Vược||||||||", None, "Thôn Bản Vược"),
        ("Thôn Bản Vược, xã Bát Xát: 12 hộ||||||||", BAT_XAT, "Thôn Bản Vược"),
        ("||Tổ 5||||||", None, "Tổ 5"),
    ],
)
def test_a_heading_says_commune_or_village_of_the_rows_beneath(
    heading: str, commune: str | None, village: str | None
) -> None:
    rows, _, mended = residents(heading, person(), person())
    assert rows == [(commune, village, None)] * 2
    assert mended == {"section": 2 * (bool(commune) + bool(village))}


def test_villages_stand_within_communes_and_end_with_them() -> None:
    rows, findings, _ = residents(
        *("I. Xã Bát Xát||||||||", "1. Thôn Bản Vược||||||||", person(), "2. Thôn Bản Trung||||||||", person()),
        *("II. Xã Y Tý||||||||", person(), "Cộng xã Y Tý|||||||1"),
    )
    assert rows == [(BAT_XAT, "Thôn Bản Vược", None), (BAT_XAT, "Thôn Bản Trung", None), (Y_TY, None, None)]
    assert findings == []


def test_the_rows_own_cell_goes_before_the_heading_even_if_it_names_no_commune() -> None:
    assert communes_of("I. Xã Bát Xát||||||||", person("Xã Y Tý"), person("Xã Lạ"), person(" ")) == [
        "Xã Y Tý",
        "Xã Lạ",
        BAT_XAT,
    ]


def test_a_heading_that_names_nothing_known_is_an_error_of_the_rows_that_need_it() -> None:
    rows, findings, mended = residents(
        "I. Xã Bát Xát||||||||",
        person(),
        "II. Xã Bát Xá||||||||",
        person(),
        person("Xã Y Tý"),
        "III. Khối khác||||||||",
        person(),
    )
    assert rows == [(BAT_XAT, None, None), (None, None, None), ("Xã Y Tý", None, None), (None, None, None)]
    assert findings == [
        (5, "commune", "section.unknown", "Xã Bát Xát (02683)"),
        (8, "commune", "section.unknown", None),
    ]
    assert mended == {"section": 1}


def test_a_deeper_heading_leaves_the_commune_as_it_is() -> None:
    assert communes_of("I. Xã Bát Xát||||||||", "1. Hộ nghèo||||||||", person()) == [BAT_XAT]


def test_a_village_that_is_called_like_a_commune_is_not_guessed() -> None:
    rows, findings, _ = residents("Bản Xèo||||||||", person())
    assert (rows, findings) == ([(None, None, None)], [(3, "commune", "section.unknown", "Xã Bản Xèo (02725)")])
    assert residents("I. Xã Bát Xát||||||||", "1. Bản Xèo||||||||", person())[0] == [(BAT_XAT, "Bản Xèo", None)]


def test_a_total_of_the_commune_ends_it_and_a_total_of_the_page_does_not() -> None:
    assert communes_of("I. Xã Bát Xát||||||||", person(), "Cộng trang 1||||||||", person()) == [BAT_XAT, BAT_XAT]
    assert communes_of("I. Xã Bát Xát||||||||", person(), "Cộng xã Bát Xát||||||||", person()) == [BAT_XAT, None]


def test_the_name_of_the_province_is_no_heading_for_the_ward_of_that_name() -> None:
    assert communes_of("Lào Cai||||||||", person()) == [None]
    assert communes_of("Phường Lào Cai||||||||", person()) == [exactly("02647@2025-07-01")]


@pytest.mark.parametrize(
    ("sheet", "expected"),
    [
        ("Xã Bát Xát", (BAT_XAT, None)),
        ("1. Bát Xát", (BAT_XAT, None)),
        ("Thôn Bản Vược", (None, "Thôn Bản Vược")),
        ("Lào Cai", (None, None)),
        ("Sheet1", (None, None)),
    ],
)
def test_the_name_of_a_sheet_is_a_heading_over_all_of_it(sheet: str, expected: tuple[str | None, str | None]) -> None:
    rows, findings, _ = residents(person(), "1. Nam||||||||", person(), sheet=sheet)
    assert [row[:2] for row in rows] == [expected] * 2
    assert [each[2] for each in findings] == ([] if expected[0] else ["section.unknown"])


def test_a_table_without_the_column_takes_it_from_headings_and_findings_name_no_cell() -> None:
    header = "STT|Số định danh cá nhân|Họ và tên|Ngày sinh|Giới tính"
    data = "1|010085000001|Giàng A Páo|05/03/1985|Nam"
    frame, findings, mended = carry(
        RESIDENTS, header, "I. Xã Bát Xát||||", data, "II. Xã Lạ Lùng||||", data, "III|Xã Y Tý|||", data
    )
    assert frame["commune"].to_list() == [BAT_XAT, None, Y_TY]
    assert findings == [(5, "commune", -1, "section.unknown", None)]
    assert mended == {"section": 2}


def test_an_optional_commune_that_a_heading_does_not_know_is_a_warning() -> None:
    header = "STT|Số CCCD|Họ và tên|Khóa học|Xã/phường"
    data = "1|010085000001|Giàng A Páo|Kỹ năng số|"
    _, findings, _ = carry(COMPLETIONS, header, "I. Xã Lạ Lùng||||", data, "II. Khối cơ quan||||", data)
    assert findings == [(3, "commune", 4, "section.unknown_optional", None)]


# --- ditto marks --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("mark", ["-nt-", "nt", "- nt -", "như trên", '"', "''", "〃", "”", "//", "-NT-", " nt "])
def test_a_ditto_mark_stands_for_the_cell_above(mark: str) -> None:
    rows, findings, mended = residents(
        person("Xã Y Tý", "Thôn 1", "Mông"), person(mark, mark, mark), person("", mark, "")
    )
    assert rows == [("Xã Y Tý", "Thôn 1", "Mông"), ("Xã Y Tý", "Thôn 1", "Mông"), (None, "Thôn 1", None)]
    assert (findings, mended) == ([], {"ditto": 4})


@pytest.mark.parametrize("text", ["NT", "Nùng", "n", "-", "'", "ntt", "nt 2"])
def test_what_may_be_a_value_is_no_ditto_mark(text: str) -> None:
    assert residents(person("Xã Y Tý", "Thôn 1", "Mông"), person("Xã Y Tý", text, ""))[0][1][1] == text


def test_a_ditto_mark_without_a_value_above_is_an_error_and_so_is_the_one_below_it() -> None:
    rows, findings, mended = residents(person("nt"), person("nt"), person("Xã Y Tý", "", "nt"), person("nt", "nt"))
    assert rows == [(None, None, None), (None, None, None), ("Xã Y Tý", None, None), ("Xã Y Tý", None, None)]
    nothing = "ditto.nothing_above"
    assert sorted(findings) == [
        (2, "commune", nothing, None),
        (3, "commune", nothing, None),
        (4, "ethnicity", nothing, None),
        (5, "village", nothing, None),
    ]
    assert mended == {"ditto": 1}


def test_below_a_shifted_row_nothing_certain_stands_above() -> None:
    rows, findings, _ = residents(person("Xã Y Tý"), person("nt"), person("nt") + "|thừa", person("nt"), person("nt"))
    assert rows == [("Xã Y Tý", None, None)] * 2 + [(None, None, None)] * 2
    assert [(row, rule) for row, _, rule, _ in findings] == [(5, "ditto.nothing_above"), (6, "ditto.nothing_above")]


def test_rows_that_are_no_data_are_not_above() -> None:
    rows, _, _ = residents(person("Xã Y Tý", "Thôn 1"), "Cộng trang 1|||||||7", "||||||||", HEADER, person("nt", "nt"))
    assert rows[1] == ("Xã Y Tý", "Thôn 1", None)


def test_right_below_a_heading_a_mark_means_the_heading() -> None:
    rows, findings, _ = residents(
        person("Xã Y Tý"), "II. Xã Bát Xát||||||||", person("nt"), person("-nt-"), "III. Xã Lạ||||||||", person("nt")
    )
    assert [row[0] for row in rows] == ["Xã Y Tý", BAT_XAT, BAT_XAT, None]
    assert [(row, rule) for row, _, rule, _ in findings] == [(7, "ditto.nothing_above")]


def test_a_mark_in_a_column_that_names_somebody_or_is_the_whole_key_is_an_error() -> None:
    frame, findings, _ = carry(RESIDENTS, HEADER, person("Xã Y Tý"), '2|"|nt|-nt-|nt|nt|||')
    assert frame.row(1) == (3, None, None, None, "Nam", None, "Xã Y Tý", None)
    assert [(column, rule) for _, column, _, rule, _ in findings] == [
        ("citizen_id", "ditto.not_here"),
        ("full_name", "ditto.not_here"),
        ("date_of_birth", "ditto.not_here"),
    ]


def test_a_part_of_a_longer_key_may_be_repeated() -> None:
    header = "TT|Xã cũ|Số tờ|Số thửa|Xã/phường|Diện tích (m²)|Loại đất|Chủ sử dụng"
    frame, findings, _ = carry(PARCELS, header, "1|Cốc Mỳ|5|12|Xã Bát Xát|100|ONT|Lò Văn A", '2|"|"|13|"|90|"|nt')
    assert frame.select("old_commune", "map_sheet", "parcel_no", "land_type").row(1) == ("Cốc Mỳ", "5", "13", "ONT")
    assert [(column, rule) for _, column, _, rule, _ in findings] == [("owner_name", "ditto.not_here")]


# --- any order, any batch -----------------------------------------------------------------------------------
ROWS = {
    "own": person("Xã Y Tý", "Thôn 1", "Mông"),
    "other": person("Xã Mường Hum", "", "Dao"),
    "ditto": person("nt", "-nt-", '"'),
    "empty": person(),
    "shifted": person("nt") + "|thừa",
    "commune": "I. Xã Bát Xát||||||||",
    "unknown": "II. Xã Lạ Lùng||||||||",
    "village": "1. Thôn Ná Nàm||||||||",
    "subtotal": "Cộng xã Bát Xát|||||||5",
    "blank": "||||||||",
    "header": HEADER,
    "short": "Xã Mường Hum",
}


@hypothesis.settings(deadline=None, max_examples=30)
@given(kinds=st.lists(st.sampled_from(sorted(ROWS)), max_size=25), size=st.integers(1, 12))
def test_what_is_carried_does_not_depend_on_where_batches_end(kinds: list[str], size: int) -> None:
    below = [ROWS[kind] for kind in kinds]
    whole, parted = residents(*below), residents(*below, size=size)
    assert (parted[0], sorted(map(str, parted[1])), parted[2]) == (whole[0], sorted(map(str, whole[1])), whole[2])
