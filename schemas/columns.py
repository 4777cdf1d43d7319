"""What ``column(...)`` says about one column, and what follows from it by plain reasoning.

Belongs here: the facts of a column, the check that they do not contradict each other, and the form in which the
column stands in the warehouse. Does not belong here: Pandera (``schemas/checks.py``), facts of the whole dataset.
"""

from __future__ import annotations

import decimal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import polars as pl

from schemas.column_types import Choice, CitizenId, ColumnType, Decimal, Integer, PersonName, Text, WarehouseForm

Classification = Literal["open", "internal", "personal", "sensitive"]
RESTRICTED: frozenset[str] = frozenset({"personal", "sensitive"})

#: Columns of every bronze row that lead back to the cell it came from.
PROVENANCE: dict[str, tuple[Any, str]] = {
    "submission_id": (pl.String, "Submission that brought the row; joins to bronze.submission."),
    "source_sheet": (pl.String, "Sheet of the original file (csv for text files)."),
    "source_row": (pl.Int64, "Row number in that sheet as Excel shows it, from 1."),
}


@dataclass(frozen=True, kw_only=True)
class Column:
    """One declared column. ``name`` and ``type`` are filled in from the class annotation."""

    title: str
    description: str
    also: tuple[str, ...] = ()
    classification: Classification = "internal"
    nullable: bool = False
    warehouse: str | None = None
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    gt: float | None = None
    ge: float | None = None
    le: float | None = None
    max_length: int | None = None
    pattern: str | None = None
    pattern_rule: str | None = None
    past: bool = False
    summed: bool = False
    sex_column: str | None = None
    birth_column: str | None = None
    name: str = ""
    type: type[ColumnType] = Text

    @property
    def required(self) -> bool:
        """The header must be present and every cell filled."""
        return not self.nullable

    @property
    def restricted(self) -> bool:
        """The value may stand in the vault, the archive and the owner's receipt only."""
        return self.classification in RESTRICTED

    @property
    def of_time_name(self) -> str | None:
        """The column beside it that names the unit of the time; None where the type has no such thing."""
        return f"{self.name}_of_time_key" if self.type.has_time and not self.restricted else None

    @property
    def headers(self) -> tuple[str, ...]:
        """The title and its synonyms, in order of preference."""
        return (self.title, *self.also)

    def limit_text(self) -> str:
        """The declared bound, as it is shown to people: ``> 0``, ``0 – 10``, ``200``, a pattern …"""
        if self.ge is not None and self.le is not None:
            return f"{self.ge:g} – {self.le:g}"
        for sign, bound in ((">", self.gt), ("≥", self.ge), ("≤", self.le)):
            if bound is not None:
                return f"{sign} {bound:g}"
        return str(self.max_length or self.pattern or "")


@dataclass(frozen=True)
class WarehouseColumn:
    """A column as it stands in bronze: a value that is not restricted, or the keyed form of one that is.

    person: of an agreement key, the column with the citizen id that the name in ``source`` is keyed together with.
    """

    name: str
    source: str | None
    form: WarehouseForm | None
    dtype: Any
    title: str
    description: str
    classification: Classification
    person: str | None = None


def column(
    *,
    title: str,
    description: str,
    also: str = "",
    classification: Classification = "internal",
    nullable: bool = False,
    warehouse: str | None = None,
    choices: Mapping[str, str] | None = None,
    gt: float | decimal.Decimal | None = None,
    ge: float | decimal.Decimal | None = None,
    le: float | decimal.Decimal | None = None,
    max_length: int | None = None,
    pattern: str | None = None,
    pattern_rule: str | None = None,
    past: bool = False,
    summed: bool = False,
    sex_column: str | None = None,
    birth_column: str | None = None,
) -> Any:
    """Declare a column of a dataset.

    title: the Vietnamese header; ``also``: other headers under which departments send it, ' | ' between them,
    preferred first.
    description: for analysts, in English. classification: who may see it; personal and sensitive are restricted.
    nullable: the header may be missing and cells may be empty.
    warehouse: the name under which a restricted column's keyed form (pseudonym or year) stands in the warehouse.
    choices: code → the ways people write it, ' | ' between them; the first is the one that templates and receipts show.
    They are compared without case, and without diacritics as a last resort.
    gt, ge, le, max_length, pattern, past: bounds, checked by Pandera (``past``: not after the day of acceptance).
    summed: the rows of a file add up to its total row; a total that says something else is mentioned in the receipt.
    sex_column, birth_column: for a citizen id, the columns of the same person that it has to agree with.
    """
    return Column(
        title=title,
        description=description,
        also=_words(also),
        classification=classification,
        nullable=nullable,
        warehouse=warehouse,
        choices={code: _words(words) for code, words in (choices or {}).items()},
        gt=None if gt is None else float(gt),
        ge=None if ge is None else float(ge),
        le=None if le is None else float(le),
        max_length=max_length,
        pattern=pattern,
        pattern_rule=pattern_rule,
        past=past,
        summed=summed,
        sex_column=sex_column,
        birth_column=birth_column,
    )


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(" | ") if word.strip())


