"""Every error of every cell in one pass: cast and checked, each reported once, at its place."""

from __future__ import annotations

import datetime
from collections import Counter
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from orchestration.intake.casts import CastContext
from orchestration.intake.findings import FINDINGS, rows_with_errors
from orchestration.intake.normalise import TypedBatch, normalise
from orchestration.intake.places import communes
from orchestration.intake.validate import validate
from orchestration.settings import Settings
from schemas import Declaration, datasets
from schemas.column_types import CitizenId, PartialDate
from schemas.rules import RULES
from tests.office import COMPLETIONS, PARCELS, RESIDENTS, Row, learner, parcel, resident

TODAY = datetime.date(2026, 11, 2)
PLACES = communes(Settings(province="15"))

#: Row number, column, rule.
Found = set[tuple[int, str, str]]


def batch_of(
    declaration: Declaration, rows: list[Row], *, first: int = 2, further: dict[str, tuple[int, ...]] | None = None
) -> tuple[TypedBatch, dict[str, int], Counter[str]]:
    """Rows by column name as a typed batch. The columns stand in reverse order, the first in the file is unknown."""
    names = [name for name in reversed(declaration.columns) if any(name in row for row in rows)]
    columns = {name: position for position, name in enumerate(names, start=1)}
    width = 1 + len(names) + sum(map(len, (further or {}).values()))
    cells = pl.DataFrame(
        {f"c{position}": [row.get(str(position)) for row in rows] for position in range(width)}
        | {f"c{position}": [row.get(name) or None for row in rows] for name, position in columns.items()},
        schema=dict.fromkeys([f"c{position}" for position in range(width)], pl.String),
    )
    mended: Counter[str] = Counter()
    numbers = pl.int_range(first, first + len(rows), dtype=pl.Int64, eager=True)
    typed = normalise(
        declaration,
        columns,
        numbers,
        cells,
        sheet="Trang",
        context=CastContext(TODAY, PLACES),
        mended=mended,
        further=further,
    )
    return typed, columns, mended


def findings_of(declaration: Declaration, *rows: Row) -> pl.DataFrame:
    typed, columns, _ = batch_of(declaration, list(rows))
    return validate(declaration, columns, typed, sheet="Trang", received_on=TODAY)


def found(declaration: Declaration, *rows: Row) -> Found:
    findings = findings_of(declaration, *rows)
    assert dict(findings.schema) == FINDINGS
    assert findings.select("row", "column", "rule").is_duplicated().sum() == 0
    return set(findings.select("row", "column", "rule").iter_rows())


# --- right rows, and one wrong thing each -------------------------------------------------------------------
@pytest.mark.parametrize(("declaration", "make"), [(RESIDENTS, resident), (COMPLETIONS, learner), (PARCELS, parcel)])
def test_right_rows_have_no_findings_and_typed_values(declaration: Declaration, make: Any) -> None:
    typed, columns, _ = batch_of(declaration, [make(number) for number in range(300)])
    assert validate(declaration, columns, typed, sheet="Trang", received_on=TODAY).is_empty()
    assert typed.frame.columns == [*declaration.columns, "commune_of_time_key"]
    assert typed.frame.dtypes == [*(column.type.physical for column in declaration.columns.values()), pl.String]
    assert set(typed.text.columns) == set(columns)


@pytest.mark.parametrize(
    ("other", "column", "rule"),
    [
        ({"citizen_id": ""}, "citizen_id", "required"),
        ({"citizen_id": "01O085001234"}, "citizen_id", "citizen_id.format"),
        ({"sex": "Nữ"}, "citizen_id", "citizen_id.sex"),
        ({"date_of_birth": "05/03/1971"}, "citizen_id", "citizen_id.birth_year"),
        ({"date_of_birth": "1971"}, "citizen_id", "citizen_id.birth_year"),
        ({"citizen_id": "099070000020"}, "citizen_id", "citizen_id.province"),
        ({"full_name": "A" * 201}, "full_name", "text.too_long"),
        ({"full_name": "..."}, "full_name", "required"),
        ({"date_of_birth": "31/02/1970"}, "date_of_birth", "date.format"),
        ({"sex": "1"}, "sex", "choice.unknown"),
        ({"residence_type": "Khách"}, "residence_type", "choice.unknown_optional"),
        ({"commune": "Xã Không Có"}, "commune", "commune.unknown"),
        ({"death_date": "03/11/2026"}, "death_date", "date.future"),
        ({"death_date": "12/2026"}, "death_date", "date.future"),
        ({"death_date": "1969"}, "death_date", "residents.death_before_birth"),
        ({"residence_type": "Đã chết"}, "death_date", "residents.deceased_without_date"),
        ({"household_no": "#REF!"}, "household_no", "cell.excel_error"),
        ({"household_no": "1.23457E+11"}, "household_no", "cell.lost_digits"),
        ({"as_of": "10/2026"}, "as_of", "date.format"),
    ],
)
def test_each_wrong_thing_of_a_resident_is_one_finding_at_its_cell(other: Row, column: str, rule: str) -> None:
    good = resident(20)  # a man born in 1970
    assert found(RESIDENTS, good, good | other, good) == {(3, column, rule)}


