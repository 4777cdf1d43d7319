"""The archive keeps the bytes that arrived, and an incoming file goes only if it is the one that was archived."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from orchestration.intake import archive as archiving
from orchestration.intake.archive import ASIDE, Archived, archive, archived_file, put_back, remove_incoming
from orchestration.intake.discover import IncomingFile, identity_of, incoming_files
from orchestration.intake.take_in import take_in_dataset
from orchestration.settings import Settings
from tests.conftest import Drop
from tests.office import RESIDENTS, resident, rows_csv

DATASET = RESIDENTS.path


@pytest.fixture
def incoming(settings: Settings, drop: Drop) -> IncomingFile:
    drop(RESIDENTS, "2026-10.csv", "a;b\n1;2\n")
    (found,) = incoming_files(settings, DATASET)
    return found


def test_the_archive_holds_the_same_bytes_under_their_hash_read_only(
    settings: Settings, incoming: IncomingFile
) -> None:
    digest = hashlib.sha256(b"a;b\n1;2\n").hexdigest()
    path = settings.archive / digest
    assert archive(settings, incoming) == Archived(path, digest, 8, incoming.identity, "2026-10.csv")
    assert path.read_bytes() == b"a;b\n1;2\n"
    assert path.stat().st_mode & 0o777 == 0o400
    assert settings.archive.stat().st_mode & 0o777 == 0o700
    assert incoming.path.exists()
    assert list(settings.archive.iterdir()) == [path]


def test_a_file_larger_than_a_block_is_copied_whole(
    settings: Settings, drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archiving, "_BLOCK", 7)
    content = os.urandom(1000)
    drop(RESIDENTS, "2026-10.csv", content)
    (found,) = incoming_files(settings, DATASET)
    archived = archive(settings, found)
    assert archived is not None
    assert archived.path.read_bytes() == content


def test_bytes_that_are_there_already_are_not_written_again(settings: Settings, incoming: IncomingFile) -> None:
    first = archive(settings, incoming)
    assert first is not None
    before = first.path.stat()
    assert archive(settings, incoming) == first
    assert (first.path.stat().st_ino, first.path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def _gone(incoming: IncomingFile) -> None:
    incoming.path.unlink()


def _changed(incoming: IncomingFile) -> None:
    incoming.path.write_text("something else")


def _replaced(incoming: IncomingFile) -> None:
    other = incoming.path.with_name(".other")
    other.write_bytes(incoming.path.read_bytes())
    os.utime(other, ns=(incoming.mtime_ns, incoming.mtime_ns))
    other.replace(incoming.path)


def _made_a_link(incoming: IncomingFile) -> None:
    incoming.path.rename(incoming.path.with_name(".aside"))
    incoming.path.symlink_to(incoming.path.with_name(".aside"))


def _made_a_pipe(incoming: IncomingFile) -> None:
    incoming.path.unlink()
    os.mkfifo(incoming.path)


@pytest.mark.parametrize("change", [_gone, _changed, _replaced, _made_a_link, _made_a_pipe])
def test_a_file_that_changed_since_it_was_found_is_left_for_the_next_run(
    settings: Settings, incoming: IncomingFile, change: Any
) -> None:
    change(incoming)
    assert archive(settings, incoming) is None
    assert list(settings.archive.iterdir()) == []


def test_a_file_that_grows_while_it_is_copied_is_left_for_the_next_run(
    settings: Settings, incoming: IncomingFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fsync

    def fsync(descriptor: int) -> None:
        with incoming.path.open("a") as file:
            file.write("3;4\n")
        real(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        assert archive(settings, incoming) is None
    assert list(settings.archive.iterdir()) == []


def test_a_file_that_may_not_be_read_stays_and_is_logged(
    settings: Settings, drop: Drop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An officer's file that is skipped run after run without a word would be lost to her."""
    closed = drop(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, [resident(1)]))
    drop(RESIDENTS, "2026-11.csv", rows_csv(RESIDENTS, [resident(1)]))
    real = os.open

    def open_(path: Any, *arguments: Any, **named: Any) -> int:
        if path == closed:
            raise PermissionError(13, "Permission denied")
        return real(path, *arguments, **named)

    monkeypatch.setattr(os, "open", open_)
    (submission,) = take_in_dataset(settings, RESIDENTS)
    assert (submission.file_name, closed.exists()) == ("2026-11.csv", True)
    assert "Permission denied" in caplog.text


