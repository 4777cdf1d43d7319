"""Semantic column types: what the cells of a column mean, and how such values are stored.

Belongs here: the stored (polars) type, the name in ``kho schema --json``, the form in which a restricted value may
stand in the warehouse, and the words that explain the type to an officer. Does not belong here: reading a cell
(``orchestration/intake/casts``) and checking a value (``schemas/checks.py``).
"""

from __future__ import annotations

import datetime
import decimal
from typing import Any, ClassVar, Literal

import polars as pl

#: How a column stands in the warehouse: as it is, as a keyed pseudonym, as a year only, as a keyed form that can be
#: compared between rows of one person and says nothing otherwise, or as the unit of its time.
WarehouseForm = Literal["value", "pseudonym", "year", "agreement", "of_time"]

DECIMAL_PRECISION = 20
DECIMAL_SCALE = 4


class ColumnType:
    """Base of all semantic types."""

    name: ClassVar[str] = ""
    physical: ClassVar[Any] = pl.String
    #: The form that a restricted column of this type may take in the warehouse; None: it stays in the vault.
    restricted_form: ClassVar[WarehouseForm | None] = None
    hint_vi: ClassVar[str] = ""
    #: A cell of this type is an identifier: digits lost by a numeric cell change its meaning.
    identifier: ClassVar[bool] = False
    #: Its values name units that change through time: beside the present one, the warehouse holds the one of the time.
    has_time: ClassVar[bool] = False


class Text(ColumnType):
    """Opaque text: spaces and Unicode form are normalised, nothing else."""

    name = "text"
    hint_vi = "Văn bản"
    identifier = True


class Integer(ColumnType):
    """A whole number; thousands separators are accepted."""

    name = "integer"
    physical = pl.Int64
    hint_vi = "Số nguyên, ví dụ 1250"


class Decimal(ColumnType):
    """An exact number with at most four decimals, in Vietnamese (1.234,5) or English (1,234.5) notation."""

    name = "decimal"
    physical = pl.Decimal(DECIMAL_PRECISION, DECIMAL_SCALE)
    hint_vi = "Số, dấu phẩy thập phân, ví dụ 1250,5"


class Boolean(ColumnType):
    """Có/không, x marks, 1/0."""

    name = "boolean"
    physical = pl.Boolean
    hint_vi = "Có hoặc Không"


class Date(ColumnType):
    """A full calendar date."""

    name = "date"
    physical = pl.Date
    hint_vi = "Ngày dd/mm/yyyy, ví dụ 05/03/1980"


class PartialDate(ColumnType):
    """A date known to the day, the month or the year, stored as ISO 8601 text: 1980-03-05, 1980-03 or 1980."""

    name = "partial_date"
    restricted_form = "year"
    hint_vi = "Ngày dd/mm/yyyy, hoặc mm/yyyy, hoặc chỉ năm"


class Choice(ColumnType):
    """One code of a declared list; cells are recognised in the ways people write them."""

    name = "choice"
    hint_vi = "Chọn trong danh mục"


class Sex(Choice):
    """``male`` or ``female``. Codes 0/1/2 are not accepted: systems disagree about them."""

    name = "sex"
    hint_vi = "Nam hoặc Nữ"


class CitizenId(ColumnType):
    """Số định danh cá nhân: 12 digits PPP G YY NNNNNN (Law on Identity 26/2023/QH15 art. 12)."""

    name = "citizen_id"
    restricted_form = "pseudonym"
    hint_vi = "12 chữ số, cột định dạng Văn bản"
    identifier = True


class PersonName(ColumnType):
    """A person's full name. Its pseudonym is taken of the folded name, so that hoà/hòa and case agree."""

    name = "person_name"
    restricted_form = "pseudonym"
    hint_vi = "Họ, chữ đệm và tên"


class TaxCode(ColumnType):
    """Mã số thuế of an organisation: 10 digits with a mod-11 check digit, or with a 3-digit branch suffix."""

    name = "tax_code"
    hint_vi = "10 chữ số, hoặc 10 chữ số-3 chữ số"
    identifier = True


class CommuneCode(ColumnType):
    """A present commune, written as its code or name, or as those of an old one that went into it whole.

    Stored as the 5-digit code of the present one (text, leading zeros kept), and beside it as the key of the unit that
    stood at the end of the file's period. A unit that stood then and was divided since has that key only.
    """

    name = "commune_code"
    hint_vi = "Tên xã/phường hiện hành (kèm Xã/Phường) hoặc mã 5 chữ số"
    identifier = True
    has_time = True


class LandType(ColumnType):
    """Land-type codes of Circular 08/2024/TT-BTNMT, app. II; several codes of one parcel are joined by '+'."""

    name = "land_type"
    hint_vi = "Mã loại đất, ví dụ ONT, LUC, ONT+CLN"


#: Plain Python annotations that a declaration may use instead of a semantic type.
PYTHON_TYPES: dict[Any, type[ColumnType]] = {
    str: Text,
    int: Integer,
    bool: Boolean,
    decimal.Decimal: Decimal,
    datetime.date: Date,
}


def column_type(annotation: Any) -> type[ColumnType]:
    """The semantic type of an annotation. Raises TypeError for anything else, naming what is allowed."""
    if annotation in PYTHON_TYPES:
        return PYTHON_TYPES[annotation]
    if isinstance(annotation, type) and issubclass(annotation, ColumnType) and annotation.name:
        return annotation
    raise TypeError(
        f"{annotation!r} is not a column type: use one of schemas.column_types or str, int, bool, Decimal, date"
    )
