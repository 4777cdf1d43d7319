"""The model ``ops.lineage``: its SQL follows from the facts' own declarations.

Belongs here: the text of that committed file. Does not belong here: writing it (``orchestration/building/derive.py``).
"""

from __future__ import annotations

from pathlib import Path

from orchestration.lineage.project import declared_key
from orchestration.yaml_files import read_yaml

_NOTE = (
    "-- Derived from the fct_*.yml by orchestration/lineage/derived.py; do not edit. A test fails when it is stale.\n"
)
#: The columns by which a fact names the row of a file that it came from.
PROVENANCE = ("submission_id", "source_sheet", "source_row")
_PLACES = """\
submissions as (
    select
        submission_id,
        dataset,
        unit,
        period,
        file_name,
        file_sha256,
        received_at
    from {{ in_this_file('fct_submission') }}
),

located as (
    select
        facts.relation,
        facts.record_key,
        facts.submission_id,
        submissions.dataset,
        submissions.unit,
        submissions.period,
        submissions.file_name,
        submissions.file_sha256,
        submissions.received_at,
        facts.source_sheet,
        facts.source_row
    from facts
    inner join submissions on facts.submission_id = submissions.submission_id
)

select * from located
"""


def derived_files(models: Path) -> dict[Path, str]:
    """The committed file that follows from the facts below ``models``, and its text; none where there is no fact."""
    facts = dict(_facts(models / "core"))
    return {models / "ops" / "lineage.sql": lineage_sql(facts)} if facts else {}


def lineage_sql(facts: dict[str, tuple[str, ...]]) -> str:
    """All facts with their sources in one view. facts: the columns that name a row, by the name of the fact."""
    parts = [
        f"    select\n        'core.{name}' as relation,\n        {_record_key(key)} as record_key,\n"
        f"        {(',' + chr(10) + '        ').join(PROVENANCE)}\n    from {{{{ in_this_file('{name}') }}}}\n"
        for name, key in facts.items()
    ]
    return _NOTE + "with facts as (\n" + "    union all\n".join(parts) + "),\n\n" + _PLACES


def _record_key(key: tuple[str, ...]) -> str:
    texts = [f"coalesce(cast({column} as string), '')" for column in key]
    return "\n        || ' · ' || ".join(texts)


def _facts(folder: Path) -> list[tuple[str, tuple[str, ...]]]:
    found = []
    for file in sorted(folder.glob("fct_*.yml")):
        (model,) = read_yaml(file)["models"]
        if not {each["name"] for each in model["columns"]}.issuperset(PROVENANCE):
            continue
        key = declared_key(model)
        if not key:
            raise ValueError(f"{file.name}: a fact says by a test which columns name a row of it")
        found.append((model["name"], key))
    return found