@pytest.mark.parametrize(
    ("other", "column", "rule"),
    [
        ({"area_m2": "0"}, "area_m2", "number.range"),
        ({"area_m2": "-5"}, "area_m2", "number.range"),
        ({"area_m2": "50.000.001,5"}, "area_m2", "number.range"),
        ({"area_m2": "100,12345"}, "area_m2", "decimal.rounded"),
        ({"land_type": "QQQ"}, "land_type", "land_type.unknown"),
        ({"land_type": "NNP"}, "land_type", "land_type.group"),
        ({"parcel_id": ""}, "parcel_id", "parcels.identity"),
        ({"certificate_no": "chưa rõ số"}, "certificate_no", "certificate.format"),
        ({"certificate_date": "03/11/2026"}, "certificate_date", "date.future"),
        ({"owner_citizen_id": "", "owner_name": ""}, "owner_name", "parcels.owner_unknown"),
        ({"owner_citizen_id": "10050000000"}, "owner_citizen_id", "citizen_id.lost_zero"),
        ({"owner_citizen_id": "080123456"}, "owner_citizen_id", "citizen_id.nine_digits"),
        ({"owner_tax_code": "0100109107"}, "owner_tax_code", "tax_code.check_digit"),
        ({"owner_role": "Người quản lý"}, "owner_role", "choice.unknown_optional"),
    ],
)
def test_each_wrong_thing_of_a_parcel_is_one_finding_at_its_cell(other: Row, column: str, rule: str) -> None:
    good = parcel(20)
    assert found(PARCELS, good, good | other, good) == {(3, column, rule)}


@pytest.mark.parametrize(
    ("other", "column", "rule"),
    [
        ({"enrolled": "16/10/2026"}, "completed", "completions.completed_before_enrolled"),
        ({"score": "100,5"}, "score", "number.range"),
        ({"person_group": "Người nước ngoài"}, "person_group", "choice.unknown_optional"),
        ({"course_name": "-"}, "course_name", "required"),
        ({"sex": "1"}, "sex", "choice.unknown_optional"),
    ],
)
def test_each_wrong_thing_of_a_completion_is_one_finding_at_its_cell(other: Row, column: str, rule: str) -> None:
    good = learner(20)
    assert found(COMPLETIONS, good, good | other, good) == {(3, column, rule)}


# --- all of them at once ------------------------------------------------------------------------------------
WRONG = [
    ("citizen_id", "", "required"), ("citizen_id", "12", "citizen_id.format"), ("full_name", "", "required"),
    ("sex", "?", "choice.unknown"), ("sex", "", "required"), ("commune", "Xã Không Có", "commune.unknown"),
    ("date_of_birth", "32/01/1970", "date.format"), ("household_no", "#N/A", "cell.excel_error"),
    ("village", "V" * 101, "text.too_long"), ("as_of", "hôm qua", "date.format"),
    ("relation_to_head", "Bạn", "choice.unknown_optional"),
]  # fmt: skip


@effort(max_examples=30)
@given(
    planted=st.lists(
        st.lists(st.sampled_from(WRONG), unique_by=lambda each: each[0], max_size=8), min_size=1, max_size=12
    )
)
def test_all_errors_of_all_cells_come_in_one_pass_each_once(planted: list[list[tuple[str, str, str]]]) -> None:
    rows = [resident(2 * number, **{column: text for column, text, _ in wrong}) for number, wrong in enumerate(planted)]
    expected = {(2 + at, column, rule) for at, wrong in enumerate(planted) for column, _, rule in wrong}
    assert found(RESIDENTS, *rows) == expected


def test_the_same_errors_are_found_in_batches_of_any_size() -> None:
    rows = [resident(number, sex="?" if number % 7 == 0 else ("Nam", "Nữ")[number % 2]) for number in range(50)]
    expected = {(2 + number, "sex", "choice.unknown") for number in range(0, 50, 7)}
    for size in (1, 3, 50):
        got: Found = set()
        for start in range(0, 50, size):
            typed, columns, _ = batch_of(RESIDENTS, rows[start : start + size], first=2 + start)
            got |= set(
                validate(RESIDENTS, columns, typed, sheet="Trang", received_on=TODAY)
                .select("row", "column", "rule")
                .iter_rows()
            )
        assert got == expected


