"""A commune is known by code or name as people write it; what may be another one is not taken for it."""

from __future__ import annotations

import csv
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.intake.commune_mentions import find_commune
from orchestration.intake.places import Communes, Unresolved, communes
from orchestration.settings import Settings

LAO_CAI = communes(Settings(province="15"))
OWN = st.sampled_from(LAO_CAI.own)
assert LAO_CAI.old.every, "read before hypothesis takes the time"
SEEDED = [each for each in LAO_CAI.by_code.values() if each.province != "15"]


def old_tones(text: str) -> str:
    """hòa → hoà, thủy → thuỷ: the other place of the tone mark, which many keyboards write."""
    for new, old in (("òa", "oà"), ("óa", "oá"), ("ủy", "uỷ"), ("ọa", "oạ"), ("ùy", "uỳ"), ("úy", "uý")):
        text = text.replace(new, old)
    return text


DRESSES = (
    str, str.upper, str.lower, lambda text: f"  {text}. ", lambda text: text.replace(" ", "\u00a0 "), old_tones,
    lambda text: unicodedata.normalize("NFD", text), lambda text: f"{text}, tỉnh Lào Cai", lambda text: f"{text} - Lào Cai",
    lambda text: text.replace("Xã", "x.").replace("Phường", "P."), lambda text: text.replace("-", " – "),
)  # fmt: skip


def ascii_only(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.replace("Đ", "D").replace("đ", "d"))
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def test_all_communes_of_the_province_have_names_of_their_own() -> None:
    assert len(LAO_CAI.own) == 99
    assert len({each.name for each in LAO_CAI.own}) == 99


@given(commune=OWN, dress=st.sampled_from(DRESSES), bare=st.booleans())
def test_any_commune_is_known_by_its_name_in_any_dress(commune, dress, bare: bool) -> None:
    name = commune.name
    if bare:
        name = name.removeprefix("Xã ").removeprefix("Phường ")
        if sum(each.name.endswith(f" {name}") for each in LAO_CAI.own) > 1:
            return
    assert LAO_CAI.resolve(dress(name)) == commune.code


@given(commune=OWN, dress=st.sampled_from([str, str.upper, lambda text: text.replace(" ", "")]))
def test_a_name_without_diacritics_or_spaces_is_never_another_commune(commune, dress) -> None:
    found = LAO_CAI.resolve(dress(ascii_only(commune.name)))
    assert found == commune.code or isinstance(found, Unresolved)


@given(
    commune=OWN,
    form=st.sampled_from(["{code}", "{number}", "'{code}", "{number}.0", " {code} ", "{code} - {name}", "{name} ({code})", "{code}: {name}"]),
)  # fmt: skip
def test_any_commune_is_known_by_its_code_alone_or_with_its_name(commune, form: str) -> None:
    text = form.format(code=commune.code, number=int(commune.code), name=commune.name)
    assert LAO_CAI.resolve(text) == commune.code


@given(one=OWN, other=OWN)
def test_code_and_name_of_different_communes_contradict_each_other(one, other) -> None:
    found = LAO_CAI.resolve(f"{one.code} - {other.name}")
    if one == other:
        assert found == one.code
    else:
        assert isinstance(found, Unresolved)
        assert found.rule_id == "commune.ambiguous"
        assert one.code in (found.proposal or "")
        assert other.code in (found.proposal or "")


@given(commune=st.sampled_from(SEEDED))
def test_a_code_of_another_province_is_no_commune_of_this_one(commune) -> None:
    assert LAO_CAI.resolve(commune.code) == Unresolved("commune.unknown", None)


@pytest.mark.parametrize(
    "text", ["99999", "0264", "2647 1", "264700", "Xã Không Đâu Cả", "Huyện Bát Xát", "-", "Lào Cai, Yên Bái"]
)
def test_what_names_no_present_commune_is_unknown(text: str) -> None:
    found = LAO_CAI.resolve(text)
    assert isinstance(found, Unresolved)
    assert found.rule_id == "commune.unknown"


def test_a_slip_of_the_pen_gets_a_proposal_and_is_not_mended() -> None:
    assert LAO_CAI.resolve("Xã Bát Xat Mới") == Unresolved("commune.unknown", "Xã Bát Xát (02683)")
    assert LAO_CAI.resolve("Phường Bát Xát") == Unresolved("commune.unknown", "Xã Bát Xát (02683)")
    quang_kim = "Xã Quang Kim, huyện Bát Xát → Xã Bát Xát (02683)"
    assert LAO_CAI.resolve("Xã Quang Kìm") == "02683"  # as Quang Kim without diacritics
    assert LAO_CAI.resolve("Xã Quamg Kim") == Unresolved("commune.unknown", quang_kim)


# --- names that several communes share ----------------------------------------------------------------------
@pytest.fixture
def province(tmp_path: Path) -> Communes:
    rows = [
        ("00001", "Phường Sa Pa", "15"), ("00002", "Xã Sa Pa", "15"), ("00003", "Xã Bản Ban", "15"), ("00004", "Xã Bàn Bán", "15"),
        ("00005", "Xã Hòa Mạc", "15"), ("00006", "Xã Sa Pa", "16"), ("00007", "Xã Lào", "15"), ("00008", "Xã Lào Cai", "15"),
    ]  # fmt: skip
    for name in ("commune_successor", "old_commune", "old_district", "old_province"):
        (tmp_path / f"{name}.csv").write_text("header only\n")
    path = tmp_path / "commune.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["commune_code", "commune_name", "province_code", "province_name", "valid_from"])
        writer.writerows([*row, {"15": "Tỉnh Lào Cai", "16": "Tỉnh Khác"}[row[2]], "2025-07-01"] for row in rows)
    return Communes(path, "15")


def test_a_name_that_two_communes_share_is_ambiguous_and_both_are_proposed(province: Communes) -> None:
    assert province.resolve("Sa Pa") == Unresolved("commune.ambiguous", "Phường Sa Pa (00001); Xã Sa Pa (00002)")
    assert province.resolve("xã sa pa") == "00002"
    assert province.resolve("P. Sapa") == "00001"


def test_the_code_decides_between_communes_that_share_a_name(province: Communes) -> None:
    assert province.resolve("Sa Pa (00002)") == "00002"
    assert province.resolve("00001 - Sa Pa") == "00001"


def test_diacritics_decide_and_without_them_the_name_is_ambiguous(province: Communes) -> None:
    assert province.resolve("Bản Ban") == "00003"
    assert province.resolve("Bàn Bán") == "00004"
    assert province.resolve("xa ban ban") == Unresolved("commune.ambiguous", "Xã Bản Ban (00003); Xã Bàn Bán (00004)")


def test_a_longer_name_is_found_whole_in_a_text(province: Communes) -> None:
    assert find_commune(province, "UBND xã Lào Cai") == "00008"
    assert find_commune(province, "UBND xã Lào, xã Hoà Mạc") is None
    assert find_commune(province, "Hoà Mạc 2026") == "00005"
    assert find_commune(province, "tỉnh Lào Cai 2026") is None
    assert find_commune(province, "Hòa Mạc", with_kind=True) is None
    assert find_commune(province, "xã Hoà Mạc", with_kind=True) == "00005"
    assert find_commune(province, "00006 và 00005") == "00005"
    assert find_commune(province, "00004 và 00005") is None
