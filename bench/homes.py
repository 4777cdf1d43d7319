"""Scratch homes of a chosen size, for what comes after the intake: builds, publications, questions.

Belongs here: taking in so many residents beside the other datasets of a synthetic province, once, and building and
publishing them. Does not belong here: the residents (``population``), the other files (``orchestration/demo``), and
what is measured.
"""

from __future__ import annotations

import csv
import datetime
import itertools
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from bench import population
from bench.reporting import note
from orchestration.building import warehouse
from orchestration.demo.files import write_demo_files
from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.take_in import take_in_dataset
from orchestration.locks import WAREHOUSE, lock
from orchestration.run import prepare_home
from orchestration.settings import Settings
from orchestration.sharing.publication import publish_all
from orchestration.sharing.versions import Published
from schemas import datasets

DATA = Path(__file__).parent / ".data"
#: The day on which everything arrives.
NOW = datetime.datetime(2026, 11, 22, 3, tzinfo=datetime.UTC)
#: Residents of the synthetic province that the other datasets are about.
PROVINCE_ROWS, SEED = 20_000, 2026
#: Residents of whom each commune has about four thousand.
COMMUNES_ROWS = 400_000


def settings_of(folder: Path) -> Settings:
    """Settings of a scratch home, under which every file is ready at once and a large one may take its time."""
    return Settings(
        home=folder / "home",
        sources=folder / "sources",
        stable_seconds=0,
        now=NOW,
        parsed=DATA / "parsed",
        keep_versions=1,
        file_seconds=3600,
    )


def environment(settings: Settings) -> dict[str, str]:
    """What a process gets that works on such a home."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("KHO_")}
    names = ("home", "sources", "parsed")
    paths = {f"KHO_{name.upper()}": str(getattr(settings, name)) for name in names}
    return {**own, **paths, "KHO_NOW": NOW.isoformat()}


def stored(rows: int) -> Settings:
    """A home that has taken in so many residents and the other datasets of the province; made once.

    Raises SystemExit where other rows were accepted than the generator's.
    """
    settings = settings_of(DATA / "homes" / f"{rows}")
    marker = settings.home / "stored"
    if marker.exists():
        return settings
    shutil.rmtree(settings.home.parent, ignore_errors=True)
    prepare_home(settings)
    write_demo_files(settings, rows=PROVINCE_ROWS, seed=SEED, today=NOW.date())
    residents = settings.incoming(population.declaration().path)
    shutil.rmtree(residents)
    residents.mkdir()
    shutil.copyfile(population.generate(DATA, rows), residents / f"{population.PERIOD}.csv")
    for declaration in datasets().values():
        for submission in take_in_dataset(settings, declaration):
            note(f"{submission.dataset}, {submission.file_name}: {submission.verdict}, {submission.rows_accepted:,}")
    (stored_now,) = Ledger(settings.ledger).of_dataset(population.declaration().path)
    check(stored_now, rows)
    marker.touch()
    return settings


def commune_rows(name: str, count: int) -> list[list[str]]:
    """Headings, and so many residents of a commune, of whom one in a hundred is bad."""
    at = [each.name for each in population.RESIDENT_HEADINGS].index("commune")
    with population.generate(DATA, COMMUNES_ROWS).open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file, delimiter=";")
        headings = next(rows)
        found = list(itertools.islice((row for row in rows if row[at] == name), count))
    assert len(found) == count
    return [headings, *found]


def write_csv(file: Path, rows: Iterable[Sequence[str]]) -> None:
    """Write what a program exports."""
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened, delimiter=";").writerows(rows)


def check(submission: Submission, rows: int) -> None:
    """Refuse to measure anything on a home whose residents are not those of the generator."""
    wanted = population.expected(rows).accepted
    if submission.rows_accepted != wanted:
        raise SystemExit(f"{submission.rows_accepted:,} residents were accepted where {wanted:,} are right")


def build(settings: Settings) -> list[warehouse.Built]:
    """Build the warehouse with dbt and its tests, as every run does. Raises SystemExit where something fails."""
    with lock(settings, WAREHOUSE):
        built = warehouse.build(settings)
    if failed := warehouse.failed(built):
        raise SystemExit("\n".join(str(asdict(each)) for each in failed))
    return built


def published(settings: Settings) -> Published:
    """Publish the warehouse as it is for every audience."""
    facts = warehouse.built_from(settings)
    assert facts is not None
    with lock(settings, WAREHOUSE):
        return publish_all(settings, facts=facts)
