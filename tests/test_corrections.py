"""What a resubmission changes, files that come late or after the lock, and rules that are waived."""

from __future__ import annotations

import dataclasses
import datetime
import json
import shutil
from typing import Any

import openpyxl
import polars as pl
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from orchestration.decisions import DecisionError, decide, waive
from orchestration.intake import deadlines, vault_files
from orchestration.intake.again import last_judgements
from orchestration.intake.bronze import bronze_file, vault_file
from orchestration.intake.comparison import compare
from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.retake import retake
from orchestration.intake.stage import Stage
from orchestration.intake.take_in import take_in_dataset
from orchestration.intake.waivers import waivable
from orchestration.settings import Settings
from schemas import Declaration
from tests.conftest import Drop, HandIn
from tests.office import COMPLETIONS, PARCELS, RESIDENTS, Row, learner, parcel, resident, rows_csv


def changes(settings: Settings, declaration: Declaration, submission: Submission) -> list[tuple[object, ...]]:
    """The vault's file of changes, with the key as a tuple."""
    frame = vault_files.read(settings, vault_file(settings, declaration, submission.submission_id, "changes"))
    names = ("kind", "source_row", "key", "column_name", "before", "after")
    return [tuple(tuple(each) if isinstance(each, list) else each for each in row) for row in frame[names].rows()]


def test_a_corrected_file_shows_new_changed_vanished_and_unchanged_rows(settings: Settings, hand_in: HandIn) -> None:
    first = hand_in(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, [resident(number) for number in range(6)]))
    assert "changes" not in first.details
    assert not vault_file(settings, RESIDENTS, first.submission_id, "changes").exists()
    rows = [resident(5), resident(1, household_no="HK9"), resident(2, full_name="Lò Thị Mới", commune="Xã Bát Xát")]
    second = hand_in(RESIDENTS, "2026-10 sửa.csv", rows_csv(RESIDENTS, [*rows, resident(3), resident(4), resident(7)]))
    assert second.verdict == "accepted"
    assert second.details["changes"] == {
        "against": [first.submission_id],
        "updates": False,
        "new": 1,
        "changed": 2,
        "vanished": 1,
        "unchanged": 3,
        "columns": {"full_name": 1, "commune": 1, "household_no": 1},
    }
    ids = {number: (resident(number)["citizen_id"],) for number in range(8)}
    assert changes(settings, RESIDENTS, second) == [
        ("changed", 3, ids[1], "household_no", "HK00000", "HK9"),
        ("changed", 4, ids[2], "full_name", "Lò Thị C0", "Lò Thị Mới"),
        ("changed", 4, ids[2], "commune", "02680@2025-07-01", "02683@2025-07-01"),
        ("vanished", 2, ids[0], None, None, None),
        ("new", 7, ids[7], None, None, None),
    ]


def report_of(settings: Settings, submission: Submission) -> dict[str, Any]:
    """The receipt's JSON."""
    (report,) = settings.receipts(submission.dataset).glob(f"*.{submission.submission_id[:8]}.json")
    found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    return found


def texts(settings: Settings, submission: Submission, sheet: str) -> list[list[str]]:
    """The cells of a receipt's sheet that say something."""
    (file,) = settings.receipts(submission.dataset).glob(f"*.{submission.submission_id[:8]}.xlsx")
    book = openpyxl.load_workbook(file)
    if sheet not in book.sheetnames:
        return []
    return [[str(cell) for cell in row if cell] for row in book[sheet].iter_rows(values_only=True)]


def test_the_receipt_shows_each_change_before_and_after_as_officers_write_it(
    settings: Settings, hand_in: HandIn
) -> None:
    first = [parcel(number) for number in range(4)]
    hand_in(PARCELS, "2026Q3.csv", rows_csv(PARCELS, first))
    rows = [dict(each) for each in first[:3]]
    rows[0] |= {"area_m2": "250,25", "commune": "Xã Hợp Thành"}
    submission = hand_in(PARCELS, "2026Q3 sửa.csv", rows_csv(PARCELS, rows))
    sheet = texts(settings, submission, "Thay đổi")
    key = "02647-000000; 010050000000; Giàng Thị A0"
    assert sheet == [
        ["3 thay đổi so với số liệu trước; mỗi ô thay đổi một dòng."],
        ["Thay đổi", "Trang", "Dòng", "Khóa của dòng", "Cột thay đổi", "Giá trị trước", "Giá trị sau"],
        ["Dòng thay đổi", "csv", "2", key, "Xã/phường", "Phường Lào Cai (02647)", "Xã Hợp Thành (02680)"],
        ["Dòng thay đổi", "csv", "2", key, "Diện tích (m²)", "100,5", "250,25"],
        ["Dòng không còn", "02647-000003; 010153000003; Nguyễn Thị D0"],
    ]
    front = {text for row in texts(settings, submission, "Biên nhận") for text in row}
    assert any("1 dòng thay đổi; 1 dòng không còn; 0 dòng mới; 2 dòng giữ nguyên" in text for text in front)
    assert any("Xã/phường (1); Diện tích (m²) (1)" in text for text in front)
    found = report_of(settings, submission)["changes"]
    assert {name: found[name] for name in ("new", "changed", "vanished", "unchanged", "total")} == {
        "new": 0,
        "changed": 1,
        "vanished": 1,
        "unchanged": 2,
        "total": 3,
    }
    assert found["first"][1]["before"] == "100.5000"