def check_column(dataset: str, declared: Column, names: Sequence[str]) -> None:
    """Refuse a declaration that contradicts itself, naming dataset and column."""
    where = f"{dataset}.{declared.name}"
    if issubclass(declared.type, Choice) and not declared.choices:
        raise TypeError(f"{where}: a choice needs choices={{code: [ways of writing it]}}")
    if declared.warehouse and not declared.restricted:
        raise TypeError(f"{where}: warehouse= is for restricted columns; others stand there as they are")
    if declared.warehouse and declared.type.restricted_form is None:
        raise TypeError(f"{where}: a restricted {declared.type.name} has no form for the warehouse")
    if declared.summed and (declared.restricted or not issubclass(declared.type, (Integer, Decimal))):
        raise TypeError(f"{where}: summed= is for numbers that are not restricted")
    for other in (declared.sex_column, declared.birth_column):
        if other and other not in names:
            raise TypeError(f"{where}: there is no column {other!r}")


def of_time_column(declared: Column) -> WarehouseColumn | None:
    """The column beside a declared one that names the unit of the time; None where there is none."""
    if declared.of_time_name is None:
        return None
    return WarehouseColumn(
        declared.of_time_name,
        declared.name,
        "of_time",
        pl.String,
        declared.title,
        "Key (code@valid_from) of the unit as it stood at the end of the file's period; joins to dim_commune: "
        + declared.description,
        declared.classification,
    )


def warehouse_column(declared: Column) -> WarehouseColumn | None:
    """How a declared column stands in bronze; None where it stays in the vault."""
    if not declared.restricted:
        return WarehouseColumn(
            declared.name,
            declared.name,
            "value",
            declared.type.physical,
            declared.title,
            declared.description,
            declared.classification,
        )
    if declared.warehouse is None:
        return None
    form = declared.type.restricted_form
    meaning = "Keyed pseudonym (HMAC-SHA256) of" if form == "pseudonym" else "Year of"
    dtype = pl.String if form == "pseudonym" else pl.Int32
    return WarehouseColumn(
        declared.warehouse,
        declared.name,
        form,
        dtype,
        declared.title,
        f"{meaning}: {declared.description}",
        "internal",
    )


def agreement_columns(columns: Mapping[str, Column]) -> list[WarehouseColumn]:
    """For each person whose citizen id has a pseudonym and whose name is given: the key of id and name together.

    Departments that spell a person's name differently have different keys for the same pseudonym. A key of the name
    alone would tell how common it is; this one can be compared within one person only.
    """
    found = []
    for person, name in _persons(columns):
        assert person.warehouse is not None
        prefix = person.warehouse.removesuffix("_key").removesuffix("citizen").rstrip("_")
        description = (
            "Keyed form of citizen id and name together: equal in two rows of one person where their "
            "names agree without case and diacritics; not comparable between persons."
        )
        found.append(
            WarehouseColumn(
                "_".join(filter(None, [prefix, "name_agreement_key"])),
                name.name,
                "agreement",
                pl.String,
                name.title,
                description,
                "internal",
                person=person.name,
            )
        )
    return found


def _persons(columns: Mapping[str, Column]) -> list[tuple[Column, Column]]:
    """Citizen ids with the names that belong to them.

    ``owner_citizen_id`` and ``owner_name`` begin with the same word; an id and a name that are the only ones left
    belong together as well.
    """
    ids = [each for each in columns.values() if each.type is CitizenId and each.warehouse]
    names = [each for each in columns.values() if each.type is PersonName]
    pairs = []
    for person in list(ids):
        alike = [each for each in names if each.name.split("_")[0] == person.name.split("_")[0]]
        if len(alike) == 1:
            pairs.append((person, alike[0]))
            ids.remove(person)
            names.remove(alike[0])
    if len(ids) == len(names) == 1:
        pairs.append((ids[0], names[0]))
    return pairs
