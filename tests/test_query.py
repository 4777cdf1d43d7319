"""kho sql: one SELECT on the published version, within a time limit, that reaches nothing else."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import Settings
from orchestration.sharing import query as querying
from orchestration.sharing import reader
from orchestration.sharing.publish import publish
from orchestration.sharing.query import NothingPublishedError, QueryError, QueryTimeoutError, query, render
from orchestration.sharing.versions import Facts

MODELS = """
create schema core; create schema marts;
create table marts.commune as select * from (values
    ('02647', 'Lào Cai', 1250.5000::decimal(20, 4), 3::bigint, date '2026-10-31', true),
    ('02650', 'Sa "Pa", cũ', null, 0, null, null)
) as t (commune_code, commune_name, area_m2, resident_count, as_of_date, is_ward);
create table core.number as select i from range(25_000) as t(i);
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    with duckdb.connect(settings.warehouse) as connection:
        connection.execute(MODELS)
    publish(settings, facts=Facts(ledger_sequence=1, code=""))
    return settings


def rendered(settings: Settings, sql: str, form: str) -> str:
    stream = io.StringIO()
    render(query(settings, sql), form, stream)
    return stream.getvalue()


def test_a_table_shows_aligned_columns_and_null(home: Settings) -> None:
    text = rendered(home, "select commune_name, area_m2, resident_count as n from marts.commune order by n", "table")
    assert text == (
        "commune_name    area_m2  n\n"
        "────────────  ─────────  ─\n"
        'Sa "Pa", cũ        NULL  0\n'
        "Lào Cai       1250.5000  3\n"
        "(2 rows)\n"
    )


def test_csv_has_a_header_exact_decimals_and_empty_fields_for_null(home: Settings) -> None:
    assert rendered(home, "from marts.commune order by commune_code", "csv") == (
        "commune_code,commune_name,area_m2,resident_count,as_of_date,is_ward\n"
        "02647,Lào Cai,1250.5000,3,2026-10-31,true\n"
        '02650,"Sa ""Pa"", cũ",,0,,\n'
    )


def test_json_has_numbers_for_decimals_iso_dates_and_null(home: Settings) -> None:
    assert json.loads(rendered(home, "from marts.commune order by commune_code", "json")) == [
        {
            "commune_code": "02647",
            "commune_name": "Lào Cai",
            "area_m2": 1250.5,
            "resident_count": 3,
            "as_of_date": "2026-10-31",
            "is_ward": True,
        },
        {
            "commune_code": "02650",
            "commune_name": 'Sa "Pa", cũ',
            "area_m2": None,
            "resident_count": 0,
            "as_of_date": None,
            "is_ward": None,
        },
    ]


def test_json_keeps_every_column_and_every_kind_of_value(home: Settings) -> None:
    sql = """select 1 as a, 2 as a, 9007199254740993 as big, [1.5, null] as l, {'k': date '2026-01-02'} as s,
        timestamp '2026-01-02 03:04:05' as t, 'nan'::double as n, 12345678901234567890::hugeint as h, '\\x01'::blob as b,
        time '01:02:03' as o, interval 1 day as i, map {'x': 1} as m, uuid '00000000-0000-0000-0000-000000000001' as u"""
    assert json.loads(rendered(home, sql, "json")) == [
        {
            "a": 1,
            "a_2": 2,
            "big": 9007199254740993,
            "l": [1.5, None],
            "s": {"k": "2026-01-02"},
            "t": "2026-01-02T03:04:05",
            "n": None,
            "h": 12345678901234567890,
            "b": "01",
            "o": "01:02:03",
            "i": "1 day, 0:00:00",
            "m": {"x": 1},
            "u": "00000000-0000-0000-0000-000000000001",
        }
    ]


def test_a_query_without_rows_is_still_a_table_a_csv_and_a_json_list(home: Settings) -> None:
    sql = "select commune_code from marts.commune where false"
    assert rendered(home, sql, "csv") == "commune_code\n"
    assert json.loads(rendered(home, sql, "json")) == []
    assert rendered(home, sql, "table") == "commune_code\n────────────\n(0 rows)\n"


def test_all_rows_are_streamed_and_a_table_says_that_it_shows_the_first_only(home: Settings) -> None:
    assert [row[0] for row in query(home, "select i from core.number order by i")] == list(range(25_000))
    assert rendered(home, "select i from core.number", "csv").count("\n") == 25_001
    assert rendered(home, "select i from core.number", "table").endswith(
        "(first 1000 rows; --format csv or json gives all)\n"
    )


@pytest.mark.parametrize(
    "sql",
    [
        "with x as (select 1 as one) select * from x",
        "values (1)",
        "table core.number limit 1;",
        "describe marts.commune",
        "summarize marts.commune",
        "show all tables",
        "pragma table_info('marts.commune')",
        "select * from duckdb_tables()",
        "select unnest([1, 2]) -- two",
        "pivot marts.commune on is_ward in (true, false) using count(*)",
        "select * from core.number, range(2) limit 1",
    ],
)
def test_every_form_of_a_query_is_allowed(home: Settings, sql: str) -> None:
    assert len(list(query(home, sql))) >= 1


