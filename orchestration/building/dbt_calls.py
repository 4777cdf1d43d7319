"""Calling dbt, and the parsed project that its calls share.

Belongs here: running a command of dbt, the manifest. Does not belong here: when the warehouse is built and from what
(``warehouse.py``), which project it is (``orchestration/project_code.py``), SQL (``dbt_project/``).

dbt runs inside this process: ``dbt --version``, which dagster-dbt's own runner starts every time, asks a package
index on the internet, and a killed run must not leave a dbt process behind that goes on writing.

The project is parsed once for any home, which takes ten seconds: dbt itself would parse anew for each, because sources
and profile name the home. It is parsed under a name that stands for any, which gives way to the home's when it is used.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from importlib.metadata import version
from pathlib import Path
from typing import Any

from orchestration.building import derive
from orchestration.files import private_folder, replacing
from orchestration.project_code import project_code
from orchestration.settings import Settings, environment_variables

#: Stands for the home while the project is parsed.
_ANY_HOME = "/any-home-of-kho"
#: Parsed projects that are kept: another process may still be reading one of a moment ago.
_KEPT = 4
#: dbt's own name of what it has parsed, from which its next parse goes on.
_STATE = "partial_parse.msgpack"


class BuildError(RuntimeError):
    """dbt could not build the warehouse, or one of its tests failed."""


def manifest(settings: Settings) -> Path:
    """dbt's manifest of the project as it stands; parses the project if there is none yet."""
    return _parsed(settings, ".json")


def _parsed(settings: Settings, suffix: str) -> Path:
    """The parsed project: ``.json`` as dbt publishes it, ``.msgpack`` as it reads it itself."""
    derive.refresh(settings)
    private_folder(settings.parsed_projects)
    versions = f"{version('dbt-core')}-{version('dbt-duckdb')}"
    found = settings.parsed_projects / f"manifest-{project_code(settings)}-{versions}"
    wanted = found.with_name(found.name + suffix)
    if not wanted.exists():
        with (settings.parsed_projects / "parse.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # who comes meanwhile waits for the same project instead of parsing it too
            if not wanted.exists():
                _parse(settings, found)
    return wanted


def _parse(settings: Settings, target: Path) -> None:
    before = private_folder(settings.dbt_target) / _STATE
    kept = _newest_first(target.parent, ".msgpack")
    if kept and not before.exists():  # of a project that is much the same: dbt reads only the files that differ
        shutil.copyfile(kept[0], before)
    invoke(settings, "parse")
    # Under names of their own, so that no process ever reads the manifest of another parse, or half a file.
    for name, suffix in {_STATE: ".msgpack", "manifest.json": ".json"}.items():
        with replacing(target.with_name(target.name + suffix)) as file:
            shutil.copyfile(settings.dbt_target / name, file)
        for stale in _newest_first(target.parent, suffix)[_KEPT:]:
            stale.unlink(missing_ok=True)


def _newest_first(folder: Path, suffix: str) -> list[Path]:
    return sorted(folder.glob(f"manifest-*{suffix}"), key=lambda file: file.stat().st_mtime, reverse=True)


def project(settings: Settings) -> Any:
    """The parsed project as dbt wants it, with the home's own sources and the seeds of this checkout."""
    from dbt.artifacts.resources.types import NodeType
    from dbt.contracts.graph.manifest import Manifest
    from dbt.parser.manifest import extended_mashumuro_decoder

    read = Manifest.from_msgpack(_parsed(settings, ".msgpack").read_bytes(), decoder=extended_mashumuro_decoder)
    home = str(settings.home).replace("'", "''")  # it stands between quotes in SQL
    for source in read.sources.values():
        for meta in (source.meta, source.config.meta):
            if "external_location" in meta:
                meta["external_location"] = meta["external_location"].replace(_ANY_HOME, home)
    for node in read.nodes.values():
        if node.resource_type == NodeType.Seed:
            node.root_path = str(settings.dbt_project)
    read.build_flat_graph()
    return read


def invoke(settings: Settings, command: str, *options: str, known: Any = None) -> Any:
    """Run a dbt command. known: the parsed project, where the caller has it. Returns dbt's result.

    Raises BuildError if there is none.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    private_folder(settings.dbt_target)
    parse = command == "parse"
    parsed = None if parse else known or project(settings)
    arguments = {
        "--project-dir": settings.dbt_project,
        "--profiles-dir": settings.dbt_project,
        "--target-path": settings.dbt_target,
        "--log-path": settings.dbt_target / "logs",
        "--log-level": "none",
        "--log-level-file": "info",
    }
    flags = ["--no-use-colors", "--no-send-anonymous-usage-stats", "--no-version-check", *options]
    with _environment(_ANY_HOME if parse else str(settings.home), settings.province):
        try:
            with nullcontext() if parse else _validated_when_it_was_parsed():
                done = dbtRunner(parsed).invoke(
                    [command, *flags, *(str(each) for pair in arguments.items() for each in pair)]
                )
        finally:
            DuckDBConnectionManager.close_all_connections()  # dbt-duckdb keeps the file open for its next command
    if done.result is None:
        raise BuildError(f"dbt {command}: {done.exception}")
    return done.result


@contextmanager
def _validated_when_it_was_parsed() -> Iterator[None]:
    """dbt compares the project's settings with JSON schemas that it makes anew in every process: a second of processor
    time. It did so when it parsed the project, which is done again whenever a file of it changes.
    """
    from dbt_common.dataclass_schema import dbtClassMixin

    before = vars(dbtClassMixin)["validate"]
    setattr(dbtClassMixin, "validate", classmethod(lambda _, data: None))  # noqa: B010 - a type checker forbids the other way
    try:
        yield
    finally:
        setattr(dbtClassMixin, "validate", before)  # noqa: B010


@contextmanager
def _environment(home: str, province: str) -> Iterator[None]:
    """The variables that the dbt project reads."""
    with environment_variables({"KHO_HOME": home, "KHO_PROVINCE": province}):
        yield
