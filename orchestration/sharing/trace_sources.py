"""What stands behind a fact: the file, the original cells of its row, what its rules found, who decided what.

Belongs here: gathering that from ledger, vault and archive, and keeping restricted values back. Does not belong here:
finding the facts (``trace.py``), how it is shown (``console/trace.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from orchestration.decisions import who
from orchestration.intake import vault_files
from orchestration.intake.bronze import vault_file
from orchestration.intake.difference_decisions import DifferenceDecisions
from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.mappings import HeaderMappings, form_of
from orchestration.intake.original_cells import OriginalCell, original_cells
from orchestration.intake.privacy_records import PrivacyRecords
from orchestration.intake.readers import UnreadableError
from orchestration.privacy.vault_access import purpose
from orchestration.settings import Settings
from orchestration.sharing.query import QueryError, literal, records
from orchestration.sharing.trace import Fact
from schemas import Declaration, dataset

MASKED = "•••"


@dataclass(frozen=True)
class Permission:
    """To see restricted values of a department's own files. purpose: why; it is kept with the access.

    Raises DecisionError for a purpose that says nothing.
    """

    department: str
    purpose: str

    def __post_init__(self) -> None:
        purpose(self.purpose)


@dataclass(frozen=True)
class SourceRow:
    """A row of a file behind some value. cells: restricted and surplus ones masked unless they may be seen.

    warnings: rules that the row broke without being returned, as rule and column. passed: the rules that it kept.
    lost: why the original cannot be shown, '' otherwise.
    """

    fact: Fact
    cells: list[OriginalCell]
    warnings: list[tuple[str, str]]
    passed: list[str]
    lost: str = ""


@dataclass(frozen=True)
class SourceFile:
    """A submission with what was decided about it, each with kind, why, who and when, and its rows."""

    submission: Submission
    decisions: list[dict[str, str]]
    rows: list[SourceRow] = field(default_factory=list)


def source_files(settings: Settings, facts: Iterable[Fact], permission: Permission | None) -> list[SourceFile]:
    """The files behind these facts, oldest first, with the rows that the facts name.

    Raises QueryError where restricted values of another department's files are asked for.
    """
    by_submission: dict[str, list[Fact]] = {}
    for fact in sorted(set(facts)):
        by_submission.setdefault(fact.submission_id, []).append(fact)
    ledger = Ledger(settings.ledger)
    submissions = [each for each in map(ledger.get, by_submission) if each is not None]
    for submission in submissions:
        if permission and permission.department != submission.department:
            raise QueryError(
                f"{submission.file_name} is a file of {submission.department}: only that department sees its values"
            )
    return [
        _source_file(settings, ledger, each, by_submission[each.submission_id], permission)
        for each in sorted(submissions, key=lambda each: each.sequence)
    ]


def _source_file(
    settings: Settings, ledger: Ledger, submission: Submission, facts: Sequence[Fact], permission: Permission | None
) -> SourceFile:
    declaration = dataset(submission.dataset)
    exact = {(each.source_sheet, each.source_row): each for each in facts if each.source_row}
    if permission and exact:
        _note_looks(settings, submission, sorted(exact), permission)
    lost, cells = "", {}
    try:
        cells = original_cells(settings, declaration, submission, exact) if exact else {}
    except UnreadableError as error:
        lost = str(error)
    warnings = _warnings(settings, declaration, submission)
    rows = []
    for place, fact in exact.items():
        shown = [_masked(declaration, each, permission) for each in cells.get(place, [])]
        broken = warnings.get(place, [])
        rows.append(SourceRow(fact, shown, broken, _passed(declaration, broken), lost))
    decided = [*_decisions(settings, ledger, submission), *_difference_decisions(settings, submission, exact)]
    return SourceFile(submission, sorted(decided, key=lambda each: each["at"]), rows)


def _masked(declaration: Declaration, cell: OriginalCell, permission: Permission | None) -> OriginalCell:
    """A cell as it may be shown. What a surplus column holds is not known, so it is kept back, too."""
    is_open = cell.column is not None and not declaration.columns[cell.column].restricted
    if permission or is_open or not cell.text:
        return cell
    return OriginalCell(cell.header, cell.column, MASKED)


def _note_looks(
    settings: Settings, submission: Submission, places: list[tuple[str, int]], permission: Permission
) -> None:
    """One line of the vault's log for each row, before anything is shown."""
    for sheet, row in places:
        PrivacyRecords(settings.ledger).note_access(
            at=settings.clock(),
            who=f"{who()} for {permission.department}",
            purpose=purpose(permission.purpose),
            dataset=submission.dataset,
            submission_id=submission.submission_id,
            sheet=sheet,
            row=row,
        )


def _warnings(
    settings: Settings, declaration: Declaration, submission: Submission
) -> dict[tuple[str, int], list[tuple[str, str]]]:
    """The findings of a submission by row; of a row that was taken in they are warnings."""
    file = vault_file(settings, declaration, submission.submission_id, "findings")
    if not file.exists():
        return {}
    found: dict[tuple[str, int], list[tuple[str, str]]] = {}
    for batch in vault_files.batches(settings, file, ["sheet", "row", "rule", "column"]):
        for sheet, row, rule, column in batch.iter_rows():
            found.setdefault((sheet, row), []).append((rule, column))
    return found


def _passed(declaration: Declaration, broken: Sequence[tuple[str, str]]) -> list[str]:
    rules = dict.fromkeys(rule for name in declaration.columns for rule in declaration.rule_ids(name))
    return [rule for rule in rules if rule not in {each for each, _ in broken}]


def _decisions(settings: Settings, ledger: Ledger, submission: Submission) -> list[dict[str, str]]:
    """Decisions about the submission, waived rules, and headers that were understood because they were confirmed."""
    found = [
        {"kind": each.kind, "about": "", "why": each.why, "who": each.who, "at": each.decided_at.isoformat()}
        for each in ledger.decisions(submission.submission_id)
    ]
    found += [
        {"kind": "waived", "about": each["rule"], "why": each["why"], "who": each["who"], "at": each["at"]}
        for each in submission.details.get("waivers", [])
    ]
    until = submission.details.get("mappings_until", 0)
    headers = {form_of(each) for each in submission.details.get("headers", [])}
    for line in HeaderMappings(settings.ledger).history(submission.dataset):
        if line.mapping_id <= until and line.column and form_of(line.header) in headers:
            about = f"«{line.header}» = {line.column}"
            confirmed = {"kind": "confirmed", "about": about, "why": line.why, "who": line.who}
            found.append({**confirmed, "at": line.decided_at.isoformat()})
    return found


def _difference_decisions(
    settings: Settings, submission: Submission, places: Iterable[tuple[str, int]]
) -> list[dict[str, str]]:
    """What was decided about differences that name one of these rows."""
    wanted = set(places)
    named = literal(submission.submission_id)
    rows = records(
        settings,
        "select difference_id, submission_id_a, source_sheet_a, source_row_a, submission_id_b, source_sheet_b, "
        f"source_row_b from marts.mart_difference where {named} in (submission_id_a, submission_id_b)",
    )
    found = []
    for row in rows:
        sides = {
            (row[f"source_sheet_{side}"], row[f"source_row_{side}"])
            for side in "ab"
            if row[f"submission_id_{side}"] == submission.submission_id
        }
        for each in DifferenceDecisions(settings.ledger).of(row["difference_id"]) if sides & wanted else []:
            said = {"kind": each.kind.value, "about": each.difference_id, "why": each.why, "who": each.who}
            found.append({**said, "at": each.decided_at.isoformat()})
    return found
