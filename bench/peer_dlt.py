"""The peer: the same file through dlt into DuckDB, with a pydantic model and a schema contract. Run by ``bench.intake``.

A contract of ``discard_row`` drops a bad row without a word. So the model is a step of its own that sends a row with
its errors to the table ``rejected`` and a good one to ``residents``, whose contract is frozen. It runs in an
environment of its own and imports nothing of kho. It does less than the intake: see the top of ``peer_pandas.py``; and
dlt has no rule over the whole file: a merge by key keeps one of two rows that contradict each other, so both are
accepted here, as is a row that repeats another.
"""

from __future__ import annotations

import datetime
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Literal

import dlt
from dlt.common.libs.pydantic import pydantic_to_table_schema_columns
from dlt.sources.filesystem import readers
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationError, create_model, model_validator

PAGE = 5_000
FROZEN = {"tables": "evolve", "columns": "freeze", "data_type": "freeze"}
REJECTED = {
    "row_no": {"data_type": "bigint", "nullable": False},
    "errors": {"data_type": "text", "nullable": False},
    "cells": {"data_type": "text", "nullable": False},
}


class Consistent(BaseModel):
    """The rules over several cells of a row. A model of pydantic runs them when every cell is right by itself."""

    @model_validator(mode="after")
    def agrees(self) -> Consistent:
        """Digit 4 of the id is odd for women; digits 4 to 6 give the birth year; nobody dies before the birth year."""
        digits: str = self.citizen_id
        born: datetime.date = self.date_of_birth
        if (int(digits[3]) % 2 == 1) != (self.sex == "female"):
            raise ValueError("the id and the sex disagree")
        if 1900 + 100 * (int(digits[3]) // 2) + int(digits[4:6]) != born.year:
            raise ValueError("the id and the date of birth disagree")
        if self.death_date is not None and self.death_date.year < born.year:
            raise ValueError("dies before the birth year")
        return self


def day(text: str) -> datetime.date:
    """dd/mm/yyyy."""
    return datetime.datetime.strptime(text, "%d/%m/%Y").date()


def model(facts: dict[str, Any]) -> type[BaseModel]:
    """The rules of the dataset, as far as they say something about single rows."""
    received = datetime.date.fromisoformat(facts["received"])

    def text(longest: int) -> Any:
        return Annotated[str, Field(max_length=longest)]

    def word(meant: dict[str, str]) -> Any:
        return Annotated[Literal[tuple(set(meant.values()))], BeforeValidator(meant.get)]

    def known(digits: str) -> str:
        if digits[:3] not in facts["prefixes"]:
            raise ValueError("no province has this prefix")
        return digits

    date = Annotated[datetime.date, BeforeValidator(day)]
    past = Annotated[date, Field(le=received)]
    words = facts["words"]
    columns = {
        "citizen_id": Annotated[str, Field(pattern="^[0-9]{12}$"), AfterValidator(known)],
        "full_name": text(200),
        "date_of_birth": past,
        "sex": word(words["sex"]),
        "ethnicity": text(50) | None,
        "commune": word(facts["communes"]),
        "village": text(100) | None,
        "household_no": text(50) | None,
        "relation_to_head": word(words["relation_to_head"]) | None,
        "residence_type": word(words["residence_type"]) | None,
        "death_date": past | None,
        "as_of": date | None,
    }
    return create_model("Resident", __base__=Consistent, **{name: (kind, ...) for name, kind in columns.items()})


@dlt.source(name="register")
def register(source: Path, facts: dict[str, Any], counted: Counter[str]) -> Any:
    """The rows of the file, in pages, as two tables."""
    resident = model(facts)
    files = readers(bucket_url=source.parent.as_uri(), file_glob=source.name).read_csv_duckdb(
        chunk_size=PAGE, delimiter=";", header=True, all_varchar=True, names=facts["columns"]
    )

    @dlt.transformer(selected=False)
    def validated(page: list[dict[str, str | None]]) -> dict[str, list[dict[str, Any]]]:
        accepted, rejected = [], []
        for number, row in enumerate(page, start=counted.total() + 1):
            try:
                accepted.append(resident.model_validate(row).model_dump())
            except ValidationError as errors:
                rejected.append({"row_no": number, "errors": errors.json(include_url=False), "cells": json.dumps(row)})
        counted.update(accepted=len(accepted), rejected=len(rejected))
        return {"accepted": accepted, "rejected": rejected}

    @dlt.transformer(columns=pydantic_to_table_schema_columns(resident), schema_contract=FROZEN)
    def residents(rows: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
        return rows["accepted"]

    @dlt.transformer(columns=REJECTED, schema_contract=FROZEN)
    def rejected(rows: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
        return rows["rejected"]

    checked = files | validated
    return checked | residents, checked | rejected


def main(source: Path, work: Path) -> None:
    """Read in pages, validate each row, load both tables; print the counts."""
    facts = json.loads((work / "facts.json").read_text(encoding="utf-8"))
    counted: Counter[str] = Counter(accepted=0, rejected=0)
    pipeline = dlt.pipeline("residents", destination=dlt.destinations.duckdb(str(work / "residents.duckdb")))
    pipeline.run(register(source, facts, counted), loader_file_format="parquet").raise_on_failed_jobs()
    loaded = pipeline.last_trace.last_normalize_info.row_counts
    if [loaded["residents"], loaded["rejected"]] != [counted["accepted"], counted["rejected"]]:
        raise SystemExit(f"loaded {loaded} of {counted}")
    print(json.dumps({**counted, "duplicates": 0}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
