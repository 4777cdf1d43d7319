"""The receipt as JSON, for programs: the same facts, and every single finding.

Belongs here: the format and writing it a batch at a time, so that millions of findings need no more memory than a
thousand. Does not belong here: the words (``summary``, ``sentences``).

``format`` is ``kho-receipt/1``; its number changes when a key changes its meaning or goes. Keys:
submission facts as in the ledger (``received_at`` in UTC), ``message``, ``rows`` (read = accepted + returned +
ignored), ``ignored`` and ``mended`` (counts by kind), ``notices`` (about the whole file, the deciding one first),
``reasons`` (counts with an example), ``due``, ``days_late``, ``locked_after``, ``decisions``, ``waivers``, ``replay``
and ``replays`` (of a file that was judged again), ``changes`` (counts, the first of them with values), ``errors``:
every finding, warnings included, with sheet, row, cell as Excel names them; errors about the whole file come first and
have no sheet, row or cell. ``errors_left_out``: how many more findings there are than the ``MOST_ERRORS`` that are
listed.
"""

from __future__ import annotations

import datetime
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl

from orchestration.intake.receipts.course import course_facts
from orchestration.intake.receipts.evidence import evidence_of
from orchestration.intake.receipts.sentences import verdict
from orchestration.intake.receipts.summary import Notice, Reason, Summary, cell_name, column_letters
from orchestration.intake.wording import explain
from orchestration.settings import Settings

FORMAT = "kho-receipt/1"
#: Findings that are listed, half a kilobyte each: a file in which everything is wrong must not fill the disk.
MOST_ERRORS = 200_000
_FINDING = ["sheet", "row", "column", "title", "cell", "rule", "severity"]
_WORDS = ["message", "message_en", "mend", "mend_en"]


def write_report(settings: Settings, summary: Summary, path: Path) -> None:
    """Write the receipt's JSON to ``path``."""
    evidence = evidence_of(settings, summary.declaration, summary.submission)
    whole_file = pl.Series([json.dumps(each, ensure_ascii=False) for each in _file_errors(summary)], dtype=pl.String)
    batches = (_findings(summary, batch) for batch in _first(MOST_ERRORS, evidence.finding_batches()))
    left_out = max(evidence.total_findings() - MOST_ERRORS, 0)
    with path.open("wb") as file:
        file.write(json.dumps(_facts(summary), ensure_ascii=False, indent=2).removesuffix("\n}").encode())
        file.write(b',\n  "errors": [')
        separator = b"\n    "
        for batch in itertools.chain([whole_file], batches):
            if not batch.is_empty():
                file.write(separator)
                _write_list(file, batch)
                separator = b",\n    "
        file.write(f'\n  ],\n  "errors_left_out": {left_out}\n}}\n'.encode())


def _first(most: int, batches: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """The first rows of batches."""
    for batch in batches:
        yield batch.head(most)
        most -= min(most, batch.height)
        if not most:
            return


def _write_list(file: BinaryIO, items: pl.Series) -> None:
    """Texts with commas between them. By polars: as Python's strings they would take three times as long."""
    last = len(items) - 1
    file.flush()  # polars writes past Python's buffer
    items.head(last).to_frame().write_csv(file, include_header=False, quote_style="never", line_terminator=",\n    ")
    file.write(items[last].encode())


def _facts(summary: Summary) -> dict[str, Any]:
    facts, details, sentence = summary.submission, summary.submission.details, verdict(summary)
    return {
        "format": FORMAT,
        "submission_id": facts.submission_id,
        "dataset": facts.dataset,
        "title": summary.declaration.title,
        "unit": facts.unit,
        "unit_name": summary.unit.vi,
        "period": facts.period,
        "period_start": facts.period_start.isoformat() if facts.period_start else None,
        "period_end": facts.period_end.isoformat() if facts.period_end else None,
        "period_source": details.get("period_source") or None,
        "load": facts.load,
        "file_name": facts.file_name.encode("utf-8", "replace").decode("utf-8"),
        "file_sha256": facts.file_sha256,
        "file_bytes": facts.file_bytes,
        "sheets": details.get("sheets", []),
        "received_at": facts.received_at.astimezone(datetime.UTC).isoformat(),
        "verdict": facts.verdict,
        "message": sentence.vi,
        "message_en": sentence.en,
        "duplicate_of": details.get("duplicate_of"),
        "replaces": summary.replaced.submission_id if summary.replaced else None,
        "rows": {
            "read": facts.rows_read,
            "accepted": facts.rows_accepted,
            "returned": facts.rows_rejected,
            "ignored": facts.rows_ignored,
        },
        "ignored": {each.kind: each.count for each in summary.ignored},
        "mended": {each.kind: each.count for each in summary.mended},
        "notices": [_notice(each) for each in summary.notices],
        "reasons": [_reason(each) for each in summary.reasons],
        **course_facts(facts, summary.course),
    }


def _notice(notice: Notice) -> dict[str, str]:
    words = notice.explained
    return {
        "rule": notice.rule,
        "severity": notice.severity,
        "message": words.vi,
        "message_en": words.en,
        "mend": words.mend_vi,
        "mend_en": words.mend_en,
    }


def _reason(reason: Reason) -> dict[str, Any]:
    words = reason.explained
    return {
        "rule": reason.rule,
        "severity": reason.severity,
        "column": reason.column,
        "title": reason.title,
        "count": reason.count,
        "sheet": reason.sheet,
        "row": reason.row,
        "cell": cell_name(reason.row, reason.position),
        "message": words.vi,
        "message_en": words.en,
        "mend": words.mend_vi,
        "mend_en": words.mend_en,
    }


def _file_errors(summary: Summary) -> Iterator[dict[str, Any]]:
    for notice in summary.notices:
        if notice.severity == "error":
            nowhere = {"sheet": None, "row": None, "column": "", "title": "", "cell": ""}
            yield {**nowhere, **_notice(notice), "proposal": None}


def _findings(summary: Summary, batch: pl.DataFrame) -> pl.Series:
    """One JSON object a finding. Words are joined to the rows: there are far fewer of them than of rows."""
    declaration = summary.declaration
    columns = declaration.columns
    kinds = batch.select("rule", "column").unique().rows()
    said = [explain(declaration, rule, column) for rule, column in kinds]
    words = pl.DataFrame(
        {
            "rule": [rule for rule, _ in kinds],
            "column": [column for _, column in kinds],
            "title": [columns[column].title if column in columns else "" for _, column in kinds],
            "message": [each.vi for each in said],
            "message_en": [each.en for each in said],
            "mend": [each.mend_vi for each in said],
            "mend_en": [each.mend_en for each in said],
        }
    )
    positions = batch["position"].unique()
    letters = [column_letters(position) if position >= 0 else None for position in positions]
    named = (
        batch.join(words, on=["rule", "column"], how="left", maintain_order="left")
        .join(pl.DataFrame({"position": positions, "letters": letters}), on="position", maintain_order="left")
        .with_columns(cell=pl.concat_str("letters", "row").fill_null(""))
    )
    return named.select(pl.struct(*_FINDING, *_WORDS, "proposal").struct.json_encode()).to_series()
