"""Words: every rule can be said about every column, with nothing left to fill in."""

from __future__ import annotations

import pytest

from orchestration.intake.wording import IGNORED, MENDED, Explained, Words, count_vi, explain, period_words, unit_words
from orchestration.settings import Settings
from schemas import Declaration, dataset, datasets
from schemas.column_types import ColumnType
from schemas.rules import RULES

PARCELS = dataset("land/parcels")


def said(explained: Explained) -> list[str]:
    return [explained.vi, explained.en, explained.mend_vi, explained.mend_en]


def unfilled(texts: list[str]) -> bool:
    gaps = ("{title}", "{limit}", "{allowed}", "«»", "''", "()", "None")
    return any(gap in text for text in texts for gap in gaps)


@pytest.mark.parametrize("declaration", datasets().values(), ids=list(datasets()))
def test_every_rule_of_every_column_is_said_in_full(declaration: Declaration) -> None:
    of_lists, of_bounds = (
        {"choice.unknown", "choice.unknown_optional"},
        {"number.range", "text.too_long", "text.pattern"},
    )
    found = []
    for name, column in declaration.columns.items():
        cells = {rule.id for rule in RULES.values() if rule.scope == "cell"} - of_bounds
        possible = (cells if column.choices else cells - of_lists) | set(declaration.rule_ids(name))
        found += [(rule, name) for rule in possible if unfilled(said(explain(declaration, rule, name)))]
    rows = [rule.id for rule in RULES.values() if rule.scope == "row"]
    found += [(rule, "") for rule in rows if unfilled(said(explain(declaration, rule)))]
    assert found == []


def test_rules_about_a_file_take_title_and_limit_from_the_notice() -> None:
    found = {
        rule.id: explain(PARCELS, rule.id, title="Loại đất", limit="2026Q4.xlsx")
        for rule in RULES.values()
        if rule.scope == "file"
    }
    assert [rule for rule, explained in found.items() if unfilled(said(explained))] == []
    assert found["file.no_period"] == Explained(
        "Không biết tệp thuộc kỳ báo cáo nào (Loại đất)",
        "The reporting period of the file is unknown (Loại đất)",
        "Ghi kỳ vào tên tệp, ví dụ 2026Q4.xlsx, rồi gửi lại",
        "Put the period into the file's name, such as 2026Q4.xlsx, and send it again",
    )


@pytest.mark.parametrize(
    ("dataset_path", "rule", "column", "vi"),
    [
        ("land/parcels", "number.range", "area_m2", "«Diện tích (m²)» nằm ngoài khoảng cho phép (> 0 và ≤ 50.000.000)"),
        ("training/completions", "number.range", "score", "«Điểm» nằm ngoài khoảng cho phép (từ 0 đến 100)"),
        ("land/parcels", "text.too_long", "certificate_no", "«Số phát hành GCN» dài quá 40 ký tự"),
        (
            "land/parcels",
            "decimal.rounded",
            "area_m2",
            "«Diện tích (m²)» có nhiều hơn 4 chữ số thập phân, đã làm tròn",
        ),
        ("population/residents", "choice.unknown", "sex", "«Giới tính» có giá trị ngoài danh mục (Nam, Nữ)"),
        (
            "training/completions",
            "row.key_conflict",
            "",
            "Nhiều dòng có cùng khóa (Số định danh cá nhân, Tên khóa học) nhưng nội dung khác nhau",
        ),
    ],
)
def test_a_rule_names_the_bound_that_it_checks(dataset_path: str, rule: str, column: str, vi: str) -> None:
    assert explain(dataset(dataset_path), rule, column).vi == vi


def test_every_column_type_has_words_for_what_was_mended() -> None:
    pending, names = [ColumnType], set()
    while pending:
        each = pending.pop()
        pending += each.__subclasses__()
        names.add(each.name)
    assert set(MENDED) >= names - {""}
    assert all(words.vi and words.en for words in (*MENDED.values(), *IGNORED.values()))


@pytest.mark.parametrize(
    ("period", "words"),
    [
        ("2026-10", Words("tháng 10/2026", "2026-10")),
        ("2026Q4", Words("quý IV/2026", "2026 Q4")),
        ("2026", Words("năm 2026", "2026")),
        ("", Words("chưa xác định", "unknown")),
    ],
)
def test_periods_in_words(period: str, words: Words) -> None:
    assert period_words(period) == words


def test_a_unit_is_the_owner_a_commune_or_unknown() -> None:
    settings = Settings(province="15")
    assert unit_words(settings, PARCELS, "land").vi == "Sở Nông nghiệp và Môi trường (toàn tỉnh)"
    assert unit_words(settings, PARCELS, "02647").vi == "Phường Lào Cai (mã 02647)"
    assert unit_words(settings, PARCELS, "").vi == "chưa xác định"


def test_thousands_are_separated_by_points() -> None:
    assert [count_vi(number) for number in (7, 1234, 1234567)] == ["7", "1.234", "1.234.567"]
