"""The mistakes that the demo plants, each in a row of its own, so that every one can be looked for at its cell.

Belongs here: what goes wrong in an office and which rule says so. Does not belong here: how rules are evaluated.
Mistakes that are only warnings leave the row accepted; ``values`` then say how the row is understood.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from orchestration.demo.records import Record
from schemas import rules
from schemas.land.parcels import OWNER_UNKNOWN, PARCEL_WITHOUT_IDENTITY
from schemas.population.residents import DEATH_BEFORE_BIRTH, DECEASED_WITHOUT_DATE
from schemas.training.completions import COMPLETED_BEFORE_ENROLLED

#: Three-digit codes that no province had; ids of people registered abroad start with one.
FOREIGN_PREFIX = "128"


Fits = Callable[[Record], bool]
#: A cell or value, or how to make it from the row.
Made = object | Callable[[Record], object]


def _always(record: Record) -> bool:
    return True


def has(column: str) -> Fits:
    """Rows in which a column has a value."""
    return lambda record: record.values[column] is not None


def _has_not(column: str) -> Fits:
    return lambda record: record.values[column] is None


@dataclass(frozen=True)
class Mistake:
    """``make`` spoils a row that ``fits``; the finding stands at ``column`` under ``rule``."""

    column: str
    rule: str
    make: Callable[[Record], None]
    fits: Fits = _always


def _made(what: Made, record: Record) -> object:
    return what(record) if callable(what) else what


def write(column: str, rule: str, text: Made, *, fits: Fits = _always, **others: Made) -> Mistake:
    """A mistake that writes ``text`` into the cell (and ``others`` into theirs); the values do not change."""

    def make(record: Record) -> None:
        record.cells.update({name: _made(what, record) for name, what in {column: text, **others}.items()})

    return Mistake(column, rule, make, fits)


def change(column: str, rule: str, *, fits: Fits = _always, **values: Made) -> Mistake:
    """A mistake that changes values, which are then written in the usual notation."""

    def make(record: Record) -> None:
        _set(record, {name: _made(what, record) for name, what in values.items()})

    return Mistake(column, rule, make, fits)


def _set(record: Record, values: dict[str, object]) -> None:
    record.values.update(values)
    for name in values:
        record.cells.pop(name, None)


def _unlisted(column: str, text: str) -> Mistake:
    """An optional choice outside its list: a warning, and the value counts as missing."""

    def make(record: Record) -> None:
        record.values[column] = None
        record.cells[column] = text

    return Mistake(column, rules.CHOICE_UNKNOWN_OPTIONAL, make)


def _other_sex(citizen_id: str) -> str:
    return citizen_id[:3] + str(int(citizen_id[3]) ^ 1) + citizen_id[4:]


def _other_year(citizen_id: str) -> str:
    """Of someone born from 1950 to 1999: the id then says 1900 to 1919."""
    return citizen_id[:4] + f"{int(citizen_id[4:6]) % 20:02d}" + citizen_id[6:]


def _nine_digits(citizen_id: str) -> str:
    """An identity number of the old cards."""
    return "063" + citizen_id[6:]


def _born_in_1900s(record: Record) -> bool:
    born = record.values["date_of_birth"]
    return "1950" < born < "1999" and len(born) == 10


def _lives(record: Record) -> bool:
    return _born_in_1900s(record) and record.values["residence_type"] == "permanent"


def resident_mistakes(today: datetime.date) -> list[Mistake]:
    """What goes wrong in the residence register."""
    future = (today + datetime.timedelta(days=400)).isoformat()
    id_ = "citizen_id"
    return [
        write("commune", rules.COMMUNE_UNKNOWN, "Xã Hoàng Liên Sơn Thượng"),
        write("commune", rules.COMMUNE_UNKNOWN, "Thị trấn Sa Pa"),
        write("commune", rules.COMMUNE_UNKNOWN, "99999"),
        write("commune", rules.REQUIRED, None),
        write("date_of_birth", rules.DATE_FORMAT, "31/02/1990"),
        write("date_of_birth", rules.DATE_FORMAT, "15/13/1985"),
        write("date_of_birth", rules.REQUIRED, None),
        write(id_, rules.CITIZEN_ID_SEX, lambda r: _other_sex(r.values[id_])),
        write(id_, rules.CITIZEN_ID_SEX, lambda r: _other_sex(r.values[id_])),
        write(id_, rules.CITIZEN_ID_BIRTH_YEAR, lambda r: _other_year(r.values[id_]), fits=_born_in_1900s),
        write(id_, rules.CITIZEN_ID_LOST_ZERO, lambda r: _other_sex(r.values[id_])[1:]),
        write(id_, rules.CITIZEN_ID_NINE_DIGITS, lambda r: _nine_digits(r.values[id_])),
        write(id_, rules.CITIZEN_ID_FORMAT, "01O185001234"),
        write(id_, rules.REQUIRED, None),
        write("full_name", rules.REQUIRED, None),
        write("full_name", rules.REQUIRED, None),
        write("sex", rules.CHOICE_UNKNOWN, "Khác"),
        write("sex", rules.CHOICE_UNKNOWN, "0"),
        change("death_date", rules.DATE_FUTURE, residence_type="deceased", death_date=future, fits=_lives),
        change("death_date", DEATH_BEFORE_BIRTH, residence_type="deceased", death_date="1931-04-30", fits=_lives),
        change("death_date", DECEASED_WITHOUT_DATE, residence_type="deceased", fits=_lives),
        change(id_, rules.CITIZEN_ID_PROVINCE, citizen_id=lambda r: FOREIGN_PREFIX + r.values[id_][3:]),
        _unlisted("relation_to_head", "Bạn của con"),
        _unlisted("residence_type", "Đang xác minh"),
        Mistake("", rules.ROW_STRUCTURE, lambda r: setattr(r, "stray", ("village", "Đội 2"))),
    ]


def parcel_mistakes(today: datetime.date) -> list[Mistake]:
    """What goes wrong in the land registry's workbook."""
    tax, id_, certificate = "owner_tax_code", "owner_citizen_id", "certificate_no"
    next_year = today + datetime.timedelta(days=365)
    return [
        write("area_m2", rules.OUT_OF_RANGE, 0),
        write("area_m2", rules.OUT_OF_RANGE, -120),
        write("area_m2", rules.REQUIRED, None),
        write("area_m2", rules.DECIMAL_FORMAT, "khoảng 1.250"),
        write("area_m2", rules.DECIMAL_FORMAT, "khoảng 300"),
        write("area_m2", rules.EXCEL_ERROR, "#DIV/0!"),
        write("land_type", rules.LAND_TYPE_UNKNOWN, "XYZ"),
        write("land_type", rules.LAND_TYPE_UNKNOWN, "ONT+QQQ"),
        change("land_type", rules.LAND_TYPE_GROUP, land_type="NNP"),
        write("commune", rules.COMMUNE_UNKNOWN, "Xã Tả Giàng Phình"),
        write(tax, rules.TAX_CODE_CHECK_DIGIT, lambda r: _wrong_check(r.values[tax]), fits=has(tax)),
        write(tax, rules.TAX_CODE_FORMAT, lambda r: r.values[tax][:8], fits=has(tax)),
        write(tax, rules.TAX_CODE_PERSONAL, lambda r: r.values[id_], owner_citizen_id=None, fits=has(id_)),
        write(id_, rules.CITIZEN_ID_LOST_ZERO, lambda r: r.values[id_][1:], fits=has(id_)),
        write(id_, rules.CITIZEN_ID_NINE_DIGITS, lambda r: _nine_digits(r.values[id_]), fits=has(id_)),
        write("certificate_date", rules.DATE_FUTURE, next_year, fits=has(certificate)),
        change(certificate, rules.CERTIFICATE_FORMAT, certificate_no="chưa rõ số", fits=has(certificate)),
        change("parcel_id", PARCEL_WITHOUT_IDENTITY, map_sheet=None, fits=_has_not("parcel_id")),
        change("owner_name", OWNER_UNKNOWN, owner_citizen_id=None, owner_tax_code=None, owner_name=None),
        _unlisted("owner_role", "Người mượn đất"),
    ]


