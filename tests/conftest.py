"""Fixtures of the intake's tests: a home of its own, and a folder that takes files in."""

from __future__ import annotations

import datetime
import gc
import itertools
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.take_in import take_in_dataset
from orchestration.settings import Settings
from schemas import Declaration
from tests import office

# A deadline says how busy the machine is, not whether a claim holds; speed is measured in bench/. `make soak` tries
# more examples, where a test does not say how many it needs.
hypothesis.settings.register_profile("kho", deadline=None, max_examples=int(os.environ.get("KHO_TEST_EXAMPLES", "40")))
hypothesis.settings.load_profile("kho")

# What is imported stays: a collector that walks it again and again costs each worker seconds.
gc.disable()

#: Groups of tests that share what takes long to make, the longest first: what is short comes last, so that no worker
#: is left alone with a long one.
LONGEST_FIRST = ("flow", "crash", "compiled", "new dataset", "postgres", "definitions", "dbt", "catalogue", "geography")

if TYPE_CHECKING:
    import dagster

Drop = Callable[[Declaration, str, str | bytes], Path]
HandIn = Callable[[Declaration, str, str | bytes], Submission]


#: Where Linux keeps files in memory, and how much of it has to be free: all homes of all tests take less than half.
MEMORY, MEMORY_BYTES = Path("/dev/shm"), 8 << 30


def pytest_configure(config: pytest.Config) -> None:
    """Let tests have their homes in memory: no test sees whether fsync reached a disk, and most wait for it.

    Not where memory is scarce, nor where it takes no devices, which the tests of a full disk make.
    """
    if config.option.basetemp is None and "TMPDIR" not in os.environ and _takes_homes(MEMORY):
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None  # it may have been looked up before


def _takes_homes(folder: Path) -> bool:
    if not folder.is_dir():
        return False
    facts = os.statvfs(folder)
    available = re.search(r"MemAvailable: +(\d+) kB", Path("/proc/meminfo").read_text(encoding="utf-8"))
    room = min(facts.f_bavail * facts.f_frsize, int(available[1]) << 10 if available else 0)
    return not facts.f_flag & os.ST_NODEV and room > MEMORY_BYTES


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long groups; pytest-xdist hands them out in this order (``--no-loadscope-reorder``)."""

    def rank(item: pytest.Item) -> int:
        group = item.get_closest_marker("xdist_group")
        return LONGEST_FIRST.index(group.args[0]) if group else len(LONGEST_FIRST)

    items.sort(key=rank)


def pytest_collection_finish() -> None:
    """All test modules are imported: from here on the collector looks at what tests make."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of pytest-xdist share, for what takes long to make and is only read."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session", autouse=True)
def _one_parse(shared_folder: Path) -> Iterator[None]:
    """The dbt project is parsed once for all homes, in other processes too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KHO_PARSED", str(shared_folder / "parsed"))
        yield


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home and sources in tmp_path, on the morning of 2 November 2026; files count as stable at once.

    Receipts have returned rows only: a marked copy costs a process a file (test_marked_copy.py has its own settings).
    """
    now = datetime.datetime(2026, 11, 2, 8, tzinfo=datetime.UTC)
    sources = tmp_path / "sources"
    return Settings(home=tmp_path / "home", sources=sources, stable_seconds=0, now=now, marked_whole=1)


@pytest.fixture
def ledger(settings: Settings) -> Ledger:
    """The ledger of the home."""
    return Ledger(settings.ledger)


@pytest.fixture
def drop(settings: Settings) -> Drop:
    """Saves a file into a dataset's incoming folder; later ones are younger."""
    clock = itertools.count()
    return lambda declaration, name, content: office.drop(settings, declaration, name, content, at=next(clock))


@pytest.fixture
def hand_in(settings: Settings, drop: Drop) -> HandIn:
    """Drops one file, takes its dataset in, and returns what became of the file."""

    def hand_in(declaration: Declaration, name: str, content: str | bytes) -> Submission:
        drop(declaration, name, content)
        (submission,) = take_in_dataset(settings, declaration)
        return submission

    return hand_in


@pytest.fixture(scope="session")
def run() -> Iterator[Callable[..., list[int]]]:
    """Executes an order in a child that may die (see ``crash_runner.py``)."""
    from tests.crash_homes import runner

    with runner() as execute:
        yield execute


@pytest.fixture
def instance() -> Iterator[dagster.DagsterInstance]:
    """Dagster's history, in memory."""
    import dagster

    with dagster.DagsterInstance.ephemeral() as ephemeral:
        yield ephemeral
