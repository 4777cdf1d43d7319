"""What a build follows: models and rows that a change does not concern are the same in a build of the whole before it
and after it, and a build by dbt that follows changes has the content of one of the whole.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import polars as pl
import pytest

from orchestration.building import changes, warehouse
from orchestration.building.changes import COMMUNE, PERSON, Changes
from orchestration.building.dbt_calls import project
from orchestration.decisions import decide
from orchestration.intake.bronze import bronze_file
from orchestration.intake.ledger import Ledger
from orchestration.intake.take_in import take_in_dataset
from orchestration.run import prepare_home
from orchestration.settings import PROJECT, Settings
from schemas import Declaration
from tests import compiled, office
from tests.office import COMPLETIONS, PARCELS, RESIDENTS, Row, learner, parcel, resident

pytestmark = pytest.mark.xdist_group("compiled")
#: The models of which a part is replaced, and what names the part: their first column.
REPLACED = {
    "core.fct_resident": "citizen_key",
    "core.dim_person": "citizen_key",
    "core.fct_training_target": "citizen_key",
    "core.int_learner": "citizen_key",
    "core.int_compared_resident": "citizen_key",
    "core.int_resident_reported_twice": "citizen_key",
    "core.int_commune_resident": "commune_key",
}
Rows = dict[str, Counter[tuple[Any, ...]]]
Event = Callable[[Settings], None]


def hand_in(declaration: Declaration, name: str, rows: list[Row]) -> Event:
    def event(settings: Settings) -> None:
        office.drop(settings, declaration, f"{name}.csv", office.rows_csv(declaration, rows))
        (submission,) = take_in_dataset(settings, declaration)
        assert submission.verdict == "accepted", submission.details

    return event


def withdraw(name: str) -> Event:
    def event(settings: Settings) -> None:
        (found,) = (each for each in Ledger(settings.ledger).all() if each.file_name == f"{name}.csv")
        decide(settings, found.submission_id, "withdraw", "sent by mistake")

    return event


def moved(number: int, **other: str) -> Row:
    return resident(number, commune="Xã Bát Xát", household_no=f"BX{number}", **other)


BASE = (
    hand_in(RESIDENTS, "2026-09", [resident(number) for number in range(40)]),
    hand_in(PARCELS, "2026Q3", [parcel(number) for number in range(20, 50)]),
    hand_in(COMPLETIONS, "2026-09", [learner(number, completed="15/09/2026") for number in range(10, 20)]),
)
EVENTS: dict[str, Event] = {
    "a commune reports persons whom the province places elsewhere": hand_in(
        RESIDENTS, "Xã Bát Xát 2026-09", [moved(number) for number in (3, 4, 5, 44, 45)]
    ),
    "a new month, in which some are gone and one died": hand_in(
        RESIDENTS,
        "2026-10",
        [resident(number, **({"residence_type": "Đã chết"} if number == 9 else {})) for number in range(2, 42)],
    ),
    "the month is corrected": hand_in(RESIDENTS, "2026-10 lần 2", [resident(number) for number in range(5, 43)]),
    "the commune's new month": hand_in(RESIDENTS, "Xã Bát Xát 2026-10", [moved(number) for number in (4, 5, 44)]),
    "the commune's first file is withdrawn": withdraw("Xã Bát Xát 2026-09"),
    "an older month of the province arrives late": hand_in(
        RESIDENTS, "2026-08", [resident(number) for number in range(30, 60)]
    ),
    "parcels of a new quarter": hand_in(PARCELS, "2026Q4", [parcel(number) for number in range(22, 55)]),
    "further learners, and one again": hand_in(COMPLETIONS, "2026-10", [learner(number) for number in (3, 12, 44, 70)]),
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A home whose base was taken in; every change is small."""
    monkeypatch.setattr(changes, "_SMALL", 10)
    settings = Settings(home=tmp_path / "home", sources=tmp_path / "sources", stable_seconds=0, marked_whole=1)
    prepare_home(settings)
    for event in BASE:
        event(settings)
    return settings


def inputs(settings: Settings) -> changes.Inputs:
    return changes.inputs(settings, warehouse.export(settings))