def _wrong_check(code: str) -> str:
    return code[:9] + str((int(code[9]) + 3) % 10)


def learning_mistakes(today: datetime.date) -> list[Mistake]:
    """What goes wrong in the workbook of a learning platform, whose ids are numbers."""
    id_, finished = "citizen_id", has("completed")
    future = today + datetime.timedelta(days=60)

    def before_enrolment(record: Record) -> datetime.date:
        day: datetime.date = record.values["enrolled"]
        return day - datetime.timedelta(days=9)

    return [
        write("completed", COMPLETED_BEFORE_ENROLLED, before_enrolment, fits=finished),
        write("completed", COMPLETED_BEFORE_ENROLLED, before_enrolment, fits=finished),
        write("completed", rules.DATE_FORMAT, "30/02/2026", fits=finished),
        write("completed", rules.DATE_FUTURE, future, fits=finished),
        write("score", rules.OUT_OF_RANGE, 120),
        write("score", rules.OUT_OF_RANGE, "-5,5"),
        write("score", rules.DECIMAL_FORMAT, "tám mươi"),
        write(id_, rules.CITIZEN_ID_LOST_ZERO, lambda r: int(_other_year(r.values[id_])), fits=_born_in_1900s),
        write(id_, rules.CITIZEN_ID_LOST_ZERO, lambda r: int(_other_sex(r.values[id_]))),
        write("course_name", rules.REQUIRED, None),
        write("full_name", rules.REQUIRED, None),
        write("commune", rules.COMMUNE_UNKNOWN, "Phường Cốc Lếu Thượng"),
        _unlisted("platform", "Zalo"),
        _unlisted("person_group", "Hội viên"),
    ]


