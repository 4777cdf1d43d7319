"""The floor: what DuckDB needs to read the same file, cast the same columns and write them as Parquet.

It checks nothing, returns nothing, gives wrong values no reason and keeps no original: a cell that cannot be cast is
null. Run by ``bench.intake`` in a process that imports nothing else, so that only DuckDB's work is measured.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb

CASTS = {
    "date_of_birth": "try_strptime(date_of_birth, '%d/%m/%Y')::date",
    "death_date": "try_strptime(death_date, '%d/%m/%Y')::date",
    "as_of": "try_strptime(as_of, '%d/%m/%Y')::date",
    "sex": "case sex when 'Nam' then 'male' when 'Nữ' then 'female' end",
    "commune": "map_extract_value(map($names, $codes), commune)",
    "relation_to_head": "case relation_to_head when 'Chủ hộ' then 'head' when 'Vợ' then 'spouse' when 'Con' then 'child' end",
    "residence_type": "case residence_type when 'Thường trú' then 'permanent' when 'Tạm trú' then 'temporary' "
    "when 'Đã chết' then 'deceased' end",
}


def main(source: Path, work: Path) -> None:
    """Read, cast, write."""
    facts = json.loads((work / "facts.json").read_text(encoding="utf-8"))
    columns = ", ".join(f"{CASTS.get(name, name)} as {name}" for name in facts["columns"])
    with duckdb.connect(config={"threads": 2, "memory_limit": "1GB", "temp_directory": str(work)}) as connection:
        connection.execute(
            f"copy (select {columns} from read_csv($source, all_varchar = true, delim = ';', header = true, "
            f"names = {facts['columns']})) to '{work / 'floor.parquet'}' (format parquet, compression zstd)",
            {
                "source": str(source),
                "names": list(facts["communes"]),
                "codes": list(facts["communes"].values()),
            },
        )
    print(json.dumps({}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
