"""An officer drops, renames, replaces and deletes files while runs die, race and recover: a model says what must be.

Hypothesis invents the story. Whatever it was, after the next run that lives: every file that lay in the folder is in
the ledger, none of them twice, none that never lay there; each has its receipt and its bytes in the archive; the folder
is empty; counts and verdicts are those of the content.

``KHO_STORIES`` and ``KHO_STORY_STEPS`` make it longer (a few stories of some steps belong to every test run).
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as story_settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from orchestration.intake.bronze import bronze_file
from orchestration.intake.discover import identity_of
from orchestration.intake.ledger import Ledger, Submission
from orchestration.settings import Settings
from tests import crash_runner
from tests.crash_homes import KILLED, Run
from tests.crash_runner import Order
from tests.office import RESIDENTS, drop, resident, rows_csv

pytestmark = pytest.mark.xdist_group("crash")

STORIES = int(os.environ.get("KHO_STORIES", "4"))
STEPS = int(os.environ.get("KHO_STORY_STEPS", "12"))


@dataclass(frozen=True)
class Content:
    """The text of a file and what becomes of its rows: accepted, returned, ignored."""

    text: str
    verdict: str
    counts: tuple[int, int, int]


def _content(rows: list[dict[str, str]], verdict: str, counts: tuple[int, int, int]) -> Content:
    return Content(rows_csv(RESIDENTS, rows), verdict, counts)


_ROWS = [resident(number) for number in range(10)]
# So much alike that no version lacks three tenths of the rows of another: such a file would wait for a decision.
CONTENTS = [
    _content(_ROWS, "accepted", (10, 0, 1)),
    _content([*_ROWS, resident(10)], "accepted", (11, 0, 1)),
    _content([*_ROWS[1:], _ROWS[0] | {"sex": "?"}], "partly", (9, 1, 1)),
    _content([*_ROWS, _ROWS[3]], "accepted", (10, 0, 2)),
    _content([each | {"sex": "?"} for each in _ROWS], "refused", (0, 10, 1)),
    Content("", "refused", (0, 0, 0)),
]
BY_HASH = {hashlib.sha256(each.text.encode()).hexdigest(): each for each in CONTENTS}
PERIODS = {"2026-09.csv": "2026-09", "2026-10.csv": "2026-10", "2026-10 sửa;*'.csv": "2026-10"}
POINTS = list(crash_runner.POINTS)
POINTS = [each for each in POINTS[: POINTS.index("removed, not marked") + 1] if not each.startswith("workbook")]


class IntakeMachine(RuleBasedStateMachine):
    """One incoming folder, its officer, and the runs over it."""

    run: Run  # set by the test

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.settings: Settings = Order(home=str(Path(self._folder.name) / "home")).settings
        self.incoming = self.settings.incoming(RESIDENTS.path)
        self.incoming.mkdir(parents=True)
        self.clock = 0
        #: Every file that lay there when a run began: identity and name.
        self.lain: set[tuple[str, str]] = set()
        self.recovered = True

    # --- the officer --------------------------------------------------------------------------------------
    @rule(name=st.sampled_from(list(PERIODS)), content=st.sampled_from(CONTENTS))
    def save(self, name: str, content: Content) -> None:
        """Drop a file, or replace the one of that name."""
        self.clock += 1
        (self.incoming / name).unlink(missing_ok=True)
        drop(self.settings, RESIDENTS, name, content.text, at=self.clock)

    @rule(name=st.sampled_from(list(PERIODS)), content=st.sampled_from(CONTENTS))
    def write_over(self, name: str, content: Content) -> None:
        """Save into the same file: the inode stays."""
        if (self.incoming / name).exists():
            self.clock += 1
            drop(self.settings, RESIDENTS, name, content.text, at=self.clock)

    @rule(old=st.sampled_from(list(PERIODS)), new=st.sampled_from(list(PERIODS)))
    def rename(self, old: str, new: str) -> None:
        if (self.incoming / old).exists() and not (self.incoming / new).exists():
            (self.incoming / old).rename(self.incoming / new)

    @rule(name=st.sampled_from(list(PERIODS)))
    def delete(self, name: str) -> None:
        (self.incoming / name).unlink(missing_ok=True)

    # --- the runs -----------------------------------------------------------------------------------------
    def _begin(self) -> set[tuple[str, str]]:
        lying = {(identity_of(path.lstat()), path.name) for path in self.incoming.iterdir() if path.is_file()}
        self.lain |= lying
        return lying

    @precondition(lambda self: any(self.incoming.iterdir()))
    @rule(point=st.sampled_from(POINTS), occurrence=st.integers(1, 3))
    def die(self, point: str, occurrence: int) -> None:
        """A run that is killed at a named point, if it comes there."""
        self._begin()
        (status,) = self.run(self.settings, point=point, occurrence=occurrence, warehouse=False)
        assert status in (KILLED, 0)
        self.recovered = False

    @rule()
    def recover(self) -> None:
        self._end(self._begin(), self.run(self.settings, warehouse=False))

    @precondition(lambda self: any(self.incoming.iterdir()))
    @rule()
    def race(self) -> None:
        """Two runs at once, as ``kho run`` beside the sensor would be if nothing kept them apart."""
        self._end(self._begin(), self.run(self.settings, parallel=2))

    def _end(self, lying: set[tuple[str, str]], statuses: list[int]) -> None:
        assert set(statuses) == {0}
        known = {(each.file_identity, each.file_name) for each in Ledger(self.settings.ledger).all()}
        assert lying <= known  # nothing is lost
        self.recovered = True

    # --- what must be ---------------------------------------------------------------------------------------
    @invariant()
    def holds(self) -> None:
        if not self.recovered or not self.settings.ledger.exists():
            return
        submissions = Ledger(self.settings.ledger).all()
        taken = [(each.file_identity, each.file_name) for each in submissions]
        assert len(set(taken)) == len(taken)  # nothing is doubled
        assert set(taken) <= self.lain
        self._check(submissions)

    def _check(self, submissions: list[Submission]) -> None:
        kept: dict[str, Submission] = {}  # what counts for a period
        for each in submissions:
            content = BY_HASH[each.file_sha256]
            counts = (each.rows_accepted, each.rows_rejected, each.rows_ignored)
            before = kept.get(PERIODS[each.file_name])
            if content.verdict != "refused" and before and before.file_sha256 == each.file_sha256:
                assert (each.verdict, counts) == ("duplicate", (0, 0, 0))
                continue
            assert (each.verdict, counts) == (content.verdict, content.counts)
            if each.verdict != "refused":
                kept[PERIODS[each.file_name]] = each
                rows = pl.read_parquet(bronze_file(self.settings, RESIDENTS, each.submission_id))
                assert rows.height == each.rows_accepted
        assert {each.submission_id for each in submissions if each.is_current} == {
            each.submission_id for each in kept.values()
        }
        receipts = sorted(
            path.name.rpartition(".")[0][-8:] for path in self.settings.receipts(RESIDENTS.path).glob("*")
        )
        assert receipts == sorted(3 * [each.submission_id[:8] for each in submissions])
        archived = {path.name: path.read_bytes() for path in self.settings.archive.iterdir() if path.name[0] != "."}
        assert archived.keys() >= {each.file_sha256 for each in submissions}
        assert all(hashlib.sha256(content).hexdigest() == name for name, content in archived.items())

    def teardown(self) -> None:
        """However the story ends, a last run comes, and then nothing waits."""
        try:
            self._end(self._begin(), self.run(self.settings, warehouse=False))
            assert list(self.incoming.iterdir()) == []
            self.holds()
            assert self.settings.ledger.exists() or not self.lain
        finally:
            self._folder.cleanup()


def test_every_story_of_officer_and_runs_ends_with_each_file_taken_in_once(run: Run) -> None:
    IntakeMachine.run = staticmethod(run)  # type: ignore[method-assign]
    run_state_machine_as_test(
        IntakeMachine,
        settings=story_settings(
            max_examples=STORIES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize="KHO_STORIES" not in os.environ,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_model_notices_a_run_that_removes_before_it_commits(run: Run) -> None:
    machine = IntakeMachine()
    machine.run = run
    machine.save("2026-10.csv", CONTENTS[0])
    lying = machine._begin()
    (status,) = run(machine.settings, swap="removes before the commit", point="removed, not marked", warehouse=False)
    assert status == KILLED
    with pytest.raises(AssertionError):
        machine._end(lying, run(machine.settings, warehouse=False))
    machine._folder.cleanup()
