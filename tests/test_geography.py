"""Facts in the geography of their time and in that of today: sums are kept, what is divided is estimated or withheld.

One warehouse: a Khánh Hòa whose weights are made up for half of its divided communes, and two files of Lào Cai. What
is expected is read from the seeds by themselves, or counted by hand.
"""

from __future__ import annotations

import csv
import datetime
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import cache

import duckdb
import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from orchestration.building import warehouse
from orchestration.intake.ledger import Submission
from orchestration.intake.take_in import take_in_dataset
from orchestration.run import prepare_home
from orchestration.settings import Settings
from schemas import dataset
from tests import compiled
from tests.office import Row, as_csv, drop, table

NOW = datetime.datetime(2026, 11, 2, 8, tzinfo=datetime.UTC)
Query = Callable[..., list[tuple]]
pytestmark = pytest.mark.xdist_group("geography")

VILLAGES, COMMUNES, ARCHIVES = map(dataset, ("connectivity/villages", "connectivity/communes", "home_affairs/archives"))
#: Old commune → present one → share of its people. No source says so: it is made up for these tests.
WEIGHTS = {
    "22465": {"22465": "0.6", "22453": "0.4"},  # Cam An Bắc → Cam An, Cam Lâm
    "22471": {"22465": "0.75", "22453": "0.25"},  # Cam An Nam
    "22450": {"22435": "0.5", "22453": "0.5"},  # Cam Hiệp Bắc → Cam Hiệp, Cam Lâm
    "22438": {"22435": "0.2", "22453": "0.3", "22708": "0.5"},  # Cam Hòa → Cam Hiệp, Cam Lâm, Suối Dầu
}
#: Old commune → its villages and those of them without mobile coverage, in the fourth quarter of 2024.
VILLAGES_OF_2024 = {
    "22465": (10, 5), "22471": (4, 4), "22450": (1, 0), "22438": (10, 1),  # divided, with weights
    "22456": (3, 1), "22435": (2, 2), "22711": (7, 0), "22768": (1, 1),  # divided, without
    "22453": (2, 1),  # Thị trấn Cam Đức, whole in Cam Lâm
    "22432": (6, 2),  # Phường Cam Linh of then, whole in that of today
}  # fmt: skip


@cache
def seed(name: str) -> list[dict[str, str]]:
    with (Settings().seeds / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def went() -> dict[str, list[str]]:
    """The keys of the present communes by the key of the old one."""
    keys = {row["commune_code"]: f"{row['commune_code']}@{row['valid_from']}" for row in seed("commune")}
    found: dict[str, list[str]] = defaultdict(list)
    for row in seed("commune_successor"):
        found[f"{row['old_commune_code']}@{row['old_valid_from']}"].append(keys[row["commune_code"]])
    return found


@cache
def province_of() -> dict[str, str]:
    """The present province by the key of a present commune."""
    return {f"{row['commune_code']}@{row['valid_from']}": row["province_code"] for row in seed("commune")}


@cache
def kept_code_and_name() -> dict[str, str]:
    """Names by code of the communes of Lào Cai that keep both of a predecessor and cover several."""
    old_names = {row["commune_code"]: row["commune_name"] for row in seed("old_commune")}
    covers = Counter(unit for old, units in went().items() if "@1900" in old for unit in units)
    return {
        row["commune_code"]: row["commune_name"]
        for row in seed("commune")
        if row["province_code"] == "15"
        and old_names.get(row["commune_code"]) == row["commune_name"]
        and covers[f"{row['commune_code']}@{row['valid_from']}"] > 1
    }


def archives(pages: int) -> Sequence[Row]:
    """One fonds in each of those communes, with so many pages."""
    return [
        {
            "fonds_code": "P1",
            "unit_name": f"UBND {code}",
            "commune": f"{code} - {name}",
            "pages": str(pages),
            "pages_digitised": "0",
        }
        for code, name in kept_code_and_name().items()
    ]


def villages() -> Iterator[Row]:
    for code, (total, uncovered) in VILLAGES_OF_2024.items():
        for number in range(total):
            coverage = "Không có sóng" if number < uncovered else "4G"
            yield {
                "village_code": f"{code}-{number}",
                "commune": code,
                "very_difficult": "x",
                "mobile_coverage": coverage,
            }


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, dict[str, Submission]]]:
    """A warehouse with test weights, and what became of the files that it was built from."""
    home = tmp_path_factory.mktemp("geography")
    project = home / "dbt_project"
    shutil.copytree(Settings().dbt_project, project)
    lines = [f"{old},1900-01-01,{unit},population,{w},test" for old, of in WEIGHTS.items() for unit, w in of.items()]
    weights = project / "seeds" / "commune_weight.csv"
    weights.write_text(weights.read_text() + "\n".join(lines) + "\n")
    settings = Settings(home=home / "home", sources=home / "sources", province="56", stable_seconds=0, now=NOW)
    lao_cai = settings.model_copy(update={"province": "15"})  # one build serves both; only marts ask for the province
    ready: list[Row] = [
        {"commune": name, "special_network": "Có", "ready": "Có"} for name in ("Thị trấn Cam Đức", "22462", "22435")
    ]
    divided_now: list[Row] = [
        {"village_code": "V", "commune": "Xã Suối Tân", "very_difficult": "x", "mobile_coverage": "4G"},
        {"village_code": "W", "commune": "Xã Cam Lâm", "very_difficult": "Không", "mobile_coverage": "4G"},
    ]
    files = [
        (settings, VILLAGES, "2024Q4.csv", list(villages())),
        (settings, VILLAGES, "2025Q4.csv", divided_now),
        (settings, COMMUNES, "2024Q4.csv", ready),
        (lao_cai, ARCHIVES, "2024Q4.csv", archives(100)),
        (lao_cai, ARCHIVES, "2025Q4.csv", archives(7)),
    ]
    prepare_home(settings)
    submissions = {}
    with pytest.MonkeyPatch.context() as patch:
        compiled.dbt_stands_aside(patch)
        patch.setattr(Settings, "dbt_project", project)
        for of, declaration, name, rows in files:
            drop(of, declaration, name, as_csv(table(declaration, rows)))
            (submissions[f"{declaration.path}/{name}"],) = take_in_dataset(of, declaration)
        assert warehouse.failed(warehouse.build(settings)) == []
    yield settings, submissions