def content(settings: Settings) -> dict[str, tuple[int, int]]:
    """Of every table and view of the warehouse the number of its rows and the sum of their hashes."""
    with duckdb.connect(settings.warehouse) as connection:
        tables = connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables order by all"
        ).fetchall()
        facts = "select count(*), coalesce(sum(hash(each)), 0) from {} as each"
        return {name: connection.execute(facts.format(name)).fetchall()[0] for (name,) in tables}


def replaced(settings: Settings) -> Rows:
    """The rows of the models of which a part is replaced."""
    with duckdb.connect(settings.warehouse) as connection:
        return {name: Counter(connection.execute(f"from {name}").fetchall()) for name in REPLACED}


def concerned(settings: Settings, table: changes.ExportedTable) -> set[str]:
    return set(pl.read_parquet(settings.bronze / f"{table.name}.parquet").to_series())


def places(held: Rows, persons: set[str]) -> set[str]:
    """The communes in which persons stand."""
    at = 4  # commune_key, after citizen_key, period, period_end and unit
    return {row[at] for row in held["core.fct_resident"] if row[0] in persons}


def rest(held: Rows, persons: set[str], communes: set[str]) -> Rows:
    """What is not concerned of the models of which a part is replaced."""
    keys = {"citizen_key": persons, "commune_key": communes}
    return {
        table: Counter({row: count for row, count in held[table].items() if row[0] not in keys[part]})
        for table, part in REPLACED.items()
    }


def test_the_models_of_which_a_part_is_replaced_are_those_tested_here() -> None:
    files = (PROJECT / "dbt_project" / "models").rglob("*.sql")
    texts = {f"core.{file.stem}": file.read_text(encoding="utf-8") for file in files}
    macros = {"citizen_key": "{{ replaces_persons(", "commune_key": "{{ replaces_communes("}
    found = {name: part for name, text in texts.items() for part, macro in macros.items() if macro in text}
    assert found == REPLACED


def test_what_a_change_does_not_concern_is_the_same_before_and_after(home: Settings) -> None:
    """Each event in turn, by builds of the whole: what a build that follows it would leave alone did not change."""
    known = project(home)
    compiled.build(home)
    for name, event in EVENTS.items():
        before, held, stood = inputs(home), replaced(home), content(home)
        event(home)
        found = changes.compare(home, before, inputs(home))
        assert found is not None, name
        changes.export_changed(home, found)
        persons, communes = concerned(home, PERSON), concerned(home, COMMUNE)
        assert communes == places(held, persons) - {None}, name
        compiled.build(home)
        holds, stands = replaced(home), content(home)
        communes |= places(holds, persons)
        assert rest(holds, persons, communes) == rest(held, persons, communes), name
        built = set(changes.affected(known.nodes, known.sources, found))
        left_alone = {table for table in stands if table.partition(".")[2] not in built}
        assert {table: stands[table] for table in left_alone} == {table: stood[table] for table in left_alone}, name
        assert "core.fct_dossier" in left_alone, name
        others = {"core.fct_parcel_owner", "core.fct_training_completion"}
        assert others <= left_alone or found.submissions.keys() != {RESIDENTS.path}, name


def test_a_build_that_follows_changes_has_the_content_of_a_build_of_the_whole(home: Settings) -> None:
    """By dbt itself: the base, then all events in one step, then the same ledger anew."""
    scopes = []
    for events in ([], EVENTS.values()):
        for event in events:
            event(home)
        built = warehouse.build(home)
        assert warehouse.failed(built) == []
        scopes.append({each.unique_id for each in built if each.unique_id.startswith("model.")})
    followed = content(home)
    warehouse.remove(home)
    assert warehouse.failed(warehouse.build(home, tested=False)) == []
    assert content(home) == followed
    whole, some = scopes
    assert some < whole
    assert not {"model.kho.fct_dossier", "model.kho.dim_commune"} & some


