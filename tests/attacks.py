"""Statements that no reader of published data may succeed with. Data only; ``{canary}`` is a file, ``{out}`` a folder."""

from __future__ import annotations

READ = [
    "select * from read_csv('{canary}')", "select * from read_csv_auto('{canary}')", "select * from read_text('{canary}')",
    "select * from read_blob('{canary}')", "select * from read_json('{canary}')", "select * from read_parquet('{canary}')",
    "select * from parquet_scan('{canary}')", "select * from sniff_csv('{canary}')", "select * from glob('{out}/*')",
    "select * from '{canary}'", 'select * from "{canary}"', "from '{canary}' select *", "select * from parquet_metadata('{canary}')",
    "select (select content from read_text('{canary}'))", "with x as (from read_text('{canary}')) select * from x",
    "select 1 where exists (from read_text('{canary}'))", "select * from core.number, lateral (from read_text('{canary}'))",
    "/* a */ select /* b */ * from /* c */ read_text('{canary}') -- d", "select * from query('from read_text(''{canary}'')')",
    "select * from query_table('{canary}')", "describe select * from read_text('{canary}')", "summarize '{canary}'",
    "select * from sqlite_scan('{canary}', 't')", "select * from postgres_scan('', '', '')",
]  # fmt: skip
WRITE = [
    "copy core.number to '{out}/a.csv'", "copy (select 1) to '{out}/a.parquet' (format parquet)", "export database '{out}/e'",
    "import database '{out}/e'", "explain analyze copy core.number to '{out}/x.wal'", "create table t as select 1",
    "create temp table t as select 1", "create view core.v as select 1", "create schema s", "create macro m() as 1",
    "create sequence s", "create secret (type s3)", "insert into core.number values (1)", "update core.number set i = 0",
    "delete from core.number", "truncate core.number", "drop table core.number", "alter table core.number add column x int",
    "comment on table core.number is 'x'", "merge into core.number as a using core.number as b on false when matched then delete",
    "vacuum", "checkpoint", "force checkpoint", "select * from force_checkpoint()", "from enable_logging(storage = 'file')",
    "copy core.number from '{canary}'",
]  # fmt: skip
REACH = [
    "attach '{canary}' as x", "attach ':memory:' as x", "detach x", "use core", "load httpfs", "install httpfs",
    "install spatial from community", "set memory_limit = '64GB'", "set enable_external_access = true",
    "set lock_configuration = false", "reset all", "pragma enable_profiling", "pragma memory_limit='1TB'",
    "call pragma_version()", "prepare p as select 1", "execute p", "deallocate p", "begin transaction", "set variable x = 1",
    "select 1; select 2", "select 1; attach '{canary}'", "select 1;\n\n-- x\ncopy (select 1) to '{out}/b'", "", ";", "--",
    "explain select 1", "select", "select * from http_get('http://127.0.0.1')", "select * from 'http://127.0.0.1/x.csv'",
    "select * from 's3://bucket/x.parquet'", "select nextval('s')",
]  # fmt: skip
#: What a person at the machine may ask ``kho sql``, and nobody over HTTP.
TELLING = [
    "select current_setting('temp_directory')", "select * from duckdb_settings()", "select * from duckdb_databases()",
    "select * from duckdb_secrets()", "select * from duckdb_extensions()", "select * from duckdb_memory()",
    "from duckdb_databases", "from pragma_database_list", "from sqlite_master", "select * from pg_catalog.pg_class",
    "select getvariable('x')", "select version()", "select txid_current()", "show databases", "show all tables",
    "select * from system.information_schema.tables", "select sleep_ms(1)", "select * from duckdb_temporary_files()",
    "select * from core.hidden", "select * from other.core.number", "select * from core.dim_person", "select pg_sleep(1)",
    "select write_log('x')", "pragma database_list",
]  # fmt: skip
#: They are queries like others, and would never end or fill the memory.
BOMBS = [
    "with recursive r as (select 1 as i union all select i + 1 from r) select count(*) from r",
    "select count(*) from range(1000000) a, range(1000000) b, range(1000000) c where a.range + b.range + c.range = -1",
    "select sum(a.i * b.i) from core.number a, core.number b, core.number c, core.number d",
    "select list(a.range) from range(2000000000) a",
    "select repeat('x', 2000000000) || repeat('y', 2000000000)",
    "select * from range(100000000)",
    "select repeat('x', 1000000) from range(1000)",
    "select " + "(" * 3000 + "1" + ")" * 3000,
    "select " + "+".join(["1"] * 20000),
]  # fmt: skip
FORBIDDEN = [*READ, *WRITE, *REACH]
