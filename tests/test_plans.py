"""No model compares every row with every row: DuckDB's plan of each is read.

A join without an equality costs the product of its sides. That is right where one side cannot grow with the files
that departments hand in; such tables are declared here, and a join is fine if one of its sides holds nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from orchestration.run import prepare_home
from orchestration.settings import Settings
from tests import compiled

pytestmark = pytest.mark.xdist_group("compiled")

#: Joins that look at every pair of rows, or may give every pair. A range alone is one: its result is not bounded.
EVERY_PAIR = {
    "NESTED_LOOP_JOIN",
    "BLOCKWISE_NL_JOIN",
    "CROSS_PRODUCT",
    "PIECEWISE_MERGE_JOIN",
    "IE_JOIN",
    "POSITIONAL_JOIN",
}
#: Tables that do not grow with the files, and why.
SMALL = {
    "core.land_type": "a seed: the codes of the land law, about a hundred",
    "core.dim_commune": "the communes of the country: they change by law",
    "core.int_commune_of_time": "the communes of the province, old and new",
    "core.dim_previous_version": "one row: the version published before",
}
#: One row each, whatever lies below.
ONE_ROW = {"UNGROUPED_AGGREGATE", "DUMMY_SCAN"}
SCANS = {"SEQ_SCAN", "READ_PARQUET", "READ_CSV"}

Node = dict[str, Any]


def plan_of(connection: duckdb.DuckDBPyConnection, sql: str) -> Node:
    """The physical plan of a query, as a tree under one root.

    What a warehouse without rows rules out happens in a full one, so the plan may not use what is known of its values.
    """
    connection.execute("set disabled_optimizers = 'statistics_propagation'")
    ((_, text),) = connection.execute(f"explain (format json) {sql}").fetchall()
    return {"name": "ROOT", "children": json.loads(text)}


def nodes(plan: Node) -> Iterator[Node]:
    yield plan
    for child in plan["children"]:
        yield from nodes(child)


def fact(node: Node, name: str) -> str:
    return str((node.get("extra_info") or {}).get(name, ""))


def grows_with(node: Node, expressions: dict[str, Node]) -> set[str]:
    """The tables below a node that make it larger when files come in; what cannot be told is named as it is."""
    if node["name"] in ONE_ROW:
        return set()
    if node["name"] == "CTE_SCAN":
        return grows_with(expressions[fact(node, "CTE Index")], expressions)
    if not node["children"]:
        table = ".".join(fact(node, "Table").split(".")[-2:])
        return set() if table in SMALL else {table or node["name"]}
    return {table for child in node["children"] for table in grows_with(child, expressions)}


def every_pair(connection: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    """Joins of a query in which both sides grow with the files."""
    plan = plan_of(connection, sql)
    expressions = {fact(node, "Table Index"): node["children"][0] for node in nodes(plan) if node["name"] == "CTE"}
    found = []
    for node in nodes(plan):
        if node["name"] in EVERY_PAIR:
            sides = [sorted(grows_with(child, expressions)) for child in node["children"]]
            if all(sides):
                found.append(f"{node['name']} of {sides[0]} with {sides[1]}")
    return found


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A warehouse without any file: its plans have the same joins as those of one with a million residents."""
    folder = tmp_path_factory.mktemp("plans")
    settings = Settings(home=folder / "home", sources=folder / "sources", stable_seconds=0)
    prepare_home(settings)
    compiled.build(settings)
    return settings


def test_no_model_compares_every_row_with_every_row(province: Settings) -> None:
    models = compiled.models(province)
    assert len(models) > 40
    with duckdb.connect(province.warehouse, read_only=True) as connection:
        found = {name: every_pair(connection, sql) for name, sql in models.items()}
    assert {name: pairs for name, pairs in found.items() if pairs} == {}


@pytest.mark.parametrize(
    "join",
    [
        "core.fct_resident as a cross join core.fct_parcel_owner as b",
        "core.fct_resident as a join core.fct_parcel_owner as b on a.birth_year < b.source_row",
        "core.fct_resident as a join core.fct_resident as b on a.citizen_key = b.citizen_key or a.village = b.village",
        "core.fct_resident as a join core.fct_parcel_owner as b on a.village like b.owner_key || '%'",
        "core.fct_resident as a cross join (select distinct period from core.fct_parcel_owner) as b",
        "core.fct_resident as a join core.dim_commune as c on true join core.fct_parcel_owner as b on true",
    ],
)
def test_a_join_of_two_facts_without_an_equality_is_noticed(province: Settings, join: str) -> None:
    with duckdb.connect(province.warehouse, read_only=True) as connection:
        assert every_pair(connection, f"select count(*) from {join}")


@pytest.mark.parametrize(
    "join",
    [
        "core.fct_resident as a join core.fct_parcel_owner as b on a.citizen_key = b.owner_citizen_key",
        "core.fct_resident as a cross join core.land_type as b",
        "core.fct_resident as a cross join (select count(*) from core.fct_parcel_owner) as b",
    ],
)
def test_an_equality_and_a_side_that_does_not_grow_are_fine(province: Settings, join: str) -> None:
    with duckdb.connect(province.warehouse, read_only=True) as connection:
        assert every_pair(connection, f"select count(*) from {join}") == []


def test_every_table_that_is_declared_small_exists(province: Settings) -> None:
    with duckdb.connect(province.warehouse, read_only=True) as connection:
        tables = connection.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall()
    assert set(SMALL) <= {name for (name,) in tables}
