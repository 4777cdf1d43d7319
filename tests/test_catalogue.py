"""The catalogue as a site: complete, the same each time, and at home in a browser without any network."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from orchestration.building.kpis import declared_kpis
from orchestration.catalogue.site import build_catalogue
from orchestration.settings import Settings
from schemas import datasets

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.xdist_group("catalogue")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("catalogue")
    build_catalogue(Settings(home=folder / "home"), folder / "site")
    return folder / "site"


def test_every_dataset_and_kpi_has_a_page_with_its_owner_and_legal_basis(site: Path) -> None:
    for each in datasets().values():
        text = (site / f"dataset-{each.table}.html").read_text()
        assert all(column.title in text for column in each.columns.values()), each.path
        assert each.owner in text and each.legal_basis in text, each.path
    for kpi in declared_kpis(Settings().dbt_project / "models" / "kpi"):
        text = (site / f"kpi-{kpi.id}.html").read_text()
        assert kpi.name_vi in text and kpi.name_en in text and kpi.legal_basis in text, kpi.id


def test_a_figure_is_led_back_to_the_column_of_the_departments_file(site: Path) -> None:
    text = (site / "table-marts-mart_commune_overview.html").read_text()
    (area,) = re.findall(r'<tr id="area_m2">.*?</tr>', text, re.DOTALL)
    assert 'href="table-core-fct_parcel_owner.html"' in area
    assert 'href="dataset-land_parcels.html"' in area and "«Diện tích (m²)»" in area


def test_pages_are_small_link_only_to_each_other_and_ask_nothing_of_the_network(site: Path) -> None:
    for page in site.iterdir():
        text = page.read_text()
        assert page.stat().st_size < 300_000, page.name
        for link in re.findall(r'(?:href|src)="([^"]*)"', text):
            assert link.startswith(("#", "data:")) or (site / link).exists(), (page.name, link)
        assert not re.search(r"https?://|url\(|@import", text), page.name


def test_the_same_declarations_give_the_same_bytes(site: Path, tmp_path: Path) -> None:
    build_catalogue(Settings(home=tmp_path / "home"), tmp_path / "site")
    contents = [{file.name: file.read_bytes() for file in each.iterdir()} for each in (site, tmp_path / "site")]
    assert contents[0] == contents[1]


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
@pytest.mark.parametrize(
    ("words", "page"), [("dan%20cu", "dataset-population_residents.html"), ("it_staff_gap", "kpi-it_staff_gap.html")]
)
def test_search_finds_datasets_and_kpis_in_a_browser_without_an_error(
    site: Path, tmp_path: Path, words: str, page: str
) -> None:
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--virtual-time-budget=3000"]
    address = f"{(site / 'index.html').as_uri()}#tim={words}"
    command = [str(CHROMIUM), *options, f"--user-data-dir={tmp_path}", "--dump-dom", address]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    found = done.stdout.partition('<ul id="found"')[2].partition("</ul>")[0]
    assert found.index('href="') == found.index(f'href="{page}"')  # it is the first one
    assert "CONSOLE" not in done.stderr
