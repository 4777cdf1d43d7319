"""Lineage worked out from SQL alone: the project as plain SQL, columns through the models, the rows behind a value."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from orchestration.lineage.columns import ColumnLineage, Source
from orchestration.lineage.project import Project, read_project
from orchestration.lineage.provenance import Provenance
from orchestration.lineage.queries import UntraceableError
from orchestration.settings import Settings
from tests import compiled

#: A warehouse of one fact, a dimension, and marts over them.
MODELS = {
    "core/fct_visit": "select submission_id, source_sheet, source_row, person, place, cost from bronze.visits",
    "core/dim_person": "select person, max(place) as home from {{ ref('fct_visit') }} group by person",
    "core/kpi_cost": "select place, cost as amount from {{ ref('fct_visit') }} where cost > 1",
    "marts/mart_place": """
        with visits as (select place, person, cost, cost > 5 as is_dear from {{ ref('fct_visit') }}),
        counted as (
            select
                place,
                count(*) as visits,
                count(distinct person) as persons,
                sum(case when is_dear then 1 else 0 end) as dear_visits,
                sum(cost) as cost
            from visits
            group by place
        ),
        ranked as (select *, row_number() over (order by cost) as cost_rank, lag(cost) over (order by cost) as before from counted)
        select * from ranked""",
    "marts/mart_both": """
        with amounts as (
            select 'all' as place, amount from {{ ref('kpi_cost') }}
            union all
            select place, amount from {{ ref('kpi_cost') }}
        ),
        homes as (select distinct home from {{ ref('dim_person') }}),
        summed as (select place, sum(amount) as amount from amounts group by place)
        select summed.place, summed.amount, homes.home as lives_here
        from summed left join homes on summed.place = homes.home""",
}
COLUMNS = {
    "fct_visit": "submission_id source_sheet source_row person place cost",
    "dim_person": "person home",
    "kpi_cost": "place amount",
    "mart_place": "place visits persons dear_visits cost cost_rank before",
    "mart_both": "place amount lives_here",
}
#: person, place, cost; its row is its number in this list.
VISITS = [("ann", "x", 2), ("ann", "x", 9), ("bob", "x", 0), ("bob", "y", 7), ("eve", "z", None)]


def described(name: str, columns: str) -> str:
    lines = "".join(f"      - name: {each}\n        description: What it is.\n" for each in columns.split())
    return f"    description: One row per thing.\n    columns:\n{lines}".replace(
        "    description", f"  - name: {name}\n    description", 1
    )


@pytest.fixture
def project(tmp_path: Path) -> Project:
    folder = tmp_path / "dbt_project"
    (folder / "macros").mkdir(parents=True)
    for name, sql in MODELS.items():
        file = folder / "models" / f"{name}.sql"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(sql)
        file.with_suffix(".yml").write_text("models:\n" + described(file.stem, COLUMNS[file.stem]))
    source = described("visits", COLUMNS["fct_visit"]).replace("\n", "\n    ")
    (folder / "models" / "sources.yml").write_text(f"sources:\n  - name: bronze\n    tables:\n    {source}\n")
    (folder / "dbt_project.yml").write_text(
        "models: {kho: {core: {+schema: core, kpi_cost: {+materialized: ephemeral}}, marts: {+schema: marts}}}\n"
    )
    return Project(folder, "15")


@pytest.fixture
def rows_behind(project: Project):
    """The source rows behind a column of the rows of a mart that a condition selects, as DuckDB finds them."""
    connection = duckdb.connect()
    connection.execute(
        "create schema core; create schema marts; create table core.dim_person as select '' as person, 'y' as home"
    )
    connection.execute(
        "create table core.fct_visit (submission_id varchar, source_sheet varchar, source_row bigint, person varchar, place varchar, cost int)"
    )
    for row, visit in enumerate(VISITS, 1):
        connection.execute("insert into core.fct_visit values ('s', 'S', ?, ?, ?, ?)", [row, *visit])

    def found(relation: str, column: str, where: str) -> list[int] | None:
        query = Provenance(ColumnLineage(project), relation).query(column, where)
        if query is None:
            return None
        return sorted(pointer["source_row"] for (facts,) in connection.execute(query).fetchall() for pointer in facts)

    return found


def test_a_count_is_made_of_the_rows_that_it_counts(rows_behind) -> None:
    assert rows_behind("marts.mart_place", "visits", "place = 'x'") == [1, 2, 3]
    assert rows_behind("marts.mart_place", "persons", "place = 'x'") == [1, 2, 3]
    assert rows_behind("marts.mart_place", "dear_visits", "place = 'x'") == [2]


def test_a_sum_is_made_of_the_rows_that_add_something(rows_behind) -> None:
    assert rows_behind("marts.mart_place", "cost", "place = 'x'") == [1, 2]
    assert rows_behind("marts.mart_place", "cost", "place = 'z'") == []


def test_steps_and_branches_of_a_union_are_followed(rows_behind) -> None:
    assert rows_behind("marts.mart_both", "amount", "place = 'all'") == [1, 2, 4]
    assert rows_behind("marts.mart_both", "amount", "place = 'y'") == [4]


def test_a_dimension_is_no_fact_unless_it_is_asked_for_itself(rows_behind) -> None:
    assert rows_behind("marts.mart_both", "lives_here", "true") is None
    assert rows_behind("core.dim_person", "home", "person = 'bob'") == [3, 4]


def test_a_fact_is_its_own_row(rows_behind) -> None:
    assert rows_behind("core.fct_visit", "cost", "cost = 9") == [2]


def test_a_rank_belongs_to_its_row_and_a_value_of_another_row_is_not_guessed(rows_behind) -> None:
    assert rows_behind("marts.mart_place", "cost_rank", "place = 'y'") == [4]
    with pytest.raises(UntraceableError, match="lag looks at other rows than its own"):
        rows_behind("marts.mart_place", "before", "true")


def test_columns_are_followed_to_where_they_begin(project: Project) -> None:
    lineage = ColumnLineage(project)
    assert lineage.direct("marts.mart_place", "dear_visits") == (Source("core.fct_visit", "cost", "aggregated"),)
    assert lineage.direct("marts.mart_place", "visits") == (Source("core.fct_visit", "*", "aggregated"),)
    assert lineage.direct("marts.mart_both", "amount") == (Source("core.kpi_cost", "amount", "aggregated"),)
    assert lineage.direct("core.kpi_cost", "amount") == (Source("core.fct_visit", "cost", "copied"),)
    assert lineage.origins("marts.mart_both", "amount") == (Source("bronze.visits", "cost", "aggregated"),)
    assert lineage.origins("marts.mart_place", "visits") == (Source("bronze.visits", "*", "aggregated"),)
    assert lineage.bronze_tables("marts.mart_both") == ["visits"]


# --- the province's own project ----------------------------------------------------------------------------------------
def plain(sql: str) -> str:
    """A query without what dbt adds: the names of the database and of Parquet files, and steps written out before it."""
    query = sqlglot.parse_one(sql, dialect="duckdb")
    prefix = "__dbt__cte__"
    steps = query.args.get("with_") or query.args.get("with")
    if steps:
        kept = [each for each in steps.expressions if not each.alias.startswith(prefix)]
        steps.set("expressions", kept) if kept else steps.pop()
    for table in list(query.find_all(exp.Table)):
        file = re.search(r"bronze/(\w+)(?:/\*)?\.parquet", table.sql("duckdb"))
        alias = table.alias_or_name.removeprefix(prefix) if table.alias or not file else file[1]
        table.replace(exp.table_(file[1] if file else table.name.removeprefix(prefix), alias=alias))
    return re.sub(r'"|__dbt__cte__', "", query.sql("duckdb", comments=False))


@pytest.mark.xdist_group("compiled")
def test_the_project_read_as_text_is_what_dbt_compiles() -> None:
    project = compiled._project()
    read = read_project(Settings(province="15")).relations
    models = [each for each in project.tables if read[each.name].sql is not None]
    assert len(models) > 40
    for model in models:
        dbt = model.sql.replace(compiled._ANY_PROVINCE, "15")
        assert plain(read[model.name].sql or "") == plain(dbt), model.name


def test_every_column_of_every_mart_is_traced_or_is_said_to_be_no_fact() -> None:
    """What looks at other rows than its own is named here, so that a model in which more is lost does not go unseen."""
    lineage = ColumnLineage(read_project(Settings()))
    lost = set()
    for name, relation in lineage.relations.items():
        for column in relation.columns if relation.schema == "marts" else ():
            try:
                Provenance(lineage, name).query(column, "true")
            except UntraceableError:
                lost.add(f"{relation.name}.{column}")
    forecast = {"slope_per_quarter", "forecast", "forecast_low", "forecast_high"}
    assert lost == {"mart_kpi.previous_value", "mart_kpi.trend", *(f"mart_kpi_forecast.{each}" for each in forecast)}
