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
from orchestration.intake.findings import reasons, row_findings, rows_with_errors
from orchestration.intake.normalise import normalise
from orchestration.intake.period import PeriodError, ReportingPeriod, example, find_period, find_unit
from orchestration.intake.places import communes
from orchestration.intake.pseudonyms import Pseudonymiser
from orchestration.intake.readers import TEXT_KIND, Document
from orchestration.intake.readers.table import MisshapenRow, Sheet, TextBatch, column_names
from orchestration.intake.recognise import Layout, LayoutError, find_layout
from orchestration.intake.rows import DataRows, RowFilter
from orchestration.intake.stage import Stage
from orchestration.intake.uniqueness import KeySpool, Repetition
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
    is_workbook: bool

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
    notices = _notices(declaration, layout, stamp)
    return Recognised(tables, period, source, unit, notices, is_workbook=document.kind != TEXT_KIND)


def _notices(declaration: Declaration, layout: Layout, stamp: Any) -> list[dict[str, str]]:
    notices = []
    if layout.surplus:
        notices.append({"rule": file_rules.EXTRA_COLUMN, "title": "; ".join(layout.surplus), "limit": ""})
    if layout.ambiguous:
        notices.append(
            {"rule": file_rules.AMBIGUOUS_OPTIONAL_COLUMN, "title": "; ".join(layout.ambiguous), "limit": ""}
        )
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
        self._context = CastContext(self._received_on, communes(settings), numeric_cells=recognised.is_workbook)
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
        repetition = spool.across_batches()
        self._stage.close()
        if repetition:
            self._amend(repetition)
        return self._examined()

    def _examine(self, sheet: str, layout: Layout, rows: RowFilter, batch: TextBatch, spool: KeySpool) -> None:
        data = rows.apply(batch)
        self._data_rows += len(data.rows) + len(data.misshapen)
        cells = _cells(sheet, data.rows, data.cells)
        findings = _structure_findings(sheet, data.misshapen)
        if data.misshapen:
            cells = pl.concat([cells, _misshapen_cells(sheet, layout.width, data.misshapen)]).sort("source_row")
        if not data.rows.is_empty():
            findings = pl.concat([findings, self._examine_values(sheet, layout, data, spool)])
        if not findings.is_empty():
            bad = cells["source_row"].is_in(rows_with_errors(findings).implode())
            self._stage.add("returned", cells.filter(bad))
            self._stage.add("findings", findings.sort("row", "position", maintain_order=True))

    def _examine_values(self, sheet: str, layout: Layout, data: DataRows, spool: KeySpool) -> pl.DataFrame:
        """Cast, compare and validate the data rows of a batch, stage the good ones; returns the findings."""
        typed = normalise(
            self._declaration,
            layout.columns,
            data.rows,
            data.cells,
            sheet=sheet,
            context=self._context,
            mended=self._mended,
            further=layout.further,
        )
        duplicates, conflicts = spool.add(typed, sheet=sheet, uncast=rows_with_errors(typed.findings))
        self._ignored["duplicate"] += len(duplicates)
        findings = validate(self._declaration, layout.columns, typed, sheet=sheet, received_on=self._received_on)
        if len(conflicts):
            findings = pl.concat([findings, row_findings(sheet, conflicts, rules.KEY_CONFLICT)])
        if len(duplicates):
            findings = findings.filter(~pl.col("row").is_in(duplicates.implode()))
        origin = provenance(data.rows, sheet=sheet, submission_id=self._stage.submission_id)
        frame = typed.frame
        out = pl.concat([rows_with_errors(findings), duplicates])
        if len(out):
            good = ~data.rows.is_in(out.implode())
            frame, origin = frame.filter(good), origin.filter(good)
        self._stage.add("bronze", for_warehouse(self._declaration, origin, frame, self._keyed))
        self._stage.add("vault", for_vault(self._declaration, origin, frame))
        return findings

    def _amend(self, repetition: Repetition) -> None:
        """Take back rows that repeat a row of another batch; their original cells are read from the file once more."""
        duplicates, conflicts = repetition.duplicates, repetition.conflicts
        self._ignored["duplicate"] += sum(map(len, duplicates.values()))
        for kind in ("bronze", "vault"):
            self._stage.amend(kind, without=duplicates)
            self._stage.amend(kind, without=conflicts)
        found = [row_findings(sheet, rows, rules.KEY_CONFLICT) for sheet, rows in conflicts.items()]
        self._stage.amend("findings", without=duplicates, more=pl.concat(found) if found else None)
        cells = [
            _cells(sheet.name, batch.rows.filter(hit), batch.cells.filter(hit))
            for sheet, layout in self._recognised.tables
            if sheet.name in conflicts
            for batch in sheet.batches(layout.width)
            if (hit := batch.rows.is_in(conflicts[sheet.name].implode())).any()
        ]
        self._stage.amend("returned", without=duplicates, more=pl.concat(cells) if cells else None)

    def _examined(self) -> Examined:
        ignored = {reason: count for reason, count in sorted(self._ignored.items()) if count}
        accepted, rejected = self._stage.rows["bronze"], self._stage.rows["returned"]
        if accepted + rejected + self._ignored["duplicate"] != self._data_rows:
            raise RuntimeError("rows got lost between reading and staging")
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


def _cells(sheet: str, rows: pl.Series, cells: pl.DataFrame) -> pl.DataFrame:
    return provenance(rows, sheet=sheet, submission_id="").drop("submission_id").hstack(cells)


def _structure_findings(sheet: str, misshapen: tuple[MisshapenRow, ...]) -> pl.DataFrame:
    rows = pl.Series("row", [each.row for each in misshapen], dtype=pl.Int64)
    return row_findings(sheet, rows, rules.ROW_STRUCTURE)


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
        if sum(len(each.rows) + len(each.misshapen) for each in waiting) >= least:
            yield _joined(waiting)
            waiting = []
    if waiting:
        yield _joined(waiting)


def _joined(batches: list[TextBatch]) -> TextBatch:
    if len(batches) == 1:
        return batches[0]
    return TextBatch(
        pl.concat([each.rows for each in batches], rechunk=True),
        pl.concat([each.cells for each in batches], rechunk=True),
        tuple(row for each in batches for row in each.misshapen),
    )
