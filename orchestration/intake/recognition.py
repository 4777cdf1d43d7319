"""What an archived file turned out to be: its tables, its period and unit, and what there is to say about its columns.

Knows the order of the steps that look at a file as a whole; the steps don't know each other. Does not belong here:
finding one table's header (``recognise``), what happens to the rows (``examine``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestration.intake.assignment import NOTHING_CONFIRMED
from orchestration.intake.casts import CastContext
from orchestration.intake.mappings import Confirmed
from orchestration.intake.period import PeriodError, ReportingPeriod, example, find_period, find_unit
from orchestration.intake.places import communes
from orchestration.intake.proposals import propose
from orchestration.intake.readers import Document
from orchestration.intake.readers.table import Sheet
from orchestration.intake.recognise import Layout
from orchestration.intake.returned_copy import is_returned, without_marks
from orchestration.intake.sheets import LeftOut, NoTableError, choose_sheets, sheet_notices
from orchestration.settings import Settings
from orchestration.spreadsheet import STAMP_MARK
from schemas import Declaration, file_rules


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
    stamp = document.stamp if document.stamp[:1] == (STAMP_MARK,) else ()
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
