"""The warehouse as known on a past day: the value of then, the value of now, and the file that explains the change."""

from __future__ import annotations

import datetime
import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from orchestration.building.as_of import home_as_of, warehouse_as_of
from orchestration.intake.bronze import export_for_dbt
from orchestration.intake.deadlines import end_of_day
from orchestration.intake.take_in import take_in_dataset
from orchestration.run import prepare_home
from orchestration.settings import Settings
from orchestration.sharing.query import query
from orchestration.sharing.versions import current
from schemas import dataset
from tests import commands, compiled
from tests.office import as_csv, drop, table

ARCHIVES = dataset("home_affairs/archives")
SA_PA, PHONG_HAI = "03006", "02728"
pytestmark = pytest.mark.xdist_group("compiled")


@dataclass(frozen=True)
class Handed:
    """A file as it was handed in: when, under which name, and the digitised pages of two communes of 1,000 each."""

    day: str
    name: str
    digitised: tuple[int, int]

    def take_in(self, settings: Settings) -> None:
        moment = datetime.datetime.fromisoformat(f"{self.day}T03:00:00+00:00")
        then = settings.model_copy(update={"now": moment})
        rows = [
            {
                "fonds_code": f"P{code}",
                "unit_name": "UBND",
                "commune": code,
                "pages": "1000",
                "pages_digitised": str(pages),
            }
            for code, pages in zip((SA_PA, PHONG_HAI), self.digitised, strict=True)
        ]
        drop(then, ARCHIVES, self.name, as_csv(table(ARCHIVES, rows)))
        (submission,) = take_in_dataset(then, ARCHIVES)
        assert submission.verdict == "accepted", submission.details


FIRST = Handed("2026-04-10", "2026Q1.csv", (100, 300))
SECOND = Handed("2026-07-08", "2026Q2.csv", (300, 500))
CORRECTED = Handed("2026-08-20", "2026Q1 sửa.csv", (150, 350))
THIRD = Handed("2026-10-12", "2026Q3.csv", (500, 600))
HISTORY = (FIRST, SECOND, CORRECTED, THIRD)


@pytest.fixture(scope="module", autouse=True)
def _without_dbt() -> Iterator[None]:
    """What the models of the past answer is asked here, not how dbt runs them."""
    with pytest.MonkeyPatch.context() as patch:
        compiled.dbt_stands_aside(patch)
        yield