@pytest.fixture(scope="module")
def query(taken: tuple[Settings, dict[str, Submission]]) -> Iterator[Query]:
    settings, _ = taken
    with duckdb.connect() as connection:
        connection.execute(f"attach '{settings.warehouse}' as kho (read_only)")
        connection.execute("use kho")
        yield lambda sql, parameters=(): connection.execute(sql, list(parameters)).fetchall()


# --- the real SQL over the seeds ----------------------------------------------------------------------------
def test_in_every_province_the_sum_over_old_communes_is_the_sum_over_new_ones_for_every_merged_unit(query) -> None:
    """One made-up count for each of the 10,057 old communes; whole ones go over exactly, none is lost or doubled."""
    counts = {key: 1 + number * number % 9973 for number, key in enumerate(sorted(went()))}
    found = query(
        "with counted as (select unnest(?) as commune_of_time_key, unnest(?) as counted) "
        "select commune_key, sum(counted * weight) from counted join core.geography_share using (commune_of_time_key) "
        "where weight_kind = 'population' and relation = 'whole' group by commune_key",
        [list(counts), list(counts.values())],
    )
    expected: Counter[str] = Counter()
    for key, units in went().items():
        if len(units) == 1:
            expected[units[0]] += counts[key]
    assert dict(found) == expected
    by_province: Counter[str] = Counter()
    for unit, total in found:
        by_province[province_of()[unit]] += total
    merged: Counter[str] = Counter()
    for key, units in went().items():
        merged[province_of()[units[0]]] += counts[key] if len(units) == 1 else 0
    assert by_province == merged
    assert len(by_province) == 34


def test_a_present_commune_is_itself_and_a_divided_one_without_weights_is_withheld_not_guessed(query) -> None:
    assert query(
        "select weight_kind, relation, is_estimated, count(*), count(distinct commune_of_time_key) "
        "from core.geography_share group by all order by all"
    ) == [
        ("area", "present", False, 3321, 3321),
        ("area", "whole", False, 10057 - 441, 10057 - 441),
        ("population", "part", True, 9, 4),
        ("population", "present", False, 3321, 3321),
        ("population", "whole", False, 10057 - 441, 10057 - 441),
    ]
    kinds = "select weight_kind, count(*) from core.geography_withheld group by 1 order by 1"
    assert query(kinds) == [("area", 441), ("population", 441 - 4)]


COUNTS = st.dictionaries(
    st.sampled_from(sorted(key for key, units in went().items() if province_of()[units[0]] == "56")),
    st.integers(0, 10**9),
)


@effort(max_examples=50)
@given(counts=COUNTS)
def test_any_counts_of_old_communes_are_kept_to_the_last_one_as_shared_and_withheld(query, counts) -> None:
    """Whole numbers times weights of four decimals: nothing is rounded away."""
    ((shared, withheld),) = query(
        "with counted as (select unnest(?::varchar[]) as commune_of_time_key, unnest(?::bigint[]) as counted) "
        "select (select coalesce(sum(counted * weight), 0) from counted join core.geography_share "
        "using (commune_of_time_key) where weight_kind = 'population'), "
        "(select coalesce(sum(counted), 0) from counted join core.geography_withheld "
        "using (commune_of_time_key) where weight_kind = 'population')",
        [list(counts), list(counts.values())],
    )
    assert shared + withheld == sum(counts.values())


