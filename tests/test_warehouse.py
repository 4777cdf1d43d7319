"""Building with dbt: which tests a build runs, and what becomes of one that fails.

Shown on a project of one model, because the warehouse's own takes half a minute to build.
"""

from pathlib import Path

import pytest

from orchestration import warehouse
from orchestration.settings import PROJECT, Settings

MODEL = "model.kho.doubled"
TEST = "test.kho.doubled_is_never_odd"

MODEL_YML = """
version: 2
models:
  - name: doubled
    columns:
      - name: number
unit_tests:
  - name: twice_two_is_four
    model: doubled
    given:
      - input: ref('number')
        rows:
          - {number: 2}
    expect:
      rows:
        - {number: 4}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A dbt project of two models, with a unit test of one and a test of what it holds."""
    folder = tmp_path / "dbt_project"
    files = {
        "dbt_project.yml": "name: kho\nprofile: kho\nmodel-paths: [models]\ntest-paths: [tests]\n"
        "models: {kho: {+materialized: table}}\n",
        "profiles.yml": (PROJECT / "dbt_project" / "profiles.yml").read_text(encoding="utf-8"),
        "models/number.sql": "select 3 as number\n",
        "models/number.yml": "version: 2\nmodels:\n  - name: number\n    columns:\n      - name: number\n",
        "models/doubled.sql": "select number * 2 as number from {{ ref('number') }}\n",
        "models/doubled.yml": MODEL_YML,
        "tests/doubled_is_never_odd.sql": "select number from {{ ref('doubled') }} where number % 2 = 1\n",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(Settings, "dbt_project", folder)
    return folder


@pytest.fixture
def home(tmp_path: Path, project: Path) -> Settings:
    (tmp_path / "home").mkdir()
    return Settings(home=tmp_path / "home", sources=tmp_path / "sources")


def outcomes(built: list[warehouse.Built]) -> dict[str, str]:
    return {each.unique_id: each.outcome for each in built if each.unique_id != "model.kho.number"}


def test_a_build_tests_the_data_and_an_untested_one_nothing(home: Settings) -> None:
    """Unit tests ask nothing of the data; ``test_dbt.py`` runs those of the project."""
    assert outcomes(warehouse.build(home, tested=False)) == {MODEL: "ok"}
    assert warehouse.built_from(home) == warehouse.state(home)
    assert outcomes(warehouse.build(home)) == {MODEL: "ok", TEST: "ok"}


def test_a_failing_test_fails_the_build_until_it_is_mended(home: Settings, project: Path) -> None:
    model = project / "models" / "doubled.sql"
    right = model.read_text(encoding="utf-8")
    model.write_text("select number * 3 as number from {{ ref('number') }}\n", encoding="utf-8")
    for _ in range(2):
        built = warehouse.build(home)
        assert outcomes(built) == {MODEL: "ok", TEST: "failed"}
        assert [(each.unique_id, each.failures) for each in warehouse.failed(built)] == [(TEST, 1)]
        assert warehouse.built_from(home) is None
    model.write_text(right, encoding="utf-8")
    assert warehouse.failed(warehouse.build(home)) == []
    assert warehouse.built_from(home) == warehouse.state(home)
