"""kho serve: SQL over HTTP for those with a token, on their audience's tables, within limits, whatever is asked."""

from __future__ import annotations

import asyncio
import functools
import json
import os
import socket
import stat
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import uvicorn

from orchestration.settings import Settings
from orchestration.sharing.publish import announce, prepare, publish
from orchestration.sharing.query import QueryError, query
from orchestration.sharing.service import pool
from orchestration.sharing.service.routes import application
from orchestration.sharing.service.tokens import create_token, find_token, revoke_token, tokens
from orchestration.sharing.service.worker import BEGUN, Question, serve_questions
from orchestration.sharing.versions import Facts, current
from tests import attacks

FACTS = Facts(ledger_sequence=1, code="c")
MODELS = """
create schema core; create schema marts;
create table core.number as select i from range(1000) as t(i);
create table marts.commune as select 'Lào Cai' as name, 1.50::decimal(9, 2) as area_m2, null::int as n;
comment on table marts.commune is 'One row per commune.';
"""


@dataclass
class Service:
    """A running service."""

    url: str
    settings: Settings
    token: str

    def ask(
        self, sql: str | bytes, *, accept: str = "application/json", token: str | None = None, kind: str = "text/plain"
    ) -> tuple[int, bytes]:
        request = urllib.request.Request(f"{self.url}/query", sql.encode() if isinstance(sql, str) else sql)
        for name, value in {
            "Accept": accept,
            "Authorization": f"Bearer {token or self.token}",
            "Content-Type": kind,
        }.items():
            request.add_header(name, value)
        return self._open(request)

    def get(self, path: str) -> tuple[int, bytes]:
        return self._open(urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {self.token}"}))

    def log(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.settings.access_log.read_text(encoding="utf-8").splitlines()]

    @staticmethod
    def _open(request: urllib.request.Request) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


def build(settings: Settings, sql: str) -> None:
    settings.warehouse.unlink(missing_ok=True)
    with duckdb.connect(settings.warehouse) as connection:
        connection.execute(sql)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    home = tmp_path_factory.mktemp("home")
    settings = Settings(
        home=home,
        serve_workers=3,  # a bomb's own, one that takes the place of the last bomb's, and one for the others
        serve_seconds=3,
        serve_rows=2000,
        serve_answer_mb=1,
        serve_memory_mb=512,
        sql_seconds=3,
    )
    build(settings, MODELS)
    publish(settings, facts=FACTS)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(application(settings), log_level="warning", access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    made = Service(f"http://127.0.0.1:{listener.getsockname()[1]}", settings, create_token(settings, "an", "shared"))
    while not server.started:
        thread.join(0.05)
    yield made
    server.should_exit = True
    thread.join()


def test_an_answer_comes_as_json_csv_or_arrow(service: Service) -> None:
    sql = "select * from marts.commune"
    assert json.loads(service.ask(sql)[1]) == [{"name": "Lào Cai", "area_m2": 1.5, "n": None}]
    assert service.ask(sql, accept="text/csv") == (200, "name,area_m2,n\nLào Cai,1.50,\n".encode())
    body = service.ask(sql, accept="application/vnd.apache.arrow.stream")[1]
    table = pa.ipc.open_stream(body).read_all()
    assert (table.to_pylist()[0]["name"], str(table.schema.field("area_m2").type)) == ("Lào Cai", "decimal128(9, 2)")
    assert service.ask(json.dumps({"sql": sql}), kind="application/json")[0] == 200


def test_what_is_no_query_at_all_is_a_bad_request(service: Service) -> None:
    assert service.ask(b"\xff\xfe")[0] == 400
    assert service.ask("[1]", kind="application/json")[0] == 400
    assert service.ask("select 1", accept="image/png")[0] == 406
    assert service.ask("select 1 -- " + "x" * 100_000)[0] == 413


def test_health_is_told_to_everybody_and_tables_with_their_meaning_to_those_with_a_token(service: Service) -> None:
    assert json.loads(service.get("/health")[1]) == {"status": "ok", "version": current(service.settings).version}
    listed = json.loads(service.get("/tables")[1])
    assert [each["column"] for each in listed if each["table"] == "marts.commune"] == ["name", "area_m2", "n"]
    assert service.ask("select 1", token="kho_guessed")[0] == 401


def test_a_token_is_kept_as_a_hash_opens_one_audience_and_ends_when_it_is_revoked(service: Service) -> None:
    secret = create_token(service.settings, "binh", "open")
    kept = service.settings.tokens
    assert secret not in kept.read_text() and stat.S_IMODE(kept.stat().st_mode) == 0o600
    found = find_token(service.settings, secret)
    assert (found.user, found.audience) == ("binh", "open")
    assert service.ask("select 1", token=secret)[0] == 503  # nothing is published for open
    revoke_token(service.settings, found.id)
    assert service.ask("select 1", token=secret)[0] == 401
    assert [each.user for each in tokens(service.settings)] == ["an"]


def test_a_token_reads_the_file_of_its_audience_only(service: Service) -> None:
    def write(target: Path) -> None:
        with duckdb.connect(target) as connection:
            connection.execute("create schema marts; create table marts.only as select 7 as i")

    announce(prepare(service.settings, audience="open", number=1, facts=FACTS, write=write))
    secret = create_token(service.settings, "open-user", "open")
    assert json.loads(service.ask("from marts.only", token=secret)[1]) == [{"i": 7}]
    assert service.ask("from core.number", token=secret)[0] == 403
    tables = json.loads(service.ask("select table_name from information_schema.tables", token=secret)[1])
    assert tables == [{"table_name": "only"}]
    assert service.ask("from marts.only")[0] == 403


def test_the_next_query_reads_the_newest_version(service: Service) -> None:
    before = json.loads(service.get("/health")[1])["version"]
    publish(service.settings, facts=FACTS)
    assert json.loads(service.get("/health")[1])["version"] > before
    assert service.ask("select 1")[0] == 200
    assert service.log()[-1]["version"] > before


def test_the_log_says_who_asked_what_without_answers_and_long_numbers(service: Service) -> None:
    service.ask("select count(*) as n, '010095012345' as id from marts.commune")
    line = service.log()[-1]
    assert (line["user"], line["audience"], line["rows"], line["outcome"]) == ("an", "shared", 1, "ok")
    assert line["sql"] == "select count(*) as n, '…' as id from marts.commune"
    assert len(line["sha256"]) == 64
    assert stat.S_IMODE(service.settings.access_log.stat().st_mode) == 0o600


def test_an_answer_with_too_many_rows_or_bytes_is_an_error_and_not_a_part(service: Service) -> None:
    for accept in ("application/json", "text/csv", "application/vnd.apache.arrow.stream"):
        assert service.ask("from range(2001)", accept=accept)[0] == 413
        assert service.ask("select repeat('x', 100000) from range(50)", accept=accept)[0] == 413


@pytest.mark.parametrize(
    "sql",
    [
        "with x as (select 1 as one) select * from x",
        "select row_number() over (order by i) as n, sum(i) over () as s from core.number limit 3",
        "select unnest([1, 2]) as u, extract(year from date '2026-01-02') as y, 'a' like 'b%' as l",
        "describe marts.commune",
        "summarize marts.commune",
        "select count(*) filter (i > 3), quantile_cont(i, 0.5) from core.number group by all",
        "select table_name, comment from duckdb_tables()",
    ],
)
def test_what_analysts_ask_is_allowed(service: Service, sql: str) -> None:
    assert service.ask(sql)[0] == 200


def _succeeds(settings: Settings, sql: str) -> bool:
    """Whether ``kho sql`` answers it."""
    try:
        list(query(settings, sql))
    except QueryError:
        return False
    return True


def test_no_attack_succeeds_against_the_service_or_the_command(service: Service, tmp_path: Path) -> None:
    """Nothing is read, nothing is written, nothing ends the service; at least sixty statements of each kind of attack."""
    canary, out = tmp_path / "canary.csv", tmp_path / "out"
    canary.write_text("canary-of-the-vault\n")
    out.mkdir()
    statements = [each.replace("{canary}", str(canary)).replace("{out}", str(out)) for each in attacks.FORBIDDEN]
    assert len(statements) >= 60
    published = current(service.settings)
    bytes_before = published.path.read_bytes()
    succeeded = []
    for sql in statements:
        status, body = service.ask(sql)
        assert status in (400, 403), sql
        assert b"canary-of-the-vault" not in body
        if _succeeds(service.settings, sql):
            succeeded.append(sql)
    assert succeeded == []
    for sql in attacks.TELLING:
        assert service.ask(sql)[0] in (400, 403), sql
    assert list(out.iterdir()) == []
    assert canary.read_text() == "canary-of-the-vault\n"
    assert published.path.read_bytes() == bytes_before
    assert sorted(each.name for each in published.folder.iterdir() if each.name.startswith(published.version)) == [
        f"{published.version}.duckdb",
        f"{published.version}.json",
    ]
    assert service.ask("select 1")[0] == 200


def test_a_bomb_ends_by_its_limits_while_others_are_answered(service: Service) -> None:
    for sql in attacks.BOMBS:
        found: list[int] = []
        thrown = threading.Thread(target=lambda sql=sql, found=found: found.append(service.ask(sql)[0]))
        thrown.start()
        assert service.ask("select count(*) from core.number")[0] == 200
        thrown.join()
        assert found[0] in (200, 400, 403, 408, 413), sql[:80]
        assert found[0] != 200 or sql == attacks.BOMBS[7], sql[:80]
    assert service.ask("select 1")[0] == 200


def published_home(home: Path, **limits: Any) -> tuple[Settings, Question]:
    """A home with something published, and a question about it."""
    settings = Settings(home=home, **limits)
    build(settings, MODELS)
    file = publish(settings, facts=FACTS).path
    return settings, Question(1, file, frozenset(), "select 1 as one", "json", 30, 10, 1000)


def start_when(gate: str, *arguments: Any) -> None:
    """A worker that is not ready before a file is there."""
    while not Path(gate).exists():
        threading.Event().wait(0.02)
    serve_questions(*arguments)


def test_no_question_waits_for_the_start_of_the_worker_that_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, question = published_home(tmp_path, serve_workers=1, serve_seconds=0.1)
    gate = tmp_path / "gate"
    monkeypatch.setattr(pool, "serve_questions", functools.partial(start_when, str(gate)))

    async def story() -> tuple[str, str]:
        workers = pool.Pool(settings)
        starting = asyncio.create_task(workers.start())
        before = await workers.ask(question)
        gate.touch()
        await starting
        after = await workers.ask(question)
        await workers.stop()
        return before.outcome, after.outcome

    assert asyncio.run(story()) == ("busy", "ok")


def die_of_it(asked: str, questions: Connection, control: Connection, memory_mb: int) -> None:
    """A worker that dies of its question, having noted that it was asked."""
    questions.send("ready")
    question = questions.recv()
    with Path(asked).open("a", encoding="utf-8") as file:
        file.write(question.sql)
    questions.send(BEGUN)
    os._exit(9)


def first_is_dead(first: str, *arguments: Any) -> None:
    """A worker; the first of all is dead when it is asked."""
    try:
        Path(first).touch(exist_ok=False)
        arguments[0].send("ready")
    except FileExistsError:
        serve_questions(*arguments)


def test_a_question_of_which_a_worker_dies_is_asked_once_and_one_that_meets_a_dead_worker_is_answered_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, question = published_home(tmp_path, serve_workers=2, serve_seconds=30)
    note = tmp_path / "note"

    async def outcomes(times: int) -> list[str]:
        workers = pool.Pool(settings)
        await workers.start()
        found = [(await workers.ask(question)).outcome for _ in range(times)]
        await workers.stop()
        return found

    monkeypatch.setattr(pool, "serve_questions", functools.partial(die_of_it, str(note)))
    assert (asyncio.run(outcomes(1)), note.read_text(encoding="utf-8")) == (["ended"], "select 1 as one")
    note.unlink()
    monkeypatch.setattr(pool, "serve_questions", functools.partial(first_is_dead, str(note)))
    assert asyncio.run(outcomes(2)) == ["ok", "ok"]
    assert note.exists()


def test_a_client_that_leaves_stops_its_query(service: Service) -> None:
    service.ask("select 1")
    sql, host = attacks.BOMBS[0], service.url.removeprefix("http://")
    with socket.create_connection(tuple(host.split(":"))) as client:
        head = f"POST /query HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {service.token}\r\n"
        client.sendall(f"{head}Content-Length: {len(sql)}\r\n\r\n{sql}".encode())
    end = time.monotonic() + 10
    while service.log()[-1]["outcome"] != "cancelled" and time.monotonic() < end:
        assert service.ask("select 1") == (200, b'[\n{"1": 1}\n]\n')
        threading.Event().wait(0.1)
    assert "cancelled" in [each["outcome"] for each in service.log()]
