"""A submission against the one it replaces: which of the previous rows are gone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from orchestration.intake.bronze import bronze_file
from orchestration.settings import Settings
from schemas import Declaration

#: Of DuckDB's work here; it spills to disk beyond.
MEMORY_LIMIT = "200MB"
_SHARE = """
    with earlier as (select distinct {key} from read_parquet($earlier)),
    later as (select distinct {key} from read_parquet($later))
    select count(*) filter (later.found is null) / greatest(count(*), 1)
    from earlier left join (select *, true as found from later) as later on {same}
"""


def vanished_share(settings: Settings, declaration: Declaration, previous_id: str, staged: Path) -> float:
    """Share (0 to 1) of the keys of the previous submission that the staged bronze file no longer has."""
    import duckdb  # a tenth of a second, which only a resubmission needs

    earlier = bronze_file(settings, declaration, previous_id)
    if not earlier.exists():
        return 0.0
    names = [each.name for each in declaration.warehouse_columns if each.source in declaration.key]
    same = " and ".join(f"earlier.{name} is not distinct from later.{name}" for name in names)
    config: dict[str, Any] = {"memory_limit": MEMORY_LIMIT, "threads": 2, "temp_directory": str(settings.temporary)}
    sql = _SHARE.format(key=", ".join(names), same=same)
    try:
        with duckdb.connect(config=config) as connection:
            found = connection.execute(sql, {"earlier": str(earlier), "later": str(staged)}).fetchone()
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise OSError("no space for the comparison with the previous submission") from error
    return float(found[0]) if found else 0.0