def export_mistakes() -> list[Mistake]:
    """What goes wrong where a platform's export was opened and saved in Excel."""
    return [write("citizen_id", rules.LOST_DIGITS, "1.01850E+10")]


@dataclass(frozen=True)
class Repeats:
    """Rows that occur more than once: identical ones, and ones that share the key and differ in ``column``."""

    identical: int
    column: str
    other: Callable[[Record], object]
    fits: Fits = _always


def plant(records: list[Record], mistakes: Sequence[Mistake], repeats: Repeats | None, chance: Random) -> list[Record]:
    """Spoil one row for every mistake and repeat some rows; returns the rows in their new order."""
    for mistake in mistakes:
        record = _clean_row(records, chance, mistake.fits)
        mistake.make(record)
        record.planted = (mistake.column, mistake.rule)
        if rules.RULES[mistake.rule].severity == "error":
            record.fate = "rejected"
    if repeats is None:
        return records
    for _ in range(repeats.identical):
        record = _clean_row(records, chance)
        record.repeated = True
        again = record.copy()
        again.fate = "duplicate"
        records.insert(chance.randint(_position(records, record) + 1, len(records)), again)
    record = _clean_row(records, chance, repeats.fits)
    record.fate, record.planted = "rejected", ("", rules.KEY_CONFLICT)
    again = record.copy()
    _set(again, {repeats.column: repeats.other(record)})
    records.insert(chance.randint(_position(records, record) + 1, len(records)), again)
    return records


def _clean_row(
    records: Sequence[Record], chance: Random, fits: Callable[[Record], bool] = lambda record: True
) -> Record:
    """A row without a mistake and in the usual notation but for words, so that only one thing is wrong with it."""
    for _ in range(100_000):
        record = chance.choice(records)
        if record.planted is None and not record.repeated and fits(record):
            return record
    raise ValueError("too few rows for all mistakes: ask for more rows")


def _position(records: Sequence[Record], wanted: Record) -> int:
    return next(position for position, record in enumerate(records) if record is wanted)
