"""The tables that dbt reads beside bronze and submissions: datasets, what is owed, how good files were, decisions.

Belongs here: their columns with what they mean, and their rows from declarations and submissions. Does not belong
here: writing them and the ledger's own table (``bronze``), dbt's ``sources.yml``
(``orchestration/building/derive.py``).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from orchestration.intake.deadlines import local_day
from orchestration.intake.difference_decisions import DifferenceDecision, DifferenceDecisions
from orchestration.intake.ledger import Submission
from orchestration.intake.obligations import obligations
from orchestration.intake.period import periods_in
from orchestration.intake.spans import Span, spans
from orchestration.settings import Settings
from schemas import Declaration, datasets
from schemas.rules import RULES


@dataclass(frozen=True)
class ExportedTable:
    """A table ``bronze/<name>.parquet``: its grain, and its columns with type and meaning."""

    name: str
    grain: str
    columns: Mapping[str, tuple[Any, str]]

    def frame(self, rows: Iterable[Mapping[str, object]]) -> pl.DataFrame:
        """The table with these rows."""
        schema = {name: dtype for name, (dtype, _) in self.columns.items()}
        return pl.DataFrame([tuple(row[name] for name in schema) for row in rows], schema=schema, orient="row")


DATASET = ExportedTable(
    "dataset",
    "One row per declared dataset.",
    {
        "dataset": (pl.String, "Dataset, as department/name."),
        "department": (pl.String, "Department that hands it in."),
        "title": (pl.String, "Vietnamese name."),
        "grain": (pl.String, "What a row of it is."),
        "owner": (pl.String, "Office that answers for it."),
        "load": (pl.String, "full: a file replaces the older one of its unit and period; upsert: by key."),
        "cadence": (pl.String, "month, quarter or year: the periods for which it is handed in."),
        "due_day": (pl.Int64, "Days after the end of a period by which its file is due."),
        "lock_day": (pl.Int64, "Days after the end of a period after which its file waits for a decision; or null."),
        "owed_by": (pl.String, "department, or commune: each present commune of the province owes a file."),
        "owed_from": (pl.String, "First period for which a file is owed; null where none is owed."),
        "legal_basis": (pl.String, "Laws and decrees on which it is collected."),
        "retention_years": (pl.Int64, "Years for which its files are kept."),
    },
)
OBLIGATION = ExportedTable(
    "obligation",
    "One row per dataset, reporting unit and period for which a file is owed.",
    {
        "dataset": (pl.String, "Dataset, as department/name."),
        "department": (pl.String, "Department of the dataset."),
        "unit": (pl.String, "Who owes the file: the department, or the code of a present commune."),
        "period": (pl.String, "Period: 2026-10, 2026Q4 or 2026."),
        "period_start": (pl.Date, "First day of the period."),
        "period_end": (pl.Date, "Last day of the period."),
        "due_date": (pl.Date, "Last day on which the file is in time, on the calendar of Vietnam."),
        "is_due": (pl.Boolean, "The due day was over when the newest file of the ledger arrived."),
    },
)
QUALITY = ExportedTable(
    "submission_quality",
    "One row per submission whose rows were examined and measured.",
    {
        "submission_id": (pl.String, "Id of the submission."),
        "data_rows": (pl.Int64, "Rows that were taken in or returned."),
        "accepted_rows": (pl.Int64, "Rows that were taken in."),
        "duplicate_rows": (pl.Int64, "Rows that repeat another row of the file in every column."),
        "cells": (pl.Int64, "Declared columns times rows of data, repeated rows included."),
        "filled_cells": (pl.Int64, "Those of these cells that hold something."),
        "mended_cells": (pl.Int64, "Cells whose writing was normalised without loss; one mended twice counts twice."),
        "unclean_cells": (pl.Int64, "Findings of rules about clean writing."),
        "inaccurate_rows": (pl.Int64, "Rows that were returned for a rule about accuracy, among others or alone."),
        "inconsistent_rows": (pl.Int64, "Rows with a finding of a rule about consistency."),
    },
)
REASON = ExportedTable(
    "submission_reason",
    "One row per submission, rule, severity and column with findings.",
    {
        "submission_id": (pl.String, "Id of the submission."),
        "rule": (pl.String, "Rule that was broken."),
        "dimension": (pl.String, "Dimension of quality: accurate, complete, clean …; null if the rule is gone."),
        "severity": (pl.String, "error: its rows were returned; warning: they were not."),
        "column_name": (pl.String, "Declared column; empty for a rule about whole rows."),
        "column_title": (pl.String, "Vietnamese title of the column; empty for a rule about whole rows."),
        "finding_count": (pl.Int64, "How often."),
        "rule_rows": (pl.Int64, "Rows with this rule in any column and severity; null where they were not counted."),
    },
)
DECISION = ExportedTable(
    "difference_decision",
    "One row per decision about a difference between departments.",
    {
        "decision_id": (pl.Int64, "Order of the decisions; the newest about a difference counts."),
        "difference_id": (pl.String, "The difference, as mart_difference names it."),
        "kind": (pl.String, "explained, corrected, accepted or reopened."),
        "why": (pl.String, "The reason, as it was given."),
        "who": (pl.String, "User who decided."),
        "decided_at": (pl.Datetime("us"), "Time of the decision, in UTC."),
    },
)
KNOWN = ExportedTable(
    "submission_known",
    "One row per submission and span of time in which its rows counted.",
    {
        "submission_id": (pl.String, "Id of the submission."),
        "known_from": (pl.Datetime("us"), "Moment from which its rows counted, in UTC."),
        "known_to": (pl.Datetime("us"), "Moment from which they did no longer, in UTC; 9999-12-31 while they do."),
    },
)
TABLES = (DATASET, OBLIGATION, QUALITY, REASON, DECISION, KNOWN)


def frames(settings: Settings, submissions: Sequence[Submission]) -> dict[str, pl.DataFrame]:
    """Every exported table by name. They follow from declarations and ledger alone, whatever the day."""
    return {
        DATASET.name: DATASET.frame(_dataset(each) for each in datasets().values()),
        OBLIGATION.name: OBLIGATION.frame(_obligations(settings, submissions)),
        QUALITY.name: QUALITY.frame(_quality(each) for each in submissions if "measures" in each.details),
        REASON.name: REASON.frame(row for each in submissions for row in _reasons(each)),
        KNOWN.name: KNOWN.frame(_span(each) for each in spans(settings.ledger, submissions)),
        DECISION.name: DECISION.frame(map(_decision, DifferenceDecisions(settings.ledger).all())),
    }


def _span(span: Span) -> dict[str, object]:
    return {
        "submission_id": span.submission_id,
        "known_from": _in_utc(span.known_from),
        "known_to": _in_utc(span.known_to),
    }


def _in_utc(moment: datetime.datetime) -> datetime.datetime:
    return moment.astimezone(datetime.UTC).replace(tzinfo=None)


def _decision(decision: DifferenceDecision) -> dict[str, object]:
    return vars(decision) | {"kind": decision.kind.value, "decided_at": _in_utc(decision.decided_at)}


def _dataset(declaration: Declaration) -> dict[str, object]:
    aside = {"dataset": declaration.path, "cadence": declaration.period}
    return {name: aside[name] if name in aside else getattr(declaration, name) for name in DATASET.columns}


def _obligations(settings: Settings, submissions: Sequence[Submission]) -> Iterator[dict[str, object]]:
    """What is owed for the years up to that of the newest file; before the first one, for the year it all begins."""
    days = [local_day(each.received_at) for each in submissions if each.verdict != "duplicate"]
    newest = max(days, default=datetime.date.min)
    first = [periods_in(each.owed_from)[0].start for each in datasets().values() if each.owed_from]
    until = max([newest, *first]).replace(month=12, day=31)
    for each in obligations(settings, datasets().values(), until):
        yield {**vars(each), "is_due": each.due_date < newest}


def _quality(submission: Submission) -> dict[str, object]:
    details, measures = submission.details, submission.details["measures"]
    unclean = sum(each["count"] for each in details["reasons"] if _dimension(each["rule"]) == "clean")
    return {
        "submission_id": submission.submission_id,
        "data_rows": submission.rows_accepted + submission.rows_rejected,
        "accepted_rows": submission.rows_accepted,
        "duplicate_rows": details["ignored"].get("duplicate", 0),
        "cells": measures["cells"],
        "filled_cells": measures["filled_cells"],
        "mended_cells": sum(details["mended"].values()),
        "unclean_cells": unclean,
        "inaccurate_rows": measures["rows_with_error"].get("accurate", 0),
        "inconsistent_rows": measures["rows_by_dimension"].get("unified", 0),
    }


def _dimension(rule: str) -> str | None:
    return RULES[rule].dimension if rule in RULES else None


def _reasons(submission: Submission) -> Iterator[dict[str, object]]:
    declaration = datasets().get(submission.dataset)
    columns = declaration.columns if declaration else {}
    rows = submission.details.get("measures", {}).get("rows_by_rule", {})
    for each in submission.details.get("reasons", []):
        column = columns.get(each["column"])
        yield {
            "submission_id": submission.submission_id,
            "rule": each["rule"],
            "dimension": _dimension(each["rule"]),
            "severity": each["severity"],
            "column_name": each["column"],
            "column_title": column.title if column else "",
            "finding_count": each["count"],
            "rule_rows": rows.get(each["rule"]),
        }
