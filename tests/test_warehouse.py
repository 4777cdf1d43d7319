"""Building with dbt: which tests a build runs, what becomes of one that fails, what homes share.

Shown on a project of one model, because the warehouse's own takes a quarter of a minute to build.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest

from orchestration.building import warehouse
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
        "dbt_project.yml": "name: kho\nprofile: kho\nmodel-paths: [models]\nmacro-paths: [macros]\ntest-paths: [tests]\n"
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


@pytest.fixture(scope="module")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the homes of this module share what dbt parsed: the project is the same in most of them."""
    return tmp_path_factory.mktemp("parsed")


@pytest.fixture
def home(tmp_path: Path, project: Path, parsed: Path) -> Settings:
    (tmp_path / "home").mkdir()
    return Settings(home=tmp_path / "home", sources=tmp_path / "sources", parsed=parsed)


def outcomes(built: list[warehouse.Built]) -> dict[str, str]:
    return {each.unique_id: each.outcome for each in built if each.unique_id != "model.kho.number"}


def test_a_build_tests_the_data_and_an_untested_one_nothing(home: Settings) -> None:
    """Unit tests ask nothing of the data; ``test_dbt.py`` runs those of the project."""
    assert outcomes(warehouse.build(home, tested=False)) == {MODEL: "ok"}
    assert warehouse.built_from(home) == warehouse.state(home)
    assert outcomes(warehouse.build(home)) == {MODEL: "ok", TEST: "ok"}


def test_a_file_that_a_killed_run_left_half_made_is_made_anew_and_a_whole_one_stays(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    with duckdb.connect(settings.warehouse) as connection:
        connection.execute("create table kept as select 1 as one")
    whole = settings.warehouse.read_bytes()
    for length in (0, 1, 4096, 8192, 12_288, 20_000, len(whole) - 1):
        settings.warehouse.write_bytes(whole[:length])
        warehouse.discard_half_made(settings)
        assert not settings.warehouse.exists(), length
    settings.warehouse.write_bytes(whole[:12_288] + bytes(len(whole) - 12_288))  # DuckDB: a corrupt block
    warehouse.discard_half_made(settings)
    assert not settings.warehouse.exists()
    warehouse.discard_half_made(settings)
    settings.warehouse.write_bytes(whole)
    warehouse.discard_half_made(settings)
    assert settings.warehouse.read_bytes() == whole


def test_a_warehouse_that_another_program_has_open_is_not_taken_away(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    holding = (
        f"import duckdb, sys; held = duckdb.connect({str(settings.warehouse)!r}); print(flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", holding], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(duckdb.IOException, match="lock"):
            warehouse.discard_half_made(settings)
        other.communicate()
    assert settings.warehouse.exists()


def test_a_build_begins_anew_where_a_killed_one_left_an_empty_file(home: Settings) -> None:
    home.warehouse.write_bytes(b"")
    assert warehouse.failed(warehouse.build(home, tested=False)) == []
    assert warehouse.row_counts(home)


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


#: Rows (a, b, c, d, e, f) of a model, and what its test of form and that of references say about them.
GIVEN = {
    "sound": ("(1, 1, 3, 'x', 'y', 3), (1, null, null, 'y', null, null)", "", ""),
    "twice": ("(1, 1, 3, 'x', 'x', 3), (1, 1, 4, 'x', 'x', 3)", "a, b repeated", "c leads nowhere"),
    "second": (
        "(1, 1, 3, 'x', 'x', 5), (null, 2, 3, 'x', 'z', 5)",
        "a is null, c repeated, e has another value",
        "f leads nowhere",
    ),
    "empty": ("(1, 1, 3, cast(null as varchar), 'x', 3)", "d is null", ""),
    "other": ("(1, 1, 4, 'z', 'x', 5)", "d has another value", "c leads nowhere, f leads nowhere"),
}
DECLARED = """
  - name: {name}
    data_tests:
      - well_formed:
          name: {name}_form
          arguments:
            key: [a, b]
            further_keys: [[c]]
            filled: [a, d]
            values: {{d: [x, y], e: [x, y]}}
      - refers:
          name: {name}_references
          arguments:
            references:
              - {{column: c, to: ref('number'), field: number}}
              - {{column: f, to: ref('number'), field: number}}
"""


def test_a_failing_test_names_the_columns_that_break_it(home: Settings, project: Path) -> None:
    for folder in ("macros", "tests/generic"):
        shutil.copytree(PROJECT / "dbt_project" / folder, project / folder)
    declared = "version: 2\nmodels:" + "".join(DECLARED.format(name=name) for name in GIVEN)
    (project / "models" / "given.yml").write_text(declared, encoding="utf-8")
    expected = {}
    for name, (rows, form, references) in GIVEN.items():
        sql = f"select a, b, c, d, e, f from (values {rows}) as given (a, b, c, d, e, f)\n"
        (project / "models" / f"{name}.sql").write_text(sql, encoding="utf-8")
        expected |= {f"{name}_form": form, f"{name}_references": references}
    said = {each.unique_id.split(".")[2]: each for each in warehouse.build(home)}
    found = {name: said[name] for name in expected}
    assert {name: each.message.partition("if != 0: ")[2] for name, each in found.items()} == expected
    assert {name: each.outcome == "failed" for name, each in found.items()} == {
        name: bool(claims) for name, claims in expected.items()
    }


def test_homes_share_one_parse_and_read_their_own_bronze(tmp_path: Path, project: Path) -> None:
    """Whatever their names: a quote would end a text of SQL."""
    counted = "select count(*) as number from {{ source('bronze', 'population_residents') }}\n"
    (project / "models/number.sql").write_text(counted, encoding="utf-8")
    shared = tmp_path / "parsed"
    for rows, name in enumerate(("one", "another's"), start=1):
        home = Settings(home=tmp_path / name, sources=tmp_path / "sources", parsed=shared)
        home.home.mkdir()
        bronze = home.bronze / "population_residents"
        bronze.mkdir(parents=True)
        pl.DataFrame({"submission_id": ["s"] * rows}).write_parquet(bronze / "s.parquet")
        assert warehouse.failed(warehouse.build(home)) == []
        assert warehouse.row_counts(home) == {"main.doubled": 1, "main.number": 1}
        with duckdb.connect(home.warehouse, read_only=True) as connection:
            assert connection.execute("select number from main.doubled").fetchall() == [(2 * rows,)]
        assert len(list(shared.glob("manifest-*.msgpack"))) == 1
    assert not (home.dbt_target / "partial_parse.msgpack").exists()  # the second was never parsed