def test_what_a_change_breaks_about_the_persons_concerned_is_noticed_and_named(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a dim_person that forgets them, which a build of the whole does not. Two of them own parcels."""
    folder = tmp_path / "dbt_project"
    shutil.copytree(home.dbt_project, folder)
    model = folder / "models" / "core" / "dim_person.sql"
    text = model.read_text(encoding="utf-8")
    assert text.endswith("select * from persons\n")
    model.write_text(text + "{% if is_incremental() %}where false{% endif %}\n", encoding="utf-8")
    monkeypatch.setattr(Settings, "dbt_project", folder)
    assert warehouse.failed(warehouse.build(home)) == []
    EVENTS["a commune reports persons whom the province places elsewhere"](home)
    failed = {each.unique_id.split(".")[2]: each.message for each in warehouse.failed(warehouse.build(home))}
    nowhere = {name: message.rpartition(": ")[2] for name, message in failed.items()}
    assert nowhere == {
        "fct_resident_refers_to_what_is_there": "citizen_key leads nowhere",
        "fct_training_target_refers_to_what_is_there": "citizen_key leads nowhere",
        "fct_parcel_owner_refers_to_what_is_there": "owner_citizen_key leads nowhere",
    }
    with duckdb.connect(home.warehouse) as connection:
        assert connection.execute("from duckdb_schemas() where schema_name = 'concerned'").fetchall() == []


@pytest.fixture
def compared(home: Settings) -> Iterator[Callable[[Event], Changes | None]]:
    """What became of the inputs by an event."""
    before = inputs(home)
    return lambda event: (event(home), changes.compare(home, before, inputs(home)))[1]


def newest(settings: Settings, declaration: Declaration) -> Path:
    (submission,) = Ledger(settings.ledger).of_dataset(declaration.path)
    return bronze_file(settings, declaration, submission.submission_id)


def test_nothing_changed_where_nothing_happened(compared) -> None:
    assert compared(lambda settings: None) == Changes(frozenset(), {})


def test_a_file_names_its_table_its_submission_and_the_ledger(home: Settings, compared) -> None:
    found = compared(EVENTS["parcels of a new quarter"])
    first, second = (each.submission_id for each in Ledger(home.ledger).of_dataset(PARCELS.path))
    assert found.submissions == {"land/parcels": {first, second}}  # the older quarter is no longer the newest
    assert found.tables == {"land_parcels", "submission", "submission_known", "submission_quality"}


def test_rows_that_were_rewritten_or_are_gone_mean_a_build_of_the_whole(home: Settings, compared) -> None:
    file = newest(home, PARCELS)
    assert compared(lambda settings: os.utime(file, (1, 1))) is None  # a key was changed, a person erased
    assert compared(lambda settings: file.unlink()) is None


def test_a_large_change_means_a_build_of_the_whole(home: Settings, compared, monkeypatch) -> None:
    monkeypatch.setattr(changes, "_SMALL", 0.1)
    assert compared(EVENTS["parcels of a new quarter"]) is None


def test_after_a_failed_or_an_untested_build_or_under_other_code_everything_is_built(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    scopes: list[tuple[str, ...]] = []

    def stand_in(settings: Settings, _command: str, *options: str, known: object) -> object:
        """What dbt leaves and says: a warehouse, and a test that passed where it was to test."""
        scopes.append(options)
        with duckdb.connect(settings.warehouse) as connection:
            connection.execute("create schema if not exists core")
            connection.execute(
                "create table if not exists core.fct_resident (citizen_key varchar, commune_key varchar)"
            )
        node = SimpleNamespace(unique_id="test.kho.one")
        passed = SimpleNamespace(node=node, status="pass", execution_time=0.1, failures=0, message="")
        return SimpleNamespace(results=[] if "test" in options else [passed])

    monkeypatch.setattr(warehouse, "invoke", stand_in)
    follows = []
    for event, tested in zip(list(EVENTS.values())[:6], (False, True, True, True, True, True), strict=True):
        event(home)
        warehouse.build(home, tested=tested)
        follows.append("--select" in scopes[-1])
        if len(follows) == 3:
            (home.dbt_target / "built.json").unlink()  # as a failed build leaves it
        if len(follows) == 5:
            monkeypatch.setattr(warehouse, "project_code", lambda settings: "other")
    assert follows == [False, False, True, False, True, False]
