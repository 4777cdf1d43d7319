"""What changed since the warehouse was built: which tables of bronze, by which submissions, about which persons.

Belongs here: the state of all that dbt reads, comparing it with what the warehouse was built from, and which models
follow from the difference. Does not belong here: the build (``warehouse.py``), how a model replaces only the rows of
the persons concerned (``dbt_project/macros/changes.sql``).

What cannot be told for certain is said to be unknown, and then everything is built.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import polars as pl

from orchestration.files import replacing
from orchestration.intake.bronze import bronze_file
from orchestration.intake.exported import ExportedTable
from orchestration.settings import Settings
from schemas import Declaration, datasets
from schemas.column_types import CitizenId

PERSON = ExportedTable(
    "changed_person",
    "One row per person named in a submission that counts otherwise than when the warehouse was last built.",
    {"citizen_key": (pl.String, "Pseudonym of the citizen id.")},
)
COMMUNE = ExportedTable(
    "changed_commune",
    "One row per present commune in which the warehouse places one of those persons before it is built.",
    {"commune_key": (pl.String, "The commune; joins to dim_commune.")},
)
TABLES = (PERSON, COMMUNE)
#: Where the warehouse places persons.
_PLACES = "core.fct_resident"
_NAMES = {each.name for each in TABLES}
#: What decides, beside the rows themselves, how the rows of a submission count; see ``fct_submission``.
_FACTS = ("position", "unit", "period", "period_end", "is_newest_of_unit")
#: Macros by which a model reads the rows of bronze that count, and the model that decides which ones do.
CURRENT_ROWS = frozenset({"macro.kho.current_rows", "macro.kho.concerned_rows"})
_SUBMISSION = "fct_submission"
#: A change of more than this share of a dataset's rows is built as a whole: that costs no more, and packs the tables.
_SMALL = 0.1


@dataclass(frozen=True)
class Counted:
    """A submission whose rows count. facts: by which they do; file: what tells the file of its rows from any other."""

    facts: str
    rows: int
    file: str


@dataclass(frozen=True)
class Inputs:
    """What a warehouse is made of.

    exported: a hash of every exported table, by name. counted: the submissions whose rows count, by dataset and id.
    """

    exported: Mapping[str, str]
    counted: Mapping[str, Mapping[str, Counted]]

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Inputs:
        """The inputs of which ``dataclasses.asdict`` was kept as JSON."""
        counted = {
            path: {submission: Counted(**facts) for submission, facts in some.items()}
            for path, some in kept["counted"].items()
        }
        return cls(kept["exported"], counted)


@dataclass(frozen=True)
class Changes:
    """Tables of bronze with other rows than before, and the submissions by dataset through which they have them."""

    tables: frozenset[str]
    submissions: Mapping[str, frozenset[str]]


def inputs(settings: Settings, exported: Iterable[str]) -> Inputs:
    """What a warehouse built now would be made of. exported: names of the exported tables."""
    files = {name: settings.bronze / f"{name}.parquet" for name in exported if name not in _NAMES}
    submissions = pl.read_parquet(files["submission"]).filter("is_current")
    newest = pl.col("period_end") == pl.col("period_end").max().over("dataset", "unit")
    counted: dict[str, dict[str, Counted]] = {}
    for row in submissions.with_columns(is_newest_of_unit=newest).iter_rows(named=True):
        declaration = datasets().get(row["dataset"])
        if declaration:  # dbt reads no other
            facts = " ".join(str(row[name]) for name in _FACTS)
            file = _identity(settings, declaration, row["submission_id"])
            counted.setdefault(row["dataset"], {})[row["submission_id"]] = Counted(facts, row["rows_accepted"], file)
    return Inputs({name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in files.items()}, counted)


def _identity(settings: Settings, declaration: Declaration, submission_id: str) -> str:
    try:
        facts = bronze_file(settings, declaration, submission_id).stat()
    except FileNotFoundError:
        return ""
    return f"{facts.st_size} {facts.st_mtime_ns}"


def compare(settings: Settings, before: Inputs, now: Inputs) -> Changes | None:
    """What changed; None where it cannot be told, or is so much that the whole is built as quickly."""
    tables = {
        name for name in now.exported.keys() | before.exported.keys() if _differ(before.exported, now.exported, name)
    }
    submissions = {}
    for path in now.counted.keys() | before.counted.keys():
        old, new = before.counted.get(path, {}), now.counted.get(path, {})
        differing = frozenset(each for each in old.keys() | new.keys() if _differ(old, new, each))
        if not differing:
            continue
        declaration = datasets().get(path)
        if declaration is None or any(old[each].file != new[each].file for each in differing & old.keys() & new.keys()):
            return None  # rows were rewritten, and nobody knows any more what they were
        if not all(_identity(settings, declaration, each) for each in differing):
            return None
        either = {**old, **new}
        if sum(either[each].rows for each in differing) > _SMALL * sum(each.rows for each in new.values()):
            return None
        tables.add(declaration.table)
        submissions[path] = differing
    return Changes(frozenset(tables), submissions)


def _differ(before: Mapping[str, object], now: Mapping[str, object], key: str) -> bool:
    return before.get(key) != now.get(key)


def export_changed(settings: Settings, changes: Changes | None) -> dict[str, int]:
    """Write who and what is concerned, for dbt; nobody and nothing where everything is built.

    Returns rows by table.
    """
    persons = _persons(settings, changes)
    tables = {PERSON.name: persons, COMMUNE.name: _communes(settings, persons)}
    for name, table in tables.items():
        with replacing(settings.bronze / f"{name}.parquet") as file:
            table.write_parquet(file)
    return {name: table.height for name, table in tables.items()}


def _persons(settings: Settings, changes: Changes | None) -> pl.DataFrame:
    found = [PERSON.frame([])]
    for path, submissions in (changes.submissions if changes else {}).items():
        declaration = datasets()[path]
        files = [bronze_file(settings, declaration, each) for each in sorted(submissions)]
        for column in _person_columns(declaration):
            persons = pl.scan_parquet(files).select(pl.col(column).alias("citizen_key")).drop_nulls().unique()
            found.append(persons.collect())
    return pl.concat(found).unique().sort("citizen_key")


def _communes(settings: Settings, persons: pl.DataFrame) -> pl.DataFrame:
    if persons.is_empty():
        return COMMUNE.frame([])
    with duckdb.connect(settings.warehouse, read_only=True) as connection:
        connection.register("persons", persons.to_arrow())
        places = f"select distinct commune_key from {_PLACES} where citizen_key in (select citizen_key from persons)"
        found = connection.execute(f"select * from ({places}) where commune_key is not null order by all").fetchall()
    return COMMUNE.frame({"commune_key": commune} for (commune,) in found)


def _person_columns(declaration: Declaration) -> list[str]:
    return [each.warehouse for each in declaration.columns.values() if each.type is CitizenId and each.warehouse]


def affected(nodes: Mapping[str, Any], sources: Mapping[str, Any], changes: Changes) -> list[str]:
    """Names of the models that must be built because of the changes, in no order.

    nodes, sources: those of dbt's manifest. A model that reads bronze through ``CURRENT_ROWS`` alone depends on the
    submissions of its own datasets only, though dbt sees it depend on all of them.
    """
    known = {each: source.name in changes.tables for each, source in sources.items()}

    def is_affected(unique_id: str) -> bool:
        if unique_id not in known:
            node = nodes[unique_id]
            known[unique_id] = any(
                is_affected(each)
                for each in getattr(node.depends_on, "nodes", ())  # a seed depends on macros only
                if not (each.endswith(f".{_SUBMISSION}") and _reads_rows_only(node))
            )
        return known[unique_id]

    models = {each: node for each, node in nodes.items() if each.startswith("model.")}
    return sorted(node.name for each, node in models.items() if is_affected(each))


def _reads_rows_only(node: Any) -> bool:
    return bool(CURRENT_ROWS & set(node.depends_on.macros)) and f"'{_SUBMISSION}'" not in node.raw_code
