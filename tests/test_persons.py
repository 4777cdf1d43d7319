"""A data subject's requests: everything of theirs is found, in whatever state, and the id stands in no record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestration.decisions import DecisionError
from orchestration.intake.ledger import Submission
from orchestration.intake.privacy_records import PrivacyRecords
from orchestration.privacy.persons import export, find, request_correction, subject_hash
from orchestration.privacy.rotation import rotate
from orchestration.settings import Settings
from tests.conftest import HandIn
from tests.office import COMPLETIONS, PARCELS, RESIDENTS, learner, parcel, resident, rows_csv

PURPOSE = "request of the person, case 7"
ID = resident(5)["citizen_id"]


@pytest.fixture
def files(settings: Settings, hand_in: HandIn) -> list[Submission]:
    """The person in a superseded file, in its correction, as an owner, and in a row that was returned."""
    residents = [resident(number) for number in range(8)]
    spaced = f"{ID[:3]} {ID[3:]}"
    return [
        hand_in(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, residents)),
        hand_in(RESIDENTS, "2026-10 sửa.csv", rows_csv(RESIDENTS, [resident(20), *residents])),
        hand_in(PARCELS, "2026Q3.csv", rows_csv(PARCELS, [parcel(4), parcel(5)])),
        hand_in(
            COMPLETIONS,
            "2026-10.csv",
            rows_csv(COMPLETIONS, [learner(1), learner(5, citizen_id=spaced, commune="không đúng")]),
        ),
    ]


def test_every_row_of_a_person_is_found_and_no_other(settings: Settings, files: list[Submission]) -> None:
    first, mended, owned, learnt = (each.submission_id for each in files)
    places = find(settings, ID, PURPOSE)
    assert [(each.dataset, each.submission_id, each.row, each.kind, each.counts_now) for each in places] == [
        (PARCELS.path, owned, 3, "accepted", True),
        (RESIDENTS.path, first, 7, "accepted", False),
        (RESIDENTS.path, mended, 8, "accepted", True),
        (COMPLETIONS.path, learnt, 3, "returned", False),
    ]
    assert find(settings, "010000000000", PURPOSE) == []


def test_an_export_holds_all_values_for_its_owner_only(
    settings: Settings, files: list[Submission], tmp_path: Path
) -> None:
    target = tmp_path / "answer.json"
    export(settings, ID, PURPOSE, target)
    assert target.stat().st_mode & 0o777 == 0o600
    owned, _, mended, returned = (each["values"] for each in json.loads(target.read_text()))
    assert (owned["owner_citizen_id"], owned["certificate_no"], owned["area_m2"]) == (ID, "AD 200005", "105.5000")
    assert (mended["full_name"], mended["household_no"]) == (resident(5)["full_name"], "HK00001")
    assert {f"{ID[:3]} {ID[3:]}", learner(5)["full_name"], "không đúng"} <= {*returned.values()}
    assert not {"citizen_key", "owner_citizen_key", "submission_id"} & {
        *owned,
        *mended,
    }  # what is ours says nothing to them
    assert len(PrivacyRecords(settings.ledger).accesses()) == 4


def test_a_correction_names_the_departments_that_must_answer_within_two_working_days(
    settings: Settings, files: list[Submission]
) -> None:
    _, due = request_correction(settings, ID, PURPOSE)  # on a Monday
    assert due.isoformat() == "2026-11-04"
    (record,) = PrivacyRecords(settings.ledger).all()
    owners = sorted({RESIDENTS.owner, PARCELS.owner, COMPLETIONS.owner})
    assert (record.kind, record.details["owners"], record.details["answer_until"]) == ("correct", owners, "2026-11-04")
    with pytest.raises(DecisionError, match="nothing is held"):
        request_correction(settings, "010000000000", PURPOSE)


def test_records_name_the_person_by_a_keyed_hash_and_never_by_the_id(
    settings: Settings, files: list[Submission], tmp_path: Path
) -> None:
    find(settings, ID, PURPOSE)
    export(settings, ID, PURPOSE, tmp_path / "answer.json")
    subjects = [each.subject for each in PrivacyRecords(settings.ledger).all()]
    assert subjects == [subject_hash(settings, ID)] * 2
    raw = b"".join(file.read_bytes() for file in settings.home.glob("ledger.sqlite*"))
    assert ID.encode() not in raw
    rotate(settings, "pseudonym", "yearly")
    assert subject_hash(settings, ID) not in subjects


@pytest.mark.parametrize("citizen_id", ["", "123", "01019005000a", f"{ID}0"])
def test_what_is_no_citizen_id_is_refused_and_not_recorded(settings: Settings, citizen_id: str) -> None:
    with pytest.raises(DecisionError, match="twelve digits"):
        find(settings, citizen_id, PURPOSE)
    assert PrivacyRecords(settings.ledger).all() == []
