"""What happens to the rows of one archived file: read, recognise, normalise, validate, pseudonymise, stage.

Knows the order of the row steps; the steps don't know each other. Changes nothing outside its stage: ``take_in``
decides whether the result is kept.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import polars as pl

from orchestration.intake.assignment import NOTHING_CONFIRMED
from orchestration.intake.carry import Carried, Carrier
from orchestration.intake.casts import CastContext
from orchestration.intake.control_totals import ControlTotals
from orchestration.intake.findings import reasons, row_findings, rows_with_errors
from orchestration.intake.mappings import Confirmed
from orchestration.intake.measures import CellCounts, measures
from orchestration.intake.normalise import TypedBatch, normalise
from orchestration.intake.period import PeriodError, ReportingPeriod, example, find_period, find_unit
from orchestration.intake.places import communes
from orchestration.intake.proposals import propose
from orchestration.intake.pseudonyms import Pseudonymiser
from orchestration.intake.readers import Document
from orchestration.intake.readers.table import MisshapenRow, Sheet, TextBatch, column_names
from orchestration.intake.recognise import Layout
from orchestration.intake.returned_copy import is_returned, without_marks
from orchestration.intake.rows import DataRows, RowFilter
from orchestration.intake.sheets import LeftOut, NoTableError, choose_sheets, sheet_notices
from orchestration.intake.stage import Stage
from orchestration.intake.uniqueness import KeySpool, Repetition
from orchestration.intake.validate import validate
from orchestration.intake.vault import for_vault, for_warehouse, provenance
from orchestration.intake.waivers import waived
from orchestration.settings import Settings
from schemas import Declaration, file_rules, plausibility_rules, rules

TEMPLATE_MARK = "kho-template"


class RefusedError(Exception):
    """The whole file is refused; the first of ``notices`` says by which rule and why, the others say more."""

    def __init__(self, rule: str, title: str = "", limit: str = "", further: Sequence[dict[str, str]] = ()) -> None:
        super().__init__(rule)
        self.notices = [{"rule": rule, "title": title, "limit": limit}, *further]


@dataclass(frozen=True)
class Recognised:
    """What a file turned out to be: its tables, its period and unit, and what there is to say about its columns."""

    tables: list[tuple[Sheet, Layout]]
    period: ReportingPeriod
    period_source: str
    unit: str
    notices: list[dict[str, str]]
    left_out: list[LeftOut]
    doubtful: dict[tuple[str, int], dict[str, str]] = field(default_factory=dict)

    @property
    def layout(self) -> Layout:
        """Layout of the first table; the others have the same columns, perhaps at other places."""
        return self.tables[0][1]

    @property
    def width(self) -> int:
        """Number of source columns of the widest table."""
        return max(layout.width for _, layout in self.tables)


@dataclass
class Examined:
    """Counts and details of an examined file, for the ledger. ``notices``: what its rows say about the whole file."""

    rows_read: int = 0
    rows_accepted: int = 0
    rows_rejected: int = 0
    rows_ignored: int = 0
    details: dict[str, Any] = field(default_factory=dict)
    notices: list[dict[str, str]] = field(default_factory=list)


def recognise(
    settings: Settings,
    declaration: Declaration,
    document: Document,
    file_name: str,
    confirmed: Confirmed = NOTHING_CONFIRMED,
) -> Recognised:
    """Find tables, period and unit; ``confirmed``: headers whose meaning was confirmed. Raises RefusedError."""
    document = without_marks(document)
    known = communes(settings)
    context = CastContext(
        settings.clock().date(), known, numeric_cells=any(each.numeric_cells for each in document.sheets)
    )
    try:
        chosen = choose_sheets(declaration, known, document, confirmed)
    except NoTableError as none:
        if not any(any(cell.strip() for cell in row) for sheet in document.sheets for row in sheet.head):
            raise RefusedError(file_rules.FILE_EMPTY) from None
        raise _refused_layout(declaration, none, context) from None
    stamp = document.stamp if document.stamp[:1] == (TEMPLATE_MARK,) else ()
    titles = [_titles(sheet, layout) for sheet, layout in chosen.tables]
    together = [title for of_sheet in titles for title in of_sheet]
    try:
        period, source = find_period(declaration, stamp=stamp, file_name=file_name, titles=together)
    except PeriodError as error:
        raise RefusedError(error.rule_id, error.title, example(declaration.period)) from None
    chosen = chosen.without(_of_other_periods(declaration, chosen.tables, period))
    units = {
        find_unit(declaration, known, stamp=stamp, file_name=file_name, titles=each, on=period.end) for each in titles
    }
    named = units - {declaration.department}  # sheets of several communes are the department's
    unit = named.pop() if len(named) == 1 else declaration.department
    if is_returned(stamp):
        _check_name(settings, declaration, file_name, period, unit)
        source = "receipt" if source == "template" else source
    first, layout = chosen.tables[0]
    notices = [
        *_notices(declaration, chosen.tables, stamp),
        *propose(declaration, layout.doubt, first.head[layout.last_header_row :], context),
        *sheet_notices(document, chosen.left_out),
    ]
    return Recognised(
        chosen.tables,
        period,
        source,
        unit,
        notices,
        chosen.left_out,
        doubtful=document.doubtful,
    )


def _titles(sheet: Sheet, layout: Layout) -> list[str]:
    return [cell for row in sheet.head[: layout.first_header_row - 1] for cell in row if cell.strip()]


def _of_other_periods(
    declaration: Declaration, tables: Sequence[tuple[Sheet, Layout]], period: ReportingPeriod
) -> dict[str, str]:
    """Sheets that name another period than the file, unless every sheet does: name → that period."""
    other = {}
    for sheet, layout in tables:
        try:
            own, _ = find_period(declaration, stamp=(), file_name=sheet.name, titles=_titles(sheet, layout))
        except PeriodError:
            continue
        if own != period:
            other[sheet.name] = own.label
    return other if len(other) < len(tables) else {}


def _check_name(
    settings: Settings, declaration: Declaration, file_name: str, period: ReportingPeriod, unit: str
) -> None:
    """Raise RefusedError where a returned copy was given the name of another period or unit: it carries its own.

    Figures of a new month entered into the copy of the last one would replace that one's.
    """
    try:
        named, _ = find_period(declaration, stamp=(), file_name=file_name, titles=())
    except PeriodError:  # none, or several
        named = period
    place = find_unit(declaration, communes(settings), stamp=(), file_name=file_name, titles=(), on=period.end)
    for here, there in ((period.label, named.label), (unit, place)):
        if there not in (here, declaration.department):
            raise RefusedError(file_rules.RECEIPT_OF_OTHER, here, there)


def _refused_layout(declaration: Declaration, none: NoTableError, context: CastContext) -> RefusedError:
    error = none.error
    further = [{"rule": rule, "title": title, "limit": ""} for rule, title in error.further]
    if error.doubt and none.sheet:
        further += propose(declaration, error.doubt, none.sheet.head[error.doubt.last_header_row :], context)
    return RefusedError(error.rule_id, error.title, further=further)


def _notices(declaration: Declaration, tables: Sequence[tuple[Sheet, Layout]], stamp: Any) -> list[dict[str, str]]:
    notices = []
    used = dict.fromkeys(each for _, layout in tables for each in layout.confirmed)
    if used:
        said = "; ".join(f"«{header}» → «{title}»" for header, title in used)
        notices.append({"rule": file_rules.CONFIRMED_HEADER, "title": said, "limit": ""})
    for rule, part in (
        (file_rules.EXTRA_COLUMN, "surplus"),
        (file_rules.AMBIGUOUS_OPTIONAL_COLUMN, "ambiguous"),
        (file_rules.MISSING_OPTIONAL_COLUMN, "absent"),
    ):
        titles = dict.fromkeys(title for _, layout in tables for title in getattr(layout, part))
        if titles:
            notices.append({"rule": rule, "title": "; ".join(titles), "limit": ""})
    if len(stamp) > 2 and stamp[2] not in ("", declaration.version):
        notices.append({"rule": file_rules.STALE_TEMPLATE, "title": "", "limit": ""})
    return notices


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
            for batch in _gathered(sheet.batches(layout.width), self._settings.batch_rows):
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
        self._stage.add("bronze", for_warehouse(self._declaration, origin, frame, self._keyed))
        self._stage.add("vault", for_vault(self._declaration, origin, frame))
        return findings

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
                "reasons": reasons(self._declaration, self._stage.file("findings")),
                "measures": measures(self._cell_counts, self._stage.file("findings")),
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
