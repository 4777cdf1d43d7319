"""What becomes of a file: its verdict, its slot, its rows, and that one file never harms another."""

from __future__ import annotations

import dataclasses
import datetime
import hmac
import io
import json
import logging
import unicodedata
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from orchestration.decisions import decide
from orchestration.intake import archive, judging, take_in, vault_files
from orchestration.intake.bronze import bronze_file, vault_file
from orchestration.intake.check_file import check_file
from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.readers import text as text_reader
from orchestration.intake.retake import retake
from orchestration.intake.take_in import sweep, take_in_dataset
from orchestration.locks import BusyError, lock
from orchestration.settings import Settings
from orchestration.settings import settings as settings_of_process
from orchestration.templates import write_template
from schemas import Declaration
from schemas.rules import RULES
from tests.conftest import Drop, HandIn
from tests.office import (
    COMPLETIONS,
    PARCELS,
    RESIDENTS,
    Row,
    as_csv,
    drop,
    learner,
    parcel,
    password_protected_workbook,
    resident,
    rows_csv,
    rows_xlsx,
    table,
    write_xlsx,
)

Cells = list[list[str]]


def people(*numbers: int) -> str:
    """A CSV file of residents."""
    return rows_csv(RESIDENTS, [resident(number) for number in numbers])


def counts(submission: Submission) -> tuple[str, int, int, int, int]:
    """Verdict; rows read, accepted, returned, ignored."""
    return (
        submission.verdict,
        submission.rows_read,
        submission.rows_accepted,
        submission.rows_rejected,
        submission.rows_ignored,
    )


def first_notice(submission: Submission) -> str:
    """The rule that decided about the file."""
    return str(submission.details["notices"][0]["rule"])


def report_of(settings: Settings, submission: Submission) -> dict[str, Any]:
    """The receipt's JSON; its workbook must stand beside it."""
    folder = settings.receipts(submission.dataset)
    (report,) = folder.glob(f"*.{submission.submission_id[:8]}.json")
    assert zipfile.is_zipfile(report.with_suffix(".xlsx"))
    found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    return found


def bronze(settings: Settings, declaration: Declaration, submission: Submission) -> pl.DataFrame:
    """The rows of a submission in the warehouse's form."""
    return pl.read_parquet(bronze_file(settings, declaration, submission.submission_id))


def kept(settings: Settings, declaration: Declaration, submission: Submission, kind: str = "") -> pl.DataFrame:
    """One of the vault's files of a submission."""
    return vault_files.read(settings, vault_file(settings, declaration, submission.submission_id, kind))


# --- accepted and partly ------------------------------------------------------------------------------------
def test_a_file_without_a_mistake_is_accepted_whole(settings: Settings, hand_in: HandIn) -> None:
    submission = hand_in(RESIDENTS, "2026-10.csv", people(2, 3))
    assert counts(submission) == ("accepted", 3, 2, 0, 1)
    assert submission.details["ignored"] == {"header": 1}
    assert (submission.unit, submission.period) == ("population", "2026-10")
    assert (submission.period_start, submission.period_end) == (
        datetime.date(2026, 10, 1),
        datetime.date(2026, 10, 31),
    )
    assert (submission.is_current, submission.superseded_by) == (True, None)
    assert list(settings.incoming("population/residents").iterdir()) == []

    key = settings.pseudonym_key.read_bytes()
    pseudonyms = [hmac.digest(key, each, "sha256")[:16].hex() for each in (b"010052000002", b"010153000003")]
    rows = bronze(settings, RESIDENTS, submission).select(
        "submission_id", "source_sheet", "source_row", "citizen_key", "birth_year", "sex", "commune", "household_no"
    )
    assert rows.rows() == [
        (submission.submission_id, "csv", 2, pseudonyms[0], 1952, "male", "02680", "HK00000"),
        (submission.submission_id, "csv", 3, pseudonyms[1], 1953, "female", "02671", "HK00000"),
    ]
    assert kept(settings, RESIDENTS, submission).rows() == [
        ("csv", 2, "010052000002", "Lò Thị C0", "1952-03-03", "Mông", None),
        ("csv", 3, "010153000003", "Nguyễn Thị D0", "1953-03-04", "Mông", None),
    ]


def test_good_rows_go_in_and_every_finding_of_the_others_is_in_the_receipt(settings: Settings, hand_in: HandIn) -> None:
    """Row 3 breaks two rules, row 5 one, row 6 gets a warning only."""
    rows = [resident(number) for number in range(6)]
    rows[1] |= {"sex": "không biết", "date_of_birth": "31/02/1951"}
    rows[3]["commune"] = "Xã Không Có Thật"
    rows[4]["citizen_id"] = "999054000004"
    submission = hand_in(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, rows))
    assert counts(submission) == ("partly", 7, 4, 2, 1)

    findings = kept(settings, RESIDENTS, submission, "findings")
    assert findings.select("sheet", "row", "column", "rule", "severity").rows() == [
        ("csv", 3, "date_of_birth", "date.format", "error"),
        ("csv", 3, "sex", "choice.unknown", "error"),
        ("csv", 5, "commune", "commune.unknown", "error"),
        ("csv", 6, "citizen_id", "citizen_id.province", "warning"),
    ]
    returned = kept(settings, RESIDENTS, submission, "returned")
    assert returned["source_row"].to_list() == [3, 5]
    cells = table(RESIDENTS, rows)
    assert [list(row[2:]) for row in returned.rows()] == [cells[2], cells[4]]
    assert bronze(settings, RESIDENTS, submission)["source_row"].to_list() == [2, 4, 6, 7]

    report = report_of(settings, submission)
    assert report["rows"] == {"read": 7, "accepted": 4, "returned": 2, "ignored": 1}
    names = ("sheet", "row", "column", "rule", "severity", "proposal")
    assert [tuple(each[name] for name in names) for each in report["errors"]] == findings.select(names).rows()
    assert all(each["message"] and each["message_en"] and each["mend"] for each in report["errors"])
    letters = {name: chr(ord("A") + position) for name, position in submission.details["columns"].items()}
    assert [each["cell"] for each in report["errors"]] == [
        f"{letters[each['column']]}{each['row']}" for each in report["errors"]
    ]


