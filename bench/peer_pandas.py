"""The peer: the same file through pandas + Pandera, as a careful analyst would write it. Run by ``bench.intake``.

It runs in an environment of its own and imports nothing of kho. It does less than the intake: no archive, no search for
the header, no lost zeros put back, no other notations of dates and names, no pseudonyms, no vault, no row numbers of
the original, no receipt, no ledger; and it holds the whole file in memory.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa


def sex_agrees(frame: pd.DataFrame) -> pd.Series:
    """Digit 4 of the id is odd for women."""
    female = frame["citizen_id"].str[3].isin(list("13579"))
    known = frame["citizen_id"].str.len().eq(12) & frame["sex"].notna()
    return ~known | (female == frame["sex"].eq("female"))


def birth_year_agrees(frame: pd.DataFrame) -> pd.Series:
    """Digits 4 to 6 of the id give century and year."""
    known = frame["citizen_id"].str.fullmatch("[0-9]{12}").fillna(False) & frame["date_of_birth"].notna()
    century = pd.to_numeric(frame["citizen_id"].str[3], errors="coerce") // 2
    year = 1900 + 100 * century + pd.to_numeric(frame["citizen_id"].str[4:6], errors="coerce")
    return ~known.astype(bool) | (year == frame["date_of_birth"].dt.year)


def not_before_birth(frame: pd.DataFrame) -> pd.Series:
    """A death date is not before the birth year."""
    return (
        frame["death_date"].isna()
        | frame["date_of_birth"].isna()
        | (frame["death_date"].dt.year >= frame["date_of_birth"].dt.year)
    )


def schema(facts: dict[str, Any]) -> pa.DataFrameSchema:
    """The rules of the dataset, as far as they say something about single rows."""
    received = pd.Timestamp(facts["received"])
    return pa.DataFrameSchema(
        {
            "citizen_id": pa.Column(
                checks=[
                    pa.Check.str_matches("^[0-9]{12}$"),
                    pa.Check(lambda ids: ids.str[:3].isin(facts["prefixes"]), name="prefix"),
                ]
            ),
            "full_name": pa.Column(checks=pa.Check.str_length(max_value=200)),
            "date_of_birth": pa.Column("datetime64[us]", checks=pa.Check.le(received)),
            "sex": pa.Column(checks=pa.Check.isin(["male", "female"])),
            "ethnicity": pa.Column(checks=pa.Check.str_length(max_value=50), nullable=True),
            "commune": pa.Column(checks=pa.Check.isin(list(facts["communes"].values()))),
            "village": pa.Column(checks=pa.Check.str_length(max_value=100), nullable=True),
            "household_no": pa.Column(checks=pa.Check.str_length(max_value=50), nullable=True),
            "relation_to_head": pa.Column(nullable=True),
            "residence_type": pa.Column(nullable=True),
            "death_date": pa.Column("datetime64[us]", checks=pa.Check.le(received), nullable=True),
            "as_of": pa.Column("datetime64[us]", nullable=True),
        },
        checks=[
            pa.Check(sex_agrees, name="sex", ignore_na=False),
            pa.Check(birth_year_agrees, name="birth_year", ignore_na=False),
            pa.Check(not_before_birth, name="death", ignore_na=False),
        ],
    )


def day(column: pd.Series) -> pd.Series:
    """dd/mm/yyyy."""
    return pd.to_datetime(column, format="%d/%m/%Y", errors="coerce").astype("datetime64[us]")


def main(source: Path, work: Path) -> None:
    """Read, cast, validate lazily, write the accepted rows; print the counts."""
    facts = json.loads((work / "facts.json").read_text(encoding="utf-8"))
    frame = pd.read_csv(source, sep=";", dtype=str, names=facts["columns"], header=0, encoding="utf-8-sig")
    for name in ("date_of_birth", "death_date", "as_of"):
        frame[name] = day(frame[name])
    for name, words in {**facts["words"], "commune": facts["communes"]}.items():
        frame[name] = frame[name].map(words)
    duplicate = frame.duplicated()
    conflict = frame.loc[~duplicate & frame["citizen_id"].notna(), "citizen_id"].duplicated(keep=False)
    returned = pd.Series(False, index=frame.index)
    returned[conflict.index[conflict]] = True
    try:
        schema(facts).validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        errors.failure_cases.astype({"failure_case": str}).to_parquet(work / "errors.parquet", index=False)
        returned[errors.failure_cases["index"].dropna().astype(int).unique()] = True
    accepted = frame[~returned & ~duplicate]
    accepted.to_parquet(work / "accepted.parquet", compression="zstd", index=False)
    print(
        json.dumps(
            {
                "accepted": len(accepted),
                "rejected": int((returned & ~duplicate).sum()),
                "duplicates": int(duplicate.sum()),
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