def test_the_values_of_changes_are_in_the_vault_and_the_receipt_alone(settings: Settings, hand_in: HandIn) -> None:
    hand_in(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, [resident(number) for number in range(4)]))
    rows = [resident(number, full_name=f"Sùng Văn Mới {number}") for number in range(4)]
    submission = hand_in(RESIDENTS, "2026-10 sửa.csv", rows_csv(RESIDENTS, rows))
    file = vault_file(settings, RESIDENTS, submission.submission_id, "changes")
    assert file.stat().st_mode & 0o077 == 0
    restricted = [each.encode() for each in ("Sùng Văn Mới", rows[0]["citizen_id"], "1950-01-03")]
    public = [settings.ledger, *settings.ledger.parent.glob("ledger.sqlite-*"), *settings.bronze.rglob("*.parquet")]
    assert len(public) >= 3
    assert not [path for path in public if any(each in path.read_bytes() for each in restricted)]


def test_a_file_that_adds_to_others_is_compared_with_the_newest_row_of_each_key(
    settings: Settings, hand_in: HandIn
) -> None:
    """Rows that it does not name are not gone, and a row counts as it was sent last, whatever its period."""
    one = hand_in(COMPLETIONS, "2026-09.csv", rows_csv(COMPLETIONS, [learner(number) for number in range(5)]))
    failed = [learner(number, result="Không đạt") for number in (1, 2)]
    two = hand_in(COMPLETIONS, "2026-10.csv", rows_csv(COMPLETIONS, failed))
    again = [learner(1), learner(2, result="Không đạt"), learner(3), learner(4, score="8,5"), learner(9)]
    three = hand_in(COMPLETIONS, "2026-10 bổ sung.csv", rows_csv(COMPLETIONS, again))
    assert two.details["changes"] == {
        "against": [one.submission_id],
        "updates": True,
        "new": 0,
        "changed": 2,
        "vanished": 0,
        "unchanged": 0,
        "columns": {"result": 2},
    }
    assert three.details["changes"] == {
        "against": [one.submission_id, two.submission_id],
        "updates": True,
        "new": 1,
        "changed": 2,
        "vanished": 0,
        "unchanged": 2,
        "columns": {"result": 1, "score": 1},
    }
    person = learner(1)
    key = (person["citizen_id"], person["course_name"])
    assert changes(settings, COMPLETIONS, two)[0] == ("changed", 2, key, "result", "completed", "not_completed")
    assert changes(settings, COMPLETIONS, three)[0] == ("changed", 2, key, "result", "not_completed", "completed")
    other = hand_in(COMPLETIONS, "2026-11.csv", rows_csv(COMPLETIONS, [learner(20)]))
    assert "changes" not in other.details


def test_a_column_that_the_earlier_rows_did_not_have_yet_counts_as_empty_before(
    settings: Settings, hand_in: HandIn
) -> None:
    """A declaration grows; the rows that an older one stored are compared by what they have."""
    rows = [resident(number, village="Thôn 1") for number in range(3)]
    first = hand_in(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, rows))
    file = bronze_file(settings, RESIDENTS, first.submission_id)
    pl.read_parquet(file).drop("village").with_columns(pl.col("birth_year").cast(pl.Int64)).write_parquet(file)
    second = hand_in(RESIDENTS, "2026-10 sửa.csv", rows_csv(RESIDENTS, [*rows, resident(7)]))
    assert second.details["changes"]["columns"] == {"village": 3}
    assert (second.details["changes"]["changed"], second.details["changes"]["new"]) == (3, 1)


