"""Which period and which unit a file reports: from the template's stamp, else its name, else its title rows.

Belongs here: reading periods as Vietnamese offices write them, and their first and last day. Nothing is guessed: a
file that names no period, or several, is refused with that reason. A period finer than the dataset's is widened to
the one that contains it (2026-10 lies in 2026Q4), never the other way.
"""

from __future__ import annotations

import calendar
import datetime
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orchestration.intake.commune_mentions import find_commune
from orchestration.intake.folding import fold
from orchestration.intake.places import Communes
from orchestration.intake.wording import RECEIPT_NAME
from schemas import Declaration, file_rules
from schemas.declaration import Period

ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4}
_YEAR = r"(?P<year>20[0-9]{2})"
#: Patterns over folded text (lower case, no diacritics, words separated by one space), the most telling first.
_PATTERNS = [
    re.compile(rf"(?<![0-9]){_YEAR} ?(?P<month>0[1-9]|1[0-2]) ?(?P<day>0[1-9]|[12][0-9]|3[01])(?![0-9])"),
    re.compile(rf"(?<![0-9])(?P<day>[0-3]?[0-9]) (?P<month>0?[1-9]|1[0-2]) {_YEAR}(?![0-9])"),
    re.compile(rf"(?<![a-z0-9])q(?:uy)? ?(?P<quarter>iv|iii|ii|i|[1-4]) ?(?:nam)? ?{_YEAR}(?![0-9])"),
    re.compile(rf"(?<![0-9]){_YEAR} ?(?:q|quy) ?(?P<quarter>iv|iii|ii|i|[1-4])(?![a-z0-9])"),
    re.compile(rf"(?<![a-z0-9])(?:thang|t) ?(?P<month>0?[1-9]|1[0-2])(?: ?nam ?| ){_YEAR}(?![0-9])"),
    re.compile(rf"(?<![0-9]){_YEAR} ?(?:thang|t) ?(?P<month>0?[1-9]|1[0-2])(?![0-9])"),
    re.compile(rf"(?<![0-9]){_YEAR} (?P<month>0[1-9]|1[0-2])(?![0-9])"),
    re.compile(rf"(?<![0-9])(?P<month>0[1-9]|1[0-2]) {_YEAR}(?![0-9])"),
    re.compile(rf"(?<![0-9]){_YEAR}(?P<month>0[1-9]|1[0-2])(?![0-9])"),
    re.compile(rf"(?<![0-9]){_YEAR}(?![0-9])"),
]
#: "6 tháng đầu năm 2026" is no month and not the year.
_PART_OF_YEAR = re.compile(r"\b\d{1,2} thang(?: dau| cuoi)?(?: nam)? 20\d\d")
_DATE = r"(\d{1,2})(?: thang)? (\d{1,2})(?: nam)? (20\d\d)"
#: "Tính đến ngày 31/10/2026", "từ 01/10/2026 đến 31/10/2026": dates of the figures.
_AS_OF = re.compile(rf"\b(?:den|thoi diem|tu)(?: het)?(?: ngay)? {_DATE}")
#: "Lào Cai, ngày 5 tháng 11 năm 2026" dates the letter, "Quyết định số 757/QĐ-BKHCN ngày …" another one.
_LETTER_DATE = re.compile(rf"\bngay (?:{_DATE}|\d{{0,2}} ?thang \d{{0,2}} ?nam \d{{0,4}})")
_CITED = re.compile(
    r"\b(?:quyet dinh|nghi dinh|thong tu|cong van|ke hoach|nghi quyet|chi thi|luat|van ban|to trinh)(?: so)? \d+"
    rf"(?: 20\d\d)?(?: (?!thang|quy|nam|ngay|tu|den)[a-z0-9]+){{0,4}}(?: ngay {_DATE})?"
)
_TELLS_PERIOD = re.compile(r"\b(?:thang|quy|nam|ky|thoi diem|den)\b")
_COARSENESS = {"month": 0, "quarter": 1, "year": 2}


class PeriodError(Exception):
    """The period is unknown or named twice; ``title`` says what was found."""

    def __init__(self, rule_id: str, title: str) -> None:
        super().__init__(rule_id)
        self.rule_id, self.title = rule_id, title