def attacks(folder: Path, own: Path) -> list[str]:
    """Statements that would read, write or reach something outside the published tables."""
    secret, out = folder / "secret.csv", folder / "out"
    return [
        f"select * from read_csv('{secret}')",
        f"select * from '{secret}'",
        f'select * from "{secret}"',
        f"from (select * from read_text('{secret}'))",
        f"select (select content from read_blob('{secret}'))",
        f"select * from read_json('{secret}')",
        f"select * from read_parquet('{secret}')",
        f"select * from glob('{folder}/*')",
        f"select * from sniff_csv('{secret}')",
        f"select * from parquet_metadata('{secret}')",
        f"select * from read_blob('{own}')",
        f"select * from query('select * from read_text(''{secret}'')')",
        f"select * from json_execute_serialized_sql(json_serialize_sql('from read_text(''{secret}'')'))",
        "select * from query_table('marts.commune')",
        f"copy (select 1) to '{out}'",
        f"copy core.number to '{out}'",
        f"explain analyze copy (select 1) to '{out}'",
        f"explain analyze copy (select 1) to '{own}.wal' (format csv)",
        f"copy (select 1) to '{own}.wal'",
        f"export database '{out}'",
        f"import database '{folder}'",
        f"attach '{out}'",
        "attach ':memory:' as memory",
        f"attach '{out}' (type sqlite)",
        "install httpfs",
        "load httpfs",
        f"load '{secret}'",
        "select * from read_csv('https://example.org/x.csv')",
        "select * from 's3://bucket/x.parquet'",
        "set enable_external_access = true",
        "set lock_configuration = false",
        "reset lock_configuration",
        "set threads = 8",
        "pragma enable_profiling",
        f"pragma enable_profiling = 'json'; pragma profiling_output = '{out}'",
        f"select * from enable_profiling(save_location = '{out}.json', format = 'json')",
        f"select 1 from core.number where exists (from enable_logging(storage = 'file', storage_path = '{out}'))",
        f"with a as (select * from \"Enable_Logging\"(storage_path = '{out}')) select * from a",
        "call enable_logging(storage = 'stdout')",
        "checkpoint",
        "select * from force_checkpoint()",
        "select getenv('HOME')",
        "select * from duckdb_settings()",
        "select * from duckdb_secrets()",
        "create persistent secret s (type s3, key_id 'a', secret 'b')",
        "create table core.more as select 1 as i",
        "create temp table more as select 1 as i",
        "insert into core.number values (1)",
        "delete from core.number",
        "drop table core.number",
        "create macro leak() as 1",
        "begin",
        "use core",
        "prepare p as select 1",
        "vacuum",
        "select 1; select 2",
        f"select 1; copy (select 1) to '{out}'",
        "",
        "-- nothing",
        "select * from FACTS",
        "selec 1",
        "pivot core.number on i using count(*)",
    ]


def test_no_statement_reads_or_writes_anything_outside(home: Settings, tmp_path: Path) -> None:
    own = home.publish / "shared" / "v000001.duckdb"
    (tmp_path / "secret.csv").write_text("word\nCANARY\n")
    (tmp_path / "schema.sql").write_text(f"copy (select 1) to '{tmp_path}/imported';")
    (tmp_path / "load.sql").write_text("")
    folders = [tmp_path, home.publish / "shared", home.home]
    before = [sorted(folder.iterdir()) for folder in folders], own.read_bytes()
    allowed = []
    for sql in attacks(tmp_path, own):
        try:
            list(query(home, sql))
            allowed.append(sql)
        except QueryError as refused:
            assert "CANARY" not in str(refused)
    assert allowed == []
    assert ([sorted(folder.iterdir()) for folder in folders], own.read_bytes()) == before


def test_a_statement_nested_beyond_reason_is_an_error_and_not_a_crash(home: Settings) -> None:
    with pytest.raises(QueryError):
        list(query(home, "select " + "-(" * 50_000 + "1" + ")" * 50_000))


def test_a_query_that_never_ends_is_stopped_when_its_time_is_used_up(home: Settings) -> None:
    began = time.monotonic()
    with pytest.raises(QueryTimeoutError, match=r"longer than 0\.2 seconds"):
        list(
            query(
                home,
                "select count(*) from range(10_000_000) a, range(10_000_000) b where a.range = b.range % 7",
                timeout=0.2,
            )
        )
    assert time.monotonic() - began < 5


def test_rows_that_never_end_are_stopped_too(home: Settings) -> None:
    with pytest.raises(QueryTimeoutError):
        for _ in query(home, "select i * 3 from range(1_000_000_000_000) t(i)", timeout=0.2):
            pass


def test_time_that_the_reader_of_the_rows_takes_does_not_count(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(querying, "_BATCH_ROWS", 5_000)
    rows = 0
    for _ in query(home, "select i from core.number", timeout=0.15):
        rows += 1
        if rows % 5_000 == 1:
            until = time.monotonic() + 0.06
            while time.monotonic() < until:
                pass
    assert rows == 25_000


def test_a_query_that_needs_more_memory_than_allowed_fails_and_says_so(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(reader._CONFIGURATION, "memory_limit", "50MB")
    with pytest.raises(QueryError, match="Out of Memory"):
        list(query(home, "select list(i) from range(100_000_000) t(i)"))


def test_without_a_published_version_the_error_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(NothingPublishedError, match="kho run"):
        query(Settings(home=tmp_path), "select 1")


def test_the_query_sees_the_newest_version(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    for rows in (1, 2):
        with duckdb.connect(settings.warehouse) as connection:
            connection.execute("create schema if not exists core")
            connection.execute(f"create or replace table core.number as select i from range({rows}) t(i)")
        publish(settings, facts=Facts(ledger_sequence=rows, code=""))
        assert list(query(settings, "select count(*) from core.number")) == [(rows,)]


def test_asking_sql_loads_no_heavy_library() -> None:
    code = "import sys, orchestration.sharing.query; print(*sys.modules)"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    )
    assert not loaded & {"dagster", "dbt", "pandera", "polars", "pandas", "pyarrow", "openpyxl", "numpy"}
