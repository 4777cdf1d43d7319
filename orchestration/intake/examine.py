"""What happens to the rows of one archived file: read, recognise, normalise, validate, pseudonymise, stage.

Knows the order of the row steps; the steps don't know each other. Changes nothing outside its stage: ``take_in``
decides whether the result is kept.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
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
from orchestration.intake.rows import RowFilter
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
        with KeySpool(self._declaration, self._stage.folder) as spool:
            for sheet, layout in self._recognised.tables:
                rows = RowFilter(self._declaration, layout)
                for batch in _gathered(sheet.batches(layout.width), self._settings.batch_rows):
                    self._examine(sheet.name, layout, rows, batch, spool)
                self._ignored += rows.ignored
            if not self._data_rows:
                raise RefusedError(file_rules.NO_ROWS)
            repetition = spool.repetition()
            self._stage.close()
            if repetition.conflicts:
                self._return_conflicts(repetition.file)
            if repetition.duplicates:
                self._stage.leave_out(repetition.file, ("returned", "findings"), "is_duplicate")
                self._ignored["duplicate"] += repetition.duplicates
            if repetition.duplicates or repetition.conflicts:
                self._stage.leave_out(repetition.file, ("bronze", "vault"), "true")
        return self._examined()

    def _examine(self, sheet: str, layout: Layout, rows: RowFilter, batch: TextBatch, spool: KeySpool) -> None:
        data = rows.apply(batch)
        self._data_rows += len(data.rows) + len(data.misshapen)
        if data.misshapen:
            self._return_misshapen(sheet, layout, data.misshapen)
        if data.rows.is_empty():
            return
        typed = normalise(
            self._declaration,
            layout.columns,
            data.rows,
            data.cells,
            sheet=sheet,
            context=self._context,
            mended=self._mended,
        )
        uncast = rows_with_errors(typed.findings)
        spool.add(typed, sheet=sheet, uncast=uncast)
        findings = validate(self._declaration, layout.columns, typed, sheet=sheet, received_on=self._received_on)
        origin = provenance(data.rows, sheet=sheet, submission_id=self._stage.submission_id)
        frame = typed.frame
        if not findings.is_empty():
            bad = data.rows.is_in(rows_with_errors(findings).implode())
            returned = origin.drop("submission_id").hstack(data.cells).filter(bad)
            self._stage.add("returned", returned, late=bool(data.misshapen))
            self._stage.add("findings", findings.sort("row", "position"), late=bool(data.misshapen))
            frame, origin = frame.filter(~bad), origin.filter(~bad)
        self._stage.add("bronze", for_warehouse(self._declaration, origin, frame, self._keyed))
        self._stage.add("vault", for_vault(self._declaration, origin, frame))

    def _return_misshapen(self, sheet: str, layout: Layout, misshapen: tuple[MisshapenRow, ...]) -> None:
        cells = [[sheet, each.row, *_fitted(each.cells, layout.width)] for each in misshapen]
        schema = {
            "source_sheet": pl.String,
            "source_row": pl.Int64,
            **dict.fromkeys(column_names(layout.width), pl.String),
        }
        self._stage.add("returned", pl.DataFrame(cells, schema=schema, orient="row"), late=True)
        self._stage.add(
            "findings", _row_findings(sheet, [each.row for each in misshapen], rules.ROW_STRUCTURE), late=True
        )

    def _return_conflicts(self, file: Path) -> None:
        """Read the file once more for the original cells of the rows that contradict each other."""
        conflicts = pl.scan_parquet(file).filter(~pl.col("is_duplicate")).collect()
        with self._stage.collect("returned") as returned, self._stage.collect("findings") as findings:
            for sheet, layout in self._recognised.tables:
                wanted = conflicts.filter(pl.col("sheet") == sheet.name)["row"]
                if wanted.is_empty():
                    continue
                findings(_row_findings(sheet.name, wanted.to_list(), rules.KEY_CONFLICT))
                for batch in sheet.batches(layout.width):
                    hit = batch.rows.is_in(wanted.implode())
                    if hit.any():
                        origin = provenance(batch.rows, sheet=sheet.name, submission_id="").drop("submission_id")
                        returned(origin.hstack(batch.cells).filter(hit))

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


def _row_findings(sheet: str, rows: list[int], rule: str) -> pl.DataFrame:
    return (
        pl.DataFrame({"row": rows}, schema={"row": pl.Int64})
        .select(
            pl.lit(sheet).alias("sheet"),
            pl.col("row"),
            pl.lit("").alias("column"),
            pl.lit(-1, pl.Int32).alias("position"),
            pl.lit(rule).alias("rule"),
            pl.lit("error").alias("severity"),
            pl.lit(None, pl.String).alias("proposal"),
        )
        .select(list(FINDINGS))
    )


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
