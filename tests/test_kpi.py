"""``kho kpi``: a figure by its name, with what was counted and from which files; a wrong question says what there is."""

from __future__ import annotations

import datetime
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from orchestration.building.kpis import dataset_sql, declared_kpis
from orchestration.intake.take_in import take_in_dataset
from orchestration.run import prepare_home
from orchestration.settings import PROJECT, Settings
from orchestration.sharing.kpi_values import kpi_values, latest_values
from orchestration.sharing.query import QueryError
from schemas import dataset
from tests import commands, compiled
from tests.office import as_csv, drop, table

ARCHIVES = dataset("home_affairs/archives")
SA_PA, PHONG_HAI = "03006", "02728"
pytestmark = pytest.mark.xdist_group("compiled")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Two quarters of the archives of two communes, 1,000 pages each."""
    folder = tmp_path_factory.mktemp("kpi")
    settings = Settings(home=folder / "home", sources=folder / "sources", stable_seconds=0)
    prepare_home(settings)
    for quarter, day, digitised in (("2026Q1", "2026-04-10", (100, 300)), ("2026Q2", "2026-07-10", (250, 500))):
        then = settings.model_copy(update={"now": datetime.datetime.fromisoformat(f"{day}T03:00:00+00:00")})
        facts = {"unit_name": "UBND", "pages": "1000"}
        rows = [
            {**facts, "fonds_code": f"P{code}", "commune": code, "pages_digitised": str(pages)}
            for code, pages in zip((SA_PA, PHONG_HAI), digitised, strict=True)
        ]
        drop(then, ARCHIVES, f"{quarter}.csv", as_csv(table(ARCHIVES, rows)))
        (submission,) = take_in_dataset(then, ARCHIVES)
        assert submission.verdict == "accepted"
    compiled.build_and_publish(settings)
    return settings


def kho(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    return commands.kho("kpi", *arguments, KHO_HOME=settings.home, KHO_SOURCES=settings.sources)


def figures(values: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    names = ("geography_code", "period", "numerator", "denominator", "value", "gap", "missing_to_target", "trend")
    return [tuple(each[name] for name in names) for each in values]


def test_the_newest_value_of_the_province_comes_with_its_files(office: Settings) -> None:
    found = kpi_values(office, "archive_digitised")
    assert figures(found.values) == [("15", "2026Q2", 750, 2000, 37.5, -62.5, 1250, 17.5)]
    assert [(each["file_name"], each["rows_accepted"]) for each in found.sources] == [("2026Q2.csv", 2)]


def test_communes_are_shown_one_by_one_or_all_and_earlier_periods_by_their_label(office: Settings) -> None:
    sa_pa = (SA_PA, "2026Q2", 250, 1000, 25, -75, 750, 15)
    for name in (SA_PA, "phường sa pa", "Sa Pa"):
        assert figures(kpi_values(office, "archive_digitised", commune=name).values) == [sa_pa]
    every = figures(kpi_values(office, "archive_digitised", communes=True).values)
    assert every == [sa_pa, (PHONG_HAI, "2026Q2", 500, 1000, 50, -50, 500, 20)]
    earlier = kpi_values(office, "archive_digitised", period="2026Q1")
    assert figures(earlier.values) == [("15", "2026Q1", 400, 2000, 20, -80, 1600, None)]
    assert [each["file_name"] for each in earlier.sources] == ["2026Q1.csv"]


@pytest.mark.parametrize(
    ("kpi", "asked", "said"),
    [
        ("nothing", {}, "no KPI 'nothing'; there are: archive_digitised, "),
        ("archive_digitised", {"period": "2020"}, "has no value for 2020; it has 2026Q1, 2026Q2"),
        ("archive_digitised", {"commune": "Hà Đông"}, "no commune 'Hà Đông'"),
        ("archive_digitised", {"commune": "x' or 'a' = 'a"}, "no commune"),
    ],
)
def test_what_there_is_not_is_refused_with_what_there_is(
    office: Settings, kpi: str, asked: dict[str, str], said: str
) -> None:
    with pytest.raises(QueryError) as refused:
        kpi_values(office, kpi, **asked)
    assert said in str(refused.value)


def test_every_declared_kpi_is_listed_also_without_a_value(office: Settings) -> None:
    listed = latest_values(office)
    declared = [each.id for each in declared_kpis(PROJECT / "dbt_project/models/kpi")]
    assert list(dict.fromkeys(each["kpi_id"] for each in listed)) == declared
    valued = {each["kpi_id"]: each["value"] for each in listed if each["value"] is not None}
    assert valued == {"archive_digitised": 37.5}


def test_the_command_prints_for_people_and_for_programs(office: Settings) -> None:
    shown = kho(office, "archive_digitised")
    assert shown.returncode == 0, shown.stderr
    assert "37.5 %" in shown.stdout and "2026Q2.csv" in shown.stdout
    asked = json.loads(kho(office, "archive_digitised", "--communes", "--json").stdout)
    assert [each["value"] for each in asked["values"]] == [25, 50]
    assert (asked["unit"], asked["target"]) == ("percent", 100)
    for arguments in (["nothing"], ["--communes"], ["archive_digitised", "--communes", "-c", SA_PA]):
        assert kho(office, *arguments).returncode == 2


def test_the_datasets_of_a_kpi_are_found_through_models_and_macros(tmp_path: Path) -> None:
    for name, sql in {
        "core/fct_a": "{{ current_rows('home_affairs_archives') }}",
        "core/fct_b": "{{ current_rows(\n    'land_parcels'\n) }}",
        "kpi/kpi_archive_digitised": "select 'land_parcels' from {{ ref('fct_a') }} join {{ some_macro('fct_b') }}",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.sql").write_text(sql, encoding="utf-8")
    (kpi,) = (each for each in declared_kpis(PROJECT / "dbt_project/models/kpi") if each.id == "archive_digitised")
    text = dataset_sql([kpi], tmp_path)
    assert [line for line in text.splitlines() if "as dataset" in line] == [
        "    'home_affairs/archives' as dataset",
        "    'land/parcels' as dataset",
    ]
