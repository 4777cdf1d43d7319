"""Words are compared as people mean them, and cleaning loses no meaning."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.intake.folding import clean_text, fold, plain

#: Letters, marks, spaces and invisible characters in every order: what copies from web pages and PDFs holds.
ANYTHING = st.text(
    st.sampled_from("aâăeêioôơuưyđĐÐAÔƠƯ hH.,/-_²³ﬁß\u0300\u0301\u0303\u0309\u0323\u200b\u00ad\ufeff\u00a0\t\n1")
    | st.characters(exclude_categories=["Cs"])
)


@pytest.mark.parametrize("form", [clean_text, plain, fold])
@given(text=ANYTHING)
def test_a_form_of_a_form_is_the_same_form(form, text: str) -> None:
    assert form(form(text)) == form(text)


@given(text=ANYTHING)
def test_cleaning_leaves_composed_words_with_one_space_between_and_nothing_invisible(text: str) -> None:
    cleaned = clean_text(text)
    assert unicodedata.is_normalized("NFC", cleaned)
    assert cleaned == " ".join(cleaned.split())
    assert not set(cleaned) & set("\u200b\u200c\u200d\u2060\ufeff\u00ad\u202a\u202e")


@given(text=ANYTHING)
def test_what_is_equal_with_diacritics_is_equal_without(text: str) -> None:
    assert fold(plain(text)) == fold(text)
    assert fold(text.upper().lower()) == fold(text.lower().upper().lower())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("hoà", "hòa"),
        ("Thuỷ", "THỦY"),
        ("khoẻ mạnh", "Khỏe  mạnh"),
        ("Ngoại hoá", unicodedata.normalize("NFD", "ngoại hóa")),
        ("Quý", "Qúy"),
        ("Họ, chữ đệm và tên:", "họ chữ đệm và tên"),
        ("Xã/Phường", "Xã - Phường"),
        ("Diện tích (m²)", "DIỆN TÍCH (M2)"),
        ("H’Mông", "H'Mông"),
        ("\u200bNam\u00a0", "nam"),
    ],
)
def test_ways_of_writing_one_word_are_equal(one: str, other: str) -> None:
    assert plain(one) == plain(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Năm", "Nam"), ("Đạt", "Dat"), ("Bản", "Bàn"), ("hoàn", "hoan"), ("Nữ", "Nu"), ("toán", "tóan")]
)
def test_other_words_differ_with_diacritics_and_are_equal_without(one: str, other: str) -> None:
    assert plain(one) != plain(other)
    assert fold(one) == fold(other)


def test_folding_leaves_plain_ascii_words() -> None:
    assert fold("  Số ĐỊNH danh\ncá nhân / CCCD (12 số) ") == "so dinh danh ca nhan cccd 12 so"
