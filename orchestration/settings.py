"""The only reader of the environment, and the only place that knows where things lie.

Belongs here: every setting (``KHO_…``), every path, the clock. Does not belong here: anything that a dataset
declares (``schemas/``) or that dbt decides (``dbt_project/``).
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT = Path(__file__).resolve().parent.parent
#: The clock and calendar of the offices. It has no summer time.
VIETNAM = datetime.timezone(datetime.timedelta(hours=7))


class Settings(BaseSettings):
    """All settings of kho; each can be set by an environment variable ``KHO_<NAME>``.

    Sizes are in megabytes, times in seconds.
    """

    model_config = SettingsConfigDict(env_prefix="KHO_", frozen=True)

    home: Path = Field(PROJECT / ".kho", description="Where kho keeps its data.")
    sources: Path = Field(PROJECT / "sources", description="Where departments drop their files.")
    province: str = Field("15", pattern="^[0-9]{2}$", description="Province code (15 = Lào Cai).")
    now: datetime.datetime | None = Field(None, description="Fixed clock of acceptance, ISO 8601.")
    stable_seconds: float = Field(2.0, ge=0, description="A file is taken in when unchanged for so long.")
    reader_seconds: float = Field(120.0, gt=0, description="Time limit of reading one workbook.")
    reader_memory_mb: int = Field(2048, gt=0, description="Memory limit of reading one workbook.")
    reader_output_mb: int = Field(2048, gt=0, description="Disk that the text of one workbook may take.")
    file_seconds: float = Field(600.0, gt=0, description="Time limit of examining one file; others wait behind it.")
    dataset_seconds: float = Field(
        120.0, gt=0, description="After so long a dataset's further files wait for its next turn."
    )
    largest_file_mb: int = Field(4096, gt=0, description="Larger files are not taken in; the officer is told.")
    intake_processes: int = Field(
        min(4, len(os.sched_getaffinity(0))), ge=1, description="Files examined at a time where many wait; 0.6 GB each."
    )
    batch_rows: int = Field(120_000, gt=0, description="Rows that are checked at a time.")
    parsed: Path | None = Field(None, description="Where the parsed dbt project is kept; else in the home.")
    keep_versions: int = Field(5, ge=1, description="Published versions that are kept.")
    publish_tables: bool = Field(True, description="Publish every audience's tables as Parquet, too.")
    smallest_cell: int = Field(5, ge=1, description="Open data show no figure of fewer persons.")
    sql_seconds: float = Field(60.0, gt=0, description="Time limit of one query of kho sql.")
    serve_workers: int = Field(2, ge=1, description="Queries that kho serve answers at a time; others wait.")
    serve_seconds: float = Field(
        30.0, gt=0, description="Time limit of one query over HTTP, and of waiting for a worker."
    )
    serve_memory_mb: int = Field(1024, gt=0, description="Memory that a worker of kho serve may use.")
    serve_rows: int = Field(1_000_000, gt=0, description="Rows that an answer over HTTP has at most.")
    serve_answer_mb: int = Field(64, gt=0, description="Size of an answer over HTTP at most.")
    postgres: SecretStr | None = Field(None, description="PostgreSQL to publish to, postgresql://…; off by default.")
    marked_whole: int = Field(20_000, gt=0, description="Files of so many rows get all returned rows marked.")
    marked_rows: int = Field(500, gt=0, description="Returned rows that are marked of a larger file, at most.")

    def clock(self) -> datetime.datetime:
        """The time that stamps acceptance, in UTC, to the second."""
        moment = self.now or datetime.datetime.now(datetime.UTC)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=datetime.UTC)
        return moment.astimezone(datetime.UTC).replace(microsecond=0)

    # --- the home: everything in it but archive/, ledger.sqlite and the keys can be made anew ---------------
    @property
    def archive(self) -> Path:
        """Original bytes of every file, named by their sha256."""
        return self.home / "archive"

    @property
    def bronze(self) -> Path:
        """Accepted rows without restricted values: ``<table>/<submission_id>.parquet``."""
        return self.home / "bronze"

    @property
    def vault(self) -> Path:
        """Restricted values, returned rows and findings, by submission; readable by the owner only."""
        return self.home / "vault"

    @property
    def ledger(self) -> Path:
        """The ledger of submissions (SQLite): the only commit point."""
        return self.home / "ledger.sqlite"

    @property
    def pseudonym_key(self) -> Path:
        """Key of the pseudonyms (0600)."""
        return self.home / "pseudonym.key"

    @property
    def vault_key(self) -> Path:
        """Key of the vault's files (0600)."""
        return self.home / "vault.key"

    @property
    def warehouse(self) -> Path:
        """The warehouse that dbt alone writes."""
        return self.home / "warehouse.duckdb"

    @property
    def publish(self) -> Path:
        """Published versions, a folder per audience."""
        return self.home / "publish"

    @property
    def tokens(self) -> Path:
        """Who may ask over HTTP, by the hash of a token (0600)."""
        return self.home / "tokens.json"

    @property
    def access_log(self) -> Path:
        """Who asked what over HTTP: a JSON object a line (0600)."""
        return self.home / "access.jsonl"

    @property
    def homes_as_of(self) -> Path:
        """Homes that show what was known at a past moment; each can be made again."""
        return self.home / "as_of"

    @property
    def dagster_home(self) -> Path:
        """Dagster's own storage."""
        return self.home / "dagster"

    @property
    def dbt_target(self) -> Path:
        """dbt's artefacts and logs."""
        return self.home / "dbt"

    @property
    def parsed_projects(self) -> Path:
        """The dbt project as parsed; the same for every home."""
        return self.parsed or self.dbt_target

    @property
    def locks(self) -> Path:
        """Lock files: one per dataset and one for the warehouse."""
        return self.home / "locks"

    @property
    def temporary(self) -> Path:
        """Files being made; emptied at the start of a run."""
        return self.home / "tmp"

    @property
    def dbt_project(self) -> Path:
        """The dbt project."""
        return PROJECT / "dbt_project"

    @property
    def seeds(self) -> Path:
        """Reference tables shared by dbt and the intake."""
        return self.dbt_project / "seeds"

    def incoming(self, path: str) -> Path:
        """Where officers drop the files of dataset ``path`` (department/name)."""
        return self.sources / path / "incoming"

    def receipts(self, path: str) -> Path:
        """Where officers find the receipts of dataset ``path``."""
        return self.sources / path / "receipts"


#: In the home of a demo: names the files that the demo dropped.
DEMO_MARKER = "demo.json"


@cache
def settings() -> Settings:
    """The settings of this process, with absolute paths.

    The home of a demo keeps to the demo's own sources folder unless another is set: real files never go into it.
    """
    read = Settings()
    home, sources = read.home.absolute(), read.sources.absolute()
    if "sources" not in read.model_fields_set and (home / DEMO_MARKER).exists():
        sources = home / "sources"
    return read.model_copy(update={"home": home, "sources": sources})


@contextmanager
def environment_variables(wanted: Mapping[str, str]) -> Iterator[None]:
    """Within it, these variables are set: dbt and Dagster are told through the environment only."""
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
