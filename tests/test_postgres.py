"""PostgreSQL: everybody sees one version of everything, what is theirs and nothing else; a real server answers."""

from __future__ import annotations

import datetime
import os
import random
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import adbc_driver_manager
import dagster as dg
import duckdb
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from orchestration import cli
from orchestration.commands import postgres as postgres_commands
from orchestration.runs import ONLY_RUN, only_run
from orchestration.settings import Settings
from orchestration.sharing import publication
from orchestration.sharing.audiences import Audiences, Relation
from orchestration.sharing.postgres import publication as postgres
from orchestration.sharing.postgres.asset import postgres_asset
from orchestration.sharing.postgres.publication import publish_to
from orchestration.sharing.postgres.roles import make_login
from orchestration.sharing.postgres.server import PostgresError, connected, masked
from orchestration.sharing.publication import publish_all
from orchestration.sharing.versions import Facts
from tests.postgres_server import running

pytestmark = pytest.mark.xdist_group("postgres")

#: A publication beside its readers takes a second, so `make soak` makes the 200 of them.
PUBLICATIONS = int(os.environ.get("KHO_TEST_PUBLICATIONS", "8"))
NOW = datetime.datetime(2026, 11, 28, tzinfo=datetime.UTC)
TYPES = """
create table core.fct_of_types as select * from (values
    (1::tinyint, 2::smallint, 3::integer, 4::bigint, 5::hugeint, 6::utinyint, 7::usmallint, 8::uinteger, 9::ubigint,
     1.5::float, 2.25::double, 1234.5678::decimal(24, 4), true, date '1899-12-31', timestamp '2026-11-28 01:02:03.456789',
     'Bản Xèo ''"\\', ['a', 'b']),
    (null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null)
) as t (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q);
"""


def models(version: int) -> str:
    return f"""
create or replace schema core; create or replace schema marts;
create table core.fct_resident as select 'k' || i as citizen_key, (i % 2)::varchar || '@2025-07-01' as commune_key from range(10) t(i);
create table core.fct_parcel as select 'P1' as parcel, '0' as commune_code;
create table marts.mart_one as select {version} as version, '0' as commune_code, 'x' as note;
create table marts.mart_two as select {version} as version from range(1000);
create table core.dim_kind as select 'ward' as kind;
comment on table marts.mart_one is 'One row per commune (Mỗi xã một dòng).';
comment on column marts.mart_one.note is 'A note.';
"""


def relation(name: str, reach: str, *columns: str, department: str = "") -> Relation:
    schema, table = name.split(".")
    classes = (
        dict.fromkeys(columns, "open") | {"note": "internal"} if "note" in columns else dict.fromkeys(columns, "open")
    )
    return Relation(
        schema=schema,
        name=table,
        columns=classes,
        reach=reach,  # type: ignore[arg-type]
        departments=frozenset({department} if department else ()),
        small_cells=None,
    )


