"""Broken files of every kind are a table or a clean error; the fuzzer that says so notices when they are not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.fuzz_reader import PROJECT


def run_fuzzer(keep: Path, *options: str) -> tuple[int, dict[str, object]]:
    """The fuzzer's exit code and its counts."""
    command = [sys.executable, "-m", "tests.fuzz_reader", "--jobs", "1", "--keep", str(keep), "--corpora", str(keep)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False, cwd=PROJECT, timeout=300)
    return done.returncode, json.loads(done.stdout.strip().rpartition("\n")[2])


def test_some_hundred_broken_files_are_tables_or_clean_errors(tmp_path: Path) -> None:
    """The same as ``python -m tests.fuzz_reader --inputs 20000``, in the small."""
    status, found = run_fuzzer(tmp_path, "--inputs", "200", "--seed", "7")
    assert (status, found["failed"], found["inputs"]) == (0, 0, 200)
    classes = found["classes"]
    assert isinstance(classes, dict)
    assert classes["table"] > 20
    assert classes["file.unreadable"] > 20