def test_earlier_rows_that_are_lost_stop_no_correction(settings: Settings, hand_in: HandIn) -> None:
    hand_in(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, [resident(number) for number in range(4)]))
    shutil.rmtree(settings.vault)
    second = hand_in(RESIDENTS, "2026-10 sửa.csv", rows_csv(RESIDENTS, [resident(number) for number in (0, 1, 2, 9)]))
    assert (second.verdict, "changes" in second.details) == ("accepted", False)


VALUES = st.fixed_dictionaries(
    {"household_no": st.sampled_from(["", "1", "2"]), "village": st.sampled_from(["", "Thôn 1"])}
)
FILES = st.dictionaries(st.integers(0, 9), VALUES, min_size=1, max_size=8)


@effort(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=FILES, after=FILES)
def test_counts_are_those_of_two_dictionaries(
    tmp_path_factory: pytest.TempPathFactory, before: dict[int, Row], after: dict[int, Row]
) -> None:
    home = tmp_path_factory.mktemp("home")
    settings = Settings(home=home, sources=home, now=datetime.datetime(2026, 11, 2, tzinfo=datetime.UTC))
    for name, rows in (("before", before), ("after", after)):
        stage = Stage(settings, RESIDENTS, name, 3)
        _stage_rows(stage, rows)
        if name == "before":
            stage.keep()
    found = compare(settings, RESIDENTS, ["before"], stage.files("bronze", "vault", "changes"), updates=False)
    assert found is not None
    both = before.keys() & after.keys()
    changed = sum(before[each] != after[each] for each in both)
    assert (found.new, found.vanished, found.changed, found.unchanged) == (
        len(after.keys() - both),
        len(before.keys() - both),
        changed,
        len(both) - changed,
    )
    cells = sum(before[each][name] != after[each][name] for each in both for name in ("household_no", "village"))
    assert sum(found.columns.values()) == cells
    lines = vault_files.read(settings, stage.file("changes"))
    assert lines.height == cells + found.new + found.vanished


def _stage_rows(stage: Stage, rows: dict[int, Row]) -> None:
    """Rows of residents as the examination stages them."""
    for kind in ("bronze", "vault"):
        table = [
            {
                "submission_id": stage.submission_id,
                "source_sheet": "csv",
                "source_row": number + 2,
                "citizen_id": f"{number:012}",
                "citizen_key": f"key{number}",
                **{name: value or None for name, value in row.items()},
            }
            for number, row in rows.items()
        ]
        schema = stage._types[kind]
        frame = pl.DataFrame([{name: row.get(name) for name in schema} for row in table], schema=schema)
        stage.add(kind, frame)
    stage.close()


# --- late, locked -------------------------------------------------------------------------------------------
def on(settings: Settings, *moment: int) -> Settings:
    """The same home at another moment, in UTC."""
    return settings.model_copy(update={"now": datetime.datetime(*moment, tzinfo=datetime.UTC)})  # type: ignore[misc]


@pytest.mark.parametrize(
    ("moment", "late"),
    [
        ((2026, 11, 5, 16, 59), 0),  # one minute before midnight in Vietnam on the day on which it is due
        ((2026, 11, 5, 17, 0), 1),
        ((2026, 12, 1, 8, 0), 26),
        ((2026, 10, 15, 8, 0), 0),
    ],
)
def test_a_file_is_late_by_the_days_of_vietnam_after_the_day_on_which_it_was_due(
    settings: Settings, drop: Drop, moment: tuple[int, ...], late: int
) -> None:
    drop(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, [resident(0)]))
    (submission,) = take_in_dataset(on(settings, *moment), RESIDENTS)
    assert (submission.verdict, submission.days_late, submission.is_current) == ("accepted", late, True)
    said = [each["limit"] for each in submission.details["notices"] if each["rule"] == "file.late"]
    assert said == ([str(late)] if late else [])
    report = report_of(settings, submission)
    assert (report["days_late"], report["due"]) == (late, "2026-11-05")
    front = " ".join(text for row in texts(settings, submission, "Biên nhận") for text in row)
    assert (f"gửi muộn {late} ngày" in front) == bool(late)


LOCKED = dataclasses.replace(RESIDENTS, lock_day=20)