# --- what a finding says ------------------------------------------------------------------------------------
def test_a_finding_says_sheet_row_place_severity_and_proposal() -> None:
    rows = [resident(20), resident(20, citizen_id="10070000020", sex="Nữ", commune="Xã Bát Xạt Cũ")]
    typed, columns, _ = batch_of(RESIDENTS, rows, first=11)
    findings = validate(RESIDENTS, columns, typed, sheet="Trang", received_on=TODAY).sort("column")
    places = columns["citizen_id"], columns["commune"]
    assert findings.rows() == [
        ("Trang", 12, "citizen_id", places[0], "citizen_id.lost_zero", "error", "010070000020"),
        ("Trang", 12, "commune", places[1], "commune.unknown", "error", "Xã Bát Xát (02683)"),
    ]


def test_warnings_return_no_row() -> None:
    findings = findings_of(RESIDENTS, resident(20, residence_type="Khách"), resident(21, sex=""))
    assert sorted(findings["severity"].to_list()) == ["error", "warning"]
    assert rows_with_errors(findings).to_list() == [3]


def test_a_cell_that_could_not_be_read_is_not_said_to_be_missing_too() -> None:
    assert found(RESIDENTS, resident(20, citizen_id="12", date_of_birth="x")) == {
        (2, "citizen_id", "citizen_id.format"),
        (2, "date_of_birth", "date.format"),
    }


def test_columns_that_are_absent_are_empty_and_reported_at_no_place_if_required() -> None:
    findings = findings_of(RESIDENTS, {name: text for name, text in resident(20).items() if name != "ethnicity"})
    assert findings.is_empty()
    findings = findings_of(RESIDENTS, {name: text for name, text in resident(20).items() if name != "sex"})
    assert findings.select("column", "position", "rule").rows() == [("sex", -1, "required")]


def test_a_date_on_the_day_of_acceptance_is_not_in_the_future() -> None:
    born = {"citizen_id": "010226000020", "sex": "Nam"}
    for text in ("02/11/2026", "11/2026", "2026"):
        assert found(RESIDENTS, resident(20, date_of_birth=text, **born)) == set()
    for text in ("03/11/2026", "12/2026"):
        assert found(RESIDENTS, resident(20, date_of_birth=text, **born)) == {(2, "date_of_birth", "date.future")}


def test_an_id_of_the_future_is_an_error() -> None:
    assert found(PARCELS, parcel(20, owner_citizen_id="010227000020")) == {(2, "owner_citizen_id", "citizen_id.future")}


@pytest.mark.parametrize("declaration", datasets().values(), ids=list(datasets()))
def test_every_rule_that_a_column_is_checked_by_is_declared(declaration: Declaration) -> None:
    for name in declaration.columns:
        assert set(declaration.rule_ids(name)) <= RULES.keys()


# --- typed values -------------------------------------------------------------------------------------------
def test_an_id_gets_its_zeros_back_by_the_sex_and_birth_of_its_own_row_wherever_these_stand() -> None:
    """The id stands after them here, in other files before; the file's order of columns must not matter."""
    rows = [
        resident(20, citizen_id="10070000020"),
        resident(21, citizen_id="10171000021"),
        resident(22, citizen_id="10070000020"),
    ]
    typed, _, mended = batch_of(RESIDENTS, rows)
    assert typed.frame["citizen_id"].to_list() == ["010070000020", "010171000021", None]
    assert mended["citizen_id"] == 2
    first = next(iter(RESIDENTS.columns.values()))
    assert (first.type, RESIDENTS.columns[first.birth_column or ""].type) == (CitizenId, PartialDate)


def test_the_text_of_the_cells_is_kept_as_it_was() -> None:
    rows = [resident(20, citizen_id="10070000020", sex="nam", village="Thôn  A"), resident(21)]
    typed, columns, _ = batch_of(RESIDENTS, rows)
    for name in columns:
        assert typed.text[name].to_list() == [row.get(name) or None for row in rows]


def test_values_of_one_column_in_several_source_columns_are_joined() -> None:
    width = len(parcel(0)) + 1
    places = {"land_type": (width, width + 1)}
    rows = [
        parcel(1) | {str(width): "CLN", str(width + 1): "LUC"},
        parcel(2) | {str(width + 1): "LUC"},
        parcel(3),
        parcel(4, land_type="") | {str(width): "CLN"},
        parcel(5, land_type=""),
        parcel(6) | {str(width): "QQQ"},
    ]
    typed, columns, _ = batch_of(PARCELS, rows, further=places)
    assert typed.frame["land_type"].to_list() == ["ONT+CLN+LUC", "ONT+LUC", "ONT", "CLN", None, None]
    findings = validate(PARCELS, columns, typed, sheet="Trang", received_on=TODAY)
    assert set(findings.select("row", "column", "rule").iter_rows()) == {
        (6, "land_type", "required"),
        (7, "land_type", "land_type.unknown"),
    }