# --- removing ---------------------------------------------------------------------------------------------
def test_the_file_that_was_archived_is_removed(incoming: IncomingFile) -> None:
    assert remove_incoming(incoming.path, incoming.identity)
    assert list(incoming.path.parent.iterdir()) == []


def test_a_file_that_is_gone_already_counts_as_removed(incoming: IncomingFile) -> None:
    incoming.path.unlink()
    assert remove_incoming(incoming.path, incoming.identity)


@pytest.mark.parametrize("change", [_changed, _replaced, _made_a_link])
def test_another_file_under_the_same_name_stays(incoming: IncomingFile, change: Any) -> None:
    change(incoming)
    before = identity_of(incoming.path.lstat())
    assert not remove_incoming(incoming.path, incoming.identity)
    assert identity_of(incoming.path.lstat()) == before


def test_a_file_that_arrives_in_the_last_moment_stays(incoming: IncomingFile, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look at the file and its removal."""
    real = Path.rename

    def rename(path: Path, target: Path) -> Path:
        if path == incoming.path:
            _changed(incoming)
        return real(path, target)

    monkeypatch.setattr(Path, "rename", rename)
    assert not remove_incoming(incoming.path, incoming.identity)
    assert incoming.path.read_text() == "something else"
    assert [path.name for path in incoming.path.parent.iterdir()] == ["2026-10.csv"]


def test_two_files_that_arrive_in_the_last_moment_both_stay(
    settings: Settings, drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One before the old file is set aside, one more under the same name before it can be put back."""
    path = drop(RESIDENTS, "2026-10.csv", rows_csv(RESIDENTS, [resident(number) for number in range(5)]))
    second = rows_csv(RESIDENTS, [resident(number) for number in range(6)])
    third = rows_csv(RESIDENTS, [resident(number) for number in range(7)])
    real, calls = Path.rename, 0

    def rename(moved: Path, target: Path) -> Path:
        nonlocal calls
        calls += 1
        if calls == 1:
            path.write_text(second)
        renamed = real(moved, target)
        if calls == 1:
            path.write_text(third)
        return renamed

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", rename)
        found = [each.rows_accepted for each in take_in_dataset(settings, RESIDENTS)]
    for _ in range(2):
        found += [each.rows_accepted for each in take_in_dataset(settings, RESIDENTS)]
    assert sorted(found) == [5, 6, 7]
    assert list(settings.incoming(DATASET).iterdir()) == []


@pytest.mark.parametrize("name", ["2026-10.csv", os.fsdecode(b"2026-10 b\xe9n.csv")], ids=ascii)
def test_what_is_left_of_a_committed_file_is_removed_and_anything_else_comes_back(
    settings: Settings, drop: Drop, name: str
) -> None:
    """A run died after it had set the file aside; the name may be bytes that are no UTF-8."""
    folder = settings.incoming(DATASET)
    for committed in (True, False):
        path = drop(RESIDENTS, name, "x")
        (found,) = incoming_files(settings, DATASET)
        (folder / ASIDE).mkdir()
        path.rename(folder / ASIDE / name)
        put_back(folder, {(found.identity, found.name)} if committed else ())
        assert list(folder.iterdir()) == ([] if committed else [path])


def test_a_file_that_comes_back_replaces_none_that_arrives_in_the_same_moment(
    settings: Settings, drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = drop(RESIDENTS, "2026-10.csv", "old")
    folder = settings.incoming(DATASET)
    (folder / ASIDE).mkdir()
    path.rename(folder / ASIDE / path.name)
    real = os.link

    def link(source: Path, target: Path, **named: Any) -> None:
        if target == path:
            path.write_text("new")
        real(source, target, **named)

    monkeypatch.setattr(os, "link", link)
    put_back(folder)
    assert {each.name: each.read_text() for each in folder.iterdir()} == {
        "2026-10.csv": "new",
        "2026-10 (2).csv": "old",
    }


def test_a_file_that_came_back_before_its_run_died_is_there_once(settings: Settings, drop: Drop) -> None:
    path = drop(RESIDENTS, "2026-10.csv", "old")
    folder = settings.incoming(DATASET)
    (folder / ASIDE).mkdir()
    (folder / ASIDE / path.name).hardlink_to(path)
    put_back(folder)
    assert list(folder.iterdir()) == [path]


def test_the_archive_is_found_by_hash(settings: Settings) -> None:
    assert archived_file(settings, "ab" * 32) == settings.archive / ("ab" * 32)