# --- through intake, facts and KPIs -------------------------------------------------------------------------
def test_a_file_of_the_time_may_name_divided_communes_and_one_of_today_must_say_which_part(taken) -> None:
    _, submissions = taken
    then, now = submissions["connectivity/villages/2024Q4.csv"], submissions["connectivity/villages/2025Q4.csv"]
    assert (then.verdict, then.rows_accepted, then.details["mended"]["divided_commune"]) == ("accepted", 46, 38)
    assert (now.verdict, now.rows_accepted, now.rows_rejected) == ("partly", 1, 1)
    assert [each["rule"] for each in now.details["reasons"]] == ["commune.divided"]


def test_a_divided_commune_is_a_fact_of_its_time_without_a_present_one(query) -> None:
    assert query(
        "select commune_of_time_key, commune_key, count(*) from core.fct_village_connectivity "
        "where period = '2024Q4' and left(commune_of_time_key, 5) in ('22453', '22465') group by all order by all"
    ) == [("22453@1900-01-01", "22453@2025-07-01", 2), ("22465@1900-01-01", None, 10)]


def test_khanh_hoas_divided_communes_are_estimated_or_withheld_and_add_up_to_the_total(query) -> None:
    found = query(
        "select geography_level, geography_name, numerator, denominator, is_estimated, withheld_numerator, "
        "withheld_denominator from marts.mart_kpi "
        "where kpi_id = 'villages_without_mobile' and period = '2024Q4' order by geography_level, geography_code"
    )
    number = Decimal
    assert found == [
        ("commune", "Phường Cam Linh", number(2), number(6), False, None, None),
        ("commune", "Xã Cam Hiệp", number("0.2"), number("2.5"), True, None, None),
        ("commune", "Xã Cam Lâm", number("4.3"), number("10.5"), True, None, None),
        ("commune", "Xã Cam An", number(6), number(9), True, None, None),
        ("commune", "Xã Suối Dầu", number("0.5"), number(5), True, None, None),
        ("province", "Tỉnh Khánh Hòa", number(17), number(46), False, number(4), number(13)),
    ]
    for column, withheld in ((2, 5), (3, 6)):
        assert sum(row[column] for row in found[:-1]) + found[-1][withheld] == found[-1][column]


def test_a_kpi_of_2024_counts_the_communes_of_2024(query) -> None:
    """194 stood then. Three were ready: two that are Cam Lâm together now, and one that was divided."""
    ((numerator, denominator, withheld, _),) = query(
        "select numerator, denominator, withheld_numerator, withheld_denominator from marts.mart_kpi "
        "where kpi_id = 'infra_ready_rate' and period = '2024Q4' and geography_level = 'province' "
        "and breakdown = 'with_special_zones'"
    )
    assert (numerator, denominator, withheld) == (3, 194, 1)
    assert query("select commune_of_time_key from core.fct_commune_connectivity where is_latest order by 1") == [
        ("22435@1900-01-01",),
        ("22453@1900-01-01",),
        ("22462@1900-01-01",),
    ]


# --- the trap -----------------------------------------------------------------------------------------------
def test_the_trap_the_same_code_and_full_name_in_2024_and_2025_are_two_communes_that_never_join(taken, query) -> None:
    _, submissions = taken
    assert len(kept_code_and_name()) == 51
    for period in ("2024Q4", "2025Q4"):
        submission = submissions[f"home_affairs/archives/{period}.csv"]
        assert (submission.verdict, submission.rows_accepted) == ("accepted", 51)
    found = query("select period, commune_code, commune_of_time_key, commune_key, pages from core.fct_archive_fonds")
    codes = sorted(kept_code_and_name())
    assert sorted(found) == [
        (period, code, f"{code}@{since}", f"{code}@2025-07-01", pages)
        for period, since, pages in (("2024Q4", "1900-01-01", 100), ("2025Q4", "2025-07-01", 7))
        for code in codes
    ]
    joined = (
        "select count(*) from core.fct_archive_fonds as a join core.fct_archive_fonds as b on a.{0} = b.{0} "
        "where a.period = '2024Q4' and b.period = '2025Q4'"
    )
    assert query(joined.format("commune_of_time_key")) == [(0,)]
    assert query(joined.format("commune_code")) == [(51,)]  # the trap


def test_the_units_of_2024_are_asked_with_their_districts_by_one_join(query) -> None:
    assert query(
        "select dim_commune.commune_name, dim_commune.district_name, sum(pages) from core.fct_archive_fonds "
        "join core.dim_commune on commune_of_time_key = dim_commune.commune_key "
        "where dim_commune.commune_code = '02725' group by all order by all"
    ) == [("Xã Bản Xèo", "Huyện Bát Xát", 100), ("Xã Bản Xèo", None, 7)]


def test_no_weight_is_declared_without_a_source_and_the_project_invents_none() -> None:
    assert seed("commune_weight") == []
