"""The tables of the legacy fonts are whole, syllables are told from other words, and proofs are not found where none is."""

from __future__ import annotations

import csv
import json
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.intake.vietnamese.legacy_fonts import (
    TABLES,
    TCVN3,
    VNI,
    font_encoding,
    is_western,
    shown,
    with_capitals,
)
from orchestration.intake.vietnamese.legacy_text import legacy_proposal, proven_tables
from orchestration.intake.vietnamese.lookalikes import latin
from orchestration.intake.vietnamese.syllables import is_syllable
from schemas.checks import SEEDS

DOMAIN = Path(__file__).parents[2] / "shared" / "domain"
_TONES = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
#: Every letter of Vietnamese that is not ASCII.
SMALL = [unicodedata.normalize("NFC", vowel + tone) for vowel in "aăâeêioôơuưy" for tone in _TONES] + ["đ"]
SMALL = [letter for letter in SMALL if not letter.isascii()]
CODES = {name: {letter: code for code, letter in reversed(table.items())} for name, table in TABLES.items()}
WITHOUT_TONE = "ĂÂÊÔƠƯĐ"


def test_the_tables_have_every_vietnamese_letter() -> None:
    assert len(SMALL) == 67
    assert set(TABLES[TCVN3].values()) == {*SMALL, *WITHOUT_TONE}
    assert {*TABLES[VNI].values()} == {*SMALL, *(letter.upper() for letter in SMALL)}


@pytest.mark.parametrize("name", [TCVN3, VNI])
def test_the_tables_are_those_of_the_domain(name: str) -> None:
    file = DOMAIN / f"{name}_map.json"
    if not file.exists():
        pytest.skip("needs the shared files of the domain")
    assert TABLES[name] == json.loads(file.read_text(encoding="utf-8"))["map"]


@given(text=st.text([*SMALL, *(letter.upper() for letter in SMALL), *"abcxyzAOUIY 019.,;()/-"]))
def test_any_text_typed_in_vni_is_shown_as_it_was_meant(text: str) -> None:
    typed = "".join(CODES[VNI].get(letter, letter) for letter in text)
    assert shown(typed, VNI) == text
    assert is_western(typed) == (not typed.isascii())


@given(text=st.text([*SMALL, *WITHOUT_TONE, *"abcxyzAOUIY 019.,;()/-"]))
def test_any_text_typed_in_tcvn3_is_shown_as_it_was_meant(text: str) -> None:
    typed = "".join(CODES[TCVN3].get(letter, letter) for letter in text)
    assert shown(typed, TCVN3) == text
    assert shown(typed, TCVN3, capitals=True) == text.upper()


@pytest.mark.parametrize(
    ("font", "meaning"),
    [(".VnTime", (TCVN3, False)), (".VnTimeH", (TCVN3, True)), (".VNARIAL", (TCVN3, False)), (".vnarialh", (TCVN3, True)),
     ("VNI-Times", (VNI, False)), ("VNI-Helve-Condense", (VNI, False)), ("vni-aptima", (VNI, False)), ("VN-NTime", None),
     ("Times New Roman", None), ("Arial", None), ("", None)],
)  # fmt: skip
def test_fonts_are_known_by_name(font: str, meaning: tuple[str, bool] | None) -> None:
    assert font_encoding(font) == meaning


@pytest.mark.parametrize(
    ("read", "meant"),
    [("NGUYễN VăN ĐứC", "NGUYỄN VĂN ĐỨC"), ("ủY BAN", "ỦY BAN"), ("Nguyễn Thị ánh", "Nguyễn Thị Ánh"), ("Nhà ở", "Nhà ở"),
     ("thôn ấp", "thôn ấp"), ("Ý kiến", "Ý kiến"), ("UBND xã", "UBND xã"), ("Xã ABC ở xa", "Xã ABC ở xa"), ("A", "A")],
)  # fmt: skip
def test_capitals_that_tcvn3_lacks_come_from_their_neighbours(read: str, meant: str) -> None:
    assert with_capitals(read) == meant


def test_names_of_communes_are_made_of_syllables() -> None:
    """All of them but words of the Central Highlands' languages: Ea, Ayun, Bhăng."""
    with (SEEDS / "commune.csv").open(encoding="utf-8", newline="") as source:
        names = {row["commune_name"] for row in csv.DictReader(source)}
    words = [word for name in sorted(names) for word in re.findall(r"[^\W\d_]+", name)]
    odd = {word for word in words if not is_syllable(word)}
    assert sum(word in odd for word in words) < 0.015 * len(words)


@pytest.mark.parametrize(
    "word", ["nguyễn", "khuya", "QUỐC", "giếng", "gì", "hoà", "hòa", "huỵch", "Páo", "Đắk", "ở", "ngoằn", "quý", "Thuỷ"]
)
def test_a_syllable_is_one_in_any_case_and_form(word: str) -> None:
    for form in (word, word.upper(), unicodedata.normalize("NFD", word)):
        assert is_syllable(form)


@pytest.mark.parametrize(
    "word", ["phờng", "trờng", "đờng", "Ação", "Josộ", "Müller", "Nguyeãn", "hợpp", "tòá", "việc2", "", "ght", "cế"]
)
def test_what_breaks_the_rules_of_a_syllable_is_none(word: str) -> None:
    assert not is_syllable(word)


@pytest.mark.parametrize(
    "text",
    ["Hélène à l’école où André né à Orléans préfère le thé", "São José não é a ação do coração português",
     "Jörg Müller über Köln größer schön", "El niño español señor mañana José García", "così perché è più città",
     "Ångström smörgåsbord Malmö blåbær øre", "Điện thoại ± 5 °C; 3 µm; ½ ha; «Nhà Văn hóa»; ©; ®; § 5",
     "".join(map(chr, range(0xA1, 0x100))), " ".join(map(chr, range(0xA1, 0x100))),
     "Giàng A Pó Lò Văn Bé Tô Thị Hà Hoà Lù Mã Bế", "plain ASCII only"],
)  # fmt: skip
def test_text_of_other_kinds_proves_no_legacy_font(text: str) -> None:
    assert proven_tables([text, *text.split()]) == []


def test_a_soft_hyphen_that_a_program_dropped_is_no_letter_that_can_be_guessed() -> None:
    """In TCVN3 it is the letter ư: without it the word is no syllable, and nothing is proposed."""
    assert legacy_proposal("Ph\u00adêng V¨n") == "Phường Văn"
    assert legacy_proposal("Phêng Thanh") is None


@given(text=st.text(st.sampled_from("ÐðƉАаВеТтΑοαAa đứcＡ１ ") | st.characters(exclude_categories=["Cs"])))
def test_mending_look_alikes_twice_changes_nothing_more(text: str) -> None:
    assert latin(latin(text)) == latin(text)