def test_land_types_of_one_parcel_in_several_columns_are_joined(settings: Settings, hand_in: HandIn) -> None:
    """The land register's form: a group of columns for each type of land that a parcel has."""
    header = ["Xã/phường", "Mã thửa đất", "Diện tích (m²)", *("Loại đất", "Diện tích theo loại") * 2]
    row = ["Xã Bát Xát", "T-1", "550", "ONT", "200", "CLN", "350"]
    submission = hand_in(PARCELS, "2026Q4.csv", as_csv([header, row, [*row[:1], "T-2", "90", "LUC", "90", "", ""]]))
    assert counts(submission) == ("accepted", 3, 2, 0, 1)
    assert bronze(settings, PARCELS, submission)["land_type"].to_list() == ["ONT+CLN", "LUC"]


def test_numbers_of_a_workbook_say_nothing_of_how_its_texts_are_meant(settings: Settings, hand_in: HandIn) -> None:
    """12.5 is what the reader makes of a number cell; the text 1.234 beside it may be 1234 or 1,234."""
    rows = [parcel(1, area_m2="12.5"), parcel(2, area_m2="1.234")]
    path = settings.home.parent / "areas.xlsx"
    write_xlsx(path, table(PARCELS, rows))
    book = openpyxl.load_workbook(path)
    area = next(cell for cell in book.active[2] if cell.value == "12.5")
    area.value = 12.5
    book.save(path)
    submission = hand_in(PARCELS, "2026Q4.xlsx", path.read_bytes())
    assert counts(submission) == ("partly", 3, 1, 1, 1)
    findings = kept(settings, PARCELS, submission, "findings")
    assert findings.select("row", "column", "rule").rows() == [(3, "area_m2", "decimal.ambiguous")]


def test_an_optional_column_that_is_there_twice_is_left_empty_and_said(settings: Settings, hand_in: HandIn) -> None:
    header, row = table(RESIDENTS, [resident(0)])
    cells = [[*header, "Thôn/tổ dân phố", "Thôn/tổ dân phố"], [*row, "Thôn 1", "Thôn 2"]]
    submission = hand_in(RESIDENTS, "2026-10.csv", as_csv(cells))
    assert submission.verdict == "accepted"
    assert bronze(settings, RESIDENTS, submission)["village"].to_list() == [None]
    notices = {each["rule"]: each["title"] for each in submission.details["notices"]}
    assert notices["file.ambiguous_optional_column"] == "Thôn/tổ dân phố"
    assert "Thôn/tổ dân phố" not in notices["file.missing_optional_column"]


def test_identical_rows_count_once_and_rows_that_contradict_each_other_are_all_returned(
    settings: Settings, hand_in: HandIn
) -> None:
    rows = [resident(0), resident(1), resident(2), resident(1), resident(3), resident(2, household_no="khác")]
    rows += [resident(1), resident(2)]
    submission = hand_in(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, rows))
    assert counts(submission) == ("partly", 9, 3, 2, 4)
    assert submission.details["ignored"] == {"duplicate": 3, "header": 1}
    findings = kept(settings, RESIDENTS, submission, "findings").select("row", "column", "position", "rule")
    assert findings.rows() == [(4, "", -1, "row.key_conflict"), (7, "", -1, "row.key_conflict")]
    assert kept(settings, RESIDENTS, submission, "returned")["source_row"].to_list() == [4, 7]
    assert bronze(settings, RESIDENTS, submission)["source_row"].to_list() == [2, 3, 6]


def test_every_kind_of_row_that_is_no_data_is_counted_under_its_reason(hand_in: HandIn) -> None:
    header, *rows = table(RESIDENTS, [resident(number) for number in range(3)])
    header = ["STT", *header]
    data = [[str(number), *row] for number, row in enumerate(rows, 1)]
    blank = [""] * len(header)

    def line(*cells: str) -> list[str]:
        return [*cells, *blank[len(cells) :]]

    cells: Cells = [
        line("CÔNG AN TỈNH LÀO CAI"),
        line("DANH SÁCH NHÂN KHẨU"),
        blank,
        header,
        [str(position + 1) for position in range(len(header))],
        line("I", "Phường Lào Cai"),
        data[0],
        data[1],
        header,
        ["3", *rows[0]],
        data[2],
        line("", "Tổng cộng", "3"),
        line("Ghi chú: số liệu tạm tính"),
        line("", "", "", "Người lập biểu"),
        line("", "", "", "Giàng A Páo"),
    ]
    submission = hand_in(RESIDENTS, "2026-10.csv", as_csv(cells))
    assert submission.details["ignored"] == {
        "letterhead": 2,
        "header": 2,
        "number_row": 1,
        "section": 1,
        "duplicate": 1,
        "total": 1,
        "note": 3,
    }
    assert counts(submission) == ("accepted", 14, 3, 0, 11)