def test_after_the_lock_every_file_of_the_period_waits_the_first_one_too(settings: Settings, drop: Drop) -> None:
    drop(LOCKED, "2026-10.csv", rows_csv(LOCKED, [resident(0), resident(1)]))
    (first,) = take_in_dataset(on(settings, 2026, 11, 20, 16), LOCKED)
    drop(LOCKED, "2026-10 sửa.csv", rows_csv(LOCKED, [resident(0), resident(2)]))
    drop(LOCKED, "2026-09.csv", rows_csv(LOCKED, [resident(0)]))
    drop(LOCKED, "2026-11.csv", rows_csv(LOCKED, [resident(0)]))
    later = on(settings, 2026, 11, 20, 17)  # midnight in Vietnam
    taken = {each.file_name: each for each in take_in_dataset(later, LOCKED)}
    assert first.verdict == "accepted"
    assert {name: each.verdict for name, each in taken.items()} == {
        "2026-10 sửa.csv": "waiting",
        "2026-09.csv": "waiting",
        "2026-11.csv": "accepted",
    }
    stops = [(each["rule"], each["limit"]) for each in taken["2026-10 sửa.csv"].details["notices"]][:2]
    assert stops == [("file.too_many_vanished", "30%"), ("file.period_locked", "20/11/2026")]
    assert taken["2026-10 sửa.csv"].details["changes"]["changed"] == 0
    report = report_of(settings, taken["2026-09.csv"])
    assert "đã khóa sổ sau ngày 20/10/2026" in report["message"]
    decide(later, taken["2026-09.csv"].submission_id, "accept", "có văn bản đề nghị")
    standing = Ledger(settings.ledger).current("population/residents", "population", "2026-09")
    assert standing is not None
    assert standing.submission_id == taken["2026-09.csv"].submission_id


def test_a_lock_before_the_due_day_is_no_declaration() -> None:
    with pytest.raises(TypeError, match="lock_day=4 comes before due_day=5"):
        dataclasses.replace(RESIDENTS, lock_day=4)


def test_without_a_declared_lock_no_period_is_ever_locked() -> None:
    assert RESIDENTS.lock_day is None
    assert deadlines.lock_day(RESIDENTS, datetime.date(2026, 10, 31)) is None
    assert not deadlines.is_locked(RESIDENTS, datetime.date(2000, 1, 31), datetime.datetime.now(datetime.UTC))


# --- waivers --------------------------------------------------------------------------------------------------
def contradicting(number: int, **other: str) -> Row:
    """A resident whose citizen id contradicts the sex of the row, and nothing else."""
    return resident(number, sex=("Nữ", "Nam")[number % 2], **other)


def test_a_waived_rule_lets_in_the_rows_that_were_returned_only_because_of_it(
    settings: Settings, ledger: Ledger, hand_in: HandIn
) -> None:
    rows = [resident(0), contradicting(1), contradicting(2), contradicting(3, commune="Xã Không Có")]
    before = hand_in(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, rows))
    assert (before.verdict, before.rows_accepted, before.rows_rejected) == ("waiting", 1, 3)
    after = waive(settings, before.submission_id, ["citizen_id.sex"], "đã đối chiếu thẻ căn cước")
    assert (after.verdict, after.rows_read, after.rows_accepted, after.rows_rejected) == ("partly", 5, 3, 1)
    assert (after.replays, after.position, after.is_current) == (before.submission_id, before.position, True)
    (waiver,) = after.details["waivers"]
    assert (waiver["rule"], waiver["why"]) == ("citizen_id.sex", "đã đối chiếu thẻ căn cước")
    assert pl.read_parquet(bronze_file(settings, RESIDENTS, after.submission_id))["source_row"].to_list() == [2, 3, 4]
    counts = {(each["rule"], each["severity"]): each["count"] for each in after.details["reasons"]}
    assert counts == {("commune.unknown", "error"): 1, ("citizen_id.sex", "warning"): 3}
    first = ledger.get(before.submission_id)
    assert first is not None
    assert (first.verdict, first.superseded_by, first.is_waiting) == ("waiting", after.submission_id, False)
    report = report_of(settings, after)
    assert report["waivers"] == [waiver]
    front = " ".join(text for row in texts(settings, after, "Biên nhận") for text in row)
    assert "đã đối chiếu thẻ căn cước" in front


