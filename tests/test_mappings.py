"""Headers that the data engineer confirms: the next file passes by itself, an old one is read as it was then."""

from __future__ import annotations

import datetime
import getpass
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from orchestration.confirmations import confirm, forget
from orchestration.decisions import DecisionError
from orchestration.intake.bronze import bronze_file
from orchestration.intake.check_file import check_file
from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.mappings import Confirmed, HeaderMappings
from orchestration.intake.recognise import LayoutError, find_layout
from orchestration.intake.retake import retake
from orchestration.replay import replay
from orchestration.settings import PROJECT, Settings
from tests.conftest import Drop, HandIn
from tests.office import PARCELS, RESIDENTS, as_csv, resident, table


@pytest.fixture
def mappings(settings: Settings) -> HeaderMappings:
    return HeaderMappings(settings.ledger)


def people(header: str, instead_of: str, *numbers: int) -> str:
    """A CSV file of residents with one header replaced."""
    cells = table(RESIDENTS, [resident(number) for number in numbers])
    title = RESIDENTS.columns[instead_of].title
    return as_csv([[header if cell == title else cell for cell in cells[0]], *cells[1:]])


def notices(submission: Submission) -> dict[str, str]:
    return {each["rule"]: each["title"] for each in submission.details["notices"]}


def layout_of(rows: list[str], **confirmed: str) -> Any:
    columns = {header.replace("_", " "): column for header, column in confirmed.items()}
    return find_layout(RESIDENTS, [row.split("|") for row in rows], Confirmed(columns))


# --- what becomes of files ----------------------------------------------------------------------------------
def test_a_file_that_was_refused_for_a_header_passes_once_it_is_confirmed_and_says_so(
    settings: Settings, hand_in: HandIn
) -> None:
    content = people("Mã số CD", "citizen_id", 1, 2, 3)
    assert notices(hand_in(RESIDENTS, "2026-10.csv", content))["file.missing_columns"] == "Số định danh cá nhân"
    said = confirm(settings, RESIDENTS, "Mã số CD", "citizen_id", "công an xã dùng mẫu riêng")
    assert said == "population/residents: 'Mã số CD' means citizen_id (Số định danh cá nhân) from the next file on"
    again = hand_in(RESIDENTS, "2026-10.csv", content)
    assert (again.verdict, again.rows_accepted) == ("accepted", 3)
    assert notices(again)["file.confirmed_header"] == "«Mã số CD» → «Số định danh cá nhân»"


def test_a_replay_shows_what_a_confirmed_header_lets_in(settings: Settings, hand_in: HandIn) -> None:
    refused = hand_in(RESIDENTS, "2026-10.csv", people("Mã số CD", "citizen_id", 1, 2, 3))
    assert replay(settings, [RESIDENTS]).changed == []
    confirm(settings, RESIDENTS, "Mã số CD", "citizen_id", "x")
    (found,) = replay(settings, [RESIDENTS]).changed
    assert (found.before.submission_id, found.before.verdict) == (refused.submission_id, "refused")
    assert (found.after.verdict, found.after.rows_accepted) == ("accepted", 3)


def test_a_header_confirmed_as_surplus_is_told_no_more(settings: Settings, hand_in: HandIn) -> None:
    content = people("Ngày nhập máy", "ethnicity", 1)
    assert notices(hand_in(RESIDENTS, "2026-09.csv", content))["file.extra_column"] == "Ngày nhập máy"
    confirm(settings, RESIDENTS, "ngày  NHẬP máy:", "ignore", "không cần")
    submission = hand_in(RESIDENTS, "2026-10.csv", content)
    assert submission.verdict == "accepted"
    assert notices(submission).keys() == {"file.missing_optional_column"}


def test_a_confirmed_header_counts_for_its_own_dataset_only(settings: Settings, mappings: HeaderMappings) -> None:
    confirm(settings, RESIDENTS, "Mã số CD", "citizen_id", "x")
    assert mappings.confirmed(PARCELS.path) == Confirmed()
    assert mappings.confirmed(RESIDENTS.path).columns == {"mã số cd": "citizen_id"}


def test_a_checked_file_is_read_with_the_confirmed_headers_of_the_home(settings: Settings, drop: Drop) -> None:
    path = drop(RESIDENTS, "2026-10.csv", people("Mã số CD", "citizen_id", 1, 2))
    assert check_file(settings, RESIDENTS, path).submission.verdict == "refused"
    confirm(settings, RESIDENTS, "Mã số CD", "citizen_id", "x")
    assert check_file(settings, RESIDENTS, path).submission.verdict == "accepted"


