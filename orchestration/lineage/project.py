"""The dbt project read as text: every relation with its columns, and every model as plain SQL.

Belongs here: what can be known from the files of the project alone, in a moment. Does not belong here: what follows
from the SQL (the modules beside this one), and building anything (``orchestration/building/warehouse.py``).

dbt's own compiler takes ten seconds to start, which is too long for a question about one row; the project uses few
of its words, and a test compares every model with what dbt makes of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import jinja2

from orchestration.settings import Settings
from orchestration.yaml_files import read_yaml

#: Schema of the tables that the intake writes.
BRONZE = "bronze"
#: The schema of what names none.
_DEFAULT = "main"
#: Tests that say which columns name a row, and the argument that lists them.
_KEY_TESTS = {"well_formed": "key"}


@dataclass(frozen=True)
class Relation:
    """A seed, a bronze table or a model. ``columns``: name → description; ``sql``: None unless it is a model.

    key: the columns that name a row, where its yml tests that. stored: False for a step that is no table of its own.
    """

    schema: str
    name: str
    description: str
    columns: Mapping[str, str]
    types: Mapping[str, str] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)
    sql: str | None = None
    key: tuple[str, ...] = ()
    stored: bool = True

    @property
    def full_name(self) -> str:
        """``schema.name``."""
        return f"{self.schema}.{self.name}"


class _Name(str):
    """A relation's name in SQL. Here, as in a published copy, no database stands before it."""

    __slots__ = ()

    def include(self, **_: bool) -> _Name:
        """What dbt calls to leave out a part of the name."""
        return self


class Project:
    """The dbt project of an installation, for one province."""

    def __init__(self, folder: Path, province: str) -> None:
        self._folder, self._province = folder, province

    @cached_property
    def relations(self) -> dict[str, Relation]:
        """Every relation by its full name: bronze, seeds, models, each sorted by name."""
        return {each.full_name: each for each in (*self._bronze(), *self._seeds(), *self._models())}

    @cached_property
    def exposures(self) -> list[Mapping[str, Any]]:
        """The questions that the marts answer, as declared."""
        found = read_yaml(self._folder / "models" / "exposures.yml")
        return list(found.get("exposures", []))

    @cached_property
    def _configuration(self) -> Mapping[str, Any]:
        return read_yaml(self._folder / "dbt_project.yml")

    def _bronze(self) -> list[Relation]:
        (source,) = read_yaml(self._folder / "models" / "sources.yml")["sources"]
        found = (_relation(BRONZE, each) for each in source["tables"])
        return sorted(found, key=lambda each: each.name)

    def _seeds(self) -> list[Relation]:
        schema = self._configuration.get("seeds", {}).get("kho", {}).get("+schema", _DEFAULT)
        files = sorted((self._folder / "seeds").glob("*.yml"))
        return [_relation(schema, each) for file in files for each in read_yaml(file)["seeds"]]

    @cached_property
    def _model_files(self) -> dict[str, Path]:
        return {file.stem: file for file in sorted((self._folder / "models").rglob("*.sql"))}

    @cached_property
    def _schemas(self) -> dict[str, str]:
        """The schema of every model and seed by its name."""
        models = {name: self._setting(file, "+schema", _DEFAULT) for name, file in self._model_files.items()}
        return {each.name: each.schema for each in self._seeds()} | models

    def _setting(self, file: Path, name: str, otherwise: str) -> str:
        """A setting of a model: its own, that of its folder, or that of all models."""
        everywhere = self._configuration["models"]["kho"]
        folder = everywhere.get(file.parent.name, {})
        return str({**everywhere, **folder, **folder.get(file.stem, {})}.get(name, otherwise))

    def _models(self) -> list[Relation]:
        found = []
        for name, file in self._model_files.items():
            sql = self._environment.from_string(file.read_text(encoding="utf-8")).render()
            stored = self._setting(file, "+materialized", "table") != "ephemeral"
            found.append(_relation(self._schemas[name], _declared(file), sql, stored=stored))
        return found

    @cached_property
    def _environment(self) -> jinja2.Environment:
        # It writes SQL, no markup: quoting for HTML would change it.
        environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701
        variables = self._configuration.get("vars", {})
        environment.globals.update(
            ref=lambda name: _Name(f"{self._schemas[name]}.{name}"),
            source=lambda schema, name: f"{schema}.{name}",
            var=lambda name, default=None: variables.get(name, default),
            env_var=lambda name, default="": self._province if name == "KHO_PROVINCE" else default,
            config=lambda **_: "",
            is_incremental=lambda: False,
        )
        for file in sorted((self._folder / "macros").glob("*.sql")):
            macros = environment.from_string(file.read_text(encoding="utf-8")).module
            environment.globals.update({name: value for name, value in vars(macros).items() if callable(value)})
        return environment


def read_project(settings: Settings) -> Project:
    """The project of an installation."""
    return Project(settings.dbt_project, settings.province)


def _declared(file: Path) -> Mapping[str, Any]:
    """What is said about a model in the yml beside it."""
    beside = file.with_suffix(".yml")
    declared = read_yaml(beside)["models"] if beside.exists() else []
    return next((each for each in declared if each["name"] == file.stem), {"name": file.stem})


def _relation(schema: str, declared: Mapping[str, Any], sql: str | None = None, *, stored: bool = True) -> Relation:
    columns = declared.get("columns", [])
    return Relation(
        schema=schema,
        name=declared["name"],
        description=" ".join(declared.get("description", "").split()),
        columns={each["name"]: " ".join(each.get("description", "").split()) for each in columns},
        types={each["name"]: each["data_type"] for each in columns if "data_type" in each},
        meta=declared.get("config", {}).get("meta", {}),
        sql=sql,
        key=declared_key(declared),
        stored=stored,
    )


def declared_key(declared: Mapping[str, Any]) -> tuple[str, ...]:
    """The columns that name a row of a model, as its tests say; none where none does."""
    for test in declared.get("data_tests", []):
        for name, argument in _KEY_TESTS.items():
            if isinstance(test, dict) and argument in test.get(name, {}).get("arguments", {}):
                return tuple(test[name]["arguments"][argument])
    unique = [each["name"] for each in declared.get("columns", []) if "unique" in each.get("data_tests", [])]
    return tuple(unique[:1])
