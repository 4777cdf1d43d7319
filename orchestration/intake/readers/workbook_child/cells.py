"""The text of one value, in the form in which every cell leaves the child."""

from __future__ import annotations

import datetime
from typing import Any

#: Digits that a number of Excel keeps.
DIGITS = 15
#: Shown in place of what is not one value, as in the parent (``table``).
NESTED = "#NHIỀU GIÁ TRỊ!"


def number_text(value: float, *, exact: bool) -> str:
    """A number as Excel shows it with 15 significant digits; scientific notation where digits are lost for good."""
    if abs(value) < 1e15 and value == int(value):
        return str(int(value))
    text = f"{value:.{DIGITS}g}"
    if "e" in text:
        if abs(value) >= 1:
            return text.replace("e", "E")
        text = f"{value:.20f}".rstrip("0")
    if not exact and "." in text and len(text.rpartition(".")[2]) == 3:
        text += "0"
    return text


def lost_digits(value: float) -> bool:
    """Whether a value is an integer of more digits than Excel keeps, the last of which are gone."""
    return abs(value) >= 1e15 and len(f"{value:.{DIGITS}g}".partition("e")[0].strip("-0").replace(".", "")) == DIGITS


def cell_text(value: Any, *, exact: bool) -> str | None:
    """The text of a cell; None where it is empty. Dates and times in ISO 8601."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return number_text(value, exact=exact)
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time(0)
        return value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="seconds")
    return None if value is None else str(value)
