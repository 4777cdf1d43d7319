"""What ``kho kpi`` shows. Belongs here: layout only; every figure comes from ``sharing/kpi_values.py``."""

from __future__ import annotations

import decimal
from collections.abc import Sequence
from typing import Any

from orchestration.console.layout import console, plain_table, print_json, say
from orchestration.sharing.kpi_values import KpiValues, Row

#: Files that are listed by name; a KPI of many communes can have hundreds.
SHOWN_SOURCES = 20


def _number(value: Any) -> str:
    """With all its digits and without trailing zeros, thousands apart."""
    if value is None:
        return ""
    text = f"{decimal.Decimal(value):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _value(row: Row) -> str:
    return _number(row["value"]) + (" %" if row["unit"] == "percent" and row["value"] is not None else "")


def show_latest(rows: Sequence[Row], *, as_json: bool) -> None:
    """Every KPI with its newest value for the province."""
    if as_json:
        print_json(rows)
        return
    columns = ["KPI", "tên", "nhóm", "kỳ", "tử số", "mẫu số", "giá trị", "mục tiêu"]
    lines = [
        (
            row["kpi_id"],
            row["kpi_name_vi"],
            row["breakdown"] or "",
            row["period"] or "",
            _number(row["numerator"]),
            _number(row["denominator"]),
            _value(row),
            _number(row["target"]),
        )
        for row in rows
    ]
    console.print(plain_table(None, columns, lines, right=["tử số", "mẫu số", "giá trị", "mục tiêu"]))
    say("`kho kpi ID` shows what is counted, and from which files; `--communes` every commune.")


def show_kpi(found: KpiValues, *, as_json: bool) -> None:
    """One KPI: what it counts, its values, and the files behind them."""
    if as_json:
        print_json({**found.definition, "values": found.values, "sources": found.sources})
        return
    definition = found.definition
    say(f"{definition['kpi_name_vi']} / {definition['kpi_name_en']}")
    say(f"numerator: {definition['numerator_meaning']}\ndenominator: {definition['denominator_meaning']}")
    aim = "higher is better" if definition["direction"] == "up" else "lower is better"
    target = f"target {_number(definition['target'])}, {aim}" if definition["target"] is not None else aim
    say(f"unit: {definition['unit']} · {target} · {definition['owner']} · {definition['legal_basis']}")
    if not found.values:
        say("No value yet: no file of its datasets was taken in.")
        return
    columns = ["địa bàn", "nhóm", "kỳ", "tử số", "mẫu số", "giá trị", "so mục tiêu", "còn thiếu", "so kỳ trước"]
    lines = [
        (
            f"{row['geography_name']} ({row['geography_code']})",
            row["breakdown"],
            row["period"],
            _number(row["numerator"]),
            _number(row["denominator"]),
            _value(row),
            _number(row["gap"]),
            _number(row["missing_to_target"]),
            _number(row["trend"]),
        )
        for row in found.values
    ]
    console.print(plain_table(None, columns, lines, right=columns[3:]))
    _show_sources(found.sources)


def _show_sources(sources: Sequence[Row]) -> None:
    if not sources:
        return
    newest = max(row["received_at"] for row in sources)
    count = "one file" if len(sources) == 1 else f"{len(sources)} files, the newest"
    say(f"Counted from {count} of {newest:%Y-%m-%d %H:%M} UTC:")
    columns = ["dataset", "unit", "period", "file", "rows", "received (UTC)", "submission"]
    lines = [
        (
            row["dataset"],
            row["unit"],
            row["submission_period"],
            row["file_name"],
            _number(row["rows_accepted"]),
            f"{row['received_at']:%Y-%m-%d %H:%M}",
            row["submission_id"],
        )
        for row in sources[:SHOWN_SOURCES]
    ]
    console.print(plain_table(None, columns, lines, right=["rows"]))
    if len(sources) > SHOWN_SOURCES:
        say(f"… and {len(sources) - SHOWN_SOURCES} more: marts.mart_kpi_source")