def test_nothing_is_stored_of_a_file_that_is_only_checked(settings: Settings, drop: Drop, hand_in: HandIn) -> None:
    rows = [resident(number) for number in range(4)]
    rows[2]["sex"] = "?"
    path = drop(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, rows))
    report = path.parent.parent / "report.json"
    checked = check_file(settings, RESIDENTS, path, report)
    assert not settings.home.exists()
    (taken,) = take_in_dataset(settings, RESIDENTS)
    facts = ("submission_id", "unit", "period", "verdict", "rows_read", "rows_accepted", "rows_rejected", "details")
    assert [getattr(checked.submission, name) for name in facts] == [getattr(taken, name) for name in facts]
    assert checked.findings.equals(kept(settings, RESIDENTS, taken, "findings"))
    assert json.loads(report.read_text(encoding="utf-8")) == report_of(settings, taken)


# --- refused ----------------------------------------------------------------------------------------------
def _truncated(folder: Path) -> bytes:
    whole = rows_xlsx(folder, RESIDENTS, [resident(number) for number in range(50)])
    return whole[: len(whole) * 2 // 3]


def _workbook(folder: Path, cells: Cells) -> bytes:
    write_xlsx(folder / "made.xlsx", cells)
    return (folder / "made.xlsx").read_bytes()


def _without(column: str) -> str:
    return rows_csv(RESIDENTS, [{name: text for name, text in resident(1).items() if name != column}])


def _with_header(title: str) -> str:
    cells = table(RESIDENTS, [resident(1)])
    return as_csv([[*cells[0], title], [*cells[1], cells[1][0]]])


def packed(members: dict[str, str | bytes]) -> bytes:
    """A zip archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


REFUSED = {
    "an archive with a damaged workbook": (
        "2026-10.zip",
        lambda folder: packed({"a.csv": people(1), "b.xlsx": _truncated(folder)}),
        "file.archive_member",
    ),
    "an archive that inflates beyond reason": (
        "2026-10.zip",
        lambda _: packed({"a.csv": people(1) + " " * (8 << 20)}),
        "file.archive_limits",
    ),
    "zero bytes": ("2026-10.csv", lambda _: b"", "file.empty"),
    "nothing but spaces": ("2026-10.csv", lambda _: b" \n \n", "file.empty"),
    "a workbook without a cell": ("2026-10.xlsx", lambda folder: _workbook(folder, []), "file.empty"),
    "a workbook cut short": ("2026-10.xlsx", _truncated, "file.unreadable"),
    "a PDF called xlsx": ("2026-10.xlsx", lambda _: b"%PDF-1.7\n%", "file.unreadable"),
    "a password": ("2026-10.xlsx", lambda _: password_protected_workbook(), "file.password"),
    "headers of something else": ("2026-10.csv", lambda _: "Tên;Giá;Ngày\na;1;2\nb;2;3\n", "file.no_header"),
    "a required column missing": ("2026-10.csv", lambda _: _without("full_name"), "file.missing_columns"),
    "two columns for the citizen id": (
        "2026-10.csv",
        lambda _: _with_header(RESIDENTS.columns["citizen_id"].title),
        "file.ambiguous_header",
    ),
    "no period": ("danh sách.csv", lambda _: people(1), "file.no_period"),
    "a quarter where a month is due": ("2026Q4.csv", lambda _: people(1), "file.no_period"),
    "two periods": ("2026-09 2026-10.csv", lambda _: people(1), "file.ambiguous_period"),
    "no rows": ("2026-10.csv", lambda _: as_csv(table(RESIDENTS, [resident(1)])[:1]), "file.no_rows"),
    "no good row": ("2026-10.csv", lambda _: rows_csv(RESIDENTS, [resident(1, sex="?")]), "file.no_good_row"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_file_gets_its_reason_and_changes_nothing(
    settings: Settings, ledger: Ledger, hand_in: HandIn, tmp_path: Path, case: str
) -> None:
    name, content, rule = REFUSED[case]
    before = hand_in(RESIDENTS, "2026-10 tốt.csv", people(1, 2, 3))
    rows = bronze(settings, RESIDENTS, before)
    submission = hand_in(RESIDENTS, name, content(tmp_path))
    assert (submission.verdict, first_notice(submission)) == ("refused", rule)
    assert (submission.rows_accepted, submission.is_current) == (0, False)
    assert submission.rows_read == submission.rows_rejected + submission.rows_ignored

    assert ledger.get(before.submission_id) == before
    assert bronze(settings, RESIDENTS, before).equals(rows)
    assert list(settings.incoming("population/residents").iterdir()) == []
    assert list(settings.temporary.iterdir()) == []
    report = report_of(settings, submission)
    assert (report["verdict"], report["notices"][0]["rule"], report["errors"][0]["rule"]) == ("refused", rule, rule)
    assert report["errors"][0]["message"] == report["notices"][0]["message"] != ""


def test_an_archive_is_one_submission_whose_rows_say_in_which_file_they_stand(
    settings: Settings, hand_in: HandIn
) -> None:
    content = packed({"xã A.csv": people(1, 2), "xã B.csv": people(3), "công văn.pdf": b"%PDF-1.4"})
    submission = hand_in(RESIDENTS, "2026-10.zip", content)
    assert (submission.verdict, submission.rows_accepted, submission.period) == ("accepted", 3, "2026-10")
    notices = [(each["rule"], each["title"]) for each in submission.details["notices"]]
    assert ("file.left_out", "công văn.pdf") in notices
    stored = bronze(settings, RESIDENTS, submission)
    places = stored.select("source_sheet", "source_row").rows()
    assert sorted(places) == [("xã A.csv", 2), ("xã A.csv", 3), ("xã B.csv", 2)]


def test_every_file_rule_that_refuses_is_covered_here() -> None:
    refusing = {rule for rule, each in RULES.items() if each.scope == "file" and each.severity == "error"}
    elsewhere = {
        "file.limits",
        "file.all_or_nothing",
        "file.internal",
        "file.receipt_of_other",
        "file.too_many_returned",
        "file.too_many_vanished",
        "file.period_locked",
    }
    assert refusing - elsewhere == {rule for _, _, rule in REFUSED.values()}


def test_a_workbook_that_takes_too_long_is_refused_with_that_reason(
    settings: Settings, drop: Drop, tmp_path: Path
) -> None:
    drop(RESIDENTS, "2026-10.xlsx", rows_xlsx(tmp_path, RESIDENTS, [resident(1)]))
    hurried = settings.model_copy(update={"reader_seconds": 0.01})
    (submission,) = take_in_dataset(hurried, RESIDENTS)
    assert (submission.verdict, first_notice(submission)) == ("refused", "file.limits")


def test_a_dataset_that_wants_all_or_nothing_takes_no_row_of_a_file_with_a_mistake(
    settings: Settings, drop: Drop
) -> None:
    strict = dataclasses.replace(RESIDENTS, all_or_nothing=True)
    rows = [resident(number) for number in range(5)]
    rows[4]["sex"] = "?"
    drop(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, rows))
    drop(RESIDENTS, "2026-11.csv", people(1, 2))
    refused, accepted = take_in_dataset(settings, strict)
    assert (counts(refused), first_notice(refused)) == (("refused", 6, 0, 5, 1), "file.all_or_nothing")
    assert counts(accepted) == ("accepted", 3, 2, 0, 1)
    assert bronze(settings, RESIDENTS, refused).height == kept(settings, RESIDENTS, refused).height == 0
    assert kept(settings, RESIDENTS, refused, "returned")["source_row"].to_list() == [6]


def test_a_shifted_row_is_returned_and_the_rows_around_it_go_in(settings: Settings, hand_in: HandIn) -> None:
    header, *data = rows_csv(RESIDENTS, [resident(number) for number in range(4)]).splitlines()
    data[1] = data[1].replace(";", ";;", 1)
    submission = hand_in(RESIDENTS, "2026-10.csv", "\n".join([header, *data]))
    assert counts(submission) == ("partly", 5, 3, 1, 1)
    findings = kept(settings, RESIDENTS, submission, "findings").select("row", "position", "rule").rows()
    assert findings == [(3, -1, "row.structure")]
    assert bronze(settings, RESIDENTS, submission)["source_row"].to_list() == [2, 4, 5]


# --- waiting ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("bad", "verdict"), [(5, "partly"), (6, "waiting")])
def test_a_file_waits_when_more_than_half_of_its_rows_are_returned(
    hand_in: HandIn, ledger: Ledger, bad: int, verdict: str
) -> None:
    rows = [resident(number, **({"sex": "?"} if number < bad else {})) for number in range(10)]
    submission = hand_in(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, rows))
    assert counts(submission) == (verdict, 11, 10 - bad, bad, 1)
    assert submission.is_current == (verdict == "partly")
    if verdict == "waiting":
        assert submission.details["notices"][0] == {"rule": "file.too_many_returned", "title": "", "limit": "50%"}


@pytest.mark.parametrize(("rows", "verdict"), [(7, "accepted"), (6, "waiting")])
def test_a_file_waits_when_more_than_three_tenths_of_the_previous_rows_are_gone(
    hand_in: HandIn, ledger: Ledger, rows: int, verdict: str
) -> None:
    before = hand_in(RESIDENTS, "2026-10.csv", people(*range(10)))
    after = hand_in(RESIDENTS, "2026-10 lần 2.csv", people(*range(rows), *range(20, 30)))
    assert after.verdict == verdict
    current = [each.submission_id for each in ledger.all() if each.is_current]
    if verdict == "waiting":
        assert first_notice(after) == "file.too_many_vanished"
        assert current == [before.submission_id]
    else:
        assert current == [after.submission_id]


def test_nothing_vanishes_from_a_dataset_that_is_added_to(hand_in: HandIn) -> None:
    hand_in(COMPLETIONS, "2026-10.csv", rows_csv(COMPLETIONS, [learner(number) for number in range(10)]))
    assert hand_in(COMPLETIONS, "2026-10 b.csv", rows_csv(COMPLETIONS, [learner(77)])).verdict == "accepted"


def test_what_vanished_is_counted_within_unit_and_period(hand_in: HandIn) -> None:
    hand_in(RESIDENTS, "2026-10.csv", people(*range(10)))
    assert hand_in(RESIDENTS, "2026-11.csv", people(50)).verdict == "accepted"
    assert hand_in(RESIDENTS, "2026-10 Phường Sa Pa.csv", people(51)).verdict == "accepted"


def test_a_file_that_waits_counts_once_it_is_accepted(settings: Settings, hand_in: HandIn, ledger: Ledger) -> None:
    before = hand_in(RESIDENTS, "2026-10.csv", people(*range(10)))
    waiting = hand_in(RESIDENTS, "2026-10 lần 2.csv", people(1, 2))
    decide(settings, waiting.submission_id, "accept", "đã sáp nhập")
    after, replaced = ledger.get(waiting.submission_id), ledger.get(before.submission_id)
    assert after and replaced
    assert (after.verdict, after.is_current) == ("accepted", True)
    assert (replaced.superseded_by, replaced.is_current) == (waiting.submission_id, False)
    assert bronze(settings, RESIDENTS, after)["source_row"].to_list() == [2, 3]


# --- the same bytes, and a corrected file -------------------------------------------------------------------
def test_the_same_bytes_again_change_nothing_and_the_receipt_says_so(
    settings: Settings, hand_in: HandIn, ledger: Ledger
) -> None:
    first = hand_in(RESIDENTS, "2026-10.csv", people(1, 2))
    again = hand_in(RESIDENTS, "2026-10.csv", people(1, 2))
    assert counts(again) == ("duplicate", 0, 0, 0, 0)
    assert again.details["duplicate_of"] == first.submission_id != again.submission_id
    assert ledger.get(first.submission_id) == first
    assert not bronze_file(settings, RESIDENTS, again.submission_id).exists()
    report = report_of(settings, again)
    assert (report["verdict"], report["duplicate_of"], report["errors"]) == ("duplicate", first.submission_id, [])
    assert list(settings.incoming("population/residents").iterdir()) == []


def test_going_back_to_an_older_file_is_no_duplicate(hand_in: HandIn, ledger: Ledger) -> None:
    verdicts = [
        hand_in(RESIDENTS, name, content).verdict
        for name, content in [
            ("2026-10.csv", people(1, 2, 3, 4)),
            ("2026-10 b.csv", people(1, 2, 3)),
            ("2026-10.csv", people(1, 2, 3, 4)),
            ("2026-10 c.csv", people(1, 2, 3, 4)),
        ]
    ]
    assert verdicts == ["accepted", "accepted", "accepted", "duplicate"]
    a, b, third, _ = ledger.all()
    assert (a.superseded_by, b.superseded_by, third.superseded_by) == (b.submission_id, third.submission_id, None)


def test_bytes_are_the_same_only_within_their_dataset_unit_and_period(hand_in: HandIn) -> None:
    content = people(1, 2)
    names = ["2026-10.csv", "2026-11.csv", "2026-10 Phường Sa Pa.csv"]
    assert [hand_in(RESIDENTS, name, content).verdict for name in names] == ["accepted"] * 3
    assert first_notice(hand_in(PARCELS, "2026Q4.csv", content)) in ("file.missing_columns", "file.no_header")


def test_a_file_that_was_refused_or_turned_down_is_no_duplicate_of_itself(settings: Settings, hand_in: HandIn) -> None:
    assert [hand_in(RESIDENTS, "x.csv", people(1)).verdict for _ in range(2)] == ["refused", "refused"]
    hand_in(RESIDENTS, "2026-10.csv", people(*range(10)))
    waiting = hand_in(RESIDENTS, "2026-10 b.csv", people(1))
    assert hand_in(RESIDENTS, "2026-10 b.csv", people(1)).verdict == "duplicate"
    decide(settings, waiting.submission_id, "reject", "thiếu dòng")
    assert hand_in(RESIDENTS, "2026-10 b.csv", people(1)).verdict == "waiting"


def test_a_corrected_file_supersedes_the_older_one_and_both_stay_in_the_ledger(
    settings: Settings, hand_in: HandIn, ledger: Ledger
) -> None:
    wrong = [resident(number) for number in range(4)]
    wrong[0]["sex"] = "?"
    old = hand_in(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, wrong))
    new = hand_in(RESIDENTS, "2026-10.csv", people(*range(4)))
    assert [(each.verdict, each.is_current, each.superseded_by) for each in ledger.all()] == [
        ("partly", False, new.submission_id),
        ("accepted", True, None),
    ]
    assert bronze(settings, RESIDENTS, old).height == 3  # history stays
    assert report_of(settings, new)["replaces"] == old.submission_id


def test_files_of_a_dataset_that_is_added_to_stay_current_side_by_side(hand_in: HandIn, ledger: Ledger) -> None:
    for name in ("2026-10.csv", "2026-10 b.csv", "2026-11.csv"):
        hand_in(COMPLETIONS, name, rows_csv(COMPLETIONS, [learner(len(name)), learner(8)]))
    assert [(each.is_current, each.superseded_by) for each in ledger.all()] == [(True, None)] * 3


def test_the_younger_of_two_files_counts_whatever_their_names(drop: Drop, settings: Settings) -> None:
    drop(RESIDENTS, "2026-10 z.csv", people(1, 2))
    drop(RESIDENTS, "2026-10 a.csv", people(1, 2, 3))
    older, younger = take_in_dataset(settings, RESIDENTS)
    assert (older.file_name, younger.file_name) == ("2026-10 z.csv", "2026-10 a.csv")
    assert [each.file_name for each in Ledger(settings.ledger).all() if each.is_current] == ["2026-10 a.csv"]


# --- unit, period, clock ----------------------------------------------------------------------------------
def _filled_template(folder: Path, declaration: Declaration, period: str, unit: str, rows: list[Row]) -> bytes:
    """A template of ours, filled in."""
    path = folder / "template.xlsx"
    write_template(declaration, path, period=period, unit=unit)
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append([row.get(name, "") for name in declaration.columns])
    book.save(path)
    return path.read_bytes()


def test_a_template_of_an_older_version_is_taken_in_and_said_to_be_old_but_the_present_one_is_not(
    hand_in: HandIn, tmp_path: Path
) -> None:
    columns = {name: column for name, column in RESIDENTS.columns.items() if name != "as_of"}
    old = dataclasses.replace(RESIDENTS, columns=columns)
    rows = [resident(1), resident(2)]
    notices = []
    for declaration in (old, RESIDENTS):
        submission = hand_in(RESIDENTS, "2026-10.xlsx", _filled_template(tmp_path, declaration, "2026-10", "", rows))
        assert (submission.verdict, submission.rows_accepted) == ("accepted", 2)
        notices.append([each["rule"] for each in submission.details["notices"]])
    assert notices == [["file.missing_optional_column", "file.stale_template"], []]


def test_the_stamp_of_a_template_goes_before_the_file_name(hand_in: HandIn, tmp_path: Path) -> None:
    content = _filled_template(tmp_path, RESIDENTS, "2026-09", "02671", [resident(1), resident(2)])
    submission = hand_in(RESIDENTS, "2026-10 Phường Sa Pa.xlsx", content)
    assert counts(submission)[::2] == ("accepted", 2, 6)
    assert (submission.period, submission.details["period_source"]) == ("2026-09", "template")
    assert submission.unit == "02671"


@pytest.mark.parametrize(
    ("name", "title", "expected"),
    [
        ("2026-10.csv", "Tháng 9 năm 2026", ("2026-10", "file_name", "population")),
        ("thang 10-2026 Phường Sa Pa.csv", "", ("2026-10", "file_name", "03006")),
        ("dan cu.csv", "Tháng 9 năm 2026", ("2026-09", "title", "population")),
        ("dan cu.csv", "UBND Phường Sa Pa - Tháng 9 năm 2026", ("2026-09", "title", "03006")),
        ("2026-10 03006.csv", "", ("2026-10", "file_name", "03006")),
    ],
)
def test_period_and_unit_come_from_the_name_or_else_from_the_titles(
    hand_in: HandIn, name: str, title: str, expected: tuple[str, str, str]
) -> None:
    cells = table(RESIDENTS, [resident(1), resident(2)])
    titles = [[title, *[""] * (len(cells[0]) - 1)]] if title else []
    submission = hand_in(RESIDENTS, name, as_csv([*titles, *cells]))
    assert (submission.period, submission.details["period_source"], submission.unit) == expected


def test_a_month_widens_to_the_quarter_that_a_dataset_reports(hand_in: HandIn) -> None:
    submission = hand_in(PARCELS, "2026-10.csv", rows_csv(PARCELS, [parcel(1), parcel(2)]))
    assert submission.period == "2026Q4"
    assert (submission.period_start, submission.period_end) == (
        datetime.date(2026, 10, 1),
        datetime.date(2026, 12, 31),
    )


def test_the_clock_that_stamps_acceptance_can_be_set(
    settings: Settings, drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A birth in the future of that day is an error, however long ago the day is."""
    drop(RESIDENTS, "2026-10.csv", people(1, 2))
    monkeypatch.setenv("KHO_NOW", "2020-05-01T07:30:00+07:00")
    settings_of_process.cache_clear()
    now = settings_of_process().clock()
    settings_of_process.cache_clear()
    (submission,) = take_in_dataset(settings.model_copy(update={"now": now}), RESIDENTS)
    assert submission.received_at == datetime.datetime(2020, 5, 1, 0, 30, tzinfo=datetime.UTC)
    assert report_of(settings, submission)["received_at"] == "2020-05-01T00:30:00+00:00"


# --- one file never harms another ---------------------------------------------------------------------------
def test_an_error_of_ours_refuses_the_file_and_the_next_one_goes_in(
    settings: Settings, drop: Drop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    drop(RESIDENTS, "2026-10.csv", people(1))
    drop(RESIDENTS, "2026-11.csv", people(2))
    real = judging.Examination.run
    failures = iter([ZeroDivisionError("010152000002 is in the message"), None])

    def run(self: Any) -> Any:
        failure = next(failures)
        if failure:
            raise failure
        return real(self)

    monkeypatch.setattr(judging.Examination, "run", run)
    with caplog.at_level(logging.DEBUG):
        broken, good = take_in_dataset(settings, RESIDENTS)
    assert (broken.verdict, first_notice(broken), good.verdict) == ("refused", "file.internal", "accepted")
    assert report_of(settings, broken)["verdict"] == "refused"
    assert "ZeroDivisionError" in caplog.text
    assert "010152000002" not in caplog.text
    assert list(settings.temporary.iterdir()) == []


def test_a_panic_inside_a_library_refuses_the_file_and_the_next_one_goes_in(
    settings: Settings, drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """polars' panics are no Exceptions; one file must not stop its dataset for good."""
    drop(RESIDENTS, "2026-10.csv", people(1))
    drop(RESIDENTS, "2026-11.csv", people(2))
    real = judging.recognise

    def recognise(*arguments: Any) -> Any:
        if "2026-10.csv" in arguments:
            raise pl.exceptions.PanicException("called `Option::unwrap()` on a `None` value")
        return real(*arguments)

    monkeypatch.setattr(judging, "recognise", recognise)
    broken, good = take_in_dataset(settings, RESIDENTS)
    assert (first_notice(broken), good.verdict) == ("file.internal", "accepted")


def test_a_receipt_that_cannot_be_made_keeps_no_other_file_waiting(
    settings: Settings, drop: Drop, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next run makes it good; no file is taken in a second time."""
    real = take_in.write_receipt

    def write_receipt(settings: Settings, declaration: Declaration, submission: Submission) -> list[Path]:
        if submission.file_name == "2026-10.csv":
            raise ValueError("a receipt that no code of ours can write")
        return real(settings, declaration, submission)

    drop(RESIDENTS, "2026-10.csv", people(1))
    drop(RESIDENTS, "2026-11.csv", people(2))
    with monkeypatch.context() as patch:
        patch.setattr(take_in, "write_receipt", write_receipt)
        take_in_dataset(settings, RESIDENTS)
        take_in_dataset(settings, RESIDENTS)
        assert [each.file_name for each in ledger.all()] == ["2026-10.csv", "2026-11.csv"]
        assert list(settings.incoming("population/residents").iterdir()) == []
    assert take_in_dataset(settings, RESIDENTS) == []
    assert len(list(settings.receipts("population/residents").iterdir())) == 6


def test_a_dataset_that_another_process_takes_in_is_busy_and_the_others_are_not(settings: Settings, drop: Drop) -> None:
    drop(RESIDENTS, "2026-10.csv", people(1))
    drop(PARCELS, "2026Q4.csv", rows_csv(PARCELS, [parcel(1)]))
    with lock(settings, RESIDENTS.table):
        with pytest.raises(BusyError, match="population_residents"):
            take_in_dataset(settings, RESIDENTS)
        assert len(take_in_dataset(settings, PARCELS)) == 1
    assert len(take_in_dataset(settings, RESIDENTS)) == 1


def test_a_file_that_is_still_being_written_is_left_for_the_next_run(settings: Settings, drop: Drop) -> None:
    path = drop(RESIDENTS, "2026-10.csv", people(1))
    path.touch()
    patient = settings.model_copy(update={"stable_seconds": 3600})
    assert take_in_dataset(patient, RESIDENTS) == []
    assert path.exists()
    assert len(take_in_dataset(settings, RESIDENTS)) == 1


def test_a_file_replaced_while_it_is_read_is_taken_in_after_the_one_that_was_archived(
    settings: Settings, drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = drop(RESIDENTS, "2026-10.csv", people(1, 2, 3))
    real = judging.recognise

    def recognise(*arguments: Any) -> Any:
        path.unlink()
        path.write_text(people(1, 2, 3, 4))
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(judging, "recognise", recognise)
        (first,) = take_in_dataset(settings, RESIDENTS)
    assert (first.rows_accepted, path.exists()) == (3, True)
    (second,) = take_in_dataset(settings, RESIDENTS)
    assert (second.rows_accepted, path.exists()) == (4, False)


def test_a_file_renamed_while_it_is_read_is_taken_in_under_its_new_name_too(
    settings: Settings, drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The officer saw the wrong month in the name and mended it: the mended one must not vanish unread."""
    path = drop(RESIDENTS, "2026-09.csv", people(1, 2, 3))
    real = judging.recognise

    def recognise(*arguments: Any) -> Any:
        path.rename(path.with_name("2026-10.csv"))
        return real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(judging, "recognise", recognise)
        take_in_dataset(settings, RESIDENTS)
    take_in_dataset(settings, RESIDENTS)
    assert [each.period for each in Ledger(settings.ledger).all()] == ["2026-09", "2026-10"]


def test_two_names_of_one_file_are_two_files(settings: Settings, drop: Drop) -> None:
    """A hard link shares inode, size and time with the file that it was made of."""
    path = drop(RESIDENTS, "2026-09.csv", people(1, 2, 3))
    path.with_name("2026-10.csv").hardlink_to(path)
    assert [each.period for each in take_in_dataset(settings, RESIDENTS)] == ["2026-09", "2026-10"]


def test_a_file_that_the_folder_keeps_is_taken_in_once(
    settings: Settings, drop: Drop, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = drop(RESIDENTS, "2026-10.csv", people(1))

    def refuses(*_: Any) -> bool:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(take_in, "remove_incoming", refuses)
        assert [len(take_in_dataset(settings, RESIDENTS)) for _ in range(3)] == [1, 0, 0]
    assert path.exists()
    assert take_in_dataset(settings, RESIDENTS) == []
    assert (path.exists(), len(ledger.all())) == (False, 1)


NAMES = [
    "2026-10 dòng\nmới.csv",
    "2026-10 'nháy' \"kép\" $(rm) `x` %s.csv",
    unicodedata.normalize("NFD", "2026-10 Đặng Thị Hoà.csv"),
    "2026-10 " + "ắ" * 60 + ".csv",
    "2026-10 \U0001f4c4.csv",
    "2026-10 =cmd|x.csv",
    "2026-10 b\udce9n.csv",
]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_any_name_that_a_folder_can_hold_is_taken_in_and_receipted(
    settings: Settings, hand_in: HandIn, name: str
) -> None:
    """The last one is Latin-1 bytes of a network drive, which Python reads as lone surrogates."""
    submission = hand_in(RESIDENTS, name, people(1))
    assert (submission.verdict, submission.period) == ("accepted", "2026-10")
    assert submission.file_name == name.encode("utf-8", "replace").decode()
    assert report_of(settings, submission)["file_name"] == submission.file_name
    assert list(settings.incoming("population/residents").iterdir()) == []


def test_sweeping_empties_the_temporary_folder(settings: Settings) -> None:
    sweep(settings)
    (settings.temporary / "workbook-x" / "deep").mkdir(parents=True)
    (settings.temporary / "left.utf8").write_text("x")
    sweep(settings)
    assert list(settings.temporary.iterdir()) == []


# --- made anew --------------------------------------------------------------------------------------------
def test_bronze_and_vault_of_a_submission_can_be_made_anew_from_the_archive(
    settings: Settings, hand_in: HandIn
) -> None:
    """As of its own day: a birth after that day is still an error when the day has long passed."""
    rows = [resident(number) for number in range(5)]
    rows[2] = resident(2, citizen_id="010226000002", date_of_birth="15/11/2026")
    submission = hand_in(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, rows))
    assert counts(submission) == ("partly", 6, 4, 1, 1)
    files = [bronze_file(settings, RESIDENTS, submission.submission_id)]
    files += [vault_file(settings, RESIDENTS, submission.submission_id, kind) for kind in ("", "returned", "findings")]
    before = [vault_files.read(settings, file) for file in files]
    for file in files:
        file.unlink()
    later = settings.model_copy(update={"now": datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)})
    examined = retake(later, RESIDENTS, submission)
    assert examined
    assert (examined.rows_accepted, examined.rows_rejected, examined.rows_ignored) == (4, 1, 1)
    assert all(vault_files.read(settings, file).equals(old) for file, old in zip(files, before, strict=True))
    archive.archived_file(settings, submission.file_sha256).unlink()
    assert retake(later, RESIDENTS, submission) is None


# --- conservation -----------------------------------------------------------------------------------------
KINDS = st.sampled_from(
    [*["good"] * 4, *["again"] * 3, *["other"] * 3, "bad", "warned", "short", "long", "total", "blank"]
)


def _file_of(kinds: list[str]) -> tuple[str, Counter[str], set[int]]:
    """A file of rows of these kinds; how many are accepted, returned, ignored; numbers of the accepted rows.

    again: an earlier row once more. other: an earlier row with the same key and another household.
    """
    header = table(RESIDENTS, [resident(0)])[0]
    lines, rows = [";".join(header)], {}
    versions: dict[str, dict[str, int]] = {}
    expected: Counter[str] = Counter(ignored=1)
    broken: set[int] = set()
    for number, kind in enumerate(kinds, 2):
        keys = list(versions)
        row = resident(number)
        if kind in ("again", "other") and keys:
            row = rows[min(versions[keys[number % len(keys)]].values())]
            row = row | {"household_no": f"khác {number}"} if kind == "other" else row
        elif kind == "bad":
            row["sex"] = "?"
        elif kind == "warned":
            row["citizen_id"] = "999" + row["citizen_id"][3:]
        text = rows_csv(RESIDENTS, [row]).splitlines()[1]
        if kind in ("short", "long"):
            lines.append(text.rpartition(";")[0] if kind == "short" else text + ";x;y")
            expected["returned"] += 1
            continue
        if kind in ("total", "blank"):
            lines.append("Tổng cộng;12" + ";" * (len(header) - 2) if kind == "total" else ";" * (len(header) - 1))
            expected["ignored"] += kind == "total"
            continue
        lines.append(text)
        seen = versions.setdefault(row["citizen_id"], {})
        if text in seen:
            expected["ignored"] += 1
            continue
        seen[text], rows[number] = number, row
        if row["sex"] == "?":
            broken.add(number)
    first = {number for seen in versions.values() for number in seen.values()}
    contradicted = {number for seen in versions.values() if len(seen) > 1 for number in seen.values()}
    accepted = first - broken - contradicted
    expected["accepted"], expected["returned"] = len(accepted), expected["returned"] + len(first - accepted)
    return "\n".join(lines), expected, accepted


@example(kinds=["good"] * 6 + ["other"] * 4 + ["again"] * 3, block=150)
@effort(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(kinds=st.lists(KINDS, min_size=1, max_size=25), block=st.sampled_from([150, 150, 400, 1 << 20]))
def test_every_row_of_a_file_is_accepted_returned_or_ignored(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory, kinds: list[str], block: int
) -> None:
    """Also where the rows that repeat or contradict each other come in different batches."""
    content, expected, accepted = _file_of(kinds)
    home = settings.model_copy(update={"home": tmp_path_factory.mktemp("home"), "batch_rows": 3})
    file = tmp_path_factory.mktemp("file") / "2026-10.csv"
    file.write_text(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_reader, "BLOCK_BYTES", max(block, 2 * max(map(len, content.encode().split(b"\n")))))
        drop(home, RESIDENTS, "2026-10.csv", content)
        loose = dataclasses.replace(RESIDENTS, max_returned=1.0)
        (submission,) = take_in_dataset(home, loose)
    if not accepted:
        assert first_notice(submission) in ("file.no_rows", "file.no_good_row", "file.no_header")
        return
    found = {"accepted": submission.rows_accepted, "returned": submission.rows_rejected}
    assert Counter(found | {"ignored": submission.rows_ignored}) == expected
    assert submission.rows_read == sum(1 for line in content.splitlines() if line.strip(";"))
    assert set(bronze(home, RESIDENTS, submission)["source_row"]) == accepted
    assert set(kept(home, RESIDENTS, submission)["source_row"]) == accepted
    assert kept(home, RESIDENTS, submission, "returned").height == submission.rows_rejected


def test_a_file_that_died_with_its_run_while_it_was_removed_is_not_taken_in_again(
    settings: Settings, drop: Drop, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even where the officer has saved the next one under its name meanwhile."""
    drop(RESIDENTS, "2026-10.csv", people(1, 2, 3))
    real = Path.unlink

    def unlink(path: Path, missing_ok: bool = False) -> None:
        if ".kho-taken" in str(path):
            raise KeyboardInterrupt
        real(path, missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", unlink)
        with pytest.raises(KeyboardInterrupt):
            take_in_dataset(settings, RESIDENTS)
    drop(RESIDENTS, "2026-10.csv", people(1, 2, 3, 4))
    assert [each.rows_accepted for each in take_in_dataset(settings, RESIDENTS)] == [4]
    assert [each.verdict for each in ledger.all()] == ["accepted", "accepted"]
    assert list(settings.incoming("population/residents").iterdir()) == []


def test_a_file_of_which_a_row_got_lost_inside_is_not_accepted(
    settings: Settings, hand_in: HandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The counts are not made to add up: what was read is counted apart from what was staged."""
    real = take_in.Stage.add

    def add(stage: Any, kind: str, frame: pl.DataFrame) -> None:
        real(stage, kind, frame.head(2) if kind in ("bronze", "vault") else frame)

    monkeypatch.setattr(take_in.Stage, "add", add)
    submission = hand_in(RESIDENTS, "2026-10.csv", people(1, 2, 3))
    assert (submission.verdict, first_notice(submission)) == ("refused", "file.internal")
