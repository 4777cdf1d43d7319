"""Building the warehouse with dbt, and knowing what it was built from.

Belongs here: a build from its export to its marker, what became of it, the facts that decide whether one is needed.
Does not belong here: what changed since the last one (``changes.py``), calling dbt (``dbt_calls.py``), SQL
(``dbt_project/``), publishing (``sharing/publish.py``), Dagster (``assets.py``).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import duckdb

from orchestration.building import derive
from orchestration.building.changes import Changes, Inputs, affected, compare, export_changed, inputs
from orchestration.building.dbt_calls import invoke, project
from orchestration.building.predecessor import export_predecessor
from orchestration.files import replacing
from orchestration.intake.bronze import export_for_dbt
from orchestration.intake.ledger import Ledger
from orchestration.lineage.exported import export_lineage
from orchestration.project_code import project_code
from orchestration.settings import Settings
from orchestration.sharing.versions import Facts, current

Outcome = Literal["ok", "warned", "failed", "skipped"]
#: The tables that dbt reads beside bronze and ``submission``.
EXPORTED = derive.EXPORTED
#: Tests that say in a column ``broken`` which of their claims does not hold.
_TELLING = ("well_formed", "refers")
#: What dbt's words mean here; every other one is a failure.
_OUTCOMES: dict[str, Outcome] = {
    "success": "ok",
    "pass": "ok",
    "no-op": "ok",
    "warn": "warned",
    "skipped": "skipped",
}


@dataclass(frozen=True)
class Built:
    """What became of one model, seed or test, in this build or, for 0 seconds, in an earlier one.

    failures: rows that break a test.
    """

    unique_id: str
    outcome: Outcome
    seconds: float
    failures: int
    message: str


def state(settings: Settings) -> Facts:
    """What a warehouse built now would be built from: the ledger as it stands, and the dbt project."""
    return Facts(ledger_sequence=Ledger(settings.ledger).last_sequence(changing=True), code=project_code(settings))


def is_published(settings: Settings) -> bool:
    """The published version already shows the ledger as it stands, and is in place."""
    published = current(settings)
    return published is not None and published.facts == state(settings) and published.path.exists()


def built_from(settings: Settings) -> Facts | None:
    """What the warehouse file was built from; None unless its last build succeeded as a whole."""
    built = _last_build(settings)
    return built.facts if built else None


@dataclass(frozen=True)
class _LastBuild:
    """What a build that succeeded says of itself in its marker. tests: what dbt's tests found, where it tested."""

    facts: Facts
    inputs: Inputs
    tests: list[Built]


def _last_build(settings: Settings) -> _LastBuild | None:
    try:
        marker = json.loads(_marker(settings).read_text(encoding="utf-8"))
        tests = [Built(**each) for each in marker["tests"]]
        return _LastBuild(Facts(**marker["facts"]), Inputs.read(marker["inputs"]), tests)
    except FileNotFoundError:
        return None
    except (KeyError, TypeError):  # of a kho that kept other facts of a build
        return None


def _marker(settings: Settings) -> Path:
    return settings.dbt_target / "built.json"


def export(settings: Settings) -> dict[str, int]:
    """Write what dbt reads beside bronze: the ledger, what follows from it, the version before, lineage.

    Returns rows by table.
    """
    found = export_for_dbt(settings) | export_predecessor(settings, state(settings)) | export_lineage(settings)
    return found | export_changed(settings, None)


def build(settings: Settings, *, tested: bool = True) -> list[Built]:
    """Build and test the warehouse from bronze; the caller holds the warehouse lock.

    tested: False leaves out dbt's tests, which take a third of the time. Unit tests ask nothing of the data:
    they belong to the project's own tests, and no build runs them.

    A build that follows a successful one of the same code leaves alone the models of which nothing changed, and in
    those of a row a person replaces the persons concerned; the content is the same as that of a build of the whole.
    What a failed build left is marked as such, by the absence of the marker, and built as a whole by the next one.
    Raises BuildError if dbt could not even begin.
    """
    derive.refresh(settings)
    last = _last_build(settings)
    _marker(settings).unlink(missing_ok=True)
    discard_half_made(settings)
    facts = state(settings)  # before the export: what comes in between is built by the next run
    now = inputs(settings, export(settings))
    changes = _changes(settings, last, facts, now) if last and (last.tests or not tested) else None
    export_changed(settings, changes)
    if changes is None:
        remove(settings)  # made anew beside what is there, the tables would leave as much free space in the file
    left_out = ("--exclude-resource-type", "unit_test", *(() if tested else ("test",)))
    known = project(settings)
    with _room_for_concerned(settings) if changes else nullcontext():
        result = invoke(settings, "build", "--no-write-json", *left_out, *_scope(known, changes), known=known)
        built = [_built(settings, each) for each in result.results]  # asks a failed test once more what it found
    if changes and last and tested:
        built += _still_valid(last.tests, built)
    if not failed(built):
        marker = _LastBuild(facts, now, [each for each in built if each.unique_id.startswith("test.")])
        with replacing(_marker(settings)) as file:
            file.write_text(json.dumps(asdict(marker)), encoding="utf-8")
    return built


