"""A publication: every audience gets what it may see, as DuckDB and as Parquet, under one number, all or nothing."""

from __future__ import annotations

import datetime
import hashlib
import json
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import Settings
from orchestration.sharing import publication
from orchestration.sharing import publish as publishing
from orchestration.sharing.audiences import Audiences, Relation, SmallCells, audience_names, declared_audiences
from orchestration.sharing.publication import publish_all
from orchestration.sharing.reader import open_read_only
from orchestration.sharing.rollback import roll_back, taken_back
from orchestration.sharing.versions import Facts, Published, UnknownVersionError, current, versions

NOW = datetime.datetime(2026, 11, 28, tzinfo=datetime.UTC)
FACTS = Facts(ledger_sequence=7, code="c0de")
KPI = "marts.mart_kpi"
NAMES = ("shared", "open", "department:land", "department:finance")


def relation(name: str, reach: str | None, columns: dict[str, str], **options: object) -> Relation:
    schema, table = name.split(".")
    facts = {"departments": frozenset(), "small_cells": None} | options
    return Relation(schema=schema, name=table, columns=columns, reach=reach, **facts)


DECLARED = Audiences(
    {
        each.qualified: each
        for each in [
            relation("core.fct_parcel", "owner", {"parcel": "internal"}, departments=frozenset({"land"})),
            relation("core.fct_spending", "owner", {"amount": "open"}, departments=frozenset({"finance"})),
            relation("core.dim_person", "shared", {"citizen_key": "internal"}),
            relation("core.secret", None, {"word": "open"}),
            relation(
                KPI,
                "open",
                {"commune": "open", "level": "open", "n": "open", "d": "open", "share": "open", "file": "internal"},
                small_cells=SmallCells(
                    place="commune",
                    total="level = 'province'",
                    counts=("n", "d"),
                    part_of={"n": "d"},
                    derived=("share",),
                ),
            ),
        ]
    },
    NAMES,
)
MODELS = """
create or replace schema core; create or replace schema marts;
create table core.fct_parcel as select 'P1' as parcel;
create table core.fct_spending as select 5 as amount;
create table core.dim_person as select 'x' as citizen_key;
create table marts.mart_kpi as select *, n / d as share, 'a.xlsx' as file from (values
    ('a', 'commune', 3::decimal(24, 4), 20::decimal(24, 4)), ('b', 'commune', 30, 60), ('c', 'commune', 8, 16),
    ('15', 'province', 41, 96)
) as t (commune, level, n, d);
comment on table marts.mart_kpi is 'One row per commune.';
comment on column marts.mart_kpi.n is 'Who did.';
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    settings = Settings(home=tmp_path / "home", sources=tmp_path / "sources", keep_versions=3, now=NOW)
    settings.home.mkdir()
    monkeypatch.setattr(publication, "declared_audiences", lambda _settings: DECLARED)
    build(settings)
    return settings


def build(settings: Settings, *, more: str = "") -> None:
    with duckdb.connect(settings.warehouse) as connection:
        connection.execute("drop schema if exists core cascade; drop schema if exists marts cascade")
        connection.execute(MODELS + more)


def rows(settings: Settings, audience: str, sql: str) -> list[tuple[object, ...]]:
    with open_read_only(current(settings, audience=audience).path) as connection:
        return connection.execute(sql).fetchall()


def tables(settings: Settings, audience: str) -> set[str]:
    return set(current(settings, audience=audience).tables)


def test_every_audience_has_a_version_of_the_same_number_with_just_its_tables(home: Settings) -> None:
    published = publish_all(home, facts=FACTS)
    assert published == current(home)
    assert {current(home, audience=name).version for name in NAMES} == {"v000001"}
    assert tables(home, "shared") == {"core.fct_parcel", "core.fct_spending", "core.dim_person", KPI}
    assert tables(home, "department:land") == {"core.fct_parcel", KPI}
    assert tables(home, "department:finance") == {"core.fct_spending", KPI}
    assert tables(home, "open") == {KPI}


def test_the_audience_that_sees_all_gets_the_bytes_of_the_warehouse(home: Settings) -> None:
    published = publish_all(home, facts=FACTS)
    assert published.path.read_bytes() == home.warehouse.read_bytes()


def test_a_table_that_names_no_audience_is_in_the_shared_files_and_in_no_other_not_even_as_bytes(
    home: Settings,
) -> None:
    word = "word-of-the-shared-warehouse"
    build(
        home,
        more=f"create table core.secret as select '{word}' as word; create table core.stray as select '{word}' as w",
    )
    publish_all(home, facts=FACTS)
    declared = {"core.fct_parcel", "core.fct_spending", "core.dim_person", KPI}
    assert tables(home, "shared") == {*declared, "core.secret", "core.stray"}
    found = {file for file in home.publish.rglob("*") if file.is_file() and word.encode() in file.read_bytes()}
    assert {file.relative_to(home.publish).parts[0] for file in found} == {"shared"}


def test_open_data_have_open_columns_small_figures_withheld_with_a_flag_and_comments(home: Settings) -> None:
    publish_all(home, facts=FACTS)
    assert rows(home, "open", "from marts.mart_kpi order by commune") == [
        ("15", "province", Decimal(41), Decimal(96), 41 / 96, False),
        ("a", "commune", None, None, None, True),
        ("b", "commune", Decimal(30), Decimal(60), 0.5, False),
        ("c", "commune", None, None, None, True),
    ]
    described = "select column_name, data_type, comment from duckdb_columns() where table_name = 'mart_kpi'"
    assert rows(home, "open", f"{described} and column_name in ('n', 'is_suppressed')") == [
        ("n", "DECIMAL(24,4)", "Who did."),
        (
            "is_suppressed",
            "BOOLEAN",
            "True where the figures are withheld: they would tell of too few persons, or give such a figure away.",
        ),
    ]
    assert rows(home, "department:finance", "select n, file from marts.mart_kpi where commune = 'a'") == [
        (Decimal(3), "a.xlsx")
    ]


def test_the_least_count_of_open_data_can_be_set(home: Settings) -> None:
    publish_all(home.model_copy(update={"smallest_cell": 3}), facts=FACTS)
    assert rows(home, "open", "select count(*) from marts.mart_kpi where is_suppressed") == [(0,)]


def test_the_same_tables_lie_beside_as_parquet_with_a_manifest(home: Settings) -> None:
    publish_all(home, facts=FACTS)
    folder = home.publish / "open" / "v000001"
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    (table,) = manifest.pop("tables")
    content = (folder / "marts.mart_kpi.parquet").read_bytes()
    assert manifest == {
        "audience": "open",
        "version": "v000001",
        "published_at": "2026-11-28T00:00:00+00:00",
        "licence": "CC-BY-4.0",
        "ledger_sequence": 7,
        "code": "c0de",
        "valid_from": None,
        "valid_to": None,
        "sources": [],
    }
    assert (table["name"], table["file"], table["rows"]) == (KPI, "marts.mart_kpi.parquet", 4)
    assert (table["bytes"], table["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    assert table["columns"][2] == {
        "name": "n",
        "type": "DECIMAL(24,4)",
        "classification": "open",
        "description": "Who did.",
    }
    with duckdb.connect() as connection:
        read = connection.execute(f"from '{folder}/marts.mart_kpi.parquet' order by commune").fetchall()
    assert read == rows(home, "open", "from marts.mart_kpi order by commune")


def test_a_table_that_two_audiences_see_alike_is_one_parquet_file_with_two_names(home: Settings) -> None:
    publish_all(home, facts=FACTS)
    one, other, open_ = (
        (home.publish / folder / "v000001" / "marts.mart_kpi.parquet").stat()
        for folder in ("shared", "department-land", "open")
    )
    assert one.st_ino == other.st_ino != open_.st_ino


def test_the_manifest_names_the_submissions_that_count_and_the_days_they_tell_of(home: Settings) -> None:
    submissions = """create table core.fct_submission as select * from (values
        ('s2', 'land/parcels', 'land', '2026Q4', date '2026-10-01', date '2026-12-31', true),
        ('s1', 'population/residents', '02647', '2026-09', date '2026-09-01', date '2026-09-30', true),
        ('s0', 'population/residents', '02647', '2026-08', date '2026-08-01', date '2026-08-31', false)
    ) as t (submission_id, dataset, unit, period, period_start, period_end, is_current)"""
    declared = DECLARED.relations | {
        "core.fct_submission": relation("core.fct_submission", "departments", {"submission_id": "internal"})
    }
    build(home, more=submissions)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publication, "declared_audiences", lambda _settings: Audiences(declared, NAMES))
        publish_all(home, facts=FACTS)
    manifest = json.loads((home.publish / "open" / "v000001" / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["valid_from"], manifest["valid_to"]) == ("2026-09-01", "2026-12-31")
    assert manifest["sources"] == [
        {"submission_id": "s2", "dataset": "land/parcels", "unit": "land", "period": "2026Q4"},
        {"submission_id": "s1", "dataset": "population/residents", "unit": "02647", "period": "2026-09"},
    ]


def test_parquet_can_be_left_out(home: Settings) -> None:
    publish_all(home.model_copy(update={"publish_tables": False}), facts=FACTS)
    assert not list(home.publish.rglob("*.parquet"))


def test_the_last_versions_of_every_audience_are_kept_in_both_forms(home: Settings) -> None:
    for _ in range(5):
        publish_all(home, facts=FACTS)
    kept = ["v000003", "v000004", "v000005"]
    for folder in ("shared", "open", "department-land"):
        found = {each.name for each in (home.publish / folder).iterdir()}
        assert found == {"current.json", *kept, *(f"{name}.{kind}" for name in kept for kind in ("duckdb", "json"))}


@pytest.mark.parametrize("dies_at", [1, 2, 3])
def test_a_publication_that_dies_between_announcements_is_made_again_for_all(
    home: Settings, monkeypatch: pytest.MonkeyPatch, dies_at: int
) -> None:
    publish_all(home, facts=FACTS)
    announced = []

    def dies(version: Published) -> None:
        if len(announced) == dies_at:
            raise KeyboardInterrupt
        announced.append(real(version))

    real = publishing.announce
    with monkeypatch.context() as patch:
        patch.setattr(publishing, "announce", dies)
        with pytest.raises(KeyboardInterrupt):
            publish_all(home, facts=FACTS)
    assert current(home).version == "v000001"
    publish_all(home, facts=FACTS)
    assert {current(home, audience=name).version for name in NAMES} == {"v000003"}


# --- going back -----------------------------------------------------------------------------------------------


def publish_versions(settings: Settings, number: int) -> None:
    for sequence in range(1, number + 1):
        build(settings, more=f"create table core.fct_extra_{sequence} as select {sequence} as i")
        publish_all(settings, facts=Facts(ledger_sequence=sequence, code="c0de"))


def test_every_audience_goes_back_together_and_forward_again(home: Settings) -> None:
    publish_versions(home, 3)
    roll_back(home, "v000002")
    assert {current(home, audience=name).version for name in NAMES} == {"v000002"}
    assert [each.version for each in versions(home)] == ["v000001", "v000002", "v000003"]
    roll_back(home, "3")
    assert {current(home, audience=name).version for name in NAMES} == {"v000003"}


def test_what_was_taken_back_is_no_longer_out_and_the_next_publication_has_a_new_number(home: Settings) -> None:
    publish_versions(home, 3)
    assert (current(home).ledger_sequence, taken_back(home)) == (3, None)
    roll_back(home, "v000001")
    assert (current(home).ledger_sequence, taken_back(home)) == (1, 3)
    roll_back(home, "v000002")
    assert (current(home).ledger_sequence, taken_back(home)) == (2, 3)
    assert publish_all(home, facts=FACTS).version == "v000004"
    assert taken_back(home) is None


def test_the_version_that_is_read_is_kept_however_old(home: Settings) -> None:
    publish_versions(home, 3)
    roll_back(home, "v000001")
    for name in NAMES:
        publishing.sweep(home.model_copy(update={"keep_versions": 1}), name)
    assert [each.version for each in versions(home)] == ["v000001", "v000003"]
    assert rows(home, "shared", "select count(*) from marts.mart_kpi") == [(4,)]


def test_an_audience_without_that_version_sees_nothing_of_what_was_taken_back(home: Settings) -> None:
    publish_versions(home, 2)
    for file in ("v000001.duckdb", "v000001.json"):
        (home.publish / "open" / file).unlink()
    roll_back(home, "v000001")
    assert current(home, audience="open") is None


def test_a_version_that_is_not_kept_is_refused_with_those_that_are(home: Settings) -> None:
    publish_versions(home, 2)
    with pytest.raises(UnknownVersionError, match="v000001, v000002"):
        roll_back(home, "v000009")


def test_the_declared_audiences_are_those_that_are_published() -> None:
    assert tuple(declared_audiences(Settings()).all) == audience_names()
