"""One record of the vault at a time, for a stated purpose, and never without a line in the access log.

Belongs here: finding the row, asking for the purpose, noting the look before anything is shown. Does not belong here:
the log (``intake/privacy_records.py``), printing a row (``commands/vault.py``), all rows of a person (``persons.py``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import polars as pl

from orchestration.decisions import DecisionError, find_submission, who
from orchestration.intake import vault_files
from orchestration.intake.bronze import bronze_file, vault_file
from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.privacy_records import PrivacyRecords
from orchestration.settings import Settings
from schemas import Declaration

#: A purpose names a case or a task: "test" or "ok" says nothing to who reads the log.
_LEAST_WORDS, _LEAST_LETTERS = 2, 10
_PERSONAL_NUMBER = re.compile(r"(?<![0-9])(?:[0-9][ .-]?){8,11}[0-9](?![0-9])")


@dataclass(frozen=True)
class VaultRow:
    """A row of the vault: where it stands, its restricted values by column, its other columns as bronze has them."""

    submission_id: str
    sheet: str
    row: int
    restricted: dict[str, Any]
    others: dict[str, Any]


def purpose(text: str) -> str:
    """A purpose that says something. Raises DecisionError; no personal number may be in it, because it is logged."""
    text = " ".join(text.split())
    if len(text.split()) < _LEAST_WORDS or sum(map(str.isalpha, text)) < _LEAST_LETTERS:
        raise DecisionError("say in a few words for which task or case: the purpose is logged with your name")
    if _PERSONAL_NUMBER.search(text):
        raise DecisionError("the purpose is logged: leave citizen ids, phone numbers and other long numbers out")
    return text


def get_row(
    settings: Settings, declaration: Declaration, submission_id: str, row: int, why: str, *, sheet: str = ""
) -> VaultRow:
    """The row of a submission by its number in the file; sheet: needed where several have that row.

    Raises DecisionError where there is no such row, or none alone, and for a purpose that says nothing.
    """
    submission = find_submission(Ledger(settings.ledger), submission_id)
    if submission.dataset != declaration.path:
        raise DecisionError(f"{submission.submission_id} is of {submission.dataset}, not of {declaration.path}")
    here = (pl.col("source_row") == row) & (pl.col("source_sheet") == sheet if sheet else pl.lit(True))
    return _only_one(settings, declaration, submission, here, purpose(why))


def get_row_of_person(settings: Settings, declaration: Declaration, person: str, why: str) -> VaultRow:
    """The row of a person in what counts now, by a pseudonym as the warehouse has it. Raises DecisionError."""
    if not re.fullmatch("[0-9a-f]{32}", person):
        raise DecisionError("a person is named by the 32 digits of a pseudonym")
    why = purpose(why)
    keys = [each.name for each in declaration.warehouse_columns if each.form == "pseudonym"]
    found: list[tuple[Submission, dict[str, Any]]] = []
    for each in Ledger(settings.ledger).of_dataset(declaration.path):
        file = bronze_file(settings, declaration, each.submission_id)
        if each.is_current and keys and file.exists():
            hit = pl.any_horizontal([pl.col(key) == person for key in keys])
            places = pl.scan_parquet(file).filter(hit).select("source_sheet", "source_row").collect()
            found += [(each, place) for place in places.to_dicts()]
    if len(found) != 1:
        places_text = ", ".join(f"{each.submission_id} row {place['source_row']}" for each, place in found[:5])
        raise DecisionError(f"{len(found)} rows of {declaration.path} are of that person: {places_text or 'none'}")
    ((submission, place),) = found
    here = (pl.col("source_sheet") == place["source_sheet"]) & (pl.col("source_row") == place["source_row"])
    return _only_one(settings, declaration, submission, here, why)


def _only_one(
    settings: Settings, declaration: Declaration, submission: Submission, here: pl.Expr, why: str
) -> VaultRow:
    """The one row of a submission that the expression is true of; the look is noted before it is returned."""
    file = vault_file(settings, declaration, submission.submission_id)
    hits = [batch.filter(here) for batch in vault_files.batches(settings, file)]
    rows = [row for hit in hits for row in hit.to_dicts()]
    if len(rows) != 1:
        sheets = ", ".join(sorted({row["source_sheet"] for row in rows}))
        raise DecisionError(
            f"{submission.submission_id} has that row on several sheets, name one: {sheets}"
            if rows
            else f"the vault has no such row of {submission.submission_id}: it was returned, ignored or is not kept"
        )
    sheet, number = rows[0].pop("source_sheet"), rows[0].pop("source_row")
    PrivacyRecords(settings.ledger).note_access(
        at=settings.clock(),
        who=who(),
        purpose=why,
        dataset=declaration.path,
        submission_id=submission.submission_id,
        sheet=sheet,
        row=number,
    )
    bronze = pl.scan_parquet(bronze_file(settings, declaration, submission.submission_id))
    place = (pl.col("source_sheet") == sheet) & (pl.col("source_row") == number)
    others = bronze.filter(place).collect().to_dicts()[0]
    apart = ("submission_id", "source_sheet", "source_row")
    return VaultRow(
        submission.submission_id,
        sheet,
        number,
        rows[0],
        {name: value for name, value in others.items() if name not in apart},
    )
