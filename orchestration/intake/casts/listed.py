"""Values of a list: choices, yes/no, communes, land types. Few distinct texts, so each is read once a file."""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path

import polars as pl

from orchestration.intake.casts.base import Cast, CastContext, Failure, Reading, as_digits, cast_listed, common_reading
from orchestration.intake.folding import fold, plain
from orchestration.intake.places import Unresolved
from orchestration.intake.units_of_time import unit_of_time
from schemas import rules
from schemas.checks import SEEDS
from schemas.columns import Column

_TRUE = {"co", "x", "v", "dung", "yes", "true", "1", "da"}
_FALSE = {"khong", "no", "false", "0", "chua", "sai"}
_LAND_WORDS = {"tho cu": "ONT", "dat o": "ONT", "t": "ONT"}
_LAND_PART = re.compile(r"([A-Za-zĐđ]{1,3})(?:\s*[:(]?\s*(\d[\d.,]*)\s*(?:m2|m²)?\)?)?")
_LAND_PARTS = re.compile(r"\s*[+;/&]\s*|,\s+|\s*,\s*(?=[A-Za-zĐđ])|\s+và\s+", re.IGNORECASE)
#: A commune code in which letters may stand for digits.
_TYPED_CODE = re.compile(r"[0-9OolI|]{5}")
#: Stands between a commune and the district of the column beside it, where both are read as one text.
_IN_DISTRICT = " ⟂ "
#: What separates the words of a list in one cell.
_PARTS = re.compile(r"\s*[,;/+&]\s*|\s+và\s+", re.IGNORECASE)


@cache
def _choice_words(choices: tuple[tuple[str, tuple[str, ...]], ...]) -> tuple[dict[str, str], dict[str, str | None]]:
    """Spellings with diacritics, and without (None where two codes share one)."""
    exact: dict[str, str] = {}
    folded: dict[str, str | None] = {}
    for code, words in choices:
        for word in (code, *words):
            exact.setdefault(plain(word), code)
            form = fold(word)
            folded[form] = code if folded.get(form, code) == code else None
    return exact, folded


def cast_choice(text: pl.Series, column: Column, context: CastContext) -> Cast:
    """Codes of the declared list. An unknown value is an error in a required column, else a warning and empty.

    Several words of one code count once: CB, CC, VC. Words of different codes are no value of the list.
    """
    exact, folded = _choice_words(tuple(column.choices.items()))

    def code_of(words: str) -> str | None:
        return exact.get(plain(words)) or folded.get(fold(words))

    def parse(cell: str) -> Reading | Failure:
        codes = {code_of(cell)}
        if codes == {None}:
            codes = {code_of(part) for part in _PARTS.split(cell)}
        code = codes.pop() if len(codes) == 1 else None
        if code:
            return Reading(code)
        return Failure(rules.CHOICE_UNKNOWN) if column.required else Reading(None, rules.CHOICE_UNKNOWN_OPTIONAL)

    usual = {words[0] for words in column.choices.values() if words}
    return cast_listed(text, column, context, parse, usual)


def cast_boolean(text: pl.Series, column: Column, context: CastContext) -> Cast:
    """Có/không, x marks."""

    def parse(cell: str) -> Reading | Failure:
        form = fold(cell)
        if form in _TRUE:
            return Reading(True)
        return Reading(False) if form in _FALSE else Failure(rules.BOOLEAN_FORMAT)

    return cast_listed(text, column, context, parse)


def cast_commune(text: pl.Series, column: Column, context: CastContext) -> Cast:
    """Codes of present communes and keys of the units of the time, from code or name of a present or an old one.

    A commune that stood at the time and was divided since has a key and no code.
    """

    def parse(written: str) -> Reading | Failure:
        cell, _, district = written.partition(_IN_DISTRICT)
        if district and (common := common_reading(cell)):
            return common
        found = unit_of_time(context.communes, cell, on=context.reference_date, district=district or None)
        if isinstance(found, Unresolved) and _TYPED_CODE.fullmatch(cell) and (digits := as_digits(cell)):
            coded = unit_of_time(context.communes, digits, on=context.reference_date)
            found = found if isinstance(coded, Unresolved) else coded  # that the code exists proves its digits
        if isinstance(found, Unresolved):
            return Failure(found.rule_id, found.proposal)
        kind = "old_commune" if found.code else "divided_commune"
        return Reading(found.code, mended_as=kind if found.old else None, of_time=found.key)

    return cast_listed(_with_districts(text, context.district), column, context, parse)


def _with_districts(text: pl.Series, district: pl.Series | None) -> pl.Series:
    """Names of communes, each with what stands in the column of districts; a code needs no district."""
    if district is None:
        return text
    cells = pl.DataFrame({"text": text, "district": district.str.strip_chars()})
    told = pl.col("text").str.contains(r"\pL") & (pl.col("district") != "")
    both = pl.concat_str("text", pl.lit(_IN_DISTRICT), "district")
    return cells.select(pl.when(told).then(both).otherwise("text").alias(text.name)).to_series()


@cache
def _land_types(file: Path) -> dict[str, bool]:
    """Every land-type code, present or superseded, and whether it is a leaf (not a group of types)."""
    with file.open(encoding="utf-8", newline="") as source:
        return {row["land_type_code"]: row["is_leaf"] == "true" for row in csv.DictReader(source)}


@cache
def _land_names(file: Path) -> dict[str, str]:
    """Land-type codes by name, where a name belongs to one present code."""
    names: dict[str, set[str]] = {}
    with file.open(encoding="utf-8", newline="") as source:
        for row in csv.DictReader(source):
            if not row["replaced_by_code"]:
                names.setdefault(fold(row["land_type_name"]), set()).add(row["land_type_code"])
    return {name: next(iter(codes)) for name, codes in names.items() if len(codes) == 1}


def cast_land_type(text: pl.Series, column: Column, context: CastContext) -> Cast:
    """Land-type codes; several of one parcel, each perhaps with its area, are joined by '+': ``ONT 200+CLN 350``."""
    known = _land_types(SEEDS / "land_type.csv")

    def parse(cell: str) -> Reading | Failure:
        words = _LAND_WORDS.get(fold(cell))
        if words:
            return Failure(rules.LAND_TYPE_UNKNOWN, f"{words} (đất ở tại nông thôn) hoặc ODT (đất ở tại đô thị)")
        if named := _land_names(SEEDS / "land_type.csv").get(fold(cell)):
            return Reading(named, None if known[named] else rules.LAND_TYPE_GROUP)
        codes, group = [], False
        for part in _LAND_PARTS.split(cell):
            match = _LAND_PART.fullmatch(part.strip())
            if not match or match[1].upper() not in known:
                return Failure(rules.LAND_TYPE_UNKNOWN)
            code, area = match[1].upper(), (match[2] or "").rstrip(".,")
            group = group or not known[code]
            codes.append(f"{code} {area}" if area else code)
        return Reading("+".join(codes), rules.LAND_TYPE_GROUP if group else None)

    return cast_listed(text, column, context, parse)
