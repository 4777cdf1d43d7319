"""The benchmarks' own arithmetic: what was planted, medians and ratios, and when a ratio counts as worse."""

from __future__ import annotations

import csv
import datetime
import json
import re
from collections import Counter
from pathlib import Path

import pytest

from bench import builds, compare, measuring, population, reporting
from bench.intake import check, plan
from bench.measuring import Measurement
from bench.peers import PEERS, Peer
from bench.population import Expected
from bench.reporting import Line


# --- what was planted --------------------------------------------------------------------------------------
def is_day(text: str, last: datetime.date) -> bool:
    try:
        return datetime.datetime.strptime(text, "%d/%m/%Y").date() <= last
    except ValueError:
        return False


def is_wrong(row: list[str], communes: set[str]) -> bool:
    """The rules of residents, written once more, without kho and without the generator."""
    digits, name, born, sex, _, commune, _, _, _, _, died, _ = row
    received = datetime.date(2026, 11, 22)
    if not re.fullmatch("(010|015|001|025|012|014|026|036)[0-9]{9}", digits) or not name or commune not in communes:
        return True
    if not is_day(born, received) or sex not in ("Nam", "Nữ") or (died and not is_day(died, received)):
        return True
    century, year = divmod(int(born[-4:]) - 1900, 100)
    return digits[3:6] != f"{2 * century + (sex == 'Nữ')}{year:02}"


@pytest.mark.parametrize(("bad_percent", "bad"), [(1, 10), (30, 300)])
def test_a_generated_file_has_exactly_the_bad_rows_that_are_expected(
    tmp_path: Path, bad_percent: int, bad: int
) -> None:
    path = population.generate(tmp_path, 1_000, bad_percent)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, delimiter=";"))[1:]
    communes = set(population.communes())
    right = [row for row in rows if not is_wrong(row, communes)]
    ids = Counter(row[0] for row in rows)
    assert (len(rows), len(rows) - len(right)) == (1_000, bad)
    assert [row for row in right if ids[row[0]] > 1] == []
    assert population.expected(1_000, bad_percent) == Expected(1_000 - bad, bad, 0)


def test_rows_that_repeat_or_contradict_another_are_expected_only_of_a_rule_over_the_whole_file() -> None:
    # Of 100,000 rows 1,000 are bad, the last repeats the one before it, and one pair contradicts itself.
    assert population.expected(100_000) == Expected(accepted=98_997, rejected=1_002, duplicates=1)
    assert population.expected(100_000, whole_file=False) == Expected(accepted=99_000, rejected=1_000, duplicates=0)
    assert population.expected(50_001, 30) == Expected(accepted=35_001, rejected=15_000, duplicates=0)
    assert population.expected(50_002, 30) == Expected(accepted=35_000, rejected=15_002, duplicates=0)


# --- which steps run ---------------------------------------------------------------------------------------
def test_a_peer_that_cannot_take_the_largest_file_is_measured_at_its_own_largest_with_kho_and_the_floor() -> None:
    peers = [Peer("quick", 1_000), Peer("slow", 20)]
    assert list(plan([1_000], peers)) == [(20, ["floor", "kho", "slow"]), (1_000, ["floor", "kho", "quick"])]
    assert list(plan([10], peers)) == [(10, ["floor", "kho", "quick", "slow"])]


def test_every_peer_has_its_file_and_pins_every_package() -> None:
    for peer in PEERS.values():
        lines = peer.requirements.read_text(encoding="utf-8").splitlines()
        assert peer.script.exists()
        assert [line for line in lines if not re.fullmatch(r"#.*|[\w.-]+==[\w.]+", line)] == []
        assert peer.versions()


def test_a_step_that_counted_otherwise_than_was_planted_ends_the_run() -> None:
    planted = {"accepted": 98_997, "rejected": 1_002, "duplicates": 1}
    by_row = {"accepted": 99_000, "rejected": 1_000, "duplicates": 0}
    right = {name: planted if peer.whole_file else by_row for name, peer in PEERS.items()} | {"kho": planted}
    for step, counts in right.items():
        check(step, 100_000, 1, counts)
        with pytest.raises(SystemExit, match=f"{step} counted"):
            check(step, 100_000, 1, {**counts, "accepted": counts["accepted"] + 1})


# --- medians and ratios ------------------------------------------------------------------------------------
def run(step: str, cpu: float, wall: float, peak: float) -> Measurement:
    return Measurement("csv 1%", 1_000, step, cpu, wall, peak, {})


def test_a_summary_has_medians_the_largest_peak_and_ratios_to_the_step_that_came_first() -> None:
    runs = [
        run("floor", 1.0, 2.0, 100.4),
        run("kho", 2.0, 9.0, 300.0),
        run("floor", 4.0, 3.0, 90.0),
        run("kho", 5.0, 6.0, 310.0),
        run("floor", 2.0, 4.0, 95.0),
        run("kho", 7.0, 6.0, 305.0),
        run("peer", 6.0, 1.5, 200.0),
    ]
    # Medians by hand: floor 2 s and 3 s, kho 5 s and 6 s; the peer ran once.
    common = {"case": "csv 1%", "rows": 1_000}
    floor = {"step": "floor", "runs": 3, "peak_mb": 100, "cpu_seconds": 2.0, "wall_seconds": 3.0}
    kho = {"step": "kho", "runs": 3, "peak_mb": 310, "cpu_seconds": 5.0, "wall_seconds": 6.0}
    peer = {"step": "peer", "runs": 1, "peak_mb": 200, "cpu_seconds": 6.0, "wall_seconds": 1.5}
    assert measuring.summary(runs) == [
        {**common, **floor, "cpu_ratio": 1.0, "wall_ratio": 1.0},
        {**common, **kho, "cpu_ratio": 2.5, "wall_ratio": 2.0},
        {**common, **peer, "cpu_ratio": 3.0, "wall_ratio": 0.5},
    ]


