"""Names of one person can be compared in the warehouse, and nothing else can be learnt from what stands there."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.intake.bronze import bronze_file
from orchestration.intake.folded_names import folded
from orchestration.intake.folding import fold
from orchestration.intake.pseudonyms import Pseudonymiser
from orchestration.settings import Settings
from schemas import Declaration, column, dataset, datasets
from schemas.column_types import CitizenId, ColumnType, PersonName, Text
from schemas.columns import Column, agreement_columns
from tests.conftest import HandIn
from tests.keyed import agreement_key, blake3, pseudonym
from tests.office import PARCELS, RESIDENTS, Row, parcel, resident, rows_csv

STAFFING = dataset("home_affairs/staffing")
CITIZEN_ID = RESIDENTS.columns["citizen_id"]


def agreement(*rows: tuple[str | None, str | None]) -> list[str | None]:
    """The agreement keys of ids and names under one key."""
    ids, names = (pl.Series(name, [row[place] for row in rows], pl.String) for place, name in enumerate(("id", "name")))
    keyed = Pseudonymiser("key")
    return keyed.agreement(keyed.digests(ids, CITIZEN_ID), names).to_list()


def key_of(person: str, folded_name: str) -> str:
    return agreement_key("key", person, folded_name)


@given(
    st.lists(
        st.none()
        | st.text(st.sampled_from("aAàÀảđĐðưỨỳỴẦyzZ09 .²\u0301ßİﬁ\u00a0"))
        | st.text(st.characters(exclude_categories=["Cs"]))
    )
)
def test_a_column_of_names_is_folded_as_each_of_them_is(names: list[str | None]) -> None:
    expected = [None if name is None else fold(name) for name in names]
    assert folded(pl.Series("name", names, pl.String)).to_list() == expected


def test_every_vietnamese_letter_is_folded_the_quick_way_as_the_slow_one() -> None:
    letters = [chr(code) for code in range(0x20, 0x1F00)]
    assert folded(pl.Series("name", letters)).to_list() == list(map(fold, letters))


def test_the_hash_is_the_published_one() -> None:
    # The designers' own implementation gives this for "abc" (github.com/BLAKE3-team/BLAKE3).
    assert blake3("abc") == "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"


def test_an_agreement_key_shows_nothing_of_the_pseudonym_beside_it() -> None:
    """Whoever guesses a name has to know the half of the digest that is kept nowhere."""
    keyed, ids = Pseudonymiser("key"), pl.Series("id", ["001"])
    (shown,) = keyed.series(ids, CITIZEN_ID)
    (found,) = keyed.agreement(keyed.digests(ids, CITIZEN_ID), pl.Series("name", ["Lò Văn A"]))
    assert shown == pseudonym("key", "001")
    assert found not in {blake3(guess)[:16] for guess in (f"{shown}lo van a", f"{shown}\nlo van a", "lo van a")}


def test_names_of_one_person_agree_however_they_are_written() -> None:
    written = ["Hoà Thị Thuý", "HÒA THỊ THÚY", "hoa  thi thuy", "Bà Hoà Thị Thuý", "Hộ bà: Hoà Thị Thuý"]
    assert set(agreement(*(("001", name) for name in written))) == {key_of("001", "hoa thi thuy")}


def test_other_names_of_one_person_do_not_agree_and_one_name_of_two_persons_neither() -> None:
    found = agreement(("001", "Lò Văn A"), ("001", "Lò Văn B"), ("002", "Lò Văn A"))
    assert found == [key_of("001", "lo van a"), key_of("001", "lo van b"), key_of("002", "lo van a")]
    assert len(set(found)) == 3


def test_without_id_or_name_there_is_no_key() -> None:
    assert agreement((None, "Lò Văn A"), ("001", None), (None, None)) == [None, None, None]


def declared(**types: type[ColumnType]) -> dict[str, Column]:
    """Columns by name; citizen ids have a pseudonym."""
    found = {}
    for name, kind in types.items():
        said = column(title=name, description=name, classification="personal" if kind is not Text else "internal")
        key = name.replace("citizen_id", "citizen_key").replace("_id", "_key") if kind is CitizenId else None
        found[name] = Column(**{**vars(said), "name": name, "type": kind, "warehouse": key})
    return found


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"citizen_id": CitizenId, "full_name": PersonName}, {"name_agreement_key": ("citizen_id", "full_name")}),
        (
            {"official_id": CitizenId, "full_name": PersonName, "note": Text},
            {"official_name_agreement_key": ("official_id", "full_name")},
        ),
        (
            {
                "full_name": PersonName,
                "owner_name": PersonName,
                "owner_citizen_id": CitizenId,
                "citizen_id": CitizenId,
            },
            {
                "owner_name_agreement_key": ("owner_citizen_id", "owner_name"),
                "name_agreement_key": ("citizen_id", "full_name"),
            },
        ),
        ({"citizen_id": CitizenId, "father_name": PersonName, "mother_name": PersonName}, {}),
        ({"citizen_id": CitizenId}, {}),
        ({"full_name": PersonName}, {}),
    ],
)
def test_an_id_is_keyed_with_the_name_that_belongs_to_it(
    columns: dict[str, type[ColumnType]], expected: dict[str, tuple[str, str]]
) -> None:
    found = agreement_columns(declared(**columns))
    assert {each.name: (each.person, each.source) for each in found} == expected


def test_every_dataset_with_persons_and_names_has_the_key_and_no_other() -> None:
    found = {path: [each.name for each in agreement_columns(known.columns)] for path, known in datasets().items()}
    assert {path: names for path, names in found.items() if names} == {
        "home_affairs/staffing": ["name_agreement_key"],
        "land/parcels": ["owner_name_agreement_key"],
        "population/residents": ["name_agreement_key"],
        "training/completions": ["name_agreement_key"],
    }


def test_bronze_rows_of_one_person_from_two_departments_can_be_compared(settings: Settings, hand_in: HandIn) -> None:
    def keys(declaration: Declaration, name: str, rows: list[Row], wanted: str) -> list[str | None]:
        submission = hand_in(declaration, name, rows_csv(declaration, rows))
        assert submission.verdict == "accepted"
        return pl.read_parquet(bronze_file(settings, declaration, submission.submission_id))[wanted].to_list()

    one, two, three = (resident(number) for number in (2, 4, 6))
    police = keys(RESIDENTS, "2026-10.csv", [one, two, three], "name_agreement_key")
    owners = [
        parcel(2, owner_name=f"Ông {one['full_name'].upper()}"),
        parcel(4, owner_name="Giàng A Khác"),
        parcel(6, owner_name=""),
    ]
    registry = keys(PARCELS, "2026Q4.csv", owners, "owner_name_agreement_key")
    assert len({*police, registry[1]}) == 4
    assert (registry[0], registry[2]) == (police[0], None)
