"""A column of districts, which no dataset declares, tells the old communes of its rows apart."""

from __future__ import annotations

import polars as pl
import pytest

from orchestration.intake.bronze import bronze_file
from orchestration.intake.ledger import Submission
from orchestration.settings import Settings
from tests.conftest import HandIn
from tests.office import RESIDENTS, as_csv, resident, table

#: Commune and district as they stand side by side in a row of 2024.
ROWS = (
    ("Tân Thịnh", "Văn Chấn"), ("Xã Tân Thịnh", "TP Yên Bái"), ("Xã Tân Thịnh", ""), ("02734", "Huyện Bát Xát"),
    ("không có", "Huyện Bát Xát"),
)  # fmt: skip


def beside_communes(rows: tuple[tuple[str, ...], ...], *titles: str) -> str:
    """Residents by commune, with further columns under such titles."""
    cells = table(RESIDENTS, [resident(number, commune=row[0]) for number, row in enumerate(rows)])
    return as_csv([[*line, *more] for line, more in zip(cells, [titles, *(row[1:] for row in rows)], strict=True)])


def rules_of(submission: Submission) -> list[str]:
    return sorted(each["rule"] for each in submission.details["reasons"])


def surplus(submission: Submission) -> list[str]:
    """The titles of columns that were too many."""
    return [each["title"] for each in submission.details["notices"] if each["rule"] == "file.extra_column"]


@pytest.mark.parametrize("title", ["Quận/huyện", "Huyện", "HUYỆN/THỊ XÃ/THÀNH PHỐ", "Huyện, thành phố"])
def test_namesakes_are_told_apart_by_it_and_it_is_not_a_column_too_many(
    title: str, settings: Settings, hand_in: HandIn
) -> None:
    submission = hand_in(RESIDENTS, "2024-12.csv", beside_communes(ROWS, title))
    rows = pl.read_parquet(bronze_file(settings, RESIDENTS, submission.submission_id))
    assert rows.select("commune", "commune_of_time_key").rows() == [
        ("04699", "04696@1900-01-01"),
        ("04279", "04279@1900-01-01"),
        ("02683", "02734@1900-01-01"),
    ]
    assert rules_of(submission) == ["commune.ambiguous", "required"]  # without a district, and without a commune
    assert surplus(submission) == []


def test_beside_its_old_district_a_name_means_the_commune_of_then_though_another_bears_it_now(
    settings: Settings, hand_in: HandIn
) -> None:
    """Phường Nam Cường of the city Lào Cai is in Cam Đường now; today's Nam Cường is that of Yên Bái."""
    rows = (("Phường Nam Cường", "TP Lào Cai"), ("Phường Nam Cường", ""), ("Xã Bát Xát", "không rõ"))
    submission = hand_in(RESIDENTS, "2026-10.csv", beside_communes(rows, "Huyện"))
    rows_in = pl.read_parquet(bronze_file(settings, RESIDENTS, submission.submission_id))
    assert rows_in["commune"].to_list() == ["02671", "04273", "02683"]
    without = hand_in(RESIDENTS, "2026-09.csv", beside_communes(rows, "Ghi nhớ"))
    assert surplus(without) == ["Ghi nhớ"]


def test_two_columns_of_districts_help_nobody_and_are_named_as_too_many(hand_in: HandIn) -> None:
    rows = (("Tân Thịnh", "Văn Chấn", "Văn Chấn"), ("Xã Bát Xát", "", ""))
    submission = hand_in(RESIDENTS, "2024-12.csv", beside_communes(rows, "Huyện", "Quận/huyện"))
    assert "commune.ambiguous" in rules_of(submission)
    assert surplus(submission) == ["Huyện; Quận/huyện"]
