"""The long run of ``test_crash.py``: hundreds of kills at random moments, and a disk that is full at every point.

    python -m tests.soak --kills 300 --full-disk 60 --seed 1

Every home must come to the same end as one that nothing happened to; a discrepancy ends the run with status 1 and says
how to get it again. The controls swap two steps: if the comparison did not notice that, its silence would mean nothing.
The full disk is a real one, a small tmpfs: as another user than root, run it under ``unshare --map-root-user --mount``.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from orchestration.settings import Settings
from tests.crash_homes import KILLED, SWAPPED, Picture, Run, hand_in_everything, home_at, picture, runner
from tests.crash_runner import FAILED, Order

#: A home gets there after so many runs, or never.
MOST_RUNS = 200
MB = 1 << 20


class DiscrepancyError(AssertionError):
    """A home did not come to the end that it should; the message says which and how to get it again."""


def difference(expected: Picture, seen: Picture) -> set[str]:
    """The parts of a picture that are not as expected."""
    return {name for name in expected if seen[name] != expected[name]}


def require_same(expected: Picture, settings: Settings, story: str) -> None:
    """Raise DiscrepancyError unless a home looks as expected."""
    wrong = difference(expected, picture(settings))
    if wrong:
        raise DiscrepancyError(f"{sorted(wrong)} differ after {story}; the home is kept at {settings.home}")


def kills(run: Run, expected: Picture, folder: Path, number: int, seed: int) -> str:
    """At least so many kills at random moments, in as many homes as it takes."""
    moments = random.Random(seed)
    killed = homes = runs = 0
    per_home: Counter[int] = Counter()
    while killed < number:
        homes += 1
        settings = home_at(folder / f"kills{homes}")
        shares: list[float] = []
        here, ended = 0, False
        while not ended:
            # Early moments are likelier than late ones: the first steps take the least time.
            shares.append(round(moments.choice((moments.uniform(0.01, 0.2), moments.uniform(0.1, 1.2))), 4))
            beside = moments.random() < 0.25  # another process takes in the same files, and lives
            status, *others = run(settings, share=shares[-1], parallel=1 + beside)
            if status not in (KILLED, 0) or any(others) or len(shares) > MOST_RUNS:
                raise DiscrepancyError(f"status {status}, {others} in home {homes} of seed {seed} after {shares}")
            ended = status == 0 and not beside  # one beside others only takes in
            here += status == KILLED
        runs += len(shares)
        killed += here
        per_home[here] += 1
        require_same(expected, settings, f"kills at shares {shares} (home {homes} of seed {seed})")
        subprocess.run(["rm", "-rf", settings.home], check=True)
        print(f"  {killed} kills in {homes} homes, {runs} runs", flush=True)
    return f"{killed} kills in {homes} homes, nothing lost, nothing doubled (kills a home: {dict(sorted(per_home.items()))})"


def used(folder: Path) -> int:
    """Bytes of a small disk that are taken."""
    facts = os.statvfs(folder)
    return (facts.f_blocks - facts.f_bfree) * facts.f_frsize


def mount(folder: Path, size: int, *options: str) -> None:
    """Mount a disk of so many bytes, or change its size."""
    named = ",".join([f"size={size}", *options])
    subprocess.run(["mount", "-t", "tmpfs", "-o", named, "tmpfs", str(folder)], check=True)


def full_disk(run: Run, expected: Picture, folder: Path, number: int) -> str:
    """Runs on a disk that is full after so many bytes, from none to all that a run needs, then on one with space."""
    disk = folder / "disk"
    disk.mkdir()
    sizes: list[int] = []
    statuses: Counter[str] = Counter()
    for point in range(-1, number):
        mount(disk, 200 * MB)
        try:
            settings = Order(home=str(disk / "home")).settings
            hand_in_everything(settings)
            before = used(disk)
            if point < 0:
                assert run(settings) == [0]
                # Denser at the start: the intake's many small files come first, then two copies of the warehouse.
                shares = [((step + 1) / (number + 1)) ** 2 for step in range(number)]
                sizes = [before + int((used(disk) - before) * share) for share in shares]
                continue
            story = f"a disk of {sizes[point]} bytes (point {point + 1} of {number})"
            mount(disk, sizes[point], "remount")
            (status,) = run(settings)
            if status not in (FAILED, 0):
                raise DiscrepancyError(f"status {status} on {story}")
            statuses["failed" if status else "went on without some receipt or version"] += 1
            mount(disk, 200 * MB, "remount")
            if run(settings) != [0]:
                raise DiscrepancyError(f"the run with space failed after {story}")
            require_same(expected, settings, story)
        finally:
            subprocess.run(["umount", str(disk)], check=True)
        print(f"  point {point + 1}: full at {(sizes[point] - before) / MB:.2f} MB", flush=True)
    return f"{number} full disks, nothing lost, nothing doubled ({dict(statuses)})"


def controls(run: Run, expected: Picture, folder: Path, _number: int) -> str:
    """Runs with two steps swapped; each must be noticed."""
    for number, (swap, point, occurrence, noticed) in enumerate(SWAPPED):
        settings = home_at(folder / f"swap{number}")
        assert run(settings, swap=swap, point=point, occurrence=occurrence) == [KILLED]
        assert run(settings) == [0]
        found = difference(expected, picture(settings))
        if found != noticed:
            raise DiscrepancyError(f"control '{swap}': {sorted(found)} instead of {sorted(noticed)} differ")
        print(f"  {swap}: noticed in {sorted(found)}", flush=True)
    return f"{len(SWAPPED)} controls failed as they must"


def main() -> int:
    """Run it all; 0 where everything held."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--kills", type=int, default=300)
    arguments.add_argument("--full-disk", type=int, default=60)
    arguments.add_argument("--seed", type=int, default=1)
    chosen = arguments.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="kho-soak-"))
    parts: list[tuple[str, int, Callable[[Run, Picture, Path, int], str]]] = [
        ("controls", 1, controls),
        ("full disk", chosen.full_disk, full_disk),
        ("kills", chosen.kills, lambda *given: kills(*given, chosen.seed)),
    ]
    with runner(folder / "runs.log") as run:
        undisturbed = home_at(folder / "undisturbed")
        assert run(undisturbed) == [0]
        expected = picture(undisturbed)
        for name, number, part in parts:
            if number:
                print(f"{name}:", flush=True)
                began = time.monotonic()
                try:
                    print(
                        f"{name}: {part(run, expected, folder, number)} in {time.monotonic() - began:.0f} s", flush=True
                    )
                except DiscrepancyError as error:
                    print(f"{name}: DISCREPANCY: {error}", file=sys.stderr, flush=True)
                    return 1
    subprocess.run(["rm", "-rf", str(folder)], check=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
