"""Erasing rows of a person, or of files whose time is over, from everything that is kept.

Belongs here: what is to go, written down before anything goes, and carrying that out however often it is broken off.
Does not belong here: finding a person in the vault (``persons.py``), which files' time is over (``retention.py``), the
build afterwards, which leaves the warehouse and one published version without them (``commands/options.py``).

A plan names places and hashes, never a value, so that a run after a crash can finish it without the person's id. An
original in the archive cannot lose a row and keep its hash: it goes as a whole. From then on bronze and vault are all
there is of that submission; a rebuild leaves them as they are, and a backup copies them.
"""

from __future__ import annotations

import mmap
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import polars.selectors as cs
import pyarrow.parquet as pq

from orchestration.building.warehouse import remove as remove_warehouse
from orchestration.decisions import who
from orchestration.files import replacing, sync_folder
from orchestration.intake import vault_files
from orchestration.intake.archive import archived_file
from orchestration.intake.bronze import bronze_file, vault_file
from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.privacy_records import PrivacyRecord, PrivacyRecords
from orchestration.intake.readers import UnreadableError, open_document
from orchestration.intake.receipts import receipt_files
from orchestration.intake.take_in import hand_out_receipt
from orchestration.locks import WAREHOUSE, lock
from orchestration.privacy.persons import checked, places_of, subject_hash
from orchestration.privacy.vault_access import purpose
from orchestration.settings import Settings
from schemas import Declaration, dataset, datasets

#: Told how many of how many originals were searched, and the name of the next one.
Progress = Callable[[int, int, str], None]
_PLACE = ["source_sheet", "source_row"]


@dataclass(frozen=True)
class Erased:
    """What went: rows by dataset, originals by their hash, and the number of the record."""

    record_id: int
    rows: dict[str, int]
    originals: tuple[str, ...]


def erase(settings: Settings, citizen_id: str, why: str, *, progress: Progress | None = None) -> Erased:
    """Remove every row that holds this person from vault and bronze, and every original in which the id stands.

    Receipts that showed such a row are written anew. The caller builds and publishes afterwards. Raises DecisionError
    for a purpose that says nothing, BusyError while a run is going.
    """
    why, citizen_id = purpose(why), checked(citizen_id)
    with lock(settings, WAREHOUSE), all_datasets_held(settings):
        places = list(places_of(settings, citizen_id))
        originals = _originals_with(settings, citizen_id, progress)
        _forget_changes(settings, citizen_id)
        details = {
            "places": sorted({(each.submission_id, each.sheet, each.row) for each in places}),
            "originals": sorted(originals),
        }
        number = PrivacyRecords(settings.ledger).record(
            "erase",
            at=settings.clock(),
            who=who(),
            purpose=why,
            details=details,
            subject=subject_hash(settings, citizen_id),
        )
        finish_erasures(settings)
    rows: dict[str, int] = {}
    for each in places:
        rows[each.dataset] = rows.get(each.dataset, 0) + 1
    return Erased(number, rows, tuple(sorted(originals)))


@contextmanager
def all_datasets_held(settings: Settings) -> Iterator[None]:
    """Nobody takes in a file meanwhile. Raises BusyError where somebody does."""
    with ExitStack() as locks:
        for declaration in datasets().values():
            locks.enter_context(lock(settings, declaration.table))
        yield


def resume_erasures(settings: Settings) -> None:
    """Finish what was broken off; the caller holds the lock of the warehouse."""
    if PrivacyRecords(settings.ledger).unfinished_erasures():
        with all_datasets_held(settings):
            finish_erasures(settings)


def finish_erasures(settings: Settings) -> int:
    """Carry out every plan that was not finished; the caller holds all locks. Returns how many there were."""
    records = PrivacyRecords(settings.ledger)
    unfinished = records.unfinished_erasures()
    for each in unfinished:
        _carry_out(settings, each)
        records.record(
            each.kind, at=settings.clock(), who=who(), purpose=each.purpose, details={"finishes": each.record_id}
        )
    return len(unfinished)


def _carry_out(settings: Settings, plan: PrivacyRecord) -> None:
    ledger, gone = Ledger(settings.ledger), set(plan.details["originals"])
    over = set(plan.details.get("submissions", ()))
    places: dict[str, set[tuple[str, int]]] = {}
    for submission_id, sheet, row in plan.details.get("places", ()):
        places.setdefault(submission_id, set()).add((sheet, row))
    for sha256 in gone:
        archived_file(settings, sha256).unlink(missing_ok=True)
    if settings.archive.is_dir():
        sync_folder(settings.archive)
    for submission in ledger.all():
        if submission.submission_id in over:
            _remove_all(settings, dataset(submission.dataset), submission)
        elif submission.submission_id in places or submission.file_sha256 in gone:
            declaration = dataset(submission.dataset)
            _remove_rows(settings, declaration, submission, places.get(submission.submission_id, set()))
            if any(each.exists() for each in receipt_files(settings, declaration, submission)):
                ledger.renew_receipt(submission.submission_id)
                hand_out_receipt(settings, declaration, ledger, submission)
    shutil.rmtree(settings.homes_as_of, ignore_errors=True)
    remove_warehouse(settings)  # free space of its file may hold rows that a build replaced in place


