"""The peer: the same file through Great Expectations with pandas. Run by ``bench.intake``.

Expectations look at columns and pairs of columns. So pandas casts the cells and adds what the id says of sex and birth
year as columns, and rows that repeat another are taken out before. It runs in an environment of its own and imports
nothing of kho. It does less than the intake: see the top of ``peer_pandas.py``; and it holds the whole file in memory.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd


def expectations(facts: dict[str, Any]) -> list[gxe.Expectation]:
    """The rules of the dataset."""
    received = pd.Timestamp(facts["received"])
    required = ("citizen_id", "full_name", "date_of_birth", "sex", "commune")
    longest = {"full_name": 200, "ethnicity": 50, "village": 100, "household_no": 50}
    known = {"sex": ["male", "female"], "commune": list(facts["communes"].values()), "id_prefix": facts["prefixes"]}
    where_known = {"ignore_row_if": "either_value_is_missing"}
    return [
        *(gxe.ExpectColumnValuesToNotBeNull(column=name) for name in required),
        *(gxe.ExpectColumnValueLengthsToBeBetween(column=name, max_value=most) for name, most in longest.items()),
        *(gxe.ExpectColumnValuesToBeInSet(column=name, value_set=values) for name, values in known.items()),
        gxe.ExpectColumnValuesToMatchRegex(column="citizen_id", regex="^[0-9]{12}$"),
        gxe.ExpectColumnValuesToBeUnique(column="citizen_id"),
        gxe.ExpectColumnValuesToBeBetween(column="date_of_birth", max_value=received),
        gxe.ExpectColumnValuesToBeBetween(column="death_date", max_value=received),
        gxe.ExpectColumnPairValuesToBeEqual(column_A="id_sex", column_B="sex", **where_known),
        gxe.ExpectColumnPairValuesToBeEqual(column_A="id_year", column_B="birth_year", **where_known),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="death_year", column_B="birth_year", or_equal=True, **where_known
        ),
    ]


def read(source: Path, facts: dict[str, Any]) -> pd.DataFrame:
    """The file with its columns cast; what cannot be cast is null."""
    frame = pd.read_csv(source, sep=";", dtype=str, names=facts["columns"], header=0, encoding="utf-8-sig")
    for name in ("date_of_birth", "death_date", "as_of"):
        frame[name] = pd.to_datetime(frame[name], format="%d/%m/%Y", errors="coerce")
    for name, words in {**facts["words"], "commune": facts["communes"]}.items():
        frame[name] = frame[name].map(words)
    return frame


def derived(frame: pd.DataFrame) -> pd.DataFrame:
    """What the id says, and years, beside the file's own columns."""
    digits = frame["citizen_id"].where(frame["citizen_id"].str.fullmatch("[0-9]{12}").fillna(False).astype(bool))
    century = pd.to_numeric(digits.str[3])
    return frame.assign(
        id_prefix=frame["citizen_id"].str[:3],
        id_sex=(century % 2).map({0: "male", 1: "female"}),
        id_year=1900 + 100 * (century // 2) + pd.to_numeric(digits.str[4:6]),
        birth_year=frame["date_of_birth"].dt.year,
        death_year=frame["death_date"].dt.year,
    )


def validate(frame: pd.DataFrame, facts: dict[str, Any]) -> list[dict[str, Any]]:
    """Which row broke which expectation."""
    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_pandas("files").add_dataframe_asset("residents")
    batch = asset.add_batch_definition_whole_dataframe("whole").get_batch({"dataframe": frame})
    suite = context.suites.add(gx.ExpectationSuite("residents", expectations=expectations(facts)))
    done = batch.validate(suite, result_format={"result_format": "COMPLETE", "return_unexpected_index_query": False})
    errors = []
    for each in done.results:
        if each.exception_info.get("raised_exception"):
            raise SystemExit(f"{each.expectation_config}: {each.exception_info}")
        rule = {"expectation": each.expectation_config.type, "about": str(each.expectation_config.kwargs.get("column"))}
        errors += [{**rule, "row": row} for row in each.result["unexpected_index_list"] or ()]
    return errors


def main(source: Path, work: Path) -> None:
    """Read, cast, validate, write errors and accepted rows; print the counts."""
    facts = json.loads((work / "facts.json").read_text(encoding="utf-8"))
    frame = read(source, facts)
    distinct = frame[~frame.duplicated()]
    errors = pd.DataFrame(validate(derived(distinct), facts))
    errors.to_parquet(work / "errors.parquet", index=False)
    accepted = distinct[~distinct.index.isin(errors["row"])]
    accepted.to_parquet(work / "accepted.parquet", compression="zstd", index=False)
    print(
        json.dumps(
            {
                "accepted": len(accepted),
                "rejected": len(distinct) - len(accepted),
                "duplicates": len(frame) - len(distinct),
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