def test_an_old_submission_is_read_again_with_what_was_confirmed_then_although_the_clock_stands_still(
    settings: Settings, ledger: Ledger, hand_in: HandIn
) -> None:
    """All of it happens at one and the same moment of KHO_NOW."""

    def dialects(submission: Submission) -> list[str | None]:
        kept: list[str | None] = pl.read_parquet(bronze_file(settings, RESIDENTS, submission.submission_id))[
            "village"
        ].to_list()
        return kept

    def files(name: str, number: int) -> Submission:
        header, row = table(RESIDENTS, [resident(number)])
        return hand_in(RESIDENTS, name, as_csv([[*header, "Cụm"], [*row, "Bản Qua"]]))

    before = files("2026-07.csv", 1)
    confirm(settings, RESIDENTS, "Cụm", "village", "cụm là thôn")
    during = files("2026-08.csv", 2)
    forget(settings, RESIDENTS, "Cụm", "nhầm")
    after = files("2026-09.csv", 3)
    confirm(settings, RESIDENTS, "Cụm", "household_no", "cụm là hộ")
    taken = [dialects(each) for each in (before, during, after)]
    assert taken == [[None], ["Bản Qua"], [None]]
    for submission in (before, during, after):
        bronze_file(settings, RESIDENTS, submission.submission_id).unlink()
        recorded = ledger.get(submission.submission_id)
        assert recorded is not None
        retake(settings, RESIDENTS, recorded)
    assert [dialects(each) for each in (before, during, after)] == taken


# --- ties ---------------------------------------------------------------------------------------------------
HEADER = "Mã số CD|Họ và tên|Ngày sinh|Giới tính|Xã/phường"


@pytest.mark.parametrize("title", ["Số định danh cá nhân", "CCCD", "So dinh danh ca nhan"])
def test_a_confirmed_header_beside_the_column_itself_is_a_tie(title: str) -> None:
    with pytest.raises(LayoutError) as error:
        layout_of([f"{HEADER}|{title}"], mã_số_cd="citizen_id")
    assert (error.value.rule_id, error.value.title) == ("file.ambiguous_header", "Số định danh cá nhân")
    assert error.value.doubt.tied == {"citizen_id": (0, 5)}


def test_two_headers_confirmed_as_one_column_are_a_tie_in_a_file_that_has_both() -> None:
    with pytest.raises(LayoutError) as error:
        layout_of([f"{HEADER}|Mã công dân"], mã_số_cd="citizen_id", mã_công_dân="citizen_id")
    assert error.value.rule_id == "file.ambiguous_header"
    assert layout_of([HEADER], mã_số_cd="citizen_id", mã_công_dân="citizen_id").columns["citizen_id"] == 0


def test_a_confirmed_header_goes_before_words_that_are_only_contained_in_another() -> None:
    layout = layout_of([f"{HEADER}|Số CCCD của chủ hộ"], mã_số_cd="citizen_id")
    assert (layout.columns["citizen_id"], layout.surplus) == (0, ("Số CCCD của chủ hộ",))


def test_a_header_confirmed_as_another_column_is_no_longer_what_its_words_say() -> None:
    rows = ["CCCD|Tên|Họ và tên khai sinh|Ngày sinh|Giới tính|Xã/phường"]
    layout = layout_of(rows, họ_và_tên_khai_sinh="full_name", tên="ignore")
    assert (layout.columns["full_name"], layout.surplus) == (2, ())


def test_a_header_below_a_merged_one_is_confirmed_with_or_without_its_parent() -> None:
    rows = ["TT|Công dân|||Ngày sinh|Giới tính|Xã", "|Họ và tên|Mã số|Mã khác||||", "1|A B|010085000001||1985|Nam|X"]
    for header in ("công_dân_mã_số", "mã_số"):
        layout = layout_of(rows, **{header: "citizen_id"})
        assert layout.columns["citizen_id"] == 2
        # The returned rows of its receipt have one header row; there it is still the confirmed one.
        flat = find_layout(RESIDENTS, [layout.headers], Confirmed({header.replace("_", " "): "citizen_id"}))
        assert flat.columns["citizen_id"] == 2


def test_a_header_confirmed_as_a_column_that_is_no_longer_declared_is_unknown() -> None:
    layout = layout_of([f"{HEADER}|CCCD".replace("Mã số CD", "Nhóm máu")], nhóm_máu="blood_group")
    assert layout.surplus == ("Nhóm máu",)


