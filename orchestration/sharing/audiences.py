"""Audiences: who may see which tables and columns of the warehouse.

Belongs here: what the words ``audience`` and ``classification`` of a model's yml mean, and the relations and columns
that follow from them for each audience. Does not belong here: making a published file of them (``extract.py``),
withholding small figures (``small_cells.py``).

A model says in ``config.meta.audience`` how far it may go:

* ``shared``, where it says nothing: analysts of the shared warehouse only, whose file is a copy of it
* ``owner``: those, and the departments whose datasets its SQL reads
* ``departments``: those, and every department
* ``open``: everybody; of it, open data have only the columns whose ``config.meta.classification`` is open

Restricted values are in no audience, because they are not in the warehouse: ``kho vault`` alone reaches them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from orchestration.settings import Settings
from orchestration.sharing.versions import SHARED
from orchestration.yaml_files import read_yaml
from schemas import datasets

OPEN = "open"
_OPEN_LICENCE = "CC-BY-4.0"
_INTERNAL_LICENCE = "Dùng trong các cơ quan nhà nước của tỉnh (Nghị định 278/2025/NĐ-CP)"
_DEPARTMENT = "department:"
Reach = Literal["shared", "owner", "departments", "open"]
_REACHES = ("shared", "owner", "departments", "open")
#: What stands in braces, and the names in it, of which those of bronze tables say whose rows a model reads.
_JINJA, _NAME = re.compile(r"\{\{.*?\}\}", re.DOTALL), re.compile(r"'([a-z0-9_]+)'")


class UnknownAudienceError(LookupError):
    """No audience of that name; the message lists those that there are."""


@dataclass(frozen=True, kw_only=True)
class SmallCells:
    """How small figures of a relation are withheld from open data; names are columns, SQL where it says so.

    place: what a figure belongs to. total: SQL that is true in the row that adds up the places, if there is one.
    group: SQL expressions; within a group a place is withheld as a whole, because its figures add up over the slices.
    slice: columns of a row's part of its group. counts: what is counted in persons. part_of: a count that is part of
    another one. derived: columns that follow from the counts. where: SQL, rows for which this holds at all.
    """

    place: str
    counts: tuple[str, ...]
    total: str = "false"
    group: tuple[str, ...] = ()
    slice: tuple[str, ...] = ()
    part_of: Mapping[str, str] = field(default_factory=dict)
    derived: tuple[str, ...] = ()
    where: str = "true"

    @classmethod
    def declared(cls, meta: Mapping[str, Any]) -> SmallCells:
        """The declaration in a yml. Raises TypeError for an unknown key."""
        values: dict[str, Any] = {key: tuple(each) if isinstance(each, list) else each for key, each in meta.items()}
        return cls(**values)


@dataclass(frozen=True, kw_only=True)
class Relation:
    """A table of the warehouse as declared: its columns in order with their classifications, and how far it may go.

    departments: those whose bronze tables its SQL reads.
    """

    schema: str
    name: str
    columns: Mapping[str, str]
    reach: Reach
    departments: frozenset[str]
    small_cells: SmallCells | None

    @property
    def qualified(self) -> str:
        """schema.table"""
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True)
class Audience:
    """``open``, ``shared`` or ``department:<name>``, and what it may see: columns by schema.table, in order."""

    name: str
    relations: Mapping[str, tuple[str, ...]]

    @property
    def licence(self) -> str:
        """Under which its files may be used."""
        return _OPEN_LICENCE if self.name == OPEN else _INTERNAL_LICENCE


@dataclass(frozen=True)
class Audiences:
    """The audiences of these names over the declared relations, by schema.table."""

    relations: Mapping[str, Relation]
    names: tuple[str, ...]

    @cached_property
    def all(self) -> dict[str, Audience]:
        """Every audience by name, ``shared`` first."""
        return {name: self._audience(name) for name in self.names}

    @cached_property
    def common(self) -> dict[str, tuple[str, ...]]:
        """What every department may see, whatever its own datasets."""
        return {
            name: tuple(each.columns) for name, each in self.relations.items() if each.reach in ("departments", "open")
        }

    @cached_property
    def small_cells(self) -> dict[str, SmallCells]:
        """How the relations withhold small figures from open data."""
        return {name: each.small_cells for name, each in self.relations.items() if each.small_cells}

    def __getitem__(self, name: str) -> Audience:
        if name not in self.all:
            raise UnknownAudienceError(f"no audience {name!r}; there are: {', '.join(self.names)}")
        return self.all[name]

    def _audience(self, name: str) -> Audience:
        seen = {}
        for qualified, relation in self.relations.items():
            columns = visible_columns(relation, name)
            if columns:
                seen[qualified] = columns
        return Audience(name, seen)


def visible_columns(relation: Relation, audience: str) -> tuple[str, ...]:
    """The columns of a relation that an audience may see; none if it may not see the relation."""
    if audience == OPEN:
        shown = relation.columns.items() if relation.reach == "open" else ()
        return tuple(name for name, classification in shown if classification == "open")
    department = audience.removeprefix(_DEPARTMENT)
    is_seen = (
        audience == SHARED
        or relation.reach in ("departments", "open")
        or (relation.reach == "owner" and department in relation.departments)
    )
    return tuple(relation.columns) if is_seen else ()


def audience_names() -> tuple[str, ...]:
    """The names of all audiences: shared, open, one for each department that has a dataset."""
    departments = sorted({declaration.department for declaration in datasets().values()})
    return (SHARED, OPEN, *(_DEPARTMENT + name for name in departments))


def declared_audiences(settings: Settings) -> Audiences:
    """Read the audiences from the yml files of the dbt project. Raises ValueError or TypeError for an unsound one."""
    project = read_yaml(settings.dbt_project / "dbt_project.yml")
    name = project["name"]
    found = _relations(settings.seeds, "seeds", project["seeds"][name]["+schema"], built=None)
    for folder, config in project["models"][name].items():
        if isinstance(config, dict):
            is_step = config.get("+materialized") == "ephemeral"  # only the models with a configuration are tables
            built = {key for key, value in config.items() if isinstance(value, dict)} if is_step else None
            found += _relations(settings.dbt_project / "models" / folder, "models", config.get("+schema", ""), built)
    return Audiences({each.qualified: each for each in found}, audience_names())


def _relations(folder: Path, kind: str, schema: str, built: set[str] | None) -> list[Relation]:
    """What the yml files of a folder declare; built: the names of those that are tables, None if all are."""
    return [
        _relation(node, schema, file.with_name(f"{node['name']}.sql"))
        for file in sorted(folder.glob("*.yml"))
        for node in read_yaml(file).get(kind, [])
        if built is None or node["name"] in built
    ]


def _relation(node: Mapping[str, Any], schema: str, sql: Path) -> Relation:
    meta = node.get("config", {}).get("meta", {})
    reach = meta.get("audience", SHARED)
    if reach not in _REACHES:
        raise ValueError(f"{node['name']}: audience is {reach!r}; it must be one of {', '.join(_REACHES)}")
    return Relation(
        schema=schema,
        name=node["name"],
        columns={each["name"]: _classification(each) for each in node.get("columns", [])},
        reach=reach,
        departments=_departments(sql),
        small_cells=SmallCells.declared(meta["small_cells"]) if "small_cells" in meta else None,
    )


def _classification(column: Mapping[str, Any]) -> str:
    return str(column.get("config", {}).get("meta", {}).get("classification", "internal"))


def _departments(sql: Path) -> frozenset[str]:
    """The departments whose bronze tables a model names; a seed has no SQL."""
    if not sql.exists():
        return frozenset()
    owners = {declaration.table: declaration.department for declaration in datasets().values()}
    named = {name for braces in _JINJA.findall(sql.read_text(encoding="utf-8")) for name in _NAME.findall(braces)}
    return frozenset(owners[name] for name in named & owners.keys())
