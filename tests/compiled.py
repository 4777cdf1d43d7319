"""The dbt project as plain SQL, so that a test which asks what the models answer need not run dbt.

Belongs here: compiling the project once for all workers, running what came out on the bronze of a home, model after
model, and standing in for ``dbt build`` in a whole run. Does not belong here: tests of dbt itself, of unit tests, of
what dbt writes beside the tables (``test_dbt.py``, ``test_flow.py`` run it for real).
"""

from __future__ import annotations

import fcntl
import json
import tempfile
import time
from dataclasses import asdict, dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from orchestration.building import dbt_calls, warehouse
from orchestration.files import replacing
from orchestration.settings import Settings
from orchestration.sharing.publish import publish

#: Stands for the province in compiled SQL; no code of a province, and no other text, looks like it.
_ANY_PROVINCE = "province-of-the-test"


@dataclass(frozen=True)
class _Node:
    """A table or a test, which may only warn. seed: the file of one, whose ``sql`` is the types of its columns."""

    unique_id: str
    name: str
    sql: str
    seed: str = ""
    warns: bool = False


@dataclass(frozen=True)
class _Project:
    """Seeds and models in an order in which they can be built; ``home``: the folder that their SQL names."""

    home: str
    tables: list[_Node]
    tests: list[_Node]


@cache
def _project() -> _Project:
    """The compiled project, which takes ten seconds; the first process that needs it makes it for all."""
    folder = Settings().parsed
    assert folder, "conftest.py names a folder that all workers share"
    folder.mkdir(exist_ok=True)
    kept = folder / "compiled.json"
    with (folder / "compiled.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            with replacing(kept) as file:
                file.write_text(json.dumps(asdict(_compile())), encoding="utf-8")
    read = json.loads(kept.read_text(encoding="utf-8"))
    return _Project(read["home"], *([_Node(**each) for each in read[kind]] for kind in ("tables", "tests")))


def _compile() -> _Project:
    with tempfile.TemporaryDirectory(prefix="kho-compiled-") as folder:
        settings = Settings(home=Path(folder))
        for path in (settings.bronze, settings.dbt_target):
            path.mkdir(parents=True)
        warehouse.export(settings)
        anywhere = settings.model_copy(update={"province": _ANY_PROVINCE})
        nodes = json.loads(dbt_calls.manifest(anywhere).read_text(encoding="utf-8"))["nodes"]
        results = dbt_calls.invoke(anywhere, "compile", "--no-write-json")
        compiled = {each.node.unique_id: each.node for each in results.results}
        above = {
            key: [each for each in node["depends_on"]["nodes"] if each.startswith("model.")]
            for key, node in nodes.items()
            if key.startswith("model.")
        }
        order = [*(key for key in nodes if key.startswith("seed.")), *TopologicalSorter(above).static_order()]
        tables = [_table(compiled[key]) for key in order if nodes[key]["config"]["materialized"] != "ephemeral"]
        tests = [_test(node) for key, node in compiled.items() if key.startswith("test.")]
        return _Project(folder, tables, tests)


def _test(node: Any) -> _Node:
    return _Node(node.unique_id, node.name, node.compiled_code, warns=node.config.severity.lower() == "warn")


def _table(node: Any) -> _Node:
    name = f"{node.schema}.{node.name}"
    if node.resource_type != "seed":
        return _Node(node.unique_id, name, node.compiled_code)
    types = {"string": "varchar", "double": "double"}
    columns = ", ".join(f"'{each}': '{types.get(kind, kind)}'" for each, kind in node.config.column_types.items())
    return _Node(node.unique_id, name, f"{{{columns}}}", seed=Path(node.original_file_path).name)


def build(settings: Settings) -> None:
    """Build the warehouse of a home from its bronze, as dbt would; nothing is tested."""
    warehouse.export(settings)
    run(settings, tested=False)


def build_and_publish(settings: Settings) -> None:
    """The same, and publish it as a version of its own."""
    build(settings)
    publish(settings, facts=warehouse.state(settings))


def dbt_stands_aside(patch: pytest.MonkeyPatch) -> None:
    """Let every build of this process run the compiled SQL, with the project's tests of the data, in place of dbt."""
    patch.setattr(warehouse, "project", lambda settings: None)
    patch.setattr(warehouse, "compare", lambda *_: None)  # it always builds the whole
    patch.setattr(
        warehouse, "invoke", lambda settings, _command, *options, known: run(settings, tested="test" not in options)
    )


def models(settings: Settings) -> dict[str, str]:
    """The compiled SQL of every model that is a table, by schema.table, as it reads the bronze of a home."""
    project = _project()
    return {each.name: _here(project, each.sql, settings) for each in project.tables if not each.seed}


def _here(project: _Project, sql: str, settings: Settings) -> str:
    return sql.replace(project.home, str(settings.home)).replace(_ANY_PROVINCE, settings.province)


def run(settings: Settings, *, tested: bool) -> SimpleNamespace:
    """Build everything; returns what dbt would say of it."""
    project = _project()
    settings.warehouse.unlink(missing_ok=True)
    results = []
    with duckdb.connect(settings.warehouse) as connection:
        connection.execute("create schema core; create schema marts; create schema ops")
        for each in project.tables:
            seed = f"select * from read_csv('{settings.seeds / each.seed}', header = true, types = {each.sql})"
            sql = seed if each.seed else _here(project, each.sql, settings)
            results.append(_result(connection, each, f"create table {each.name} as {sql}"))
        tests = project.tests if tested else []
        results += [
            _result(connection, each, f"select count(*) from ({_here(project, each.sql, settings)}) as t")
            for each in tests
        ]
    return SimpleNamespace(results=results)


def _result(connection: duckdb.DuckDBPyConnection, node: _Node, sql: str) -> SimpleNamespace:
    begin = time.monotonic()
    (answer,) = connection.execute(sql).fetchone() or (0,)
    is_test = node.unique_id.startswith("test.")
    failures = int(answer) if is_test else 0
    good, bad = ("pass", "warn" if node.warns else "fail") if is_test else ("success", "error")
    return SimpleNamespace(
        node=SimpleNamespace(unique_id=node.unique_id),
        status=bad if failures else good,
        execution_time=time.monotonic() - begin,
        failures=failures,
        message=f"Got {failures} results" if failures else "",
    )
