"""Building the warehouse with dbt, and knowing what it was built from.

Belongs here: calling dbt, the manifest that the asset graph is made of, the facts that decide whether a build is
needed. Does not belong here: SQL (``dbt_project/``), publishing (``sharing/publish.py``), Dagster (``assets.py``).

dbt runs inside this process: ``dbt --version``, which dagster-dbt's own runner starts every time, asks a package
index on the internet, and a killed run must not leave a dbt process behind that goes on writing.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import duckdb

from orchestration import derive
from orchestration.files import private_folder, replacing
from orchestration.intake.bronze import export_for_dbt
from orchestration.intake.ledger import Ledger
from orchestration.lineage.exported import export_lineage
from orchestration.predecessor import export_predecessor
from orchestration.settings import Settings
from orchestration.sharing.publish import Facts, current

Outcome = Literal["ok", "warned", "failed", "skipped"]
#: Name of the lock that a run holds from its first file to the published version.
LOCK = "warehouse"
#: The tables that dbt reads beside bronze and ``submission``.
EXPORTED = derive.EXPORTED
_PROJECT_FILES = ("*.sql", "*.yml", "*.csv")
#: What dbt's words mean here; every other one is a failure.
_OUTCOMES: dict[str, Outcome] = {
    "success": "ok",
    "pass": "ok",
    "no-op": "ok",
    "warn": "warned",
    "skipped": "skipped",
}


class BuildError(RuntimeError):
    """dbt could not build the warehouse, or one of its tests failed."""


@dataclass(frozen=True)
class Built:
    """What became of one model, seed or test. ``failures``: rows that break a test."""

    unique_id: str
    outcome: Outcome
    seconds: float
    failures: int
    message: str


def state(settings: Settings) -> Facts:
    """What a warehouse built now would be built from: the ledger as it stands, and the dbt project."""
    return Facts(ledger_sequence=Ledger(settings.ledger).last_sequence(changing=True), code=project_code(settings))


def project_code(settings: Settings) -> str:
    """Hash of everything besides the ledger that decides what the warehouse holds."""
    digest = hashlib.sha256(f"{settings.province} {duckdb.__version__}".encode())
    files = (file for pattern in _PROJECT_FILES for file in settings.dbt_project.rglob(pattern))
    for file in sorted(files):
        digest.update(f"\0{file.relative_to(settings.dbt_project)}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def is_published(settings: Settings) -> bool:
    """The published version already shows the ledger as it stands, and is in place."""
    published = current(settings)
    return published is not None and published.facts == state(settings) and published.path.exists()


def built_from(settings: Settings) -> Facts | None:
    """What the warehouse file was built from; None unless its last build succeeded as a whole."""
    try:
        return Facts(**json.loads(_marker(settings).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def _marker(settings: Settings) -> Path:
    return settings.dbt_target / "built.json"


def manifest(settings: Settings) -> Path:
    """dbt's manifest of the project as it stands; parses the project if there is none yet."""
    derive.refresh(settings)
    private_folder(settings.dbt_target)
    found = settings.dbt_target / f"manifest-{project_code(settings)}.json"
    if not found.exists():
        _invoke(settings, "parse")
        for stale in settings.dbt_target.glob("manifest-*.json"):
            stale.unlink(missing_ok=True)
        # Under a name of its own, so that no process ever reads the manifest of another parse, or half a file.
        with replacing(found) as file:
            (settings.dbt_target / "manifest.json").replace(file)
    return found


def export(settings: Settings) -> dict[str, int]:
    """Write what dbt reads beside bronze: the ledger, what follows from it, the version before, lineage.

    Returns rows by table.
    """
    return export_for_dbt(settings) | export_predecessor(settings, state(settings)) | export_lineage(settings)


def build(settings: Settings, *, tested: bool = True) -> list[Built]:
    """Build and test the whole warehouse from bronze; the caller holds the warehouse lock.

    tested: False leaves out dbt's tests, which take more than half of the time. Unit tests ask nothing of the data:
    they belong to the project's own tests, and no build runs them.

    Always the whole: a warehouse of which only some tables are new could not be published. What a failed build left
    is marked as such, by the absence of the marker. Raises BuildError if dbt could not even begin.
    """
    derive.refresh(settings)
    _marker(settings).unlink(missing_ok=True)
    facts = state(settings)  # before the export: what comes in between is built by the next run
    export(settings)
    left_out = ("--exclude-resource-type", "unit_test", *(() if tested else ("test",)))
    result = _invoke(settings, "build", "--no-write-json", *left_out)
    built = [_built(each) for each in result.results]
    if not failed(built):
        with replacing(_marker(settings)) as file:
            file.write_text(json.dumps(asdict(facts)), encoding="utf-8")
    return built


def remove(settings: Settings) -> None:
    """Remove the warehouse, so that the next build begins with nothing; the caller holds the warehouse lock."""
    _marker(settings).unlink(missing_ok=True)
    for file in (settings.warehouse, settings.warehouse.with_name(settings.warehouse.name + ".wal")):
        file.unlink(missing_ok=True)  # a .wal that is left behind would be replayed onto the next warehouse


def failed(built: list[Built]) -> list[Built]:
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


def _built(result: Any) -> Built:
    status = str(getattr(result.status, "value", result.status))
    return Built(
        unique_id=result.node.unique_id,
        outcome=_OUTCOMES.get(status, "failed"),
        seconds=round(result.execution_time, 3),
        failures=int(result.failures or 0),
        message=str(result.message or ""),
    )


def _invoke(settings: Settings, command: str, *options: str) -> Any:
    """Run a dbt command. Returns its result; raises BuildError if there is none."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    private_folder(settings.dbt_target)
    arguments = {
        "--project-dir": settings.dbt_project,
        "--profiles-dir": settings.dbt_project,
        "--target-path": settings.dbt_target,
        "--log-path": settings.dbt_target / "logs",
        "--log-level": "none",
        "--log-level-file": "info",
    }
    flags = ["--no-use-colors", "--no-send-anonymous-usage-stats", "--no-version-check", *options]
    with _environment(settings):
        try:
            done = dbtRunner().invoke([command, *flags, *(str(each) for pair in arguments.items() for each in pair)])
        finally:
            DuckDBConnectionManager.close_all_connections()  # dbt-duckdb keeps the file open for its next command
    if done.result is None:
        raise BuildError(f"dbt {command}: {done.exception}")
    return done.result


@contextmanager
def _environment(settings: Settings) -> Iterator[None]:
    """The variables that the dbt project reads."""
    wanted = {"KHO_HOME": str(settings.home), "KHO_PROVINCE": settings.province}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
