"""The dbt project as plain SQL, so that a test which asks what the models answer need not run dbt.

Belongs here: compiling the project once, and running what came out on the bronze of a home, model after model. Does not
belong here: tests of dbt itself, of seeds' tests and of the build (``test_dbt.py``, ``test_flow.py`` run it for real).
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import duckdb

from orchestration import dbt_calls, warehouse
from orchestration.settings import Settings
from orchestration.sharing.publish import publish

#: Stands for the province in compiled SQL; no code of a province, and no other text, looks like it.
_ANY_PROVINCE = "province-of-the-test"


@dataclass(frozen=True)
class _Model:
    name: str
    sql: str


@dataclass(frozen=True)
class _Project:
    """Seeds and models in an order in which they can be built; ``home``: the folder that their SQL names."""

    home: str
    models: list[_Model]


@cache
def _project() -> _Project:
    """Compile the project, which takes ten seconds, once in a process."""
    with tempfile.TemporaryDirectory(prefix="kho-compiled-") as folder:
        settings = Settings(home=Path(folder))
        for path in (settings.bronze, settings.dbt_target):
            path.mkdir(parents=True)
        warehouse.export(settings)
        anywhere = settings.model_copy(update={"province": _ANY_PROVINCE})
        nodes = json.loads(dbt_calls.manifest(anywhere).read_text(encoding="utf-8"))["nodes"]
        compiled = {each.node.unique_id: each.node for each in dbt_calls.invoke(anywhere, "compile").results}
        above = {
            key: [each for each in node["depends_on"]["nodes"] if each.startswith("model.")]
            for key, node in nodes.items()
            if key.startswith("model.")
        }
        order = [*(key for key in nodes if key.startswith("seed.")), *TopologicalSorter(above).static_order()]
        models = [
            _Model(f"{node.schema}.{node.name}", _seed_sql(node) if key.startswith("seed.") else node.compiled_code)
            for key in order
            if nodes[key]["config"]["materialized"] != "ephemeral" and (node := compiled[key])
        ]
        return _Project(folder, models)


def _seed_sql(node: object) -> str:
    types = {"string": "varchar", "double": "double"}
    columns = ", ".join(
        f"'{name}': '{types.get(kind, kind)}'"
        for name, kind in node.config.column_types.items()  # type: ignore[attr-defined]
    )
    file = Path(node.root_path) / node.original_file_path  # type: ignore[attr-defined]
    return f"select * from read_csv('{file}', header = true, types = {{{columns}}})"


def build(settings: Settings) -> None:
    """Build the warehouse of a home from its bronze, as dbt would; nothing is tested."""
    warehouse.export(settings)
    project = _project()
    settings.warehouse.unlink(missing_ok=True)
    with duckdb.connect(settings.warehouse) as connection:
        connection.execute("create schema core; create schema marts; create schema ops")
        for model in project.models:
            sql = model.sql.replace(project.home, str(settings.home)).replace(_ANY_PROVINCE, settings.province)
            connection.execute(f"create table {model.name} as {sql}")


def build_and_publish(settings: Settings) -> None:
    """The same, and publish it as a version of its own."""
    build(settings)
    publish(settings, facts=warehouse.state(settings))