def test_a_rebuild_applies_the_same_waivers_and_finds_the_same_changes(settings: Settings, hand_in: HandIn) -> None:
    hand_in(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, [resident(number) for number in range(4)]))
    rows = [resident(0), resident(1, household_no="mới"), resident(2), contradicting(3)]
    before = hand_in(RESIDENTS, "2026-10 sửa.csv", rows_csv(RESIDENTS, rows))
    after = waive(settings, before.submission_id, ["citizen_id.sex"], "đúng")
    kinds = ("", "returned", "findings", "changes")
    files = [vault_file(settings, RESIDENTS, after.submission_id, kind) for kind in kinds]
    files.append(bronze_file(settings, RESIDENTS, after.submission_id))
    then = [vault_files.read(settings, file) for file in files]
    for file in files:
        file.unlink()
    later = on(settings, 2030, 1, 1)
    examined = retake(later, RESIDENTS, after)
    assert examined is not None
    assert (examined.rows_accepted, examined.rows_rejected) == (4, 0)
    assert all(vault_files.read(settings, file).equals(old) for file, old in zip(files, then, strict=True))


def test_several_rules_can_be_waived_at_once_and_one_after_the_other(settings: Settings, hand_in: HandIn) -> None:
    both = contradicting(1, date_of_birth="02/03/1999")
    future = contradicting(2, household_no="x" * 60)
    before = hand_in(
        RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, [resident(0), resident(6), resident(8), both, future])
    )
    assert (before.rows_accepted, before.rows_rejected) == (3, 2)
    with pytest.raises(DecisionError, match=r"no row of .* was returned only because of citizen_id\.sex"):
        waive(settings, before.submission_id, ["citizen_id.sex"], "x")
    one = waive(settings, before.submission_id, ["citizen_id.sex", "citizen_id.birth_year"], "x")
    assert (one.rows_accepted, one.rows_rejected) == (4, 1)
    with pytest.raises(DecisionError, match=f"was judged again: name {one.submission_id}"):
        waive(settings, before.submission_id, ["text.too_long"], "y")
    two = waive(settings, one.submission_id, ["text.too_long"], "y")
    assert (two.verdict, two.rows_accepted, two.replays) == ("accepted", 5, before.submission_id)
    assert [(each["rule"], each["why"]) for each in two.details["waivers"]] == [
        ("citizen_id.sex", "x"),
        ("citizen_id.birth_year", "x"),
        ("text.too_long", "y"),
    ]
    assert [each.submission_id for each in last_judgements(Ledger(settings.ledger), RESIDENTS)] == [two.submission_id]


@pytest.mark.parametrize(
    "rule",
    ["required", "commune.unknown", "row.structure", "row.key_conflict", "file.no_period", "citizen_id.province"],
)
def test_what_leaves_no_value_or_returns_nothing_cannot_be_waived(
    settings: Settings, hand_in: HandIn, ledger: Ledger, rule: str
) -> None:
    rows = [resident(0), resident(1), resident(2), resident(3, commune="Xã Không Có", sex="")]
    before = hand_in(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, rows))
    with pytest.raises(DecisionError, match=f"{rule} cannot be waived.*citizen_id.sex"):
        waive(settings, before.submission_id, [rule], "x")
    with pytest.raises(DecisionError, match="there is no rule 'nonsense'"):
        waive(settings, before.submission_id, ["nonsense"], "x")
    assert len(ledger.all()) == 1
    assert rule not in waivable(RESIDENTS)


def test_a_waiver_needs_a_reason_and_a_file_that_may_go_in(settings: Settings, hand_in: HandIn) -> None:
    rows = [resident(0), resident(1), contradicting(2)]
    before = hand_in(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, rows))
    with pytest.raises(DecisionError, match="say why"):
        waive(settings, before.submission_id, ["citizen_id.sex"], " ")
    newer = hand_in(RESIDENTS, "2026-10 sửa.csv", rows_csv(RESIDENTS, [resident(0), resident(1), resident(2)]))
    with pytest.raises(DecisionError, match=f"{newer.submission_id} has replaced"):
        waive(settings, before.submission_id, ["citizen_id.sex"], "x")
    decide(settings, before.submission_id, "withdraw", "x")
    with pytest.raises(DecisionError, match="is withdrawn"):
        waive(settings, before.submission_id, ["citizen_id.sex"], "x")
    assert not list(settings.temporary.iterdir())


def test_a_waiver_of_a_locked_period_waits(settings: Settings, drop: Drop) -> None:
    drop(LOCKED, "2026-10.csv", rows_csv(LOCKED, [resident(0), resident(1), contradicting(2)]))
    (before,) = take_in_dataset(settings, LOCKED)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("orchestration.decisions.dataset", lambda _: LOCKED)
        after = waive(on(settings, 2027, 1, 1), before.submission_id, ["citizen_id.sex"], "x")
    assert (before.verdict, after.verdict) == ("partly", "waiting")
    current = Ledger(settings.ledger).get(before.submission_id)
    assert current is not None
    assert current.is_current
