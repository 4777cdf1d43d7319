"""The peer: the same file through dbt alone, on DuckDB. Run by ``bench.intake``.

Everything is loaded as text and cast by a model, which also says whether a row repeats another; the rules are tests
with ``store_failures``, whose tables name the rows; the model of the accepted rows leaves those out. That works in one
run, because ``dbt build`` runs the tests of a model before what depends on it. It runs in an environment of its own and
imports nothing of kho. It does less than the intake: see the top of ``peer_pandas.py``.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import Any

import duckdb
from dbt.cli.main import dbtRunner

PROJECT = {
    "name": "residents",
    "profile": "residents",
    "flags": {"send_anonymous_usage_stats": False},
    "models": {"residents": {"+materialized": "table"}},
    "seeds": {"residents": {"+column_types": {"column_name": "varchar", "written": "varchar", "meant": "varchar"}}},
    "data_tests": {"residents": {"+store_failures": True, "+schema": "failures", "+severity": "warn"}},
}
DATES = ("date_of_birth", "death_date", "as_of")
WHOLE = "regexp_full_match(citizen_id, '[0-9]{12}')"
CENTURY = "try_cast(citizen_id[4] as integer)"
#: The generic test of a row: what has to hold. What cannot be known is no error.
RULE = """
{% test rule(model, name, holds) %}
select row_no, '{{ name }}' as rule from {{ model }} where not coalesce({{ holds }}, true)
{% endtest %}
"""
ACCEPTED = """
select * exclude (row_no, is_repeat, is_contradicted) from {{ ref('residents') }}
where not is_repeat and row_no not in (
    {% for name in var('rules') %}
    select row_no from {{ target.schema }}_failures.{{ name }} {{ 'union all' if not loop.last }}
    {% endfor %}
)
"""


def rules(facts: dict[str, Any]) -> dict[str, str]:
    """The rules of the dataset by name, each as SQL."""
    required = ("citizen_id", "full_name", "date_of_birth", "sex", "commune")
    longest = {"full_name": 200, "ethnicity": 50, "village": 100, "household_no": 50}
    received = f"date '{facts['received']}'"
    prefixes = ", ".join(f"'{each}'" for each in facts["prefixes"])
    return {
        **{f"{name}_missing": f"{name} is not null" for name in required},
        **{f"{name}_too_long": f"length({name}) <= {most}" for name, most in longest.items()},
        "citizen_id_form": WHOLE,
        "citizen_id_prefix": f"citizen_id[:3] in ({prefixes})",
        "date_of_birth_future": f"date_of_birth <= {received}",
        "death_date_future": f"death_date <= {received}",
        "sex_disagrees": f"not {WHOLE} or ({CENTURY} % 2 = 1) = (sex = 'female')",
        "birth_year_disagrees": f"not {WHOLE} or 1900 + 100 * ({CENTURY} // 2) "
        "+ try_cast(citizen_id[5:6] as integer) = year(date_of_birth)",
        "death_before_birth": "year(death_date) >= year(date_of_birth)",
        "contradicts": "is_repeat or not is_contradicted",
    }


def residents(columns: list[str], words: list[str]) -> str:
    """The model that casts."""
    cast = {
        **{name: f"try_strptime({name}, '%d/%m/%Y')::date" for name in DATES},
        **{name: f"{name}_words.meant" for name in words},
    }
    joins = "\n".join(
        f"left join {{{{ ref('words') }}}} as {name}_words "
        f"on {name}_words.column_name = '{name}' and {name}_words.written = repeats.{name}"
        for name in words
    )
    every = ", ".join(columns)
    cells = ", ".join(f"{cast.get(name, f'repeats.{name}')} as {name}" for name in columns)
    return f"""
with numbered as (
    select row_number() over () as row_no, * from {{{{ source('files', 'residents') }}}}
),
repeats as (
    select *, row_number() over (partition by {every} order by row_no) > 1 as is_repeat from numbered
)
select
    row_no,
    is_repeat,
    citizen_id is not null
        and count(*) filter (where not is_repeat) over (partition by citizen_id) > 1 as is_contradicted,
    {cells}
from repeats
{joins}
"""


def lay_out(source: Path, work: Path, facts: dict[str, Any]) -> None:
    """The project. Its YAML is written as JSON, which is YAML too."""
    words = {**facts["words"], "commune": facts["communes"]}
    location = f"read_csv('{source}', delim=';', header=true, all_varchar=true, names={facts['columns']})"
    files = {"name": "files", "tables": [{"name": "residents", "meta": {"external_location": location}}]}
    profile = {"type": "duckdb", "path": str(work / "residents.duckdb"), "threads": 2}
    tests = [
        {"rule": {"name": name, "config": {"alias": name}, "arguments": {"name": name, "holds": holds}}}
        for name, holds in rules(facts).items()
    ]
    written = {
        "dbt_project.yml": json.dumps({**PROJECT, "vars": {"rules": list(rules(facts))}}),
        "profiles.yml": json.dumps({"residents": {"target": "it", "outputs": {"it": profile}}}),
        "models/models.yml": json.dumps({"sources": [files], "models": [{"name": "residents", "data_tests": tests}]}),
        "models/residents.sql": residents(facts["columns"], list(words)),
        "models/accepted.sql": ACCEPTED,
        "tests/generic/rule.sql": RULE,
    }
    for name, text in written.items():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text(text, encoding="utf-8")
    (work / "seeds").mkdir()
    with (work / "seeds" / "words.csv").open("w", encoding="utf-8", newline="") as file:
        rows = [[column, text, meant] for column, meanings in words.items() for text, meant in meanings.items()]
        csv.writer(file).writerows([["column_name", "written", "meant"], *rows])


def main(source: Path, work: Path) -> None:
    """Build; print the counts."""
    lay_out(source, work, json.loads((work / "facts.json").read_text(encoding="utf-8")))
    if not dbtRunner().invoke(["build", "--project-dir", str(work), "--profiles-dir", str(work)]).success:
        raise SystemExit("dbt build failed")
    with duckdb.connect(work / "residents.duckdb") as connection:
        counts = connection.execute(
            "select (select count(*) from accepted), count(*) filter (where is_repeat), count(*) from residents"
        ).fetchone()
    accepted, duplicates, rows = counts
    print(json.dumps({"accepted": accepted, "rejected": rows - accepted - duplicates, "duplicates": duplicates}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
