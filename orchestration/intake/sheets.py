"""Which sheets of a file are tables of the dataset, and what is said about the others.

Belongs here: choosing the sheets (the one that fits, or all of one shape: a sheet per commune, per village, per part
of the month) and naming each one that is left out with its reason. Does not belong here: the header of one sheet
(``recognise``), the period of the file (``period``).

Sheets have one shape when they have the same declared columns, wherever these stand. Where there are several shapes,
the one of most sheets counts, then the one of most columns. A sheet without a cell is no sheet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from orchestration.intake.assignment import NOTHING_CONFIRMED
from orchestration.intake.mappings import Confirmed
from orchestration.intake.places import Communes
from orchestration.intake.readers.table import Document, Sheet
from orchestration.intake.recognise import Layout, LayoutError, find_layout
from orchestration.intake.rows import RowFilter
from orchestration.intake.sections import Sections, commune_column
from orchestration.intake.wording import FRONT_SHEET, GUIDE_SHEET, LISTS_SHEET, count_vi
from schemas import Declaration, file_rules

_OWN = frozenset({FRONT_SHEET, GUIDE_SHEET, LISTS_SHEET})
#: Files of an archive that are named.
MOST_NAMED = 20
#: Why a sheet is left out, as officers read it.
_WHY = {
    file_rules.NO_HEADER: "không có tiêu đề cột của bảng này",
    file_rules.MISSING_COLUMNS: "thiếu cột {title}",
    file_rules.AMBIGUOUS_HEADER: "không rõ cột nào là {title}",
}
_OTHER_SHAPE, _OTHER_PERIOD = "khác các trang đã nhận ở cột {title}", "thuộc kỳ {title}"


@dataclass(frozen=True)
class LeftOut:
    """A sheet that is no table of the file, and why; ``rows`` of it hold something."""

    sheet: str
    why: str
    rows: int

    def said(self) -> str:
        """As the receipt names it."""
        return f"«{self.sheet}» ({count_vi(self.rows)} dòng: {self.why})"


@dataclass(frozen=True)
class ChosenSheets:
    """The tables of a file, in their order, and the sheets that are none."""

    tables: list[tuple[Sheet, Layout]]
    left_out: list[LeftOut] = field(default_factory=list)

    def without(self, names: dict[str, str]) -> ChosenSheets:
        """Leave out sheets that report another period: name → that period."""
        tables = [each for each in self.tables if each[0].name not in names]
        others = [
            LeftOut(sheet.name, _OTHER_PERIOD.format(title=names[sheet.name]), _filled_rows(sheet))
            for sheet, _ in self.tables
            if sheet.name in names
        ]
        return ChosenSheets(tables, [*self.left_out, *others])


class NoTableError(Exception):
    """No sheet is a table of the dataset; ``error`` is that of the most telling one, if there is any sheet."""

    def __init__(self, sheet: Sheet | None, error: LayoutError) -> None:
        super().__init__(error.rule_id)
        self.sheet, self.error = sheet, error


def choose_sheets(
    declaration: Declaration, communes: Communes, document: Document, confirmed: Confirmed = NOTHING_CONFIRMED
) -> ChosenSheets:
    """The tables of a document; ``confirmed``: headers whose meaning was confirmed. Raises NoTableError."""
    found: list[tuple[Sheet, Layout]] = []
    errors: dict[str, LayoutError] = {}
    for sheet in document.sheets:
        try:
            found.append((sheet, _layout(declaration, communes, sheet, confirmed)))
        except LayoutError as error:
            errors[sheet.name] = error
    if not found:
        raise _most_telling(document, errors)
    shape = _shape(found)
    tables = [each for each in found if each[1].columns.keys() == shape]
    why = {name: _WHY[error.rule_id].format(title=error.title) for name, error in errors.items()}
    for sheet, layout in found:
        if other := layout.columns.keys() ^ shape:
            titles = "; ".join(declaration.columns[name].title for name in declaration.columns if name in other)
            why[sheet.name] = _OTHER_SHAPE.format(title=titles)
    counted = [(sheet.name, _filled_rows(sheet)) for sheet in document.sheets if sheet.name in why]
    left_out = [LeftOut(name, why[name], rows) for name, rows in counted if rows and name not in _OWN]
    return ChosenSheets(tables, left_out)


def _most_telling(document: Document, errors: dict[str, LayoutError]) -> NoTableError:
    """The error of a sheet with a header of the dataset, else with one that is hardly one, else of the first sheet."""
    by_sheet = [(sheet, errors[sheet.name]) for sheet in document.sheets if sheet.name in errors]
    headed = [each for each in by_sheet if each[1].rule_id != file_rules.NO_HEADER]
    telling = headed or [each for each in by_sheet if each[1].doubt] or by_sheet
    return NoTableError(*telling[0]) if telling else NoTableError(None, LayoutError(file_rules.NO_HEADER))


def _layout(declaration: Declaration, communes: Communes, sheet: Sheet, confirmed: Confirmed) -> Layout:
    """The layout of a sheet; its commune column may be missing where headings or the sheet's name say the commune."""
    commune = commune_column(declaration)
    layout = find_layout(declaration, sheet.head, confirmed, carried={commune} if commune else ())
    if commune and commune not in layout.columns and declaration.columns[commune].required:
        sections = Sections(communes, sheet.name)
        if not sections.current.commune.value and not _is_headed(declaration, layout, sheet, sections):
            raise LayoutError(file_rules.MISSING_COLUMNS, declaration.columns[commune].title, doubt=layout.doubt)
    return layout


def _is_headed(declaration: Declaration, layout: Layout, sheet: Sheet, sections: Sections) -> bool:
    """Whether a heading among the first rows of a sheet names a commune: the first stands above all data."""
    batch = next(sheet.batches(layout.width), None)
    if batch is None:
        return False
    first = batch.filter_rows(batch.rows <= batch.rows[0] + len(sheet.head))
    headings = RowFilter(declaration, layout, sections.names_place).apply(first).headings
    return any(state.commune.value for state in sections.follow(headings))


def _shape(found: Sequence[tuple[Sheet, Layout]]) -> frozenset[str]:
    shapes = Counter(frozenset(layout.columns) for _, layout in found)
    return max(shapes, key=lambda shape: (shapes[shape], len(shape)))


def _filled_rows(sheet: Sheet) -> int:
    """How many rows of a sheet hold something."""
    return sum(
        int(batch.cells.select(pl.any_horizontal(pl.all().is_not_null()).sum()).item()) + len(batch.misshapen)
        for batch in sheet.batches(sheet.width)
    )


def sheet_notices(document: Document, left_out: Sequence[LeftOut] = ()) -> list[dict[str, str]]:
    """What the receipt says about the sheets that were not taken in, or not even read."""
    notices = []
    if document.left_out:
        names = "; ".join(document.left_out[:MOST_NAMED])
        more = f"; … ({len(document.left_out)})" if len(document.left_out) > MOST_NAMED else ""
        notices.append({"rule": file_rules.LEFT_OUT, "title": names + more, "limit": ""})
    if left_out:
        said = "; ".join(each.said() for each in left_out)
        notices.append({"rule": file_rules.SHEETS_LEFT_OUT, "title": said, "limit": ""})
    hidden = [f"«{name}»" for name in document.hidden if name not in _OWN]
    if hidden:
        notices.append({"rule": file_rules.HIDDEN_SHEETS, "title": "; ".join(hidden), "limit": ""})
    return notices
