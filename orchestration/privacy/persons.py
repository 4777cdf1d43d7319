"""What a data subject may ask for (Personal Data Law 91/2025/QH15): find, export, have corrected.

Belongs here: finding a person's rows by the citizen id, handing them out, recording the request. Does not belong here:
the log and the records (``intake/privacy_records.py``), how an answer is printed (``commands/person.py``).

The id is asked for and never kept: records name the person by a keyed hash, and no command prints the id.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from orchestration.decisions import DecisionError, who
from orchestration.files import replacing
from orchestration.intake import vault_files
from orchestration.intake.bronze import bronze_file, vault_file
from orchestration.intake.deadlines import local_day
from orchestration.intake.keys import derived
from orchestration.intake.ledger import Ledger
from orchestration.intake.privacy_records import Kind, PrivacyRecords
from orchestration.intake.pseudonyms import Pseudonymiser, pseudonym_key
from orchestration.privacy.vault_access import purpose
from orchestration.settings import Settings
from schemas import Declaration, datasets
from schemas.column_types import CitizenId

#: Working days within which a request has to be answered (Decree 356/2025).
ANSWER_DAYS = 2
_SATURDAY = 5


@dataclass(frozen=True)
class Place:
    """A row that holds the person. kind: ``accepted``, or ``returned`` to its department and never taken in."""

    dataset: str
    owner: str
    submission_id: str
    file_name: str
    period: str
    sheet: str
    row: int
    kind: str
    counts_now: bool


def find(settings: Settings, citizen_id: str, why: str) -> list[Place]:
    """Every row that holds the person, by dataset and age; without a value of theirs. Raises DecisionError."""
    why = purpose(why)
    places = list(places_of(settings, checked(citizen_id)))
    _record(settings, "find", citizen_id, why, places)
    return places


def export(settings: Settings, citizen_id: str, why: str, target: Path) -> list[Place]:
    """Write all that is held of the person to a JSON file (0600), each row with its place. Raises DecisionError.

    Every look at a row is logged before the file is written.
    """
    why, records = purpose(why), PrivacyRecords(settings.ledger)
    places = list(places_of(settings, checked(citizen_id)))
    for each in places:
        records.note_access(
            at=settings.clock(),
            who=who(),
            purpose=why,
            dataset=each.dataset,
            submission_id=each.submission_id,
            sheet=each.sheet,
            row=each.row,
        )
    _record(settings, "export", citizen_id, why, places)
    held = [{**asdict(each), "values": _values(settings, each)} for each in places]
    with replacing(target) as file:
        file.write_text(json.dumps(held, ensure_ascii=False, indent=1, default=str) + "\n", encoding="utf-8")
    return places


def request_correction(settings: Settings, citizen_id: str, why: str) -> tuple[list[Place], datetime.date]:
    """Record that the person asks for a correction: the places, whose owners must answer, and the last day for it.

    Raises DecisionError where nothing of theirs is held. The department corrects by a corrected file; nothing is
    changed here.
    """
    why = purpose(why)
    places = list(places_of(settings, checked(citizen_id)))
    if not places:
        raise DecisionError("nothing is held of that person: there is nothing to correct")
    due = _working_days_after(local_day(settings.clock()), ANSWER_DAYS)
    _record(settings, "correct", citizen_id, why, places, answer_until=due.isoformat())
    return places, due


def subject_hash(settings: Settings, citizen_id: str) -> str:
    """The person as records name them: 32 hex digits under a key of their own: the ledger holds no pseudonym."""
    key = derived(pseudonym_key(settings), "person requests").hex()
    return str(Pseudonymiser(key).series(pl.Series("id", [citizen_id]), _any_citizen_column())[0])


def _any_citizen_column() -> Any:
    return next(each for one in datasets().values() for each in one.columns.values() if each.type is CitizenId)


def checked(citizen_id: str) -> str:
    """The id, if it can be one. Raises DecisionError."""
    if not re.fullmatch("[0-9]{12}", citizen_id):
        raise DecisionError("a citizen id has twelve digits")
    return citizen_id


def _record(settings: Settings, kind: Kind, citizen_id: str, why: str, places: list[Place], **more: str) -> None:
    rows = [[each.dataset, each.submission_id, each.sheet, each.row, each.kind] for each in places]
    details = {"places": rows, "owners": sorted({each.owner for each in places}), **more}
    subject = subject_hash(settings, citizen_id)
    PrivacyRecords(settings.ledger).record(
        kind, at=settings.clock(), who=who(), purpose=why, details=details, subject=subject
    )


def places_of(settings: Settings, citizen_id: str) -> Iterator[Place]:
    """Every row that holds the person, by dataset and age; nothing is recorded."""
    for declaration in datasets().values():
        for submission in Ledger(settings.ledger).of_dataset(declaration.path):
            found = {
                "accepted": _accepted(settings, declaration, submission.submission_id, citizen_id),
                "returned": _returned(settings, declaration, submission.submission_id, citizen_id),
            }
            for kind, places in found.items():
                for sheet, row in places:
                    yield Place(
                        dataset=declaration.path,
                        owner=declaration.owner,
                        submission_id=submission.submission_id,
                        file_name=submission.file_name,
                        period=submission.period,
                        sheet=sheet,
                        row=row,
                        kind=kind,
                        counts_now=kind == "accepted" and submission.is_current,
                    )


def _accepted(
    settings: Settings, declaration: Declaration, submission_id: str, citizen_id: str
) -> list[tuple[str, int]]:
    """Places in the vault whose column of citizen ids has this one."""
    columns = [each.name for each in declaration.restricted_columns if each.type is CitizenId]
    file = vault_file(settings, declaration, submission_id)
    if not columns or not file.exists():
        return []
    stored = [name for name in columns if name in vault_files.names(settings, file)]
    return _rows_with(settings, file, [pl.col(name) == citizen_id for name in stored])


def _returned(
    settings: Settings, declaration: Declaration, submission_id: str, citizen_id: str
) -> list[tuple[str, int]]:
    """Places of returned rows with a cell that is this id as people write it: with spaces, without its leading zero."""
    file = vault_file(settings, declaration, submission_id, "returned")
    if not file.exists():
        return []
    written = [citizen_id, citizen_id.removeprefix("0")]
    cells = [name for name in vault_files.names(settings, file) if name not in ("source_sheet", "source_row")]
    digits = [pl.col(name).str.replace_all("[^0-9]", "").is_in(written) for name in cells]
    return _rows_with(settings, file, digits)


def _rows_with(settings: Settings, file: Path, any_of: list[pl.Expr]) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    for batch in vault_files.batches(settings, file) if any_of else ():
        found += batch.filter(pl.any_horizontal(any_of)).select("source_sheet", "source_row").iter_rows()
    return found


def _values(settings: Settings, place: Place) -> dict[str, Any]:
    """Everything that is held in a row: all columns of an accepted one, the cells of a returned one."""
    declaration, identifier = datasets()[place.dataset], place.submission_id
    here = (pl.col("source_sheet") == place.sheet) & (pl.col("source_row") == place.row)
    kind = "" if place.kind == "accepted" else place.kind
    file = vault_file(settings, declaration, identifier, kind)
    rows = [row for batch in vault_files.batches(settings, file) for row in batch.filter(here).to_dicts()]
    if place.kind == "accepted":
        rows += pl.scan_parquet(bronze_file(settings, declaration, identifier)).filter(here).collect().to_dicts()
    values = {name: value for row in rows for name, value in row.items() if value is not None}
    ours = {each.name for each in declaration.warehouse_columns if each.form in (None, "pseudonym", "agreement")}
    return {name: value for name, value in values.items() if name not in ours}


def _working_days_after(day: datetime.date, days: int) -> datetime.date:
    """So many working days later; public holidays are not known here and count as working days."""
    while days:
        day += datetime.timedelta(days=1)
        days -= day.weekday() < _SATURDAY
    return day
