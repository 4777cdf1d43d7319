"""Publishing: readers see whole versions only, whatever happens to the publication."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import random
import threading
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import Settings
from orchestration.sharing import publish as publishing
from orchestration.sharing.publish import PublishError, publish
from orchestration.sharing.reader import open_read_only
from orchestration.sharing.versions import Facts, Published, current, versions

FACTS = Facts(ledger_sequence=7, code="c0de")


def build(settings: Settings, rows: int) -> None:
    """A small warehouse with one table of ``rows`` rows and a view on it."""
    settings.home.mkdir(exist_ok=True)
    with duckdb.connect(settings.warehouse) as connection:
        connection.execute("create schema if not exists core; create schema if not exists marts")
        connection.execute(f"create or replace table core.number as select i from range({rows}) as t(i)")
        connection.execute(
            "create or replace view marts.total as select sum(i) as total, count(*) as n from core.number"
        )


def count(published: Published) -> int:
    with open_read_only(published.path) as connection:
        return connection.execute("select count(*) from core.number").fetchone()[0]


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", sources=tmp_path / "sources", keep_versions=3)


def test_nothing_is_current_before_the_first_publication(home: Settings) -> None:
    assert current(home) is None


def test_a_version_says_what_it_was_built_from_and_what_it_holds(home: Settings) -> None:
    build(home, 12)
    published = publish(home, facts=FACTS)
    content = (home.publish / "shared" / "v000001.duckdb").read_bytes()
    assert published == current(home)
    assert published.facts == FACTS
    assert published.tables == {"core.number": 12, "marts.total": 1}
    assert (published.version, published.bytes) == ("v000001", len(content))
    assert published.sha256 == hashlib.sha256(content).hexdigest()


def test_what_still_stood_in_the_write_ahead_log_is_published_too(home: Settings) -> None:
    build(home, 1)
    writer = duckdb.connect(home.warehouse, config={"checkpoint_threshold": "1GB"})
    writer.execute("pragma disable_checkpoint_on_shutdown")
    writer.execute("insert into core.number values (41)")
    writer.close()
    assert home.warehouse.with_name("warehouse.duckdb.wal").exists()
    assert count(publish(home, facts=FACTS)) == 2
    assert not home.warehouse.with_name("warehouse.duckdb.wal").exists()


def test_every_version_has_a_name_of_its_own_and_the_last_ones_are_kept(home: Settings) -> None:
    build(home, 3)
    names = [publish(home, facts=FACTS).version for _ in range(5)]
    assert names == ["v000001", "v000002", "v000003", "v000004", "v000005"]
    kept = sorted(file.name for file in (home.publish / "shared").iterdir())
    last = [f"v00000{number}.{kind}" for number in (3, 4, 5) for kind in ("duckdb", "json")]
    assert kept == ["current.json", *last]
    assert [each.version for each in versions(home)] == names[2:]


@pytest.mark.parametrize("step", ["checkpoint", "_copy", "_count_rows", "announce"])
def test_a_publication_that_dies_at_any_step_leaves_the_old_version_and_the_next_one_cleans_up(
    home: Settings, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    build(home, 3)
    old = publish(home, facts=FACTS)
    build(home, 4)
    real = getattr(publishing, step)

    def dies(*arguments: object) -> object:
        if step != "announce":  # the announcement is the switch: dying after it would be too late
            real(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(publishing, step, dies)
        patch.setattr(Path, "unlink", lambda *_, **__: None)  # a killed process does not tidy up
        with pytest.raises(KeyboardInterrupt):
            publish(home, facts=FACTS)
    assert current(home) == old
    assert count(old) == 3
    new = publish(home, facts=FACTS)
    assert count(new) == 4
    files = {file.name for file in (home.publish / "shared").iterdir()}
    assert files == {"current.json", old.file, f"{old.version}.json", new.file, f"{new.version}.json"}


def test_a_warehouse_with_a_schema_that_is_not_for_readers_is_not_published(home: Settings) -> None:
    build(home, 3)
    old = publish(home, facts=FACTS)
    with duckdb.connect(home.warehouse) as connection:
        connection.execute("create schema vault; create table vault.person as select 1 as i")
    with pytest.raises(PublishError, match="vault"):
        publish(home, facts=FACTS)
    assert current(home) == old


def test_a_view_that_needs_a_file_outside_is_not_published(home: Settings, tmp_path: Path) -> None:
    build(home, 3)
    (tmp_path / "rows.csv").write_text("i\n1\n")
    with duckdb.connect(home.warehouse) as connection:
        connection.execute(f"create view marts.outside as select * from read_csv('{tmp_path}/rows.csv')")
    with pytest.raises(duckdb.PermissionException):
        publish(home, facts=FACTS)
    assert current(home) is None


def test_a_home_without_a_warehouse_says_so(home: Settings) -> None:
    with pytest.raises(PublishError, match="no warehouse"):
        publish(home, facts=FACTS)


def test_a_reader_goes_on_reading_its_version_after_it_was_removed(home: Settings) -> None:
    build(home, 3)
    with open_read_only(publish(home, facts=FACTS).path) as reader:
        for rows in range(4, 9):
            build(home, rows)
            publish(home, facts=FACTS)
        assert not (home.publish / "shared" / "v000001.duckdb").exists()
        assert reader.execute("select count(*) from core.number").fetchone() == (3,)


def _read_again_and_again(
    home: str, ready: multiprocessing.Event, stop: multiprocessing.Event, report: multiprocessing.Queue
) -> None:  # type: ignore[valid-type]
    """A reader in another process: every version that it opens must be whole, with 1000 rows more than its number.

    A long query is begun on the first version and read to its end after the last publication. It reads at any moment of
    a publication, but not so often that nobody else has the processor.
    """
    settings = Settings(home=Path(home))
    reads, errors, moments = 0, [], random.Random(2026)
    first = open_read_only(current(settings).path)
    long_query = first.execute("select a.i from core.number as a, core.number as b")
    long_rows = len(long_query.fetchmany(10))
    while not stop.wait(moments.uniform(0, 0.1)):
        try:
            published = current(settings)
            rows = count(published)
            expected = 1000 + int(published.version.removeprefix("v"))
            if rows != expected:
                errors.append(f"{published.version}: {rows} rows instead of {expected}")
        except Exception as error:  # the claim is that there are none
            errors.append(repr(error))
        reads += 1
        ready.set()
    while batch := long_query.fetchmany(100_000):
        long_rows += len(batch)
    report.put((reads, errors, long_rows))


def test_readers_in_other_processes_never_see_half_a_version_while_two_hundred_are_published(tmp_path: Path) -> None:
    """Two hundred publications cost seconds of fsync each on a busy disk: the warehouse is a few pages."""
    home = Settings(home=tmp_path / "home", sources=tmp_path / "sources", keep_versions=10)
    context = multiprocessing.get_context("spawn")
    ready, stop, report = context.Event(), context.Event(), context.Queue()
    build(home, 1001)
    publish(home, facts=FACTS)
    reader = context.Process(target=_read_again_and_again, args=(str(home.home), ready, stop, report))
    reader.start()
    ready.wait()
    for _ in range(200):
        with duckdb.connect(home.warehouse) as connection:
            connection.execute("insert into core.number select count(*) from core.number")
        publish(home, facts=FACTS)
    stop.set()
    reads, errors, long_rows = report.get(timeout=60)
    reader.join()
    assert errors == []
    assert reads > 50
    assert long_rows == 1001 * 1001
    assert count(current(home)) == 1201


def test_the_announcement_is_replaced_whole(home: Settings) -> None:
    """Reads of current.json during a hundred replacements always give complete JSON."""
    build(home, 1)
    published = publish(home, facts=FACTS)
    seen: list[str] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.append(json.loads((published.folder / "current.json").read_text())["version"])

    thread = threading.Thread(target=read)
    thread.start()
    for _ in range(100):
        publishing.announce(published)
    done.set()
    thread.join()
    assert set(seen) == {"v000001"}
