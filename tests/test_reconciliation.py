"""Where departments disagree is found, with both values and both files, and decided once for all builds.

``reconciliation_story.py`` plants the disagreements; they go through the whole intake and one build.
"""

from __future__ import annotations

import datetime
import json
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration import rebuild as rebuilding
from orchestration.building import warehouse
from orchestration.building.reconciliation import Pair, declared_pairs, difference_sql
from orchestration.decisions import DecisionError, waive
from orchestration.differences import decide
from orchestration.intake.bronze import export_for_dbt
from orchestration.intake.difference_decisions import DifferenceDecision, DifferenceDecisions, Kind
from orchestration.intake.ledger import Ledger
from orchestration.intake.pseudonyms import pseudonym_key
from orchestration.intake.take_in import take_in_dataset
from orchestration.run import RunOutcome, prepare_home
from orchestration.settings import Settings
from orchestration.sharing.differences import differences, find_difference
from orchestration.sharing.query import query
from schemas import UnknownDatasetError, dataset
from tests import commands, compiled
from tests.office import as_csv, drop, table
from tests.reconciliation_story import files, pseudonym

NOW = datetime.datetime(2026, 11, 2, 8, tzinfo=datetime.UTC)
MODELS = Settings().dbt_project / "models"
pytestmark = pytest.mark.xdist_group("compiled")


@dataclass
class Register:
    """A home with everything taken in, built and published, and what was planted in it."""

    settings: Settings
    planted: list[tuple[Any, ...]]


def take_in_story(settings: Settings) -> list[tuple[Any, ...]]:
    """Hand in every file, one a minute; returns what has to be found, worked out from what was handed in."""
    expected = []
    for minute, (path, name, rows) in enumerate(files()):
        declaration = dataset(path)
        drop(settings, declaration, name, as_csv(table(declaration, [row for row, _ in rows])))
        now = replace_now(settings, minute)
        (submission,) = take_in_dataset(now, declaration)
        if submission.verdict == "partly":  # ids that contradict sex or birth year come in by a waiver only
            rules = ["citizen_id.sex", "citizen_id.birth_year"]
            submission = waive(now, submission.submission_id, rules, "đã đối chiếu với thẻ căn cước")
        assert (submission.verdict, submission.rows_accepted) == ("accepted", len(rows)), submission.details
        key = pseudonym_key(settings)
        for row_a, (_, found) in enumerate(rows, start=2):
            for each in found:
                itself = each.pair in ("staffing_unit_commune", "dossier_commune")
                expected.append(
                    (
                        f"{each.pair}/{pseudonym(each.key, key)}",
                        *(pseudonym(each.value_a, key), name, row_a),
                        *(pseudonym(each.value_b, key), name if itself else each.file_b, each.row_b),
                        each.commune,
                    )
                )
    return sorted(expected)


def replace_now(settings: Settings, minute: int) -> Settings:
    return settings.model_copy(update={"now": NOW + datetime.timedelta(minutes=minute)})


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Register:
    folder = tmp_path_factory.mktemp("reconciliation")
    settings = Settings(home=folder / "home", sources=folder / "sources", stable_seconds=0, now=NOW, marked_whole=1)
    prepare_home(settings)
    planted = take_in_story(settings)
    compiled.build_and_publish(settings)
    return Register(settings, planted)