# --- the record ---------------------------------------------------------------------------------------------
def test_who_confirmed_and_forgot_what_when_and_why_is_kept(settings: Settings, mappings: HeaderMappings) -> None:
    confirm(settings, RESIDENTS, " Mã  số CD ", "Số định danh cá nhân", "  mẫu riêng ")
    forget(settings, RESIDENTS, "mã số cd", "đã đổi mẫu")
    moment = datetime.datetime(2026, 11, 2, 8, tzinfo=datetime.UTC)
    assert [(each.header, each.column, each.why, each.who, each.decided_at) for each in mappings.history()] == [
        ("Mã số CD", "citizen_id", "mẫu riêng", getpass.getuser(), moment),
        ("mã số cd", None, "đã đổi mẫu", getpass.getuser(), moment),
    ]
    assert mappings.current() == []
    assert settings.ledger.stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_meant_is_not_recorded(settings: Settings, mappings: HeaderMappings) -> None:
    wrong: list[tuple[str, str, str, str]] = [
        ("Mã số CD", "citizen", "x", "has no column 'citizen'; there are: citizen_id, full_name,"),
        ("", "citizen_id", "x", "give the header"),
        ("Mã " * 60, "citizen_id", "x", "give the header"),
        ("Mã số CD", "citizen_id", " ", "say why"),
    ]
    for header, column, why, message in wrong:
        with pytest.raises(DecisionError, match=message):
            confirm(settings, RESIDENTS, header, column, why)
    with pytest.raises(DecisionError, match="is not confirmed"):
        forget(settings, RESIDENTS, "Mã số CD", "x")
    assert mappings.history() == []
    assert not settings.home.exists()


def test_looking_at_a_home_without_confirmations_makes_nothing(settings: Settings, mappings: HeaderMappings) -> None:
    assert (mappings.history(), mappings.current(), mappings.confirmed("a/b")) == ([], [], Confirmed())
    assert not settings.home.exists()


def test_a_ledger_that_began_with_a_confirmation_takes_submissions(settings: Settings, hand_in: HandIn) -> None:
    confirm(settings, RESIDENTS, "Mã số CD", "citizen_id", "x")
    assert hand_in(RESIDENTS, "2026-10.csv", people("Mã số CD", "citizen_id", 1)).verdict == "accepted"


_STEPS = st.lists(
    st.tuples(st.sampled_from(["A", "a ", "B"]), st.sampled_from(["citizen_id", "ignore", None])), max_size=8
)


@effort(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(steps=_STEPS)
def test_what_counts_at_any_line_is_what_was_said_last_up_to_it(
    tmp_path: Path, steps: list[tuple[str, str | None]]
) -> None:
    path = tmp_path / "ledger.sqlite"
    path.unlink(missing_ok=True)
    store, now = HeaderMappings(path), datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    expected: list[dict[str, str]] = [{}]
    for header, column in steps:
        store.record("a/b", header, column, why="x", who="y", at=now)
        after = {**expected[-1], header.strip().lower(): column}
        expected.append({form: name for form, name in after.items() if name is not None})
    for line, columns in enumerate(expected):
        assert store.confirmed("a/b", until=line).columns == columns
    assert store.confirmed("a/b").columns == expected[-1]
    assert len(store.current()) == len(expected[-1])


def test_the_commands_confirm_list_and_forget_without_dagster_or_dbt(tmp_path: Path) -> None:
    environment = {**os.environ, "KHO_HOME": str(tmp_path / "home")}
    program = (
        "import sys\nfrom orchestration.cli import main\n"
        "def run(*arguments):\n    sys.argv = ['kho', *arguments]\n    try:\n        main()\n"
        "    except SystemExit as done:\n        print('exit', done.code)\n"
        "run('mapping', 'confirm', 'land/parcels', 'DT đất', 'area_m2', '--why', 'mẫu 2019')\n"
        "run('mapping', 'confirm', 'land/parcels', 'DT đất', 'acreage', '--why', 'x')\n"
        "run('mapping', 'list', '-d', 'land/parcels')\n"
        "run('mapping', 'forget', 'land/parcels', 'DT đất', '--why', 'hết dùng')\n"
        "run('mapping', 'list')\n"
        "run('mapping', 'list', '--all')\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'dagster', 'dbt', 'pandas'}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    lines = [" ".join(line.split()) for line in done.stdout.splitlines() if line.strip()]
    assert "kho: land/parcels has no column 'acreage'" in done.stderr
    who, day = getpass.getuser(), f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}"
    assert [line for line in lines if "─" not in line] == [
        "land/parcels: 'DT đất' means area_m2 (Diện tích (m²)) from the next file on",
        "exit 0",
        "exit 2",
        "dataset header column why who when",
        f"land/parcels DT đất area_m2 mẫu 2019 {who} {day}",
        "exit 0",
        "land/parcels: 'DT đất' is an unknown header again from the next file on",
        "exit 0",
        "No confirmed headers.",
        "exit 0",
        "dataset header column why who when",
        f"land/parcels DT đất area_m2 mẫu 2019 {who} {day}",
        f"land/parcels DT đất (forgotten) hết dùng {who} {day}",
        "exit 0",
        "[]",
    ]
