"""kho versions, diff and rollback: what two versions show differently, and which of them is read."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from orchestration import cli, sensors
from orchestration.building import warehouse
from orchestration.commands import sharing as sharing_commands
from orchestration.settings import Settings
from orchestration.sharing.comparison import Comparison, TableDifference, compare
from orchestration.sharing.publish import publish
from orchestration.sharing.rollback import roll_back
from orchestration.sharing.versions import Facts, Published, UnknownVersionError, current, find_version

SCHEMAS = "create or replace schema core; create or replace schema marts;"
BEFORE = """
create table core.gone as select 1 as i;
create table core.same as select 1 as i, null as nothing;
create table core.person as select * from (values ('a', 1, 'x'), ('b', 2, 'x'), ('c', null, 'x')) as t (k, n, old);
create table core.log as select * from (values ('a'), ('a'), ('b')) as t (word);
create table marts.mart_kpi as select 'k' as kpi_id, 'province' as geography_level, '15' as geography_code,
    'all' as breakdown, '2026' as period, 50.5::decimal(9, 4) as value;
"""
AFTER = """
create table core.came as select 1 as i;
create table core.same as select 1 as i, null as nothing;
create table core.person as select * from (values ('a', 1, true), ('b', 3, true), ('d', 4, true)) as t (k, n, new);
create table core.log as select * from (values ('a'), ('b'), ('c')) as t (word);
create table marts.mart_kpi as select 'k' as kpi_id, 'province' as geography_level, '15' as geography_code,
    'all' as breakdown, '2026' as period, 51::decimal(9, 4) as value;
"""


def publish_sql(settings: Settings, sql: str, sequence: int) -> Published:
    settings.home.mkdir(exist_ok=True)
    with duckdb.connect(settings.warehouse) as connection:
        connection.execute("drop schema if exists core cascade; drop schema if exists marts cascade;" + SCHEMAS + sql)
    return publish(settings, facts=Facts(ledger_sequence=sequence, code="c"))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    settings = Settings(home=tmp_path / "home", sources=tmp_path / "sources")
    monkeypatch.setattr(sharing_commands, "settings", lambda: settings)
    publish_sql(settings, BEFORE, 1)
    publish_sql(settings, AFTER, 2)
    return settings


def test_tables_columns_rows_and_kpis_that_differ_are_told_and_no_row_is_shown(home: Settings) -> None:
    found = compare(find_version(home, "1"), find_version(home, "v000002"))
    kpi = {"kpi_id": "k", "geography_level": "province", "geography_code": "15", "breakdown": "all", "period": "2026"}
    assert found == Comparison(
        before="v000001",
        after="v000002",
        tables_added=["core.came"],
        tables_removed=["core.gone"],
        tables=[
            TableDifference("core.log", [], [], 3, 3, [], added=1, removed=1, changed=0, columns_changed={}),
            TableDifference(
                "core.person", ["new"], ["old"], 3, 3, ["k"], added=1, removed=1, changed=1, columns_changed={"n": 1}
            ),
            TableDifference(
                "marts.mart_kpi", [], [], 1, 1, ["kpi_id"], added=0, removed=0, changed=1, columns_changed={"value": 1}
            ),
        ],
        kpis=[{**kpi, "value_before": Decimal("50.5000"), "value": Decimal("51.0000")}],
    )


def test_a_declared_key_comes_before_one_that_is_found_unless_it_names_no_row(home: Settings) -> None:
    old, new = (find_version(home, name) for name in ("1", "2"))
    found = {each.table: each for each in compare(old, new, {"core.person": ["n"], "core.log": ["word"]}).tables}
    person = found["core.person"]
    assert (person.key, person.added, person.removed, person.changed) == (["n"], 2, 2, 0)
    assert found["core.log"].key == []


def test_a_version_does_not_differ_from_itself(home: Settings) -> None:
    version = current(home)
    assert compare(version, version) == Comparison("v000002", "v000002", [], [], [], [])


def test_the_commands_list_compare_and_go_back(home: Settings) -> None:
    run = CliRunner().invoke
    assert [each["is_read"] for each in json.loads(run(cli.app, ["versions", "--json"]).stdout)] == [False, True]
    shown = run(cli.app, ["diff", "1", "2"]).stdout
    assert "new: core.came" in shown
    assert "gone: core.person.old" in shown
    assert "v000001" in run(cli.app, ["rollback", "1"]).stdout
    assert [each["is_read"] for each in json.loads(run(cli.app, ["versions", "--json"]).stdout)] == [True, False]
    assert "show the same" in run(cli.app, ["diff", "2", "2"]).stdout


def test_a_version_that_is_not_kept_is_a_usage_error(home: Settings) -> None:
    error = CliRunner().invoke(cli.app, ["diff", "1", "7"]).exception
    assert isinstance(error, UnknownVersionError)
    assert cli._code_of(error) == cli.USAGE


def test_after_going_back_the_newest_state_is_not_out_yet_the_sensor_waits_for_a_further_file(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Sequence:
        value = 2

        def __init__(self, _file: Path) -> None: ...

        def last_sequence(self, *, changing: bool) -> int:
            return self.value

    for module in (sensors, warehouse):
        monkeypatch.setattr(module, "Ledger", Sequence)
    monkeypatch.setattr(warehouse, "project_code", lambda _settings: "c")
    assert (warehouse.is_published(home), sensors._sequence_behind(home)) == (True, 0)
    roll_back(home, "1")
    assert (warehouse.is_published(home), sensors._sequence_behind(home)) == (False, 0)
    Sequence.value = 3
    assert (warehouse.is_published(home), sensors._sequence_behind(home)) == (False, 3)
