"""A cell is the very unit that stood when the file's period ended: an old commune, a present one, or a divided one.

What is expected is read off the seeds by hand; see test_old_communes.py for what texts name.
"""

from __future__ import annotations

import datetime

import polars as pl
import pytest

from orchestration.intake.bronze import bronze_file
from orchestration.intake.places import Unresolved, communes, exactly
from orchestration.intake.units_of_time import Unit, unit_of_time
from orchestration.settings import Settings
from schemas import dataset
from tests.conftest import HandIn
from tests.office import RESIDENTS, Row, resident, rows_csv

BEFORE, SINCE, IN_2026 = datetime.date(2025, 6, 30), datetime.date(2025, 7, 1), datetime.date(2026, 6, 30)
LAO_CAI, KHANH_HOA, DONG_NAI, HA_NOI = (communes(Settings(province=code)) for code in ("15", "56", "75", "01"))
CONNECTIVITY = dataset("connectivity/communes")


def named(province, text: str, on: datetime.date | None) -> tuple[str, str | None] | str:
    """Key and present code, or the rule that says why there is none."""
    unit = unit_of_time(province, text, on=on)
    return (unit.key, unit.code) if isinstance(unit, Unit) else unit.rule_id


@pytest.mark.parametrize(
    ("text", "on", "expected"),
    [
        ("02683", BEFORE, ("02683@1900-01-01", "02683")),  # Thị trấn Bát Xát
        ("Xã Quang Kim", BEFORE, ("02734@1900-01-01", "02683")),
        ("02683", SINCE, ("02683@2025-07-01", "02683")),
        ("Xã Bát Xát", None, ("02683@2025-07-01", "02683")),
        ("Xã Quang Kim", SINCE, ("02683@2025-07-01", "02683")),  # it stood no longer
        (exactly("02734@1900-01-01"), BEFORE, ("02734@1900-01-01", "02683")),
        (exactly("02683@2025-07-01"), SINCE, ("02683@2025-07-01", "02683")),
        (exactly("02683@1999-01-01"), SINCE, "commune.unknown"),
    ],
)
def test_a_commune_is_the_one_of_the_day_and_what_it_is_now(text, on, expected) -> None:
    assert named(LAO_CAI, text, on) == expected


def test_a_commune_that_became_a_ward_is_the_commune_until_that_day() -> None:
    for text in ("26368", "Phường Long Thành", "Xã Long Thành"):
        assert named(DONG_NAI, text, datetime.date(2025, 12, 31)) == ("26368@2025-07-01", "26368")
        assert named(DONG_NAI, text, IN_2026) == ("26368@2026-04-30", "26368")
    assert named(DONG_NAI, "Thị trấn Long Thành", BEFORE) == ("26368@1900-01-01", "26368")


def test_of_namesakes_that_are_one_now_none_is_guessed() -> None:
    """Thị trấn and Xã Yên Viên went into Phù Đổng; without the kind only that much is certain."""
    present = HA_NOI.resolve("Xã Phù Đổng")
    assert named(HA_NOI, "Yên Viên", BEFORE) == (f"{present}@2025-07-01", present)
    key, code = named(HA_NOI, "Xã Yên Viên", BEFORE)
    assert (key.endswith("@1900-01-01"), code) == (True, present)


@pytest.mark.parametrize("text", ["22711", "Xã Suối Tân", "22711 - Xã Suối Tân", "Suối Tân, huyện Cam Lâm"])
def test_a_divided_commune_is_certain_in_a_file_of_its_time_only(text: str) -> None:
    assert named(KHANH_HOA, text, BEFORE) == ("22711@1900-01-01", None)
    later = unit_of_time(KHANH_HOA, text, on=SINCE)
    assert isinstance(later, Unresolved)
    assert "Xã Suối Dầu (22708)" in (later.proposal or "")