def _remove_rows(
    settings: Settings, declaration: Declaration, submission: Submission, places: Iterable[tuple[str, int]]
) -> None:
    """Remove these rows from all files of a submission; done twice it is the same."""
    wanted = pl.DataFrame(list(places), schema={"source_sheet": pl.String, "source_row": pl.Int64}, orient="row")
    if wanted.is_empty():
        return
    keep = ~pl.struct(_PLACE).is_in(wanted.to_struct().implode())
    file = bronze_file(settings, declaration, submission.submission_id)
    if file.exists():
        _rewrite_bronze(file, keep)
    for kind in ("", "returned", "findings"):
        file = vault_file(settings, declaration, submission.submission_id, kind)
        if file.exists():
            place = ["sheet", "row"] if kind == "findings" else _PLACE
            named = pl.struct(pl.col(place[0]).alias(_PLACE[0]), pl.col(place[1]).alias(_PLACE[1]))
            vault_files.rewrite(settings, file, ~named.is_in(wanted.to_struct().implode()))


def _remove_all(settings: Settings, declaration: Declaration, submission: Submission) -> None:
    """Remove all restricted values of a submission and its receipts; its pseudonymised rows stay."""
    for kind in ("", "returned", "findings", "changes"):
        vault_file(settings, declaration, submission.submission_id, kind).unlink(missing_ok=True)
    for each in receipt_files(settings, declaration, submission):
        each.unlink(missing_ok=True)


def _rewrite_bronze(file: Path, keep: pl.Expr) -> None:
    with replacing(file) as temporary, pq.ParquetFile(file) as source:
        schema = source.schema_arrow
        with pq.ParquetWriter(temporary, schema, compression="zstd", compression_level=1) as target:
            for number in range(source.num_row_groups):
                kept = pl.DataFrame(source.read_row_group(number)).filter(keep)
                target.write_table(kept.to_arrow(compat_level=pl.CompatLevel.newest()).cast(schema))


def _forget_changes(settings: Settings, citizen_id: str) -> None:
    """Rows before and after that name the person, also in files whose own rows do not."""
    for file in sorted(settings.vault.glob("*/*.changes.parquet")):
        lists = cs.by_dtype(pl.List(pl.String)).list.contains(citizen_id)
        names_person = pl.any_horizontal(cs.string() == citizen_id, lists).fill_null(False)
        if any(batch.select(names_person.any()).item() for batch in vault_files.batches(settings, file)):
            vault_files.rewrite(settings, file, ~names_person)


def _originals_with(settings: Settings, citizen_id: str, progress: Progress | None) -> set[str]:
    """Hashes of the archived files in which the id stands, in a row that was taken in or anywhere else."""
    files = {each.file_sha256: each.file_name for each in Ledger(settings.ledger).all()}
    found = set()
    for number, (sha256, name) in enumerate(sorted(files.items())):
        if progress:
            progress(number, len(files), name)
        path = archived_file(settings, sha256)
        if path.is_file() and (_in_bytes(path, citizen_id) or _in_cells(settings, path, citizen_id)):
            found.add(sha256)
    return found


def _in_bytes(path: Path, citizen_id: str) -> bool:
    """The id as it is, in the file or in a part of a workbook, hidden sheets too."""
    forms = (citizen_id.encode(), citizen_id.encode("utf-16-le"), citizen_id.encode("utf-16-be"))
    if not path.stat().st_size:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if any(content.find(form) >= 0 for form in forms):
            return True
    if not zipfile.is_zipfile(path):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return any(_in_member(archive, name, citizen_id.encode()) for name in archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, zlib.error):
        return False  # damaged or encrypted: nobody read a cell of it either


def _in_member(archive: zipfile.ZipFile, name: str, wanted: bytes) -> bool:
    with archive.open(name) as member:
        rest = b""
        while block := member.read(1 << 20):
            if wanted in rest + block:
                return True
            rest = block[-len(wanted) :]
    return False


def _in_cells(settings: Settings, path: Path, citizen_id: str) -> bool:
    """The id as people write it: with spaces, without its leading zero, as a number."""
    written = [citizen_id, citizen_id.removeprefix("0")]
    try:
        with open_document(settings, path) as document:
            for sheet in document.sheets:
                for batch in sheet.batches(sheet.width):
                    digits = pl.all().str.replace_all("[^0-9]", "").is_in(written)
                    hit = batch.cells.select(pl.any_horizontal(digits).any()).item() if batch.cells.width else False
                    loose = ("".join(filter(str.isdecimal, cell)) for each in batch.misshapen for cell in each.cells)
                    if hit or any(each in written for each in loose):
                        return True
    except UnreadableError:
        return False
    return False