@contextmanager
def _room_for_concerned(settings: Settings) -> Iterator[None]:
    """The schema for rows that a build leaves for its own later steps (``dbt_project/macros/changes.sql``).

    No model makes it, because two begin at a time. A build that ends with an error leaves it: the next one begins with
    an empty file.
    """
    with duckdb.connect(settings.warehouse) as connection:
        connection.execute("create schema concerned")
    yield
    with duckdb.connect(settings.warehouse) as connection:
        connection.execute("drop schema concerned cascade")


def _still_valid(tests: list[Built], built: list[Built]) -> list[Built]:
    """What the last build's tests found in tables that this one left alone."""
    run = {each.unique_id for each in built}
    return [replace(each, seconds=0, message="nothing of it changed") for each in tests if each.unique_id not in run]


def _changes(settings: Settings, last: _LastBuild, facts: Facts, now: Inputs) -> Changes | None:
    """What a build has to follow; None where it has to build everything."""
    if not settings.warehouse.exists() or last.facts.code != facts.code:
        return None
    changes = compare(settings, last.inputs, now)
    return changes if changes and changes.tables else None  # asked to build the same again: everything


def _scope(known: Any, changes: Changes | None) -> tuple[str, ...]:
    """The options by which dbt builds everything, or what follows from the changes. known: the parsed project."""
    if changes is None:
        return ("--full-refresh",)
    return ("--vars", "{follows_a_change: true}", "--select", *affected(known.nodes, known.sources, changes))


def remove(settings: Settings) -> None:
    """Remove the warehouse, so that the next build begins with nothing; the caller holds the warehouse lock."""
    _marker(settings).unlink(missing_ok=True)
    for file in (settings.warehouse, settings.warehouse.with_name(settings.warehouse.name + ".wal")):
        file.unlink(missing_ok=True)  # a .wal that is left behind would be replayed onto the next warehouse


def discard_half_made(settings: Settings) -> None:
    """Remove a warehouse that does not open: DuckDB does not make a file at once, and a run can be killed meanwhile.

    Nothing is lost: the warehouse is made from bronze. Raises duckdb.IOException where another program has it open.
    """
    if not settings.warehouse.exists():
        return
    try:
        duckdb.connect(settings.warehouse).close()
    except duckdb.Error as error:
        if "Could not set lock on file" in str(error):
            raise
        remove(settings)


def failed(built: Sequence[Built]) -> list[Built]:
    """The models that could not be built and the tests that failed."""
    return [each for each in built if each.outcome == "failed"]


def row_counts(settings: Settings) -> dict[str, int]:
    """Rows of every table, by schema.table; none if the warehouse does not exist."""
    if not settings.warehouse.exists():
        return {}
    with duckdb.connect(settings.warehouse) as connection:
        tables = connection.execute("select schema_name, table_name from duckdb_tables() where not internal").fetchall()
        found = (
            (schema, table, connection.execute(f'select count(*) from "{schema}"."{table}"').fetchone())
            for schema, table in tables
        )
        return {f"{schema}.{table}": int(row[0]) for schema, table, row in found if row}


def _built(settings: Settings, result: Any) -> Built:
    status = str(getattr(result.status, "value", result.status))
    return Built(
        unique_id=result.node.unique_id,
        outcome=_OUTCOMES.get(status, "failed"),
        seconds=round(result.execution_time, 3),
        failures=int(result.failures or 0),
        message=": ".join(filter(None, [str(result.message or ""), _broken(settings, result)])),
    )


def _broken(settings: Settings, result: Any) -> str:
    """Which claims of a failed test do not hold; they name columns, never a value."""
    test = getattr(result.node, "test_metadata", None)
    if test is None or test.name not in _TELLING or not result.failures:
        return ""
    with duckdb.connect(settings.warehouse) as connection:
        found = connection.execute(f"select distinct broken from ({result.node.compiled_code}) order by broken")
        return ", ".join(claim for (claim,) in found.fetchall())