@pytest.fixture
def kho(register: Register, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Call ``kho differences`` on the register."""
    home = {"KHO_HOME": register.settings.home, "KHO_NOW": NOW.isoformat()}
    return lambda *arguments: commands.kho("differences", *arguments, **home)


# --- what is found ----------------------------------------------------------------------------------------
def test_the_forty_planted_disagreements_are_found_and_nothing_else(register: Register) -> None:
    columns = "difference_id, value_a, file_name_a, source_row_a, value_b, file_name_b, source_row_b, commune_code"
    found = list(query(register.settings, f"select {columns} from marts.mart_difference"))
    assert len(register.planted) == 40
    assert sorted(found, key=str) == sorted(register.planted, key=str)


def test_every_declared_pair_has_planted_disagreements(register: Register) -> None:
    planted = Counter(each[0].split("/")[0] for each in register.planted)
    assert set(planted) == {pair.id for pair in declared_pairs(MODELS / "reconciliation")}
    assert len(planted) == 16


def test_both_submissions_are_named_and_it_is_open_since_the_later_one(register: Register) -> None:
    ledger = {each.submission_id: each for each in Ledger(register.settings.ledger).all()}
    for each in differences(register.settings):
        sides = [ledger[each[f"submission_id_{side}"]] for side in "ab" if each[f"submission_id_{side}"]]
        assert [one.dataset for one in sides] == [each["dataset_a"], each["dataset_b"]][: len(sides)]
        assert each["open_since"] == max(one.received_at for one in sides).replace(tzinfo=None)
        assert all(one.is_current for one in sides)


def test_a_difference_says_who_answers_by_which_law_and_which_value_counts(register: Register) -> None:
    identifier = "village_households/02683/2026Q3"
    found = find_difference(register.settings, identifier)
    submissions = {(each.dataset, each.unit): each for each in Ledger(register.settings.ledger).all()}
    villages, residents = (
        submissions[each] for each in (("connectivity/villages", "connectivity"), ("population/residents", "02683"))
    )
    assert found == {
        "difference_id": identifier,
        "pair_id": "village_households",
        "pair_name_vi": "Số hộ theo thôn khác số hộ theo dân cư",
        "pair_name_en": "Households of the villages differ from those of the residents",
        "compared": "households of a commune",
        "commune_code": "02683",
        "commune_name": "Xã Bát Xát",
        "period": "2026Q3",
        "dataset_a": "connectivity/villages",
        "value_a": "30",
        "submission_id_a": villages.submission_id,
        "file_name_a": "2026Q3.csv",
        "source_sheet_a": "csv",
        "source_row_a": 3,
        "dataset_b": "population/residents",
        "value_b": "24",
        "submission_id_b": residents.submission_id,
        "file_name_b": "2026-10 Xã Bát Xát.csv",
        "source_sheet_b": "csv",
        "source_row_b": 2,
        "open_since": datetime.datetime(2026, 11, 2, 8, 2),
        "answering_department": "connectivity",
        "answering_owner": "Sở Khoa học và Công nghệ",
        "legal_basis": "Luật Cư trú 68/2020/QH14; Nghị định 278/2025/NĐ-CP",
        "prevails": "b",
        "chosen_value": "24",
        "decision_kind": None,
        "decision_why": None,
        "decision_who": None,
        "decided_at": None,
        "is_open": True,
    }


def test_no_name_and_no_id_of_a_person_stands_in_the_register(register: Register) -> None:
    personal = {
        value
        for _, _, rows in files()
        for row, _ in rows
        for column in ("citizen_id", "official_id", "owner_citizen_id", "full_name", "owner_name")
        if (value := row.get(column))
    }
    found = json.dumps(differences(register.settings), ensure_ascii=False, default=str).casefold()
    assert [each for each in personal if each.casefold() in found] == []


# --- the command ------------------------------------------------------------------------------------------
def test_differences_are_listed_by_pair_and_by_the_department_that_has_to_answer(kho: Any) -> None:
    def listed(*arguments: str) -> list[str]:
        done = kho("list", "--json", *arguments)
        assert (done.returncode, done.stderr) == (0, "")
        return [each["pair_id"] for each in json.loads(done.stdout)]

    assert len(listed()) == 40
    assert listed("--pair", "land_owner_deceased") == ["land_owner_deceased"] * 3
    training = {"learner_birth_year": 3, "learner_name": 3, "learner_not_in_population": 3, "learner_sex": 2}
    assert Counter(listed("--department", "training")) == training
    assert listed("--department", "training", "--pair", "learner_sex") == ["learner_sex"] * 2


def test_one_difference_is_shown_by_the_beginning_of_its_id_with_both_files(kho: Any) -> None:
    done = kho("show", "village_households/02683")
    assert done.returncode == 0
    for text in (
        "Số hộ theo thôn khác số hộ theo dân cư · Households of the villages differ from those of the residents",
        "a: connectivity/villages: 30 · 2026Q3.csv, sheet csv, row 3",
        "b: population/residents: 24 · 2026-10 Xã Bát Xát.csv, sheet csv, row 2",
        "has to answer: connectivity (Sở Khoa học và Công nghệ)",
    ):
        assert text in done.stdout
    shown = json.loads(kho("show", "village_households/02683", "--json").stdout)
    assert (shown["value_a"], shown["open_since"], shown["decisions"]) == ("30", "2026-11-02T08:02:00", [])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["list", "--pair", "nothing"],
            "the register has no pair 'nothing'; there are: archive_unit_not_in_staffing, ",
        ),
        (["list", "--department", "nobody"], "the register has no department 'nobody'; there are: home_affairs, "),
        (["show", "nothing/1"], "no difference has"),
        (["show", "learner_sex/"], "several differences have"),
        (["decide", "learner_sex/", "--kind", "accepted", "--why", "x"], "several differences have"),
        (["decide", "village_households/02683", "--kind", "forgotten", "--why", "x"], "forgotten"),
        (["decide", "village_households/02683", "--kind", "accepted", "--why", " "], "say why"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error_that_says_what_there_is(
    kho: Any, arguments: list[str], said: str
) -> None:
    done = kho(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


# --- decisions --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("why", ["CCCD 010080000001", "010 080 000 001 đã đổi", "gọi 0912345678", "CMND 123.456.789"])
def test_a_reason_with_a_number_of_a_person_is_refused_because_it_is_published(register: Register, why: str) -> None:
    with pytest.raises(DecisionError, match="published"):
        decide(register.settings, "village_households/02683", Kind.explained, why)
    assert DifferenceDecisions(register.settings.ledger).all() == []


def test_what_was_never_decided_cannot_be_reopened(register: Register) -> None:
    with pytest.raises(DecisionError, match="nothing was decided"):
        decide(register.settings, "village_households/02683", Kind.reopened, "xem lại")


@pytest.fixture(scope="module")
def decided(register: Register) -> Register:
    """The same home after decisions of every kind and a rebuild of everything from archive and ledger.

    The run that ends a rebuild is that of ``test_flow.py``; here the models' SQL is enough.
    """
    settings = register.settings
    before = warehouse.state(settings)
    decide(settings, "village_households/02683", Kind.explained, "hộ tạm trú của công trường")
    decide(settings, "village_households/02671", Kind.corrected, "sẽ gửi lại tệp quý 3")
    decide(settings, "archive_unit_not_in_staffing/kho", Kind.accepted, "đơn vị sự nghiệp, không thuộc diện báo cáo")
    decide(settings, "dti_unit_not_in_staffing/sở tư pháp", Kind.accepted, "chờ sắp xếp")
    decide(settings, "dti_unit_not_in_staffing/sở tư pháp", Kind.reopened, "đã sắp xếp xong")
    assert warehouse.state(settings) == replace(before, ledger_sequence=before.ledger_sequence + 5)
    assert not warehouse.is_published(settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rebuilding, "run", lambda home, **_: compiled.build_and_publish(home) or RunOutcome())
        rebuilt = rebuilding.rebuild(settings)
    assert (rebuilt.outcome.failed, rebuilt.differences) == (False, [])
    assert warehouse.is_published(settings)
    return register


def test_the_newest_decision_survives_a_rebuild_and_closes_what_is_explained_or_accepted(decided: Register) -> None:
    found = differences(decided.settings, closed=True)
    assert [each["difference_id"] for each in found] == sorted(each[0] for each in decided.planted)
    decisions = {
        each["difference_id"]: (each["decision_kind"], each["decision_why"], each["is_open"])
        for each in found
        if each["decision_kind"]
    }
    assert decisions == {
        "village_households/02683/2026Q3": ("explained", "hộ tạm trú của công trường", False),
        "village_households/02671/2026Q3": ("corrected", "sẽ gửi lại tệp quý 3", True),
        "archive_unit_not_in_staffing/kho lưu trữ tỉnh": (
            "accepted",
            "đơn vị sự nghiệp, không thuộc diện báo cáo",
            False,
        ),
        "dti_unit_not_in_staffing/sở tư pháp": ("reopened", "đã sắp xếp xong", True),
    }
    assert len(differences(decided.settings)) == 38
    assert {each["decided_at"] for each in found} == {None, NOW.replace(tzinfo=None)}


def test_older_decisions_stay_and_are_shown(decided: Register, kho: Any) -> None:
    shown = json.loads(kho("show", "dti_unit_not_in_staffing/sở tư pháp", "--json").stdout)
    assert [(each["kind"], each["why"]) for each in shown["decisions"]] == [
        ("accepted", "chờ sắp xếp"),
        ("reopened", "đã sắp xếp xong"),
    ]
    assert "accepted by" in kho("show", "dti_unit_not_in_staffing/sở tư pháp").stdout


def test_decisions_are_read_back_as_they_were_recorded_and_only_grow(settings: Settings) -> None:
    decisions = DifferenceDecisions(settings.ledger)
    assert (decisions.all(), settings.ledger.exists()) == ([], False)
    at = datetime.datetime(2026, 11, 2, 15, 30, tzinfo=datetime.timezone(datetime.timedelta(hours=7)))
    for identifier, kind in (("pair/1", Kind.accepted), ("pair/2", Kind.corrected), ("pair/1", Kind.reopened)):
        decisions.record(identifier, kind, why="lý do", who="an", at=at)
    first, second, third = decisions.all()
    assert first == DifferenceDecision(
        decision_id=1, difference_id="pair/1", kind=Kind.accepted, why="lý do", who="an", decided_at=at
    )
    assert decisions.of("pair/1") == [first, third]
    assert decisions.of("pair/2") == [second]
    export_for_dbt(settings)
    exported = pl.read_parquet(settings.bronze / "difference_decision.parquet")
    in_utc = datetime.datetime(2026, 11, 2, 8, 30)
    assert exported.rows() == [
        (1, "pair/1", "accepted", "lý do", "an", in_utc),
        (2, "pair/2", "corrected", "lý do", "an", in_utc),
        (3, "pair/1", "reopened", "lý do", "an", in_utc),
    ]


# --- what is compared as equal ----------------------------------------------------------------------------
MACROS = jinja2.Template((Settings().dbt_project / "macros" / "reconciliation.sql").read_text(encoding="utf-8")).module


def value_of(expression: str, **values: str) -> Any:
    """What DuckDB makes of an expression whose column names are those of ``values``."""
    columns = ", ".join(f"${name} as {name}" for name in values)
    with duckdb.connect() as connection:
        found = connection.execute(f"select {expression} from (select {columns})", values).fetchone()
    assert found is not None
    return found[0]


@given(a=st.integers(0, 10**7), b=st.integers(0, 10**7), tenths=st.integers(1, 999))
def test_numbers_agree_up_to_a_share_of_the_larger_one(a: int, b: int, tenths: int) -> None:
    expression = MACROS.beyond_tolerance("a", "b", f"{tenths / 10:g}")  # type: ignore[attr-defined]
    assert value_of(expression, a=str(a), b=str(b)) is (abs(a - b) * 1000 > tenths * max(a, b))


@pytest.mark.parametrize(
    ("a", "b", "beyond"), [("20", "19", False), ("20", "18", True), ("0", "0", False), ("0", "1", True)]
)
def test_what_lies_just_at_the_tolerance_agrees(a: str, b: str, beyond: bool) -> None:
    assert value_of(MACROS.beyond_tolerance("a", "b", 5), a=a, b=b) is beyond  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "written",
    ["UBND xã Y Tý", "ubnd XÃ Y TÝ ", "Ủy ban nhân dân xã Y Tý", "Uỷ ban nhân dân Xã Y Tý", "ỦY BAN NHÂN DÂN XÃ Y TÝ"],
)
def test_a_unit_is_one_however_its_committee_is_written(written: str) -> None:
    assert value_of(MACROS.unit_form("unit"), unit=written) == "ubnd xã y tý"  # type: ignore[attr-defined]


# --- declarations -----------------------------------------------------------------------------------------
PAIR = {
    "id": "some_pair",
    "name_vi": "Cặp",
    "name_en": "Pair",
    "dataset_a": "land/parcels",
    "dataset_b": "population/residents",
    "compared": "something",
    "key": "a key",
    "prevails": "b",
    "answers": "a",
    "legal_basis": "a law",
}


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"prevails": "population"}, "prevails"),
        ({"answers": "neither"}, "answers"),
        ({"tolerance_percent": 100}, "tolerance_percent"),
        ({"tolerance_percent": -1}, "tolerance_percent"),
    ],
)
def test_a_declaration_that_makes_no_sense_is_refused(fault: dict[str, Any], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        Pair(**{**PAIR, **fault})


def test_the_department_that_answers_follows_from_the_side() -> None:
    assert Pair(**PAIR).answering.department == "land"
    assert Pair(**{**PAIR, "answers": "b"}).answering.department == "population"
    with pytest.raises(UnknownDatasetError):
        _ = Pair(**{**PAIR, "dataset_b": "population/houses"}).answering


def test_a_tolerance_leaves_out_what_lies_within_it() -> None:
    exact, rough = difference_sql([Pair(**PAIR)]), difference_sql([Pair(**{**PAIR, "tolerance_percent": 2.5})])
    assert rough.removeprefix(exact.rstrip()) == "\nwhere {{ beyond_tolerance('value_a', 'value_b', 2.5) }}\n"
    assert "beyond_tolerance" not in exact


def test_a_pair_is_declared_in_a_file_of_its_name(tmp_path: Path) -> None:
    meta = {name: value for name, value in PAIR.items() if name != "id"}
    text = json.dumps({"models": [{"name": "rec_some_pair", "config": {"meta": {"reconciliation": meta}}}]})
    (tmp_path / "rec_some_pair.yml").write_text(text, encoding="utf-8")
    assert declared_pairs(tmp_path) == [Pair(**PAIR)]
    (tmp_path / "rec_some_pair.yml").rename(tmp_path / "rec_another.yml")
    with pytest.raises(ValueError, match="rec_another"):
        declared_pairs(tmp_path)