# --- worse or not ------------------------------------------------------------------------------------------
def result(folder: Path, *lines: Line) -> str:
    file = folder / f"{len(list(folder.iterdir()))}.json"
    reporting.report([{"case": "csv 1%", "rows": 1_000, **line} for line in lines], [], file)
    return str(file)


def status(folder: Path, before: Line, now: Line) -> int:
    """What comparing says after ``before`` was stored."""
    stored = folder / "stored.json"
    assert compare.main([result(folder, before), "--store"], stored=stored) == 0
    return compare.main([result(folder, now)], stored=stored)


@pytest.mark.parametrize("name", ["cpu_ratio", "wall_ratio", "peak_mb", "latency_ratio"])
def test_a_ratio_of_kho_may_become_19_per_cent_worse_but_not_21(tmp_path: Path, name: str) -> None:
    assert status(tmp_path, {"step": "kho", name: 2.0}, {"step": "kho", name: 2.38}) == 0
    assert status(tmp_path, {"step": "kho", name: 2.0}, {"step": "kho", name: 2.42}) == 1
    assert status(tmp_path, {"step": "kho", name: 2.0}, {"step": "kho", name: 1.0}) == 0


def test_several_steps_of_kho_are_judged_and_peers_are_not(tmp_path: Path) -> None:
    assert status(tmp_path, {"step": "kho second day", "cpu_ratio": 2}, {"step": "kho second day", "cpu_ratio": 3}) == 1
    assert status(tmp_path, {"step": "pandas", "cpu_ratio": 2}, {"step": "pandas", "cpu_ratio": 9}) == 0


def test_seconds_words_floors_and_the_memory_of_peers_are_not_compared() -> None:
    floor = {"case": "c", "rows": 1, "step": "floor", "cpu_ratio": 1.0, "peak_mb": 4}
    kho = {"case": "c", "rows": 1, "step": "kho", "runs": 3, "cpu_seconds": 4.0, "cpu_ratio": 2, "peak_mb": 5}
    peer = {"case": "c", "rows": 1, "step": "pandas", "peak_mb": 7, "wall_ratio": 3.5, "an_ordinary_ratio": "none"}
    assert compare.ratios([floor, kho, peer]) == {
        ("c", 1, "kho", "cpu_ratio"): 2.0,
        ("c", 1, "kho", "peak_mb"): 5.0,
        ("c", 1, "pandas", "wall_ratio"): 3.5,
    }


def test_new_and_missing_ratios_are_named_and_are_no_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(tmp_path, {"step": "kho", "cpu_ratio": 2.0}, {"step": "kho", "wall_ratio": 3.0}) == 0
    table = capsys.readouterr().out.splitlines()[-2:]
    assert [line.split()[-6:] for line in table] == [
        ["cpu_ratio", "2", "-", "-", "not", "measured"],
        ["kho", "wall_ratio", "-", "3", "-", "new"],
    ]


def test_storing_replaces_what_was_measured_again_and_keeps_the_rest(tmp_path: Path) -> None:
    stored = tmp_path / "stored.json"
    first = result(tmp_path, {"step": "kho", "cpu_ratio": 2.0, "peak_mb": 9}, {"step": "pandas", "cpu_ratio": 4.0})
    compare.main([first, "--store"], stored=stored)
    compare.main([result(tmp_path, {"step": "kho", "cpu_ratio": 3.0}), "--store"], stored=stored)
    common = {"case": "csv 1%", "rows": 1_000}
    assert json.loads(stored.read_text(encoding="utf-8")) == [
        {**common, "step": "kho", "cpu_ratio": 3.0},
        {**common, "step": "pandas", "cpu_ratio": 4.0},
    ]


def test_what_is_no_result_of_a_benchmark_is_wrong_usage(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.json"
    for text in ("", "[]", '{"summary": [{"cpu_ratio": 1}]}'):
        wrong.write_text(text, encoding="utf-8")
        assert compare.main([str(wrong)], stored=tmp_path / "stored.json") == 2
    assert compare.main([str(tmp_path / "absent.json")], stored=tmp_path / "stored.json") == 2
    with pytest.raises(SystemExit) as ended:
        compare.main([], stored=tmp_path / "stored.json")
    assert ended.value.code == 2


def test_the_stored_ratios_are_readable() -> None:
    assert compare.load(compare.STORED)


# --- builds ------------------------------------------------------------------------------------------------
def test_a_model_that_some_rounds_leave_alone_counts_as_nothing_in_them() -> None:
    facts = {"case": "build", "step": "commune", "rows": 10}
    nodes = [{"model.kho.a": 3.0, "test.kho.t": 1.0}, {"model.kho.a": 5.0, "model.kho.b": 2.0}, {"model.kho.a": 4.0}]
    listed = {
        each["step"]: each["node_seconds"]
        for each in builds.by_model([{**facts, "nodes": n} for n in nodes], "commune")
    }
    assert listed == {"all models": 4.0, "all tests": 0.0, "all seeds": 0, "a": 4.0, "b": 0.0}