@pytest.mark.parametrize("text", ["22711 - Xã Cam Tân", "22711 - Thị trấn Cam Đức", "22453 - Xã Suối Tân"])
def test_code_and_name_that_contradict_each_other_name_no_divided_commune(text: str) -> None:
    found = unit_of_time(KHANH_HOA, text, on=BEFORE)
    assert isinstance(found, Unresolved)
    assert found.divided is None


# --- whole files --------------------------------------------------------------------------------------------
def stored(settings: Settings, declaration, submission) -> list[tuple]:
    rows = pl.read_parquet(bronze_file(settings, declaration, submission.submission_id))
    return rows.select("commune", "commune_of_time_key").rows()


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """The home of Khánh Hòa."""
    return settings.model_copy(update={"province": "56"})


def person(number: int, commune: str) -> Row:
    return resident(number, citizen_id=f"056{number % 2}{50 + number % 50:02}{number:06}", commune=commune)


def test_headings_and_ditto_marks_carry_the_unit_of_the_time(settings: Settings, hand_in: HandIn) -> None:
    written = ['"', "", "Thị trấn Cam Đức", "nt"]
    lines = rows_csv(RESIDENTS, [person(number, commune) for number, commune in enumerate(written)]).splitlines()
    lines.insert(1, "Xã Suối Tân" + ";" * lines[0].count(";"))
    submission = hand_in(RESIDENTS, "2024-12.csv", "\n".join(lines))
    assert (submission.verdict, submission.rows_accepted) == ("accepted", 4)
    divided, whole = (None, "22711@1900-01-01"), ("22453", "22453@1900-01-01")
    assert stored(settings, RESIDENTS, submission) == [divided, divided, whole, whole]
    assert submission.details["mended"]["divided_commune"] == 2


def test_a_divided_commune_is_not_a_missing_one_and_an_empty_cell_is(settings: Settings, hand_in: HandIn) -> None:
    cells = [person(number, commune) for number, commune in enumerate(["Xã Suối Tân", "", "22711"])]
    submission = hand_in(RESIDENTS, "2024-12.csv", rows_csv(RESIDENTS, cells))
    assert (submission.verdict, submission.rows_accepted, submission.rows_rejected) == ("partly", 2, 1)
    assert [each["rule"] for each in submission.details["reasons"]] == ["required"]


def ready(commune: str, answer: str = "Có") -> Row:
    return {"commune": commune, "special_network": "Có", "ready": answer}


def test_communes_that_are_one_now_were_several_rows_then(settings: Settings, hand_in: HandIn) -> None:
    """Cam Đức and Cam Thành Bắc are Cam Lâm; two divided ones have no present code and are two all the same."""
    names = ("Thị trấn Cam Đức", "Xã Cam Thành Bắc", "Xã Suối Tân", "Xã Cam Tân")
    then = hand_in(CONNECTIVITY, "2024Q4.csv", rows_csv(CONNECTIVITY, [ready(each) for each in names]))
    assert (then.verdict, then.rows_accepted) == ("accepted", 4)
    twice = [ready("Thị trấn Cam Đức"), ready("Xã Cam Lâm", "Không")]
    now = hand_in(CONNECTIVITY, "2025Q4.csv", rows_csv(CONNECTIVITY, twice))
    assert {each["rule"] for each in now.details["reasons"]} == {"row.key_conflict"}


def test_a_correction_between_communes_that_are_one_now_is_a_change(settings: Settings, hand_in: HandIn) -> None:
    first = [person(1, "Thị trấn Cam Đức"), person(2, "Xã Suối Tân")]
    hand_in(RESIDENTS, "2024-12.csv", rows_csv(RESIDENTS, first))
    second = [person(1, "Xã Cam Thành Bắc"), person(2, "Xã Suối Tân")]
    submission = hand_in(RESIDENTS, "2024-12 lần 2.csv", rows_csv(RESIDENTS, second))
    assert submission.details["changes"]["columns"] == {"commune": 1}
    assert submission.details["changes"]["unchanged"] == 1
