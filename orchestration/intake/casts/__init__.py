"""Casts: from the text of cells to values of a column's type, or to an error of that one cell.

One module a family of types. Belongs here: everything lossless that people write differently (a date with dashes, a
decimal comma, Nam/nam/NAM, an id that lost its zero and can prove it). Does not belong here: checks of a value that was
read (Pandera, in ``schemas``). What could change the meaning is a failure with a proposal, never a silent repair.
"""

from __future__ import annotations

from orchestration.intake.casts.base import Cast, CastContext, Casting, without_doubtful
from orchestration.intake.casts.dates import cast_date, cast_partial_date
from orchestration.intake.casts.identity import cast_citizen_id, cast_tax_code
from orchestration.intake.casts.listed import cast_boolean, cast_choice, cast_commune, cast_land_type
from orchestration.intake.casts.numbers import cast_decimal, cast_integer
from orchestration.intake.casts.texts import cast_text
from schemas.column_types import (
    Boolean,
    Choice,
    CitizenId,
    ColumnType,
    CommuneCode,
    Date,
    Decimal,
    Integer,
    LandType,
    PartialDate,
    PersonName,
    Sex,
    TaxCode,
    Text,
)

__all__ = ["CASTS", "Cast", "CastContext", "Casting", "without_doubtful"]

CASTS: dict[type[ColumnType], Casting] = {
    Text: cast_text,
    PersonName: cast_text,
    Integer: cast_integer,
    Decimal: cast_decimal,
    Boolean: cast_boolean,
    Date: cast_date,
    PartialDate: cast_partial_date,
    Choice: cast_choice,
    Sex: cast_choice,
    CommuneCode: cast_commune,
    LandType: cast_land_type,
    TaxCode: cast_tax_code,
    CitizenId: cast_citizen_id,
}
