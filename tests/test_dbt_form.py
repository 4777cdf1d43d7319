"""Rules of form of the dbt project: what is derived is fresh, who reads whom, what every file of it says and avoids.

Nothing is built for them; what the models answer is asked in ``test_dbt.py``.
"""

import json
from pathlib import Path

import pytest
import yaml

from orchestration.building import changes, dbt_calls, derive, kpis, reconciliation
from orchestration.settings import Settings
from schemas import datasets

MODELS = Settings().dbt_project / "models"
#: The tables that say what a change concerns are read by the models of which it replaces a part.
REPLACING = {
    "changed_person": {
        "fct_resident",
        "dim_person",
        "fct_training_target",
        "int_commune_resident",
        "int_learner",
        "int_compared_resident",
        "int_resident_reported_twice",
    },
    "changed_commune": {"int_commune_resident"},
}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory) -> dict:
    home = Settings(home=tmp_path_factory.mktemp("home"))
    return json.loads(dbt_calls.manifest(home).read_text(encoding="utf-8"))


def models(manifest: dict) -> list[dict]:
    return [each for each in manifest["nodes"].values() if each["resource_type"] == "model"]


def test_sources_yml_is_what_the_declarations_say():
    text = derive.sources_path(Settings()).read_text(encoding="utf-8")
    assert text == derive.sources_yaml(datasets().values()), "stale: run kho derive"


def test_the_models_that_gather_kpis_and_pairs_are_what_the_declarations_say():
    gathering = kpis.derived_files(MODELS / "kpi") | reconciliation.derived_files(MODELS / "reconciliation")
    assert len(gathering) == 5
    for path, text in gathering.items():
        assert path.read_text(encoding="utf-8") == text, "stale: run kho derive"


def test_no_key_stands_twice_in_a_yml():
    """YAML's readers keep the last one and say nothing: a mart once lost its audience so."""

    class Strict(yaml.CSafeLoader):
        pass

    def mapping(loader, node, deep=False):
        keys = [loader.construct_object(key) for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"{node.start_mark.name}:{node.start_mark.line + 1}: {keys}"
        return yaml.CSafeLoader.construct_mapping(loader, node, deep)

    Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    files = sorted(MODELS.parent.rglob("*.yml"))
    assert len(files) > len(datasets())
    for file in files:
        with file.open(encoding="utf-8") as text:
            yaml.load(text, Strict)


def test_refreshing_writes_only_what_differs(tmp_path, monkeypatch):
    target = tmp_path / "models" / "sources.yml"
    target.parent.mkdir()
    monkeypatch.setattr(Settings, "dbt_project", tmp_path)
    assert derive.refresh(Settings()) == [target]
    assert derive.refresh(Settings()) == []
    assert target.read_text(encoding="utf-8") == derive.sources_path(Settings()).read_text(encoding="utf-8")


def test_marts_read_core_and_marts_and_core_reads_core_and_sources_only(manifest):
    allowed = {"core": {"core", "bronze"}, "marts": {"core", "marts"}, "ops": {"core", "bronze"}}
    schemas = {key: each["schema"] for key, each in manifest["nodes"].items()}
    schemas |= {key: each["source_name"] for key, each in manifest["sources"].items()}
    for node in models(manifest):
        read = {schemas[key] for key in node["depends_on"]["nodes"]}
        assert read <= allowed[node["schema"]], node["name"]
        assert (
            node["name"].split("_")[0]
            in {
                "core": {"dim", "fct", "bridge", "geography", "kpi", "rec", "int"},
                "marts": {"mart"},
                "ops": {"lineage"},
            }[node["schema"]]
        )


def test_only_one_model_reads_the_ledger_and_one_macro_decides_what_counts(manifest):
    ledger = "source.kho.bronze.submission"
    exported = {ledger, *(f"source.kho.bronze.{each.name}" for each in derive.EXPORTED)}
    for source in exported:
        readers = [each["name"] for each in models(manifest) if source in each["depends_on"]["nodes"]]
        expected = REPLACING.get(source.rpartition(".")[2])
        assert set(readers) == expected if expected else len(readers) == 1, source
        assert source != ledger or readers == ["fct_submission"]
    for node in models(manifest):
        if any(key.startswith("source.") and key not in exported for key in node["depends_on"]["nodes"]):
            assert changes.CURRENT_ROWS & set(node["depends_on"]["macros"]), node["name"]


def test_every_mart_answers_a_question_and_questions_are_asked_of_marts_only(manifest):
    marts = {each["unique_id"] for each in models(manifest) if each["schema"] == "marts"}
    asked = [set(each["depends_on"]["nodes"]) for each in manifest["exposures"].values()]
    assert set.union(*asked) == marts
    assert all(asked)


def test_the_sql_of_a_kpi_is_below_forty_lines():
    heights = {each.id: _lines(MODELS / "kpi" / f"kpi_{each.id}.sql") for each in kpis.declared_kpis(MODELS / "kpi")}
    assert {name: height for name, height in heights.items() if height >= 40} == {}


def _lines(file: Path) -> int:
    return len(file.read_text(encoding="utf-8").splitlines())


def test_models_avoid_what_other_engines_do_not_understand():
    banned = ("qualify", "group by all", "exclude (", "replace (", "string_agg", "regexp_", "//", "strftime", " ilike ")
    for file in MODELS.rglob("*.sql"):
        text = file.read_text(encoding="utf-8").lower()
        assert [word for word in banned if word in text] == [], file.name


def test_no_model_joins_communes_by_a_code_that_an_old_commune_has_too():
    """Whoever reads codes from dim_commune takes the present rows only; others join by the key."""
    for file in MODELS.rglob("*.sql"):
        text = " ".join(file.read_text(encoding="utf-8").split())
        for after in text.split("ref('dim_commune') }}")[1:]:
            step = text[: text.index(after)].rpartition(" as (")[2] + after.split("),")[0]
            assert "is_present" in step or "commune_code" not in step, file.name