@dataclass(frozen=True)
class ReportingPeriod:
    """A month, quarter or year. ``label``: 2026-10, 2026Q4, 2026."""

    kind: Period
    year: int
    number: int = 1

    @property
    def label(self) -> str:
        """The name of the period in the ledger, in file names and in the warehouse."""
        return {
            "month": f"{self.year}-{self.number:02}",
            "quarter": f"{self.year}Q{self.number}",
            "year": f"{self.year}",
        }[self.kind]

    @property
    def start(self) -> datetime.date:
        """First day."""
        return datetime.date(self.year, {"month": self.number, "quarter": 3 * self.number - 2, "year": 1}[self.kind], 1)

    @property
    def end(self) -> datetime.date:
        """Last day."""
        month = {"month": self.number, "quarter": 3 * self.number, "year": 12}[self.kind]
        return datetime.date(self.year, month, calendar.monthrange(self.year, month)[1])

    @property
    def following(self) -> ReportingPeriod:
        """The next period of the same kind."""
        if self.number == {"month": 12, "quarter": 4, "year": 1}[self.kind]:
            return ReportingPeriod(self.kind, self.year + 1)
        return ReportingPeriod(self.kind, self.year, self.number + 1)

    def widened(self, kind: Period) -> ReportingPeriod | None:
        """The period of that kind which contains this one; None if this one is coarser."""
        if _COARSENESS[self.kind] > _COARSENESS[kind]:
            return None
        if kind == "year":
            return ReportingPeriod("year", self.year)
        if kind == "quarter" and self.kind == "month":
            return ReportingPeriod("quarter", self.year, (self.number + 2) // 3)
        return self


def example(kind: Period) -> str:
    """How a file of this cadence may be named."""
    return {"month": "2026-10.xlsx", "quarter": "2026Q4.xlsx", "year": "2026.xlsx"}[kind]


def periods_in(text: str) -> list[ReportingPeriod]:
    """Every period that a text names, finest reading first; a piece of text counts once."""
    folded = _PART_OF_YEAR.sub(" ", fold(text))
    found: list[ReportingPeriod] = []
    for pattern in _PATTERNS:
        while match := pattern.search(folded):
            parts = match.groupdict()
            year = int(parts["year"])
            if parts.get("month"):
                found.append(ReportingPeriod("month", year, int(parts["month"])))
            elif parts.get("quarter"):
                number = parts["quarter"]
                found.append(ReportingPeriod("quarter", year, ROMAN.get(number) or int(number)))
            else:
                found.append(ReportingPeriod("year", year))
            folded = folded[: match.start()] + " | " + folded[match.end() :]
    return found


def _only(kind: Period, found: Iterable[ReportingPeriod]) -> ReportingPeriod | None:
    """The one period of the dataset's cadence among those found. Raises PeriodError if there are several."""
    wide = {each.label: each for period in found if (each := period.widened(kind))}
    if len(wide) > 1:
        raise PeriodError(file_rules.AMBIGUOUS_PERIOD, ", ".join(sorted(wide)))
    return next(iter(wide.values()), None)


def _title_periods(titles: Sequence[str]) -> list[ReportingPeriod]:
    found: list[ReportingPeriod] = []
    for title in titles:
        folded = _CITED.sub(" | ", fold(title))
        found += [
            ReportingPeriod("month", int(as_of[3]), int(as_of[2]))
            for as_of in _AS_OF.finditer(folded)
            if 1 <= int(as_of[2]) <= 12
        ]
        folded = _LETTER_DATE.sub(" | ", _AS_OF.sub(" | ", folded))
        if _TELLS_PERIOD.search(folded):
            found.extend(periods_in(folded))
    return found


def _stem(file_name: str) -> str:
    """A file name without its ending and without what a receipt adds to it; 10.2026 has none."""
    return RECEIPT_NAME.sub(" ", re.sub(r"\.[A-Za-z]\w{1,4}$", "", file_name))


def find_period(
    declaration: Declaration, *, stamp: Sequence[str], file_name: str, titles: Sequence[str]
) -> tuple[ReportingPeriod, str]:
    """The period of a file and where it was found: ``template``, ``file_name`` or ``title``. Raises PeriodError."""
    kind = declaration.period
    sources = (
        ("template", lambda: periods_in(stamp[3]) if len(stamp) > 3 else []),
        ("file_name", lambda: periods_in(_stem(file_name))),
        ("title", lambda: _title_periods(titles)),
    )
    coarse: list[str] = []
    for source, read in sources:
        found = read()
        period = _only(kind, found)
        if period:
            return period, source
        coarse += [each.label for each in found]
    words = {"month": "tháng", "quarter": "quý", "year": "năm"}[kind]
    seen = f"; chỉ thấy {', '.join(dict.fromkeys(coarse))}" if coarse else ""
    raise PeriodError(file_rules.NO_PERIOD, f"cần {words}{seen}")


def find_unit(
    declaration: Declaration,
    communes: Communes,
    *,
    stamp: Sequence[str],
    file_name: str,
    titles: Sequence[str],
    on: datetime.date | None = None,
) -> str:
    """The reporting unit: the commune that stamp, name or letterhead names, else the department itself.

    A present commune is told by its code, an old one by its key; on: the day whose communes are meant.
    """
    if len(stamp) > 4 and stamp[4].strip():
        return find_commune(communes, stamp[4], on=on) or stamp[4].strip()
    named = find_commune(communes, _stem(file_name), on=on, subject=declaration.title)
    if named:
        return named
    for title in titles:
        if re.search(r"\b(ubnd|uy ban nhan dan|cong an|don vi bao cao)\b", fold(title)):
            headed = find_commune(communes, title, with_kind=True, on=on)
            if headed:
                return headed
    return declaration.department
