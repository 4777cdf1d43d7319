"""The peer: the same file through frictionless, with a table schema and checks of its own. Run by ``bench.intake``.

Its report is written as JSON. The framework validates and extracts in separate passes, so the file is read twice, and
the accepted rows are those of the second pass that the report does not name. It runs in an environment of its own and
imports nothing of kho. It does less than the intake: see the top of ``peer_pandas.py``.
"""

from __future__ import annotations

import datetime
import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import frictionless
import pyarrow as pa
import pyarrow.parquet as pq
from frictionless import Check, Checklist, Dialect, Resource, Row, Schema, errors, formats
from frictionless.resources import TableResource

DATES = ("date_of_birth", "death_date", "as_of")
#: A page of the accepted rows.
PAGE = 5_000


class Consistent(Check):
    """Digit 4 of the id is odd for women; digits 4 to 6 give the birth year; nobody dies before the birth year."""

    type = "consistent"
    Errors = [errors.RowConstraintError]

    def validate_row(self, row: Row) -> Iterator[Any]:
        """The rules over several cells of a row; what cannot be known is no error."""
        digits, born, died = row["citizen_id"], row["date_of_birth"], row["death_date"]
        if digits and row["sex"] and (int(digits[3]) % 2 == 1) != (row["sex"] == "Nữ"):
            yield errors.RowConstraintError.from_row(row, note="the id and the sex disagree")
        if digits and born and 1900 + 100 * (int(digits[3]) // 2) + int(digits[4:6]) != born.year:
            yield errors.RowConstraintError.from_row(row, note="the id and the date of birth disagree")
        if born and died and died.year < born.year:
            yield errors.RowConstraintError.from_row(row, note="dies before the birth year")


class OneRowEach(Check):
    """Every row that contradicts another of the same person; the framework's own ``unique`` names the second only."""

    type = "one-row-each"
    Errors = [errors.RowConstraintError]

    def connect(self, resource: Resource) -> None:
        """Begin a file."""
        super().connect(resource)
        self.first: dict[str, tuple[int, list[str]]] = {}

    def validate_row(self, row: Row) -> Iterator[Any]:
        """Both rows of a pair; a row that repeats another is named by ``duplicate_row``."""
        if row["citizen_id"] is None:
            return
        number, cells = self.first.setdefault(row["citizen_id"], (row.row_number, row.cells))
        if cells != row.cells:
            for at, said in ((number, cells), (row.row_number, row.cells)):
                yield errors.RowConstraintError(note="contradicts another row", row_number=at, cells=said)


def schema(facts: dict[str, Any]) -> Schema:
    """The rules of the dataset over single cells."""
    day = {"type": "date", "format": "%d/%m/%Y"}
    words = facts["words"]
    received = datetime.date.fromisoformat(facts["received"]).strftime(day["format"])
    rules: dict[str, dict[str, Any]] = {
        "citizen_id": {"required": True, "pattern": f"^({'|'.join(facts['prefixes'])})[0-9]{{9}}$"},
        "full_name": {"required": True, "maxLength": 200},
        "date_of_birth": {"required": True, "maximum": received},
        "sex": {"required": True, "enum": list(words["sex"])},
        "ethnicity": {"maxLength": 50},
        "commune": {"required": True, "enum": list(facts["communes"])},
        "village": {"maxLength": 100},
        "household_no": {"maxLength": 50},
        "death_date": {"maximum": received},
    }
    fields = [
        {"name": name, **(day if name in DATES else {"type": "string"}), "constraints": rules.get(name, {})}
        for name in facts["columns"]
    ]
    return Schema.from_descriptor({"fields": fields})


def accepted_rows(file: TableResource, left_out: set[int], facts: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The second pass: the rows that no error names, with the register's words."""
    words = {**facts["words"], "commune": facts["communes"]}
    with file.open():
        for row in file.row_stream:
            if row.row_number not in left_out:
                cells = row.to_dict()
                yield cells | {name: meant.get(cells[name]) for name, meant in words.items()}


def write(rows: Iterator[dict[str, Any]], facts: dict[str, Any], path: Path) -> int:
    """Rows as Parquet, a page at a time; returns how many."""
    kinds = pa.schema([(name, pa.date32() if name in DATES else pa.string()) for name in facts["columns"]])
    written = 0
    with pq.ParquetWriter(path, kinds, compression="zstd") as writer:
        while page := list(itertools.islice(rows, PAGE)):
            writer.write_table(pa.Table.from_pylist(page, schema=kinds))
            written += len(page)
    return written


def main(source: Path, work: Path) -> None:
    """Validate, extract, write errors and accepted rows; print the counts."""
    facts = json.loads((work / "facts.json").read_text(encoding="utf-8"))
    # The header's words are the department's, the fields' names are ours: it is skipped as a comment is.
    dialect = Dialect(header=False, comment_rows=[1], controls=[formats.CsvControl(delimiter=";")])
    file = TableResource(
        path=source.name, basepath=str(source.parent), dialect=dialect, schema=schema(facts), encoding="utf-8"
    )
    checks = [Consistent(), OneRowEach(), frictionless.checks.duplicate_row()]
    report = file.validate(Checklist(checks=checks), limit_errors=sys.maxsize)
    report.to_json(str(work / "errors.json"))
    found = report.task.errors
    repeated = {each.row_number for each in found if each.type == "duplicate-row"}
    rejected = {each.row_number for each in found} - repeated
    accepted = write(accepted_rows(file, rejected | repeated, facts), facts, work / "accepted.parquet")
    print(json.dumps({"accepted": accepted, "rejected": len(rejected), "duplicates": len(repeated)}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
