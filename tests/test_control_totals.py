"""A table's own total beside the sum of its rows: what differs is mentioned, what is doubtful is not."""

from __future__ import annotations

import decimal
import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from orchestration.intake.ledger import Submission
from orchestration.intake.take_in import take_in_dataset
from orchestration.settings import Settings
from schemas import column, dataset, plausibility_rules
from schemas.columns import check_column
from tests import office
from tests.conftest import HandIn

ARCHIVES = dataset("home_affairs/archives")
NAMES = ("fonds_code", "unit_name", "commune", "files", "pages", "pages_digitised", "shelf_metres")
HEADER = ["STT", *(ARCHIVES.columns[name].title for name in NAMES)]


def fonds(number: int, files: str, pages: str, metres: str) -> list[str]:
    """A fonds of which nothing is digitised."""
    return [str(number), f"P{number:02}", "Sở Nội vụ", "Phường Lào Cai", files, pages, "0", metres]


def total(files: str, pages: str, metres: str, word: str = "Tổng cộng") -> list[str]:
    """A row of sums."""
    return ["", word, "", "", files, pages, "0", metres]


ROWS = [fonds(1, "10", "1.200", "1,5"), fonds(2, "20", "2.300", "2,25"), fonds(3, "30", "3.400", "3")]


def handed_in(hand_in: HandIn, *rows: Sequence[str]) -> Submission:
    """A workbook's worth of rows below the header, as text."""
    return hand_in(ARCHIVES, "2026Q3.csv", office.as_csv([HEADER, *rows]))


def said(submission: Submission) -> list[str]:
    """What the notices about totals name."""
    notices = submission.details["notices"]
    return [each["title"] for each in notices if each["rule"] == plausibility_rules.CONTROL_TOTAL]


def test_the_recognised_columns_are_those_of_the_story(hand_in: HandIn) -> None:
    submission = handed_in(hand_in, *ROWS, total("60", "6.900", "6,75"))
    named = {name: submission.details["columns"].get(name) for name in ("files", "pages", "shelf_metres")}
    assert named == {"files": 4, "pages": 5, "shelf_metres": 7}
    assert (submission.verdict, submission.details["ignored"]["total"]) == ("accepted", 1)


def test_a_total_that_differs_is_mentioned_with_its_cell_and_the_sum_and_nothing_waits(
    settings: Settings, hand_in: HandIn
) -> None:
    submission = handed_in(hand_in, *ROWS, total("61", "6.900", "7,75"))
    assert said(submission) == ["Số hồ sơ (E5): 60; Mét giá (H5): 6.75"]
    assert (submission.verdict, submission.is_current, submission.rows_accepted) == ("accepted", True, 3)
    (report,) = settings.receipts(ARCHIVES.path).glob("2026Q3*.json")
    notices = json.loads(report.read_text(encoding="utf-8"))["notices"]
    texts = [each for each in notices if each["rule"] == plausibility_rules.CONTROL_TOTAL]
    assert "Dòng tổng cộng khác với tổng của các dòng số liệu" in json.dumps(texts, ensure_ascii=False)


@pytest.mark.parametrize(
    "rows",
    [
        [*ROWS, total("60", "6.900", "6,75")],
        [*ROWS, total("60", "", "")],  # what it does not say cannot differ
        [total("60", "6.900", "6,75", word="Tổng số"), *ROWS],  # above its rows
        [*ROWS, total("60", "6.900", "6,8")],  # rounded
        [*ROWS, total("60", "6.900", "không có")],  # no number
        [*ROWS],
    ],
    ids=["right", "partial", "above", "rounded", "text", "none"],
)
def test_a_total_that_is_right_or_says_nothing_is_not_mentioned(hand_in: HandIn, rows: list[list[str]]) -> None:
    assert said(handed_in(hand_in, *rows)) == []


@pytest.mark.parametrize(
    "rows",
    [
        [ROWS[0], total("10", "1.200", "1,5"), *ROWS[1:], total("50", "5.700", "5,25")],  # two sections
        [ROWS[0], total("10", "1.200", "1,5"), *ROWS[1:]],  # amid the rows
        [*ROWS, total("30", "3.400", "3", word="Cộng trang 2")],
        [*ROWS, fonds(4, "mười", "0", "0"), total("70", "6.900", "6,75")],  # files of a row are unreadable
    ],
    ids=["sections", "amid", "page", "unread"],
)
def test_what_may_be_a_subtotal_or_has_an_unreadable_row_is_not_judged(hand_in: HandIn, rows: list[list[str]]) -> None:
    assert said(handed_in(hand_in, *rows)) == []


def test_rows_that_are_returned_or_repeated_belong_to_the_sum(hand_in: HandIn) -> None:
    """The office added up what stands in its table, whatever becomes of the rows."""
    stranger = fonds(4, "40", "100", "1")
    stranger[3] = "Xã Không Có"
    rows = [*ROWS, ROWS[2], stranger]
    submission = handed_in(hand_in, *rows, total("130", "10.400", "10,75"))
    assert (submission.rows_rejected, submission.details["ignored"]["duplicate"]) == (1, 1)
    assert said(submission) == []


FIGURES = st.lists(st.decimals(0, 10_000, places=2), min_size=1, max_size=8)


@given(figures=FIGURES, off=st.integers(-3, 3))
@effort(max_examples=15)
def test_rounding_of_the_total_is_forgiven_and_a_lost_row_is_not(
    figures: list[decimal.Decimal], off: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whole files and metres to the centimetre; ``off`` is added to the total of the files alone."""
    folder = tmp_path_factory.mktemp("totals")
    settings = Settings(home=folder / "home", sources=folder / "sources", stable_seconds=0, marked_whole=1)
    rows = [fonds(number, str(10 * number), "1", f"{metres:f}") for number, metres in enumerate(figures, 1)]
    files = sum(10 * number for number in range(1, len(rows) + 1))
    metres = sum(figures, decimal.Decimal(0)).quantize(decimal.Decimal("0.1"))
    last = total(str(files + off), str(len(rows)), f"{metres:f}")
    office.drop(settings, ARCHIVES, "2026Q3.csv", office.as_csv([HEADER, *rows, last]))
    (submission,) = take_in_dataset(settings, ARCHIVES)
    assert said(submission) == ([f"Số hồ sơ (E{len(rows) + 2}): {files}"] if off else [])


def test_only_numbers_that_are_not_restricted_are_summed() -> None:
    with pytest.raises(TypeError, match="summed"):
        check_column("land/parcels", column(title="Ghi chú", description="A note.", summed=True), [])
