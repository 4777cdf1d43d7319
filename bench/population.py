"""Generator of the benchmark's population CSV: any number of rows, 1 or 30 in a hundred bad, every bad one known.

Belongs here: vectorised making of rows by their number alone, and what should become of them. Does not belong here:
the demo's province (``orchestration/demo``), which is believable rather than large.

A row's number decides everything: i % 100 == 37 is bad (or 37 to 66: 30 in a hundred; the hundreds and the remainder
choose how), i % 100,000 == 99,999 repeats the row before it, i % 100,000 == 50,001 contradicts the row before it.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import duckdb

from orchestration.demo.drafts import RESIDENT_HEADINGS
from orchestration.demo.province import PROVINCE
from orchestration.demo.vocabulary import NAME_PATTERNS, VILLAGE_FIRST, VILLAGE_SECOND
from orchestration.settings import Settings
from schemas import Declaration, dataset

PERIOD = "2026-10"
MONTH_END = "31/10/2026"
BAD_EVERY, BAD_AT = 100, 37
REPEAT_EVERY, DUPLICATE_AT, CONFLICT_AT = 100_000, 99_999, 50_001
#: How a bad row is bad, by (i / 100 + i % 100 - 37) % 10.
BAD_KINDS = 10
#: Shares of bad rows. None reaches the remainders of rows that repeat or contradict another (98, 99, 0, 1).
BAD_PERCENTS = (1, 30)
RECEIVED = "2026-11-22"
PREFIXES = ["010", "015", "001", "025", "012", "014", "026", "036"]
#: What the words of the file mean.
WORDS = {
    "sex": {"Nam": "male", "Nữ": "female"},
    "relation_to_head": {"Chủ hộ": "head", "Vợ": "spouse", "Con": "child"},
    "residence_type": {"Thường trú": "permanent", "Tạm trú": "temporary", "Đã chết": "deceased"},
}

_SQL = """
copy (
    with numbers as (
        select i, case when i % {repeat} in ({duplicate}, {conflict}) then i - 1 else i end as n
        from range({rows}) as numbers (i)
    ),
    facts as (
        select
            i,
            n,
            case when n % {bad_every} between {bad_at} and {bad_last}
                then (n // {bad_every} + n % {bad_every} - {bad_at}) % {bad_kinds} else -1 end as bad,
            -- 1,280 groups of prefix, sex and year; within a group the serial number makes the id unique.
            (n * 7919) % 1280 as grp,
            n // 1280 as serial,
            ((n + 11) * 2654435761) % 4294967296 // 256 as chance,
            (n // 4) as household
        from numbers
    ),
    people as (
        select
            *,
            grp % 2 as female,
            1945 + (grp // 2) % 80 as birth_year,
            {prefixes}[1 + grp // 160] as prefix,
            {communes}[1 + household % 99] as commune,
            -- 0 to 89 for good rows, above for bad ones: an altered id never meets another row's.
            case when bad < 0 then chance % 90 else 90 + bad end as tail,
            (n % 100) = 5 as dead
        from facts
    ),
    ids as (
        select
            *,
            prefix
            || ((birth_year // 100 - 19) * 2 + case when bad in (2, 4) then 1 - female else female end)
            || lpad(((case when bad = 3 then birth_year + 1 else birth_year end) % 100)::varchar, 2, '0')
            || lpad((serial * 100 + tail)::varchar, 6, '0') as citizen_id
        from people
    ),
    cells({headings}) as (
        select
            case bad
                when 4 then substr(citizen_id, 2)
                when 5 then '06' || substr(citizen_id, 6)
                when 8 then null
                else citizen_id
            end,
            case when bad = 6 then null else
                {surnames}[1 + chance % {surname_count}] || ' '
                || case when female = 1 then 'Thị ' || {female}[1 + (chance // 64) % {female_count}]
                    else 'Văn ' || {male}[1 + (chance // 64) % {male_count}] end
            end,
            case when bad = 1 then '31/02/' || birth_year
                else strftime(make_date(birth_year::int, 1, 1) + ((chance // 7) % 365)::int, '%d/%m/%Y') end,
            case when bad = 7 then '?' when female = 1 then 'Nữ' else 'Nam' end,
            {groups}[1 + household % {group_count}],
            case when bad = 0 then 'Xã Không Có' else commune end,
            'Thôn ' || {village_first}[1 + household % {village_first_count}] || ' '
                || {village_second}[1 + (household // 16) % {village_second_count}]
                || case when i % {repeat} = {conflict} then ' 2' else '' end,
            lpad(household::varchar, 8, '0'),
            ['Chủ hộ', 'Vợ', 'Con', 'Con'][1 + n % 4],
            case when dead or bad = 9 then 'Đã chết' when chance % 40 = 0 then 'Tạm trú' else 'Thường trú' end,
            case when bad = 9 then '01/01/2190' when dead then '15/10/2026' end,
            '{month_end}'
        from ids
    )
    select * from cells
) to '{path}' (format csv, header, delimiter ';')
"""


@dataclass(frozen=True)
class Expected:
    """What should become of the rows."""

    accepted: int
    rejected: int
    duplicates: int


def _count(rows: int, every: int, at: int) -> int:
    """How many of the numbers below ``rows`` leave the remainder ``at``."""
    return rows // every + (rows % every > at)


def expected(rows: int, bad_percent: int = 1, *, whole_file: bool = True) -> Expected:
    """What should become of a file of so many rows; without ``whole_file``, of each row for itself."""
    bad = sum(_count(rows, BAD_EVERY, at) for at in range(BAD_AT, BAD_AT + bad_percent))
    if not whole_file:
        return Expected(rows - bad, bad, 0)
    duplicates = _count(rows, REPEAT_EVERY, DUPLICATE_AT)
    rejected = bad + 2 * _count(rows, REPEAT_EVERY, CONFLICT_AT)
    return Expected(rows - duplicates - rejected, rejected, duplicates)


def declaration() -> Declaration:
    """The dataset that the benchmark takes in."""
    return dataset("population/residents")


def _list(words: tuple[str, ...] | list[str]) -> str:
    return "[" + ", ".join("'" + word.replace("'", "''") + "'" for word in words) + "]"


def communes() -> dict[str, str]:
    """Name → code of the province's communes."""
    with (Settings().seeds / "commune.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["commune_name"]: row["commune_code"] for row in csv.DictReader(file) if row["province_code"] == PROVINCE
        }


def facts() -> dict[str, object]:
    """What a peer has to know to cast and check the file."""
    return {
        "columns": [each.name for each in RESIDENT_HEADINGS],
        "communes": communes(),
        "prefixes": PREFIXES,
        "words": WORDS,
        "received": RECEIVED,
    }


def generate(folder: Path, rows: int, bad_percent: int = 1) -> Path:
    """The file of so many rows; one made before is used again."""
    path = folder / f"{rows}-{bad_percent}" / f"{PERIOD}.csv"
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    kinh = NAME_PATTERNS["Kinh"]
    lists = {
        "surnames": sorted({name for pattern in NAME_PATTERNS.values() for name in pattern.surnames}),
        "female": sorted(set(kinh.female_given)),
        "male": sorted(set(kinh.male_given)),
        "groups": list(NAME_PATTERNS),
        "village_first": list(VILLAGE_FIRST),
        "village_second": list(VILLAGE_SECOND),
    }
    counts = {f"{name.removesuffix('s')}_count": len(words) for name, words in lists.items()}
    made = path.with_suffix(".part")
    sql = _SQL.format(
        rows=rows,
        repeat=REPEAT_EVERY,
        duplicate=DUPLICATE_AT,
        conflict=CONFLICT_AT,
        bad_every=BAD_EVERY,
        bad_at=BAD_AT,
        bad_last=BAD_AT + bad_percent - 1,
        bad_kinds=BAD_KINDS,
        prefixes=_list(PREFIXES),
        communes=_list(list(communes())),
        month_end=MONTH_END,
        path=made,
        headings=", ".join(f'"{each.text}"' for each in RESIDENT_HEADINGS),
        **{name: _list(words) for name, words in lists.items()},
        **counts,
    )
    with duckdb.connect(config={"threads": 2, "memory_limit": "2GB"}) as connection:
        connection.execute(sql)
    made.rename(path)
    return path