def new_home(folder: Path) -> Settings:
    settings = Settings(home=folder / "home", sources=folder / "sources", stable_seconds=0)
    prepare_home(settings)
    return settings


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home to which the four files came, published before the correction and after everything."""
    settings = new_home(tmp_path_factory.mktemp("as-of"))
    for each in (FIRST, SECOND):
        each.take_in(settings)
    compiled.build_and_publish(settings)
    for each in (CORRECTED, THIRD):
        each.take_in(settings)
    compiled.build_and_publish(settings)
    return settings


def share(settings: Settings, period: str = "2026Q1") -> list[tuple[float, ...]]:
    """Numerator, denominator and value of the digitised archives of the province."""
    found = query(
        settings,
        "select numerator, denominator, value from marts.mart_kpi where kpi_id = 'archive_digitised' "
        f"and geography_level = 'province' and period = '{period}'",
    )
    return [tuple(map(float, row)) for row in found]


def test_a_late_correction_changes_the_value_of_today_and_not_that_of_then(office: Settings) -> None:
    assert share(office) == [(500, 2000, 25.0)]
    then = warehouse_as_of(office, end_of_day(datetime.date(2026, 6, 30)))
    assert share(then) == [(400, 2000, 20.0)]
    assert share(then, "2026Q2") == []
    assert [row[0] for row in query(then, "select file_name from marts.mart_submission")] == ["2026Q1.csv"]


def test_a_warehouse_of_then_is_built_once(office: Settings) -> None:
    moment = end_of_day(datetime.date(2026, 6, 30))
    first, again = (current(warehouse_as_of(office, moment)) for _ in range(2))
    assert first is not None
    assert first == again
    assert home_as_of(office, moment).home == office.home / "as_of" / "2026-06-30T165959Z"


def test_a_home_of_then_reads_the_project_as_its_own_home_has_parsed_it(settings: Settings) -> None:
    apart = settings.model_copy(update={"parsed": None})
    then = home_as_of(apart, end_of_day(datetime.date(2026, 6, 30)))
    assert then.parsed_projects == apart.dbt_target != then.dbt_target


def test_the_commands_answer_as_of_a_day(office: Settings) -> None:
    warehouse_as_of(office, end_of_day(datetime.date(2026, 6, 30)))

    def kho(*arguments: str) -> subprocess.CompletedProcess[str]:
        return commands.kho(*arguments, "--as-of", "2026-06-30", KHO_HOME=office.home, KHO_SOURCES=office.sources)

    asked = kho("sql", "select file_name from marts.mart_submission", "--format", "csv")
    assert (asked.stdout.split(), asked.stderr) == (["file_name", "2026Q1.csv"], "")
    (value,) = json.loads(kho("kpi", "archive_digitised", "--json").stdout)["values"]
    assert (value["period"], value["value"]) == ("2026Q1", 20)


def test_every_submission_says_since_when_and_until_when_it_counted(office: Settings) -> None:
    found = query(
        office,
        "select s.file_name, k.known_from::date, k.known_to::date from core.fct_submission_known as k "
        "inner join marts.mart_submission as s on k.submission_id = s.submission_id order by all",
    )
    day = datetime.date
    assert [tuple(row) for row in found] == [
        ("2026Q1 sửa.csv", day(2026, 8, 20), day(9999, 12, 31)),
        ("2026Q1.csv", day(2026, 4, 10), day(2026, 8, 20)),
        ("2026Q2.csv", day(2026, 7, 8), day(9999, 12, 31)),
        ("2026Q3.csv", day(2026, 10, 12), day(9999, 12, 31)),
    ]


def test_the_report_of_changes_names_the_file_that_explains_them(office: Settings) -> None:
    found = query(
        office,
        "select previous_version, period, change, value_before, value, file_name, rows_accepted, effect "
        "from marts.mart_change where kpi_id = 'archive_digitised' and geography_level = 'province'",
    )
    assert [tuple(row) for row in found] == [
        ("v000001", "2026Q1", "changed", 20, 25, "2026Q1.csv", 2, "counts no longer"),
        ("v000001", "2026Q1", "changed", 20, 25, "2026Q1 sửa.csv", 2, "counts now"),
        ("v000001", "2026Q3", "new", None, 55, "2026Q3.csv", 2, "counts now"),
    ]


def test_the_digitised_archives_are_carried_on_by_a_line_with_its_interval(office: Settings) -> None:
    """25, 40, 55 lie on a line: 70 comes next, surely. Of Sa Pa 15, 30, 50: worked out by hand below."""
    found = query(
        office,
        "select geography_code, period, quarter_count, slope_per_quarter, forecast, forecast_low, forecast_high "
        "from marts.mart_kpi_forecast where quarters_ahead = 1 and geography_code in ('15', '03006')",
    )
    # Sa Pa: mean 31.667, slope 17.5, at 4: 31.667 + 2 * 17.5 = 66.667. Residuals 0.833, -1.667, 0.833: s = sqrt(25/6)
    # = 2.0412; margin 12.706 * 2.0412 * sqrt(1 + 1/3 + 4/2) = 47.35.
    assert [(row[0], row[1], *map(float, row[2:])) for row in found] == [
        (SA_PA, "2026Q4", 3, 17.5, 66.7, 19.3, 114.0),
        ("15", "2026Q4", 3, 15.0, 70.0, 70.0, 70.0),
    ]


def exported(settings: Settings) -> dict[str, list[tuple]]:
    """Everything that dbt reads of a home, but for the ids, which follow from when the same bytes came."""
    export_for_dbt(settings)
    tables = {file.stem: pl.read_parquet(file) for file in settings.bronze.glob("*.parquet")}
    rows = pl.concat(
        [
            pl.read_parquet(file)
            for file in sorted((settings.bronze / ARCHIVES.table).glob("*.parquet"))
            if file.name != "empty.parquet"
        ]
    )
    tables["rows"] = rows.sort(rows.columns)
    return {name: table.rows() for name, table in tables.items()}


@pytest.fixture(scope="module")
def in_order(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple]]:
    settings = new_home(tmp_path_factory.mktemp("in-order"))
    for each in HISTORY:
        each.take_in(settings)
    return exported(settings)


@effort(max_examples=6, deadline=None, derandomize=True)
@given(order=st.sampled_from(list(permutations(HISTORY))))
def test_files_taken_in_in_any_order_give_the_same(
    order: tuple[Handed, ...], in_order: dict[str, list[tuple]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The warehouse is made of the exported tables and of nothing else, so that they are compared."""
    folder = tmp_path_factory.mktemp("any-order")
    settings = new_home(folder)
    for each in order:
        each.take_in(settings)
    assert exported(settings) == in_order
    shutil.rmtree(folder)


def test_what_was_built_is_the_same_after_a_rebuild(office: Settings) -> None:
    """The version before is found by the ledger, so that even the report of changes comes out the same."""

    def content() -> dict[str, list[tuple]]:
        with duckdb.connect(office.warehouse, read_only=True) as connection:
            names = connection.execute(
                "select schema_name || '.' || table_name from duckdb_tables() where not internal order by 1"
            ).fetchall()
            return {name: connection.execute(f"from {name} order by all").fetchall() for (name,) in names}

    before = content()
    assert len(before["marts.mart_change"]) > 0
    compiled.build(office)
    assert content() == before
