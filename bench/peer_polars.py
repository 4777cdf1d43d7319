"""The peer: the same file through polars + Pandera, as a careful analyst would write it. Run by ``bench.intake``.

It uses what kho's intake is made of, without the intake: so the difference between the two is the price of everything
else. It runs in an environment of its own and imports nothing of kho. It does less than the intake: see the top of
``peer_pandas.py``; and it holds the whole file in memory.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pandera.polars as pa
import polars as pl


def over(rule: pl.Expr, name: str) -> pa.Check:
    """A check of the whole row. What cannot be known is no error."""
    return pa.Check(lambda data: data.lazyframe.select(rule.fill_null(True)), name=name)


def row_rules() -> list[pa.Check]:
    """Digit 4 of the id is odd for women; digits 4 to 6 give the birth year; nobody dies before the birth year."""
    citizen_id = pl.col("citizen_id")
    whole = citizen_id.str.contains("^[0-9]{12}$")
    century = citizen_id.str.slice(3, 1).cast(pl.Int32, strict=False)
    year = 1900 + 100 * (century // 2) + citizen_id.str.slice(4, 2).cast(pl.Int32, strict=False)
    born = pl.col("date_of_birth").dt.year()
    return [
        over(~whole | ((century % 2 == 1) == (pl.col("sex") == "female")), "sex"),
        over(~whole | (year == born), "birth_year"),
        over(pl.col("death_date").dt.year() >= born, "death"),
    ]


def schema(facts: dict[str, Any]) -> pa.DataFrameSchema:
    """The rules of the dataset, as far as they say something about single rows."""
    received = pl.Series([facts["received"]]).str.to_date()[0]

    def prefix(data: pa.PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(pl.col(data.key).str.slice(0, 3).is_in(facts["prefixes"]))

    return pa.DataFrameSchema(
        {
            "citizen_id": pa.Column(
                pl.String, checks=[pa.Check.str_matches("^[0-9]{12}$"), pa.Check(prefix, name="prefix")]
            ),
            "full_name": pa.Column(pl.String, checks=pa.Check.str_length(max_value=200)),
            "date_of_birth": pa.Column(pl.Date, checks=pa.Check.le(received)),
            "sex": pa.Column(pl.String, checks=pa.Check.isin(["male", "female"])),
            "ethnicity": pa.Column(pl.String, checks=pa.Check.str_length(max_value=50), nullable=True),
            "commune": pa.Column(pl.String, checks=pa.Check.isin(list(facts["communes"].values()))),
            "village": pa.Column(pl.String, checks=pa.Check.str_length(max_value=100), nullable=True),
            "household_no": pa.Column(pl.String, checks=pa.Check.str_length(max_value=50), nullable=True),
            "relation_to_head": pa.Column(pl.String, nullable=True),
            "residence_type": pa.Column(pl.String, nullable=True),
            "death_date": pa.Column(pl.Date, checks=pa.Check.le(received), nullable=True),
            "as_of": pa.Column(pl.Date, nullable=True),
        },
        checks=row_rules(),
    )


def read(source: Path, facts: dict[str, Any]) -> pl.DataFrame:
    """The file with its columns cast; what cannot be cast is null."""
    text = pl.read_csv(source, separator=";", infer_schema=False, new_columns=facts["columns"])
    dates = ("date_of_birth", "death_date", "as_of")
    words = {**facts["words"], "commune": facts["communes"]}
    return text.with_columns(
        *(pl.col(name).str.to_date("%d/%m/%Y", strict=False) for name in dates),
        *(pl.col(name).replace_strict(meant, default=None) for name, meant in words.items()),
    )


def main(source: Path, work: Path) -> None:
    """Read, cast, validate lazily, write the accepted rows; print the counts."""
    facts = json.loads((work / "facts.json").read_text(encoding="utf-8"))
    frame = read(source, facts)
    rows = pl.int_range(pl.len(), dtype=pl.UInt32)
    duplicate = ~frame.select(pl.struct(pl.all()).is_first_distinct()).to_series()
    distinct = frame.select("citizen_id", row=rows).filter(~duplicate & pl.col("citizen_id").is_not_null())
    returned = set(distinct.filter(pl.col("citizen_id").is_duplicated())["row"])
    try:
        schema(facts).validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        errors.failure_cases.write_parquet(work / "errors.parquet")
        returned.update(errors.failure_cases["index"].drop_nulls())
    in_error = frame.select(rows.is_in(list(returned))).to_series()
    accepted = frame.filter(~in_error & ~duplicate)
    accepted.write_parquet(work / "accepted.parquet", compression="zstd")
    print(
        json.dumps(
            {
                "accepted": accepted.height,
                "rejected": (in_error & ~duplicate).sum(),
                "duplicates": duplicate.sum(),
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
