"""What Dagster checks on a dataset after its files were taken in: nothing was lost, what was returned, what is late.

Belongs here: judging the ledger and bronze, as asset checks. Does not belong here: judging cells and rows (the
dataset's Pandera class, run by the intake) and truths across tables (dbt tests).

A failed check never stops a run: a department's bad file must not keep the others out of the warehouse. No metadata
holds a cell's value, nor a text that a file brought: titles, limits and codes come from the declaration.
"""

import datetime
from collections.abc import Iterable, Sequence

import dagster as dg
import pyarrow.parquet as pq

from orchestration.intake.bronze import bronze_file
from orchestration.intake.ledger import Ledger, Submission
from orchestration.intake.period import ReportingPeriod
from orchestration.intake.wording import explain
from orchestration.settings import Settings
from schemas import Declaration
from schemas.rules import RULES

CONSERVATION, PANDERA, FRESHNESS = "conservation", "pandera", "freshness"


def check_specs(asset: dg.AssetKey, declaration: Declaration) -> list[dg.AssetCheckSpec]:
    """The checks of a dataset's bronze asset."""
    texts = {
        CONSERVATION: "Rows read = accepted + rejected + ignored for every submission, and bronze holds exactly the "
        "accepted rows of those that count. Fails too when the intake itself broke off.",
        PANDERA: "Nothing was returned from the files of this run or, where it brought none, from the last one before. "
        "Otherwise: the reasons, with counts, as the officers read them.",
        FRESHNESS: f"The last {declaration.period} that is due, {declaration.due_day} days after its end, is there.",
    }
    return [dg.AssetCheckSpec(name, asset=asset, description=text) for name, text in texts.items()]


def conservation(
    settings: Settings, declaration: Declaration, taken: Sequence[Submission], broken: str = ""
) -> dg.AssetCheckResult:
    """No row of any submission got lost. ``broken``: why the intake broke off, if it did."""
    submissions = Ledger(settings.ledger).of_dataset(declaration.path)
    new = {each.submission_id for each in taken}
    lost = [
        dg.TableRecord(
            {
                "submission_id": each.submission_id,
                "rows_read": each.rows_read,
                "rows_accepted": each.rows_accepted,
                "rows_rejected": each.rows_rejected,
                "rows_ignored": each.rows_ignored,
                "rows_in_bronze": stored,
            }
        )
        for each in submissions
        for stored in [_stored_rows(settings, declaration, each, look=each.is_current or each.submission_id in new)]
        if each.rows_read != each.rows_accepted + each.rows_rejected + each.rows_ignored or stored != each.rows_accepted
    ]
    metadata: dict[str, dg.MetadataValue] = {
        "submissions": dg.MetadataValue.int(len(submissions)),
        "rows_read": dg.MetadataValue.int(sum(each.rows_read for each in submissions)),
    }
    if lost:
        metadata["lost"] = dg.MetadataValue.table(lost)
    if broken:
        metadata["broken_off"] = dg.MetadataValue.text(broken)
    return dg.AssetCheckResult(
        check_name=CONSERVATION,
        passed=not lost and not broken,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata=metadata,
    )


def _stored_rows(settings: Settings, declaration: Declaration, submission: Submission, *, look: bool) -> int:
    """Rows in the submission's bronze file; taken as right where nobody reads them any more."""
    if not look or submission.rows_accepted == 0:
        return submission.rows_accepted
    file = bronze_file(settings, declaration, submission.submission_id)
    return int(pq.read_metadata(file).num_rows) if file.exists() else 0