DECLARED = Audiences(
    {
        each.qualified: each
        for each in [
            relation("core.fct_resident", "owner", "citizen_key", "commune_key", department="population"),
            relation("core.fct_parcel", "owner", "parcel", "commune_code", department="land"),
            relation("marts.mart_one", "open", "version", "commune_code", "note"),
            relation("marts.mart_two", "departments", "version"),
            relation("core.dim_kind", "open", "kind"),
        ]
    },
    ("shared", "open", "department:land", "department:population"),
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URI of a PostgreSQL that this module has for itself."""
    with running(tmp_path_factory.mktemp("postgres")) as uri:
        yield uri


@pytest.fixture
def uri(server: str) -> str:
    """The same with nothing of kho in it."""
    with connected(server) as connection:
        names = connection.rows("select nspname from pg_namespace where nspname like 'kho\\_%'")
        connection.execute(*(f"drop schema {name} cascade" for (name,) in names))
        roles = connection.rows("select rolname from pg_roles where rolname like 'kho\\_%' or rolname like 'user\\_%'")
        for (role,) in roles:
            connection.execute(f"drop owned by {role}", f"drop role {role}")
        connection.commit()
    return server


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    settings = Settings(home=tmp_path / "home", sources=tmp_path / "sources", now=NOW, publish_tables=False)
    settings.home.mkdir()
    for module in (publication, postgres):
        monkeypatch.setattr(module, "declared_audiences", lambda _settings: DECLARED)
    publish(settings, 1)
    return settings


def publish(settings: Settings, version: int, more: str = "") -> None:
    with duckdb.connect(settings.warehouse) as connection:
        connection.execute(
            "drop schema if exists core cascade; drop schema if exists marts cascade;" + models(version) + more
        )
    publish_all(settings, facts=Facts(ledger_sequence=version, code="c"))


def as_login(uri: str, name: str, password: str) -> str:
    return uri.replace("postgres:@", f"{name}:{quote(password)}@")


def asked(uri: str, sql: str) -> list[tuple[Any, ...]]:
    with connected(uri) as connection:
        return connection.rows(sql)


def test_each_audience_finds_its_relations_and_columns_with_their_comments(home: Settings, uri: str) -> None:
    done = publish_to(home, uri)
    assert done.shown == {"shared": 5, "open": 2, "department:land": 4, "department:population": 4}
    shown = asked(
        uri,
        "select table_schema, table_name, string_agg(column_name, ' ' order by ordinal_position) from information_schema.columns "
        "where table_schema like 'kho\\_%' and table_schema not in ('kho_data', 'kho_meta') group by 1, 2 order by 1, 2",
    )
    common = [("mart_one", "version commune_code note"), ("mart_two", "version")]
    parcel, resident, kind = (
        ("fct_parcel", "parcel commune_code"),
        ("fct_resident", "citizen_key commune_key"),
        ("dim_kind", "kind"),
    )
    assert shown == [
        *(("kho_department_land", *each) for each in (kind, parcel, *common)),
        *(("kho_department_population", *each) for each in (kind, resident, *common)),
        *(("kho_open", *each) for each in (kind, ("mart_one", "version commune_code"))),
        *(("kho_shared", *each) for each in (kind, parcel, resident, *common)),
    ]
    said = (
        "select obj_description('kho_shared.mart_one'::regclass), col_description('kho_shared.mart_one'::regclass, 3)"
    )
    assert asked(uri, said) == [("One row per commune (Mỗi xã một dòng).", "A note.")]


def test_values_of_every_type_come_over_exactly(home: Settings, uri: str) -> None:
    publish(home, 1, TYPES)
    publish_to(home, uri)
    columns = ["a", "b", "c", "d", "e::text", "f", "g", "h", "i::text", "j", "k", "l::text", "m", "n", "o", "p", "q"]
    assert asked(uri, f"select {', '.join(columns)} from kho_shared.fct_of_types order by a") == [
        (
            *(1, 2, 3, 4, "5", 6, 7, 8, "9", 1.5, 2.25, "1234.5678", True, datetime.date(1899, 12, 31)),
            *(datetime.datetime(2026, 11, 28, 1, 2, 3, 456789), "Bản Xèo '\"\\", "[a, b]"),
        ),
        (None,) * len(columns),
    ]
    assert Decimal(asked(uri, "select sum(l)::text from kho_shared.fct_of_types")[0][0]) == Decimal("1234.5678")


def test_only_what_changed_is_loaded_and_old_loads_go_later(home: Settings, uri: str) -> None:
    assert sorted(publish_to(home, uri).loaded) == [
        *("core.dim_kind", "core.fct_parcel", "core.fct_resident", "marts.mart_one", "marts.mart_one", "marts.mart_two")
    ]
    assert publish_to(home, uri).loaded == []
    publish(home, 2)
    done = publish_to(home, uri)
    assert (sorted(done.loaded), done.swept) == (["marts.mart_one", "marts.mart_one", "marts.mart_two"], 0)
    assert asked(uri, "select version from kho_open.mart_one") == [(2,)]
    loads = "select count(*) from kho_meta.load"
    assert asked(uri, loads) == [(9,)]
    assert publish_to(home, uri, keep_seconds=0).swept == 3
    assert asked(uri, loads) == [(6,)]
    assert asked(uri, "select count(*) from pg_inherits") >= [(6,)]


def test_past_the_view_a_reader_finds_the_loads_of_the_own_audience_only(home: Settings, uri: str) -> None:
    publish_to(home, uri)
    publish(home, 2)
    publish_to(home, uri)
    named = "select parent from kho_meta.current where audience = 'open' and relation = 'marts.mart_one'"
    ((parent,),) = asked(uri, named)
    open_data = as_login(uri, "user_open", make_login(uri, "user_open", "open"))
    land = as_login(uri, "user_land", make_login(uri, "user_land", "department:land"))
    assert asked(open_data, f"select version from kho_data.{parent}") == [(2,)]
    with pytest.raises(PostgresError, match="permission denied"):
        asked(land, f"select version from kho_data.{parent}")
    assert asked(uri, f"select version from kho_data.{parent} order by 1") == [(1,), (2,)]


def test_a_publication_that_is_killed_before_the_switch_changes_nothing_and_is_made_good(
    home: Settings, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_to(home, uri)
    publish(home, 2)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(postgres, "_switch", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
        publish_to(home, uri)
    assert asked(uri, "select distinct version from kho_shared.mart_two") == [(1,)]
    assert publish_to(home, uri).loaded == []  # they lie there already
    assert asked(uri, "select distinct version from kho_shared.mart_two") == [(2,)]


def test_a_column_more_is_there_for_everybody_at_once_and_what_is_gone_is_gone(home: Settings, uri: str) -> None:
    publish_to(home, uri)
    more = "create or replace table marts.mart_two as select 7 as version, 'new' as word; drop table core.dim_kind;"
    publish(home, 2, more)
    publish_to(home, uri)
    assert asked(uri, "select version, word from kho_shared.mart_two") == [(7, "new")]
    assert asked(uri, "select to_regclass('kho_shared.dim_kind')::text, to_regclass('kho_open.dim_kind')::text") == [
        (None, None)
    ]


def test_readers_see_one_version_of_everything_during_many_publications(home: Settings, uri: str) -> None:
    """Two tables in one statement agree, and so do two statements of one REPEATABLE READ transaction."""
    publish_to(home, uri)
    reader = as_login(uri, "user_reader", make_login(uri, "user_reader", "shared"))
    torn: list[object] = []
    seen: set[int] = set()
    over = threading.Event()

    def read(moments: random.Random) -> None:
        try:
            with connected(reader) as connection:
                while not over.wait(moments.uniform(0, 0.06)):
                    connection.execute("set transaction isolation level repeatable read")
                    both = "select min(a.version), max(a.version), min(b.version), max(b.version) from mart_one a, mart_two b"
                    (one,) = connection.rows(both)
                    (two,) = connection.rows("select min(version), max(version), count(*) from mart_two")
                    connection.rollback()
                    if len({*one, *two[:2]}) > 1 or two[2] != 1000:
                        torn.append((one, two))
                    seen.add(one[0])
        except PostgresError as error:
            torn.append(error)

    threads = [threading.Thread(target=read, args=(random.Random(seed),)) for seed in range(2)]
    for thread in threads:
        thread.start()
    for version in range(2, 2 + PUBLICATIONS):
        publish(home, version)
        publish_to(home, uri, keep_seconds=5)
    over.set()
    for thread in threads:
        thread.join()
    assert torn == []
    assert len(seen) > 5


def test_a_department_sees_its_own_facts_and_a_login_of_a_commune_its_rows(home: Settings, uri: str) -> None:
    publish_to(home, uri)
    land = as_login(uri, "user_land", make_login(uri, "user_land", "department:land"))
    assert asked(land, "select count(*) from fct_parcel") == [(1,)]
    with pytest.raises(PostgresError, match="does not exist"):
        asked(land, "select * from fct_resident")
    commune = as_login(uri, "user_commune", make_login(uri, "user_commune", "department:population", communes=["1"]))
    assert asked(commune, "select distinct commune_key, count(*) over () from fct_resident") == [("1@2025-07-01", 5)]
    assert asked(commune, "select count(*) from mart_one") == [(0,)]  # of commune 0
    assert asked(commune, "select count(*) from mart_two") == [(0,)]  # of no commune, and not for everybody
    assert asked(commune, "select kind from dim_kind") == [("ward",)]
    parents = asked(
        uri, "select tablename from pg_tables where schemaname = 'kho_data' and tablename like 'fct_resident%'"
    )
    for (parent,) in parents:  # behind the view, rows are withheld all the same, or the table is
        try:
            assert asked(commune, f"select distinct commune_key from kho_data.{parent}") == [("1@2025-07-01",)]
        except PostgresError as error:
            assert "permission denied" in str(error)


#: ``{canary}``: a file of the server's account. None may succeed for the login of an audience.
ATTACKS = [
    "select pg_read_file('{canary}')", "select pg_read_binary_file('{canary}')", "select pg_ls_dir('/')", "select pg_stat_file('{canary}')",
    "copy (select 1) to '{canary}'", "copy (select 1) to program 'touch {canary}'", "select lo_import('{canary}')", "select lo_export(1, '{canary}')",
    "create table t (a int)", "create temp table t (a int)", "create schema s", "create view v as select 1", "create function f() returns int language sql as 'select 1'",
    "create role user_evil superuser", "alter role user_land superuser", "set role postgres", "set session authorization postgres",
    "grant kho_shared to user_land", "create extension dblink", "create extension adminpack", "load 'plpgsql'", "alter system set log_statement = 'all'",
    "insert into mart_one values (1, '0', 'x')", "update mart_one set version = 0", "delete from mart_one", "truncate mart_one", "drop view mart_one",
    "select * from kho_shared.fct_resident", "select * from kho_department_population.fct_resident", "select * from kho_meta.member", "select * from kho_meta.load",
    "update kho_meta.current set load_id = 1", "insert into kho_meta.member values ('user_land', 'shared', null)", "delete from kho_meta.member",
    "select * from pg_authid", "select rolpassword from pg_catalog.pg_authid", "select pg_reload_conf()", "select pg_terminate_backend({backend})",
    "select pg_rotate_logfile()", "create event trigger e on ddl_command_start execute function f()", "do $$ begin perform pg_read_file('{canary}'); end $$",
    "select query_to_xml('select * from kho_shared.fct_resident', true, true, '')", "select * from kho_data.{resident}",
    "table kho_department_population.fct_resident", "select 1; select * from kho_shared.fct_resident", "select 1 /* */ ; drop view mart_one",
    "select * from kho_data.{resident}_1", "select kho_load from kho_data.{resident}", "select count(*) from kho_shared.mart_one",
    "copy kho_shared.fct_resident to stdout", "copy mart_one from '{canary}'", "copy mart_one from program 'cat {canary}'",
    "select table_to_xml('kho_shared.fct_resident', true, true, '')", "select schema_to_xml('kho_shared', true, true, '')", "select database_to_xml(true, true, '')",
    "select cursor_to_xml('c', 1, true, true, '')", "select pg_read_file('/etc/passwd', 0, 10)", "select pg_ls_logdir()", "select pg_ls_waldir()", "select pg_promote()",
    "select pg_create_restore_point('x')", "select pg_switch_wal()", "select pg_cancel_backend({backend})", "select lo_from_bytea(0, '\\x00')",
    "alter role postgres password 'x'", "alter view mart_one reset (security_invoker)", "create or replace view mart_one as select 1 as version",
    "alter schema kho_department_land rename to s", "alter database postgres set search_path = s",
    "create function kho_meta.loads() returns bigint[] language sql as 'select null'", "create or replace function pg_catalog.now() returns int language sql as 'select 1'",
    "drop owned by kho_department_land",
    "comment on view mart_one is 'x'", "security label on view mart_one is 'x'", "lock table mart_one", "vacuum full", "checkpoint", "reindex schema kho_data", "select pg_export_snapshot(), lo_create(0)",
    "set row_security = off; select * from mart_one", "set temp_file_limit = -1", "select set_config('session_authorization', 'postgres', false)",
    "select set_config('log_min_messages', 'debug5', false)", "prepare transaction 'p'", "create publication p", "create subscription s connection '' publication p", "create server s foreign data wrapper f",
    "create tablespace t location '/tmp'", "create database d", "notify x; select * from pg_shadow", "select * from pg_statistic", "select * from pg_user_mapping", "select * from pg_subscription", "select * from pg_hba_file_rules",
]  # fmt: skip

#: What would take the server's time or memory if a limit did not end it.
BOMBS = [
    "select count(*) from generate_series(1, 1000000000)",
    "with recursive r(n) as (select 1 union all select n + 1 from r) select count(*) from r",
    "with recursive r(t) as (select 'x' union all select t || t from r) select max(length(t)) from r",
    "select count(*) from mart_two a, mart_two b, mart_two c, mart_two d",
    "select repeat(repeat('x', 1000000), 1000000)",
    "select pg_sleep(3600)",
    "select array_agg(a) from generate_series(1, 100000000) a",
]


def _succeeds(uri: str, attack: str, **names: str) -> bool:
    try:
        with connected(uri) as connection:
            connection.execute("set default_transaction_read_only = off")
            connection.commit()
            for name, value in names.items():
                attack = attack.replace("{" + name + "}", value)
            (connection.rows if attack.startswith("select") else connection.execute)(attack)
            connection.commit()
    except PostgresError:
        return False
    return True


def test_no_attack_of_a_reader_succeeds_and_others_are_served(home: Settings, uri: str, tmp_path: Path) -> None:
    publish_to(home, uri)
    canary = tmp_path / "canary.txt"
    canary.write_text("a secret of the machine")
    land = as_login(uri, "user_land", make_login(uri, "user_land", "department:land"))
    found = "select tablename from pg_tables where schemaname = 'kho_data' and tablename like 'fct_resident%' limit 1"
    ((resident,),) = asked(uri, found)
    with connected(uri) as other:  # a session that the attacks may not end
        ((backend,),) = other.rows("select pg_backend_pid()")
        names = {"canary": str(canary), "resident": resident, "backend": str(backend)}
        assert "\n".join(attack for attack in ATTACKS if _succeeds(land, attack, **names)) == ""
        assert other.rows("select 1") == [(1,)]
    assert canary.read_text() == "a secret of the machine"
    assert asked(land, "select version from mart_one") == [(1,)]
    assert len(ATTACKS) + len(BOMBS) >= 60
    for bomb in BOMBS:
        with pytest.raises(PostgresError, match=r"statement timeout|requested length"), connected(land) as connection:
            connection.execute("set statement_timeout = '200ms'")
            connection.rows(bomb)
    assert asked(uri, "select count(*) from kho_meta.member") == [(1,)]


def test_a_new_audience_of_a_login_takes_the_old_one_away(home: Settings, uri: str) -> None:
    publish_to(home, uri)
    make_login(uri, "user_one", "shared")
    open_data = as_login(uri, "user_one", make_login(uri, "user_one", "open"))
    assert asked(open_data, "select count(*) from mart_one") == [(1,)]
    with pytest.raises(PostgresError, match="permission denied"):
        asked(open_data, "select * from kho_shared.fct_resident")


def test_two_publications_at_once_are_not_possible(home: Settings, uri: str) -> None:
    with (
        connected(uri) as connection,
        postgres.only_publication(connection),
        pytest.raises(PostgresError, match="another publication"),
    ):
        publish_to(home, uri)
    assert publish_to(home, uri).shown["shared"] == 5


def test_the_command_publishes_and_makes_logins_and_no_error_holds_the_password(
    home: Settings, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_commands, "settings", lambda: home)
    done = CliRunner().invoke(cli.app, ["publish", "--to", uri])
    assert done.exit_code == 0 and "shared: 5 relations" in done.stdout
    made = CliRunner().invoke(cli.app, ["publish", "--to", uri, "--login", "user_an", "--audience", "open"])
    password = made.stdout.split(": ")[1].strip()
    assert asked(as_login(uri, "user_an", password), "select count(*) from mart_one") == [(1,)]
    failed = CliRunner().invoke(cli.app, ["publish", "--to", "postgresql://u:S3cret@127.0.0.1:9/nothing"]).exception
    assert isinstance(failed, PostgresError) and "S3cret" not in str(failed)
    assert cli._code_of(failed) == cli.USAGE
    assert masked("postgresql://u:S3cret@h/d password=S3cret x") == "postgresql://u:***@h/d password=*** x"


def _materialized(settings: Settings, uri: str) -> tuple[bool, str]:
    """Whether the asset succeeded, and all that its events say."""
    settings = settings.model_copy(update={"postgres": SecretStr(uri)})
    asset = postgres_asset(settings)
    with dg.DagsterInstance.ephemeral() as instance:
        resources = {ONLY_RUN: only_run(settings)}
        done = dg.materialize([asset], instance=instance, resources=resources, raise_on_error=False)
        return done.success, "\n".join(map(repr, done.all_events))


def test_the_asset_shows_what_is_published_and_its_events_hold_no_password(home: Settings, uri: str) -> None:
    success, events = _materialized(home, uri)
    assert success and "'shown'" in events
    assert asked(uri, "select version from kho_shared.mart_one") == [(1,)]
    success, events = _materialized(home, "postgresql://u:S3cret@127.0.0.1:9/nothing")
    assert not success and "PostgresError" in events and "S3cret" not in events


def test_an_error_of_the_driver_is_ours(uri: str) -> None:
    with pytest.raises(PostgresError) as caught, connected(uri) as connection:
        connection.rows("select nothing")
    assert not isinstance(caught.value, adbc_driver_manager.Error)
