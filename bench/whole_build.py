"""One build of a scratch home's warehouse: what it cost, by model, and a hash of what came out.

Run by ``bench.builds`` in a process of its own, so that its memory and its caches are those of one build.
"""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import asdict
from pathlib import Path

import duckdb

from bench import homes
from bench.reporting import measured, peak_mb
from orchestration.settings import Settings


def content_hash(settings: Settings) -> str:
    """A hash of the rows of all tables, whatever their order in the file."""
    digest = hashlib.sha256()
    with duckdb.connect(settings.warehouse, read_only=True) as connection:
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where not internal order by all"
        ).fetchall()
        for schema, table in tables:
            facts = f'select count(*), sum(hash(each)::hugeint) from "{schema}"."{table}" as each'
            digest.update(f"{schema}.{table} {connection.execute(facts).fetchone()}\n".encode())
    return digest.hexdigest()[:16]


def main(folder: Path) -> None:
    """Build, and print the result as one line of JSON."""
    settings = homes.settings_of(folder.resolve())
    with measured() as cost:
        built = homes.build(settings)
    facts = {
        **asdict(cost),
        "peak_mb": round(peak_mb()),
        "warehouse_mb": round(settings.warehouse.stat().st_size / 1e6),
        "content": content_hash(settings),
        "nodes": {each.unique_id: each.seconds for each in built},
    }
    print(json.dumps(facts))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
