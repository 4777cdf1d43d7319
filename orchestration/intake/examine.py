"""What happens to the rows of one recognised file: carry, normalise, validate, compare, pseudonymise, stage.

Knows the order of the row steps; the steps don't know each other. Changes nothing outside its stage: ``judging``
decides whether the result is kept. Does not belong here: what the file is (``recognition``).
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import polars as pl

from orchestration.intake.carry import Carried, Carrier
from orchestration.intake.casts import CastContext
from orchestration.intake.control_totals import ControlTotals
from orchestration.intake.findings import reasons, row_findings, rows_with_errors
from orchestration.intake.measures import MEASURED, CellCounts, measures
from orchestration.intake.normalise import TypedBatch, normalise
from orchestration.intake.overlap import Behind, ahead
from orchestration.intake.places import communes
from orchestration.intake.pseudonyms import Pseudonymiser
from orchestration.intake.readers.table import MisshapenRow, TextBatch, column_names
from orchestration.intake.recognise import Layout
from orchestration.intake.recognition import Recognised, RefusedError
from orchestration.intake.rows import DataRows, RowFilter
from orchestration.intake.stage import Stage
from orchestration.intake.uniqueness import KeySpool, Repetition
from orchestration.intake.validate import validate
from orchestration.intake.vault import for_vault, for_warehouse, provenance
from orchestration.intake.waivers import waived
from orchestration.settings import Settings
from schemas import Declaration, file_rules, plausibility_rules, rules


@dataclass
class Examined:
    """Counts and details of an examined file, for the ledger. ``notices``: what its rows say about the whole file."""

    rows_read: int = 0
    rows_accepted: int = 0
    rows_rejected: int = 0
    rows_ignored: int = 0
    details: dict[str, Any] = field(default_factory=dict)
    notices: list[dict[str, str]] = field(default_factory=list)


class Examination:
    """Examines the rows of a recognised file into a stage. ``waivers``: rules whose breach is but a warning."""

    def __init__(
        self,
        settings: Settings,
        declaration: Declaration,
        recognised: Recognised,
        stage: Stage,
        received_at: datetime.datetime,
        keyed: Pseudonymiser,
        *,
        waivers: Collection[str] = (),
    ) -> None:
        self._settings, self._declaration, self._recognised = settings, declaration, recognised
        self._stage, self._keyed, self._waivers = stage, keyed, waivers
        self._received_on = received_at.date()
        self._ignored: Counter[str] = Counter()
        self._mended: Counter[str] = Counter()
        self._data_rows = 0
        self._cell_counts = CellCounts(list(declaration.columns))
        self._wrong_totals: list[str] = []

    def run(self) -> Examined:
        """Examine all rows. Raises RefusedError where there is none, UnreadableError where reading fails midway."""
        spool = KeySpool(self._declaration, self._stage.folder)
        for sheet, layout in self._recognised.tables:
            # What a cast learns of a sheet holds for that sheet: another file of an archive may be written otherwise.
            self._context = CastContext(
                self._received_on,
                communes(self._settings),
                numeric_cells=sheet.numeric_cells,
                reference_date=self._recognised.period.end,
            )
            carrier = Carrier(self._declaration, layout, self._context, sheet=sheet.name, mended=self._mended)
            self._totals = ControlTotals(self._declaration, layout)
            rows = RowFilter(self._declaration, layout, carrier.sections.names_place)
            with Behind() as self._writing:
                for batch in ahead(_gathered(sheet.batches(layout.width), self._settings.batch_rows)):
                    self._examine(sheet.name, layout, rows, carrier, batch, spool)
            self._wrong_totals += self._totals.differences(self._context)
            self._ignored += rows.ignored
            self._mended += sheet.mended
        if not self._data_rows:
            raise RefusedError(file_rules.NO_ROWS)
        repetition = spool.across_batches()
        self._stage.close()
        if repetition:
            self._amend(repetition)
        return self._examined()

    def _examine(
        self, sheet: str, layout: Layout, rows: RowFilter, carrier: Carrier, batch: TextBatch, spool: KeySpool
    ) -> None:
        data = rows.apply(batch)
        self._totals.note(batch, data.headings)
        carried = carrier.apply(data)
        self._data_rows += len(data.rows) + len(data.misshapen)
        cells = self._cells(sheet, data.rows, data.cells)
        findings = _structure_findings(sheet, data.misshapen)
        if data.misshapen:
            self._totals.give_up()
            cells = pl.concat([cells, _misshapen_cells(sheet, self._recognised.width, data.misshapen)]).sort(
                "source_row"
            )
        if not data.rows.is_empty():
            typed = self._typed(sheet, layout, data, carrier, carried)
            findings = pl.concat([findings, self._examine_values(sheet, layout, typed, spool)])
        if not findings.is_empty():
            bad = cells["source_row"].is_in(rows_with_errors(findings).implode())
            self._stage.add("returned", cells.filter(bad))
            self._stage.add("findings", findings.sort("row", "position", maintain_order=True))

    def _typed(self, sheet: str, layout: Layout, data: DataRows, carrier: Carrier, carried: Carried) -> TypedBatch:
        """The data rows of a batch with what was carried into them, cast."""
        typed = normalise(
            self._declaration,
            layout.columns,
            data.rows,
            carried.cells,
            sheet=sheet,
            context=self._context,
            mended=self._mended,
            further=layout.further,
            doubtful=self._recognised.doubtful,
            carried=carried.texts,
            spread=layout.spread,
            district=layout.district,
        )
        about_carried = [carried.findings, carrier.contradictions(carried, data.rows, typed.frame)]
        return replace(typed, findings=pl.concat([typed.findings, *about_carried]))

    def _examine_values(self, sheet: str, layout: Layout, typed: TypedBatch, spool: KeySpool) -> pl.DataFrame:
        """Compare and validate the typed rows of a batch, stage the good ones; returns the findings."""
        self._cell_counts.add(typed)
        self._totals.add(typed)
        duplicates, conflicts = spool.add(typed, sheet=sheet, uncast=rows_with_errors(typed.findings))
        self._ignored["duplicate"] += len(duplicates)
        findings = validate(self._declaration, layout.columns, typed, sheet=sheet, received_on=self._received_on)
        findings = waived(findings, typed.findings, self._waivers)
        if len(conflicts):
            findings = pl.concat([findings, row_findings(sheet, conflicts, rules.KEY_CONFLICT)])
        if len(duplicates):
            findings = findings.filter(~pl.col("row").is_in(duplicates.implode()))
        origin = provenance(typed.rows, sheet=sheet, submission_id=self._stage.submission_id)
        frame = typed.frame
        out = pl.concat([rows_with_errors(findings), duplicates])
        if len(out):
            good = ~typed.rows.is_in(out.implode())
            frame, origin = frame.filter(good), origin.filter(good)
        self._writing.do(lambda: self._keep(origin, frame))
        return findings

    def _keep(self, origin: pl.DataFrame, frame: pl.DataFrame) -> None:
        self._stage.add("bronze", for_warehouse(self._declaration, origin, frame, self._keyed))
        self._stage.add("vault", for_vault(self._declaration, origin, frame))

    def _amend(self, repetition: Repetition) -> None:
        """Take back rows that repeat a row of another batch; their original cells are read from the file once more."""
        duplicates, conflicts = repetition.duplicates, repetition.conflicts
        self._ignored["duplicate"] += sum(map(len, duplicates.values()))
        gone = {
            sheet: pl.concat([each[sheet] for each in (duplicates, conflicts) if sheet in each])
            for sheet in {*duplicates, *conflicts}
        }
        for kind in ("bronze", "vault"):
            self._stage.drop(kind, without=gone)
        found = [row_findings(sheet, rows, rules.KEY_CONFLICT) for sheet, rows in conflicts.items()]
        self._stage.amend("findings", without=duplicates, more=pl.concat(found) if found else None)
        cells = [
            self._cells(sheet.name, batch.rows.filter(hit), batch.cells.filter(hit))
            for sheet, layout in self._recognised.tables
            if sheet.name in conflicts
            for batch in sheet.batches(layout.width)
            if (hit := batch.rows.is_in(conflicts[sheet.name].implode())).any()
        ]
        self._stage.amend("returned", without=duplicates, more=pl.concat(cells) if cells else None)

    def _cells(self, sheet: str, rows: pl.Series, cells: pl.DataFrame) -> pl.DataFrame:
        """Rows as the officer wrote them, in the width of the widest table."""
        own = provenance(rows, sheet=sheet, submission_id="").drop("submission_id").hstack(cells)
        missing = column_names(self._recognised.width)[cells.width :]
        return own.with_columns(pl.lit(None, pl.String).alias(name) for name in missing) if missing else own

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
                "sheets_left_out": [asdict(each) for each in self._recognised.left_out],
                "mended": {kind: count for kind, count in sorted(self._mended.items()) if count},
                "reasons": reasons(self._declaration, self._stage.batches("findings")),
                "measures": measures(self._cell_counts, self._stage.batches("findings", MEASURED)),
            },
            notices=_total_notices(self._wrong_totals),
        )


def _total_notices(wrong: Sequence[str]) -> list[dict[str, str]]:
    return [{"rule": plausibility_rules.CONTROL_TOTAL, "title": "; ".join(wrong), "limit": ""}] if wrong else []


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
    """Join small batches (a batch costs Pandera 15 ms), but to none that needs far more memory than usual."""
    waiting: list[TextBatch] = []
    for batch in batches:
        if waiting and _height([*waiting, batch]) > least + least // 4:
            yield _joined(waiting)
            waiting = []
        waiting.append(batch)
        if _height(waiting) >= least:
            yield _joined(waiting)
            waiting = []
    if waiting:
        yield _joined(waiting)


def _height(batches: Sequence[TextBatch]) -> int:
    return sum(len(each.rows) + len(each.misshapen) for each in batches)


def _joined(batches: list[TextBatch]) -> TextBatch:
    if len(batches) == 1:
        return batches[0]
    return TextBatch(
        pl.concat([each.rows for each in batches], rechunk=True),
        pl.concat([each.cells for each in batches], rechunk=True),
        tuple(row for each in batches for row in each.misshapen),
    )
