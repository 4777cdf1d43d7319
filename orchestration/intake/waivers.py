"""Waivers: which rules an engineer may accept an exception to, and what becomes of their findings.

Belongs here: telling rules that judge a value from those without which there is no value, and turning the findings of
a waived rule into warnings. Does not belong here: recording a waiver (``orchestration/decisions.py``), showing it
(``receipts/``).
"""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from schemas import Declaration, rules
from schemas.rules import RULES

#: Fields of a waiver as the ledger keeps it, in ``details["waivers"]`` of the submission that it let in.
FIELDS = ("rule", "why", "who", "at")


def waivable(declaration: Declaration) -> list[str]:
    """The rules of a dataset that can be waived, sorted: those that judge a value which could be read.

    A value that cannot be cast, a required one that is missing, shifted cells and rows of one key that contradict
    each other leave nothing that could go in.
    """
    judged = {rule for name in declaration.columns for rule in declaration.rule_ids(name)}
    return sorted(rule for rule in judged & RULES.keys() - {rules.REQUIRED} if RULES[rule].severity == "error")


def waived(findings: pl.DataFrame, casts: pl.DataFrame, waivers: Collection[str]) -> pl.DataFrame:
    """The findings of a batch with those of waived rules as warnings, which return no row.

    casts: the findings of the casts among them. They stay errors, under whatever rule: their cell holds no value.
    """
    if not waivers or findings.is_empty():
        return findings
    uncast = casts.select("row", "column", "rule", uncast=True).unique()
    found = findings.join(uncast, on=["row", "column", "rule"], how="left", maintain_order="left")
    let_in = pl.col("rule").is_in(list(waivers)) & pl.col("uncast").is_null()
    severity = pl.when(let_in).then(pl.lit("warning")).otherwise(pl.col("severity"))
    return found.with_columns(severity=severity).drop("uncast")
