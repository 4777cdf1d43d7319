"""Cost of the intake: ``python -m bench.intake --rows 1000000 [--rows 5000000 …] [--repeats 3] [--bad 1 --bad 30]``.

In one run, interleaved, each in a process of its own: the floor (DuckDB reads the same file, casts the same columns,
writes Parquet; it checks nothing), the whole intake (from the file in ``incoming/`` to the receipt), and the peers, each
in an environment of its own. Counts are compared with what the generator planted.

Belongs here: which steps are run at which size, their commands, whether they counted right. Does not belong here: the
data (``population``), measuring (``measuring``), the peers (``peers``).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from bench import measuring, population, reporting
from bench.measuring import Command, Measurement
from bench.peers import PEERS, Peer, make_environment

HERE = Path(__file__).parent
DATA = HERE / ".data"
TODAY = f"{population.RECEIVED}T03:00:00+00:00"
#: The floor comes first: ratios are to what was measured first.
OWN = ("floor", "kho")
#: No peer tells its makers about the run.
SILENCE = {
    "DO_NOT_TRACK": "1",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "GX_ANALYTICS_ENABLED": "false",
    "RUNTIME__DLTHUB_TELEMETRY": "false",
}


def own_environment() -> dict[str, str]:
    """What kho and the floor get: this checkout, and no setting of the person who measures."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KHO_")}
    return {**kept, "PYTHONPATH": str(HERE.parent)}


def scratch() -> Path:
    """An empty folder for one run of one step."""
    work = DATA / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    return work


def kho(dataset: str, source: Path, work: Path) -> Command:
    """The whole intake of a file, which is put into ``incoming/`` outside the measurement."""
    incoming = work / "sources" / dataset / "incoming"
    incoming.mkdir(parents=True)
    shutil.copyfile(source, incoming / source.name)
    return Command([sys.executable, str(HERE / "whole_intake.py"), dataset, str(work), TODAY], own_environment(), work)


def _peer(peer: Peer, source: Path, work: Path) -> Command:
    environment = {**own_environment(), **SILENCE, "DLT_DATA_DIR": str(work)}
    del environment["PYTHONPATH"]
    # -P: the modules of this folder are not the peer's.
    return Command([str(peer.python), "-P", str(peer.script), str(source), str(work)], environment, work)


def _command(step: str, source: Path, work: Path) -> Command:
    if step == "kho":
        return kho(population.declaration().path, source, work)
    (work / "facts.json").write_text(json.dumps(population.facts(), ensure_ascii=False), encoding="utf-8")
    if step == "floor":
        return Command([sys.executable, str(HERE / "floor.py"), str(source), str(work)], own_environment(), work)
    return _peer(PEERS[step], source, work)


def check(step: str, rows: int, bad_percent: int, result: dict[str, int]) -> None:
    """Refuse a measurement of a step that did not find exactly what was planted. The floor checks nothing."""
    if step == "floor":
        return
    whole_file = step == "kho" or PEERS[step].whole_file
    wanted = asdict(population.expected(rows, bad_percent, whole_file=whole_file))
    if result != wanted:
        raise SystemExit(f"{step} counted {result} in {rows:,} rows where {wanted} are right")


def run(step: str, source: Path, rows: int, bad_percent: int) -> Measurement:
    """One run of one step."""
    work = scratch()
    done = measuring.measure(f"csv {bad_percent}%", rows, step, _command(step, source, work))
    check(step, rows, bad_percent, done.result)
    shutil.rmtree(work, ignore_errors=True)
    return done


def plan(sizes: Sequence[int], peers: Collection[Peer]) -> Iterator[tuple[int, list[str]]]:
    """Which steps run at which size: a peer that cannot take the largest has a size of its own, with kho and the floor."""
    own = {peer.largest_rows for peer in peers if peer.largest_rows < max(sizes)}
    for rows in sorted({*sizes, *own}):
        taking = [
            peer.name
            for peer in peers
            if (rows in sizes and rows <= peer.largest_rows) or (rows < max(sizes) and rows == peer.largest_rows)
        ]
        yield rows, [*OWN, *taking]


def parse() -> argparse.Namespace:
    """The command line."""
    parser = reporting.parser(__doc__)
    parser.add_argument("--rows", type=int, action="append", help="size of the file; may be given several times")
    parser.add_argument("--repeats", type=int, default=1, help="rounds per size; medians are reported")
    parser.add_argument("--peer-repeats", type=int, help="in how many of the rounds the peers take part; default: all")
    parser.add_argument("--bad", type=int, action="append", choices=population.BAD_PERCENTS, help="bad rows, per cent")
    parser.add_argument("--peer", action="append", choices=sorted(PEERS), help="only these peers")
    parser.add_argument("--without-peers", action="store_true", help="measure no peer, install nothing")
    return parser.parse_args()


def main() -> None:
    """Measure every size and share of bad rows."""
    asked = parse()
    peers = [] if asked.without_peers else [peer for peer in PEERS.values() if peer.name in (asked.peer or PEERS)]
    for peer in peers:
        make_environment(peer)
    measurements: list[Measurement] = []
    for bad_percent in asked.bad or [1]:
        for rows, steps in plan(asked.rows or [1_000_000], peers):
            source = population.generate(DATA, rows, bad_percent)
            once = lambda step: run(step, source, rows, bad_percent)  # noqa: B023, E731 - called at once
            together = min(asked.repeats, asked.repeats if asked.peer_repeats is None else asked.peer_repeats)
            measurements += measuring.interleaved(steps, together, once)
            measurements += measuring.interleaved(OWN, asked.repeats - together, once)
    versions = {peer.name: peer.versions() for peer in peers}
    reporting.report(measuring.summary(measurements), [*map(asdict, measurements)], asked.json, peers=versions)


if __name__ == "__main__":
    main()
