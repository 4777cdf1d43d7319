"""What happens to the rows of one archived file: read, recognise, normalise, validate, pseudonymise, stage.

Knows the order of the row steps; the steps don't know each other. Changes nothing outside its stage: ``take_in``
decides whether the result is kept.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from orchestration.intake.casts import CastContext
from orchestration.intake.findings import FINDINGS, reasons, rows_with_errors
from orchestration.intake.normalise import normalise
from orchestration.intake.period import PeriodError, ReportingPeriod, example, find_period, find_unit
from orchestration.intake.places import communes
from orchestration.intake.pseudonyms import Pseudonymiser
from orchestration.intake.readers import Document
from orchestration.intake.readers.table import MisshapenRow, Sheet, TextBatch, column_names
from orchestration.intake.recognise import Layout, LayoutError, find_layout
from orchestration.intake.rows import DataRows, RowFilter
from orchestration.intake.stage import Stage
from orchestration.intake.uniqueness import KeySpool
from orchestration.intake.validate import validate
from orchestration.intake.vault import for_vault, for_warehouse, provenance
from orchestration.settings import Settings
from schemas import Declaration, file_rules, rules

TEMPLATE_MARK = "kho-template"


class RefusedError(Exception):
    """The whole file is refused; ``notice`` says by which rule and why."""

    def __init__(self, rule: str, title: str = "", limit: str = "") -> None:
        super().__init__(rule)
        self.notice = {"rule": rule, "title": title, "limit": limit}


@dataclass(frozen=True)
class Recognised:
    """What a file turned out to be: its tables, its period and unit, and what there is to say about its columns."""

    tables: list[tuple[Sheet, Layout]]
    period: ReportingPeriod
    period_source: str
    unit: str
    notices: list[dict[str, str]]

    @property
    def layout(self) -> Layout:
        """Layout of the first table; the others have the same columns."""
        return self.tables[0][1]


@dataclass
class Examined:
    """Counts and details of an examined file, for the ledger."""

    rows_read: int = 0
    rows_accepted: int = 0
    rows_rejected: int = 0
    rows_ignored: int = 0
    details: dict[str, Any] = field(default_factory=dict)


def recognise(settings: Settings, declaration: Declaration, document: Document, file_name: str) -> Recognised:
    """Find tables, period and unit. Raises RefusedError."""
    found: list[tuple[Sheet, Layout]] = []
    errors: list[LayoutError] = []
    for sheet in document.sheets:
        try:
            found.append((sheet, find_layout(declaration, sheet.head)))
        except LayoutError as error:
            errors.append(error)
    if not found:
        if not any(any(cell.strip() for cell in row) for sheet in document.sheets for row in sheet.head):
            raise RefusedError(file_rules.FILE_EMPTY)
        telling = [error for error in errors if error.rule_id != file_rules.NO_HEADER] or errors
        raise RefusedError(telling[0].rule_id, telling[0].title)
    best = max(found, key=lambda each: len(each[1].columns))[1]
    tables = [each for each in found if each[1].columns.keys() == best.columns.keys()]
    layout = tables[0][1]
    titles = [cell for row in tables[0][0].head[: layout.first_header_row - 1] for cell in row if cell.strip()]
    stamp = document.stamp if document.stamp[:1] == (TEMPLATE_MARK,) else ()
    try:
        period, source = find_period(declaration, stamp=stamp, file_name=file_name, titles=titles)
    except PeriodError as error:
        raise RefusedError(error.rule_id, error.title, example(declaration.period)) from None
    unit = find_unit(declaration, communes(settings), stamp=stamp, file_name=file_name, titles=titles)
    return Recognised(tables, period, source, unit, _notices(declaration, layout, stamp))


def _notices(declaration: Declaration, layout: Layout, stamp: Any) -> list[dict[str, str]]:
    notices = []
    if layout.surplus:
        notices.append({"rule": file_rules.EXTRA_COLUMN, "title": "; ".join(layout.surplus), "limit": ""})
    if layout.absent:
        notices.append({"rule": file_rules.MISSING_OPTIONAL_COLUMN, "title": "; ".join(layout.absent), "limit": ""})
    if len(stamp) > 2 and stamp[2] != declaration.version:
        notices.append({"rule": file_rules.STALE_TEMPLATE, "title": "", "limit": ""})
    return notices


class Examination:
    """Examines the rows of a recognised file into a stage."""

    def __init__(
        self,
        settings: Settings,
        declaration: Declaration,
        recognised: Recognised,
        stage: Stage,
        received_at: datetime.datetime,
        keyed: Pseudonymiser,
    ) -> None:
        self._settings, self._declaration, self._recognised = settings, declaration, recognised
        self._stage, self._keyed = stage, keyed
        self._received_on = received_at.date()
        self._context = CastContext(self._received_on, communes(settings))
        self._ignored: Counter[str] = Counter()
        self._mended: Counter[str] = Counter()
        self._data_rows = 0

    def run(self) -> Examined:
        """Examine all rows. Raises RefusedError where there is none, UnreadableError where reading fails midway."""
        spool = KeySpool(self._declaration, self._stage.folder)
        for sheet, layout in self._recognised.tables:
            rows = RowFilter(self._declaration, layout)
            for batch in _gathered(sheet.batches(layout.width), self._settings.batch_rows):
                self._examine(sheet.name, layout, rows, batch, spool)
            self._ignored += rows.ignored
        if not self._data_rows:
            raise RefusedError(file_rules.NO_ROWS)
        repetition = spool.repetition()
        self._ignored["duplicate"] += repetition.duplicate_count
        self._stage.finish(repetition)
        return self._examined()

    def _examine(self, sheet: str, layout: Layout, rows: RowFilter, batch: TextBatch, spool: KeySpool) -> None:
        data = rows.apply(batch)
        self._data_rows += len(data.rows) + len(data.misshapen)
        cells = provenance(data.rows, sheet=sheet, submission_id="").drop("submission_id").hstack(data.cells)
        misshapen = _misshapen_cells(sheet, layout.width, data.misshapen)
        findings = _structure_findings(sheet, data.misshapen)
        self._stage.add(
            "cells", sheet, cells if misshapen.is_empty() else pl.concat([cells, misshapen]).sort("source_row")
        )
        if not data.rows.is_empty():
            found = self._examine_values(sheet, layout, data, spool)
            findings = found if findings.is_empty() else pl.concat([found, findings])
        self._stage.add("findings", sheet, findings.sort("row", "position"))

    def _examine_values(self, sheet: str, layout: Layout, data: DataRows, spool: KeySpool) -> pl.DataFrame:
        """Cast and validate the data rows of a batch, spool the good ones; returns the findings of all."""
        typed = normalise(
            self._declaration,
            layout.columns,
            data.rows,
            data.cells,
            sheet=sheet,
            context=self._context,
            mended=self._mended,
        )
        spool.add(typed, sheet=sheet, uncast=rows_with_errors(typed.findings))
        findings = validate(self._declaration, layout.columns, typed, sheet=sheet, received_on=self._received_on)
        origin = provenance(data.rows, sheet=sheet, submission_id=self._stage.submission_id)
        frame = typed.frame
        if not findings.is_empty():
            good = ~data.rows.is_in(rows_with_errors(findings).implode())
            frame, origin = frame.filter(good), origin.filter(good)
        self._stage.add("bronze", sheet, for_warehouse(self._declaration, origin, frame, self._keyed))
        self._stage.add("vault", sheet, for_vault(self._declaration, origin, frame))
        return findings

    def _examined(self) -> Examined:
        ignored = {reason: count for reason, count in sorted(self._ignored.items()) if count}
        accepted, rejected = self._stage.rows["bronze"], self._stage.rows["returned"]
        return Examined(
            rows_read=accepted + rejected + sum(ignored.values()),
            rows_accepted=accepted,
            rows_rejected=rejected,
            rows_ignored=sum(ignored.values()),
            details={
                "ignored": ignored,
                "mended": {kind: count for kind, count in sorted(self._mended.items()) if count},
                "reasons": reasons(self._declaration, self._stage.file("findings")),
            },
        )


def _structure_findings(sheet: str, misshapen: tuple[MisshapenRow, ...]) -> pl.DataFrame:
    found = [(sheet, each.row, "", -1, rules.ROW_STRUCTURE, "error", None) for each in misshapen]
    return pl.DataFrame(found, schema=FINDINGS, orient="row")


def _misshapen_cells(sheet: str, width: int, misshapen: tuple[MisshapenRow, ...]) -> pl.DataFrame:
    cells = [(sheet, each.row, *_fitted(each.cells, width)) for each in misshapen]
    schema = {"source_sheet": pl.String, "source_row": pl.Int64, **dict.fromkeys(column_names(width), pl.String)}
    return pl.DataFrame(cells, schema=schema, orient="row")


def _fitted(cells: tuple[str, ...], width: int) -> list[str | None]:
    """A misshapen row in the table's width: short ones padded, the surplus of long ones kept in the last cell."""
    if len(cells) > width:
        cells = (*cells[: width - 1], " | ".join(cells[width - 1 :]))
    return [cell or None for cell in cells] + [None] * (width - len(cells))


def _gathered(batches: Iterator[TextBatch], least: int) -> Iterator[TextBatch]:
    """Join small batches: Pandera's cost per batch is constant, about 15 ms."""
    waiting: list[TextBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(len(each.rows) for each in waiting) >= least:
            yield _joined(waiting)
            waiting = []
    if waiting:
        yield _joined(waiting)


def _joined(batches: list[TextBatch]) -> TextBatch:
    if len(batches) == 1:
        return batches[0]
    return TextBatch(
        pl.concat([each.rows for each in batches]),
        pl.concat([each.cells for each in batches]),
        tuple(row for each in batches for row in each.misshapen),
    )
