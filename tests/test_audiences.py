"""Audiences: what each may see follows from what models and columns declare, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.settings import Settings
from orchestration.sharing.audiences import (
    Audiences,
    Reach,
    Relation,
    SmallCells,
    UnknownAudienceError,
    declared_audiences,
    visible_columns,
)
from schemas import datasets

DEPARTMENTS = {declaration.department for declaration in datasets().values()}


@pytest.fixture(scope="module")
def audiences() -> Audiences:
    return declared_audiences(Settings())


def relation(reach: Reach, **columns: str) -> Relation:
    return Relation(
        schema="core", name="t", columns=columns, reach=reach, departments=frozenset({"land"}), small_cells=None
    )


@pytest.mark.parametrize(
    ("reach", "seen_by"),
    [
        ("shared", {"shared"}),
        ("owner", {"shared", "department:land"}),
        ("departments", {"shared", "department:land", "department:finance"}),
        ("open", {"shared", "department:land", "department:finance", "open"}),
    ],
)
def test_a_model_goes_as_far_as_it_says_and_no_further(reach: str, seen_by: set[str]) -> None:
    everybody = ("open", "shared", "department:land", "department:finance")
    assert {each for each in everybody if visible_columns(relation(reach, a="open"), each)} == seen_by


def test_open_data_have_the_open_columns_only() -> None:
    table = relation("open", a="open", b="internal", c="open")
    assert visible_columns(table, "open") == ("a", "c")
    assert visible_columns(table, "shared") == visible_columns(table, "department:finance") == ("a", "b", "c")


def test_there_is_an_audience_for_everybody_for_analysts_and_for_each_department(audiences: Audiences) -> None:
    assert set(audiences.all) == {"open", "shared", *(f"department:{name}" for name in DEPARTMENTS)}
    with pytest.raises(UnknownAudienceError, match="department:land"):
        audiences["department:sea"]


def test_a_department_sees_all_marts_and_the_facts_of_its_own_datasets_only(audiences: Audiences) -> None:
    marts = {name for name in audiences["shared"].relations if name.startswith("marts.")}
    common = set(audiences.common)
    assert marts <= common
    own = {name: set(audiences[f"department:{name}"].relations) - common for name in sorted(DEPARTMENTS)}
    assert own == {
        "connectivity": {"core.fct_commune_connectivity", "core.fct_village_connectivity"},
        "direction": {"core.fct_task", "core.fct_dti_score", "core.fct_document_month"},
        "finance": {"core.fct_digital_spending"},
        "home_affairs": {"core.fct_official", "core.fct_archive_fonds"},
        "land": {"core.fct_parcel_owner"},
        "population": {"core.fct_resident"},
        "public_service": {"core.fct_dossier"},
        "training": {"core.fct_training_completion"},
    }


def test_no_row_of_open_data_is_about_one_person_file_or_parcel(audiences: Audiences) -> None:
    shown = audiences["open"].relations
    assert set(shown) == {"core.dim_commune", "core.kpi_definition", "marts.mart_commune_overview", "marts.mart_kpi"}
    columns = {column for each in shown.values() for column in each}
    assert not {column for column in columns if "citizen" in column or column in ("submission_id", "file_name")}


def test_a_column_that_a_dataset_does_not_call_open_is_not_called_open_by_a_fact(audiences: Audiences) -> None:
    """Facts carry the columns of datasets under their names; dimensions and marts make their own."""
    closed = {
        column.name
        for declaration in datasets().values()
        for column in declaration.warehouse_columns
        if column.classification != "open"
    }
    facts = [each for each in audiences.relations.values() if each.name.startswith("fct_")]
    wrong = [
        (each.name, name) for each in facts for name, kind in each.columns.items() if kind == "open" and name in closed
    ]
    assert wrong == []


def test_whatever_of_open_data_counts_persons_says_how_small_figures_are_withheld(audiences: Audiences) -> None:
    """Tables of open data without such counts: the communes themselves, and what the KPIs mean."""
    without = {name for name in audiences["open"].relations if name not in audiences.small_cells}
    assert without == {"core.dim_commune", "core.kpi_definition"}
    for name, spec in audiences.small_cells.items():
        figures = {*spec.counts, *spec.derived, *spec.part_of, *spec.part_of.values(), *spec.slice, spec.place}
        assert figures <= set(audiences.relations[name].columns)


def test_an_unknown_reach_or_key_of_small_cells_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        SmallCells.declared({"place": "a", "counts": ["b"], "treshold": 3})