def pandera(settings: Settings, declaration: Declaration, taken: Sequence[Submission]) -> dg.AssetCheckResult:
    """Whether rows or whole files were returned, and why. A run without a new file does not clear the last one."""
    known = Ledger(settings.ledger).of_dataset(declaration.path)
    taken = _without_duplicates(taken) or _without_duplicates(known)[-1:]
    stopped = [each for each in taken if each.verdict in ("refused", "waiting")]
    returned = sum(each.rows_rejected for each in taken)
    metadata: dict[str, dg.MetadataValue] = {
        "submissions": dg.MetadataValue.int(len(taken)),
        "rows_returned": dg.MetadataValue.int(returned),
        "files_not_taken_in": dg.MetadataValue.int(len(stopped)),
    }
    reasons = list(_reasons(declaration, taken))
    if reasons:
        metadata["reasons"] = dg.MetadataValue.table(reasons)
    return dg.AssetCheckResult(
        check_name=PANDERA,
        passed=not stopped and not returned,
        severity=dg.AssetCheckSeverity.ERROR if stopped else dg.AssetCheckSeverity.WARN,
        metadata=metadata,
    )


def _without_duplicates(submissions: Sequence[Submission]) -> list[Submission]:
    return [each for each in submissions if each.verdict != "duplicate"]


def _reasons(declaration: Declaration, taken: Sequence[Submission]) -> Iterable[dg.TableRecord]:
    """Errors before warnings, files before rows and cells, then by falling count; each once for all submissions."""
    counts: dict[tuple[str, str, str, str], int] = {}
    for submission in taken:
        for notice in submission.details.get("notices", []):
            limit = "…" if notice.get("limit_en") else notice["limit"]  # it quotes headers of the file
            key = notice["rule"], "", _declared_title(declaration, notice["title"]), limit
            counts[key] = counts.get(key, 0) + 1
        for reason in submission.details.get("reasons", []):
            key = reason["rule"], reason["column"], "", ""
            counts[key] = counts.get(key, 0) + reason["count"]

    def rank(item: tuple[tuple[str, ...], int]) -> tuple[bool, bool, int]:
        (rule, *_), count = item
        return RULES[rule].severity != "error", RULES[rule].scope != "file", -count

    for (rule, column, title, limit), count in sorted(counts.items(), key=rank):
        words = explain(declaration, rule, column, title=title, limit=limit)
        yield dg.TableRecord(
            {
                "rule": rule,
                "severity": RULES[rule].severity,
                "column": declaration.columns[column].title if column in declaration.columns else "",
                "count": count,
                "reason_vi": words.vi,
                "reason_en": words.en,
            }
        )


def _declared_title(declaration: Declaration, title: str) -> str:
    """The title in a notice if it names declared columns; what else a file's header says stays in its receipt."""
    declared = {each.title for each in declaration.columns.values()}
    return title if set(title.split("; ")) <= declared else "…"


def last_due(declaration: Declaration, today: datetime.date) -> ReportingPeriod:
    """The newest period whose file should be there: it ended more than ``due_day`` days ago."""
    day = today - datetime.timedelta(days=declaration.due_day)
    # The period around that day has not ended by then; the one before has.
    around = _around(declaration, day)
    return _around(declaration, around.start - datetime.timedelta(days=1))


def _around(declaration: Declaration, day: datetime.date) -> ReportingPeriod:
    period = ReportingPeriod("month", day.year, day.month).widened(declaration.period)
    assert period is not None  # a month lies in every kind of period
    return period


def freshness(settings: Settings, declaration: Declaration) -> dg.AssetCheckResult:
    """Whether the dataset is as new as its cadence asks."""
    expected = last_due(declaration, settings.clock().date())
    periods = {
        each.period: each.period_end
        for each in Ledger(settings.ledger).of_dataset(declaration.path)
        if each.is_current and each.period_end
    }
    newest = max(periods, key=lambda period: periods[period], default="")
    due = expected.end + datetime.timedelta(days=declaration.due_day)
    return dg.AssetCheckResult(
        check_name=FRESHNESS,
        passed=bool(newest) and periods[newest] >= expected.end,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={
            "expected_period": expected.label,
            "due": due.isoformat(),
            "newest_period": newest or "nothing was handed in yet",
        },
    )
