"""What the models answer: one real build over hand-made bronze, compared with results worked out by hand.

The story of the build is told in ``dbt_story.py``; every expected value below follows from it by counting. Rules of form
that need no build are in ``test_dbt_form.py``.
"""

import datetime
import json
import re
import socket
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest

from orchestration.building import dbt_calls, kpis, reconciliation
from orchestration.delivery import deliveries
from orchestration.intake.obligations import obligations
from orchestration.lineage import exported as lineage
from orchestration.settings import Settings
from schemas import datasets
from tests import compiled
from tests.dbt_story import (
    A_KEY,
    B_KEY,
    ELSEWHERE,
    ELSEWHERE_KEY,
    PERIOD_ENDS,
    REFORM,
    A,
    B,
    Bronze,
    in_ledger,
    write_story,
)

pytestmark = pytest.mark.xdist_group("dbt")
MODELS = Settings().dbt_project / "models"
#: What is owed for 2026, in which all obligations begin: three months, a quarter, or the year.
FIRST_YEAR = sum({"month": 3, "quarter": 1, "year": 1}[each.period] for each in datasets().values() if each.owed_from)


@dataclass
class Builds:
    """The homes ``story`` and ``empty``, and what became of each model, seed and test in them: status and failures."""

    story: Settings
    empty: Settings
    outcomes: dict[str, dict[str, tuple[str, int]]]


def offline(*_: object) -> None:
    raise AssertionError("a connection was attempted")


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Builds:
    """Both homes, built with all tests: one by dbt, with unit tests too; the other by the same SQL without dbt."""
    homes = {name: Settings(home=tmp_path_factory.mktemp(name)) for name in ("story", "empty")}
    write_story(homes["story"].home)
    Bronze(homes["empty"].home).write_ledger()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", offline)
        story = dbt_calls.invoke(homes["story"], "build", "--no-write-json").results
    results = {
        "story": story,
        "empty": compiled.run(homes["empty"], tested=True).results,
    }
    outcomes = {
        name: {each.node.unique_id: (str(each.status), each.failures or 0) for each in found}
        for name, found in results.items()
    }
    return Builds(**homes, outcomes=outcomes)


@pytest.fixture
def query(built):
    with duckdb.connect(built.story.warehouse, read_only=True) as connection:
        yield lambda sql: connection.sql(sql).fetchall()


@pytest.fixture
def manifest(built) -> dict:
    return json.loads(dbt_calls.manifest(built.story).read_text(encoding="utf-8"))


def kho_nodes(manifest: dict, *kinds: str) -> list[dict]:
    return [each for each in manifest["nodes"].values() if each["resource_type"] in kinds]


_STEPS = {
    "kpi": {"commune_key", "breakdown", "period", "period_end", "numerator", "denominator"},
    "rec": {"difference_key", "commune_key", "period"}
    | {f"{name}_{side}" for name in ("value", "submission_id", "source_sheet", "source_row") for side in "ab"},
}


def test_every_model_and_seed_says_its_grain_and_describes_exactly_its_columns(built, manifest):
    with duckdb.connect(built.empty.warehouse, read_only=True) as connection:
        rows = connection.sql(
            "select schema_name, table_name, column_name from duckdb_columns() where not internal"
        ).fetchall()
    for node in kho_nodes(manifest, "model", "seed"):
        stored = {column for schema, table, column in rows if (schema, table) == (node["schema"], node["name"])}
        if node["config"]["materialized"] == "ephemeral":  # a step on the way to the model that gathers all of its kind
            stored = _STEPS[node["name"].split("_")[0]] | {"commune_of_time_key"} & set(node["columns"])
        described = {name for name, column in node["columns"].items() if column["description"]}
        assert node["description"].startswith("One row per "), node["name"]
        assert described == stored, node["name"]
        assert Path(node["patch_path"].removeprefix("kho://")).stem == node["name"]


def test_descriptions_are_kept_in_the_warehouse(query):
    for kind in ("table", "view"):
        undescribed = "not internal and coalesce(comment, '') not like 'One row per %'"
        assert query(f"select {kind}_name from duckdb_{kind}s() where {undescribed}") == []
    assert query("select table_name, column_name from duckdb_columns() where not internal and comment is null") == []


def test_every_row_of_a_fact_says_from_which_file_sheet_and_row_it_came(query):
    assert query("""
        select dataset, file_name, source_sheet, source_row, count(*) over () from ops.lineage
        where relation = 'core.fct_resident' and record_key = 'p1 · 2026-10'
    """) == [("population/residents", "2026-10.xlsx", "Sheet1", 2, 1)]
    facts = query(
        "select table_name from duckdb_columns() where schema_name = 'core' and column_name = 'source_row' "
        "and table_name like 'fct_%'"
    )
    assert len(facts) == 12
    for (fact,) in facts:
        (missing,) = query(f"""
            select count(*) from core.{fact} as fact left join ops.lineage as lineage
                on lineage.relation = 'core.{fact}' and fact.submission_id = lineage.submission_id
                and fact.source_sheet = lineage.source_sheet and fact.source_row = lineage.source_row
            where lineage.relation is null
        """)
        assert missing == (0,), fact


def test_every_question_names_declared_kpis_or_a_query_of_its_marts_and_who_answers(manifest, query):
    declared = {each.id: each.owner for each in kpis.declared_kpis(MODELS / "kpi")}
    owners = {each.owner for each in datasets().values()}
    for exposure in manifest["exposures"].values():
        meta, owner = exposure["config"]["meta"], exposure["owner"]["name"]
        read = {key.rpartition(".")[2] for key in exposure["depends_on"]["nodes"]}
        assert exposure["label"] and exposure["description"] and owner in owners, exposure["name"]
        assert {declared[each] for each in meta.get("kpis", [])} <= {owner}, exposure["name"]
        assert "mart_kpi" in read if "kpis" in meta else "query" in meta, exposure["name"]
        if "query" in meta:
            assert set(re.findall(r"marts\.(\w+)", meta["query"])) <= read, exposure["name"]
            query(meta["query"])


def test_no_column_of_the_warehouse_has_the_name_of_a_restricted_one(query):
    restricted = {each.name for declaration in datasets().values() for each in declaration.restricted_columns}
    stored = {name for (name,) in query("select distinct column_name from duckdb_columns() where not internal")}
    assert restricted & stored == set()


def test_the_code_of_a_present_commune_finds_an_old_one_and_facts_stand_in_the_present_one(query):
    """Nearly every present code was an old one's, too: a join by the bare code would count each resident twice."""
    twice = "select count(*) from core.dim_commune where province_code = '15' group by commune_code having count(*) > 1"
    assert len(query(twice)) == 99
    for fact in ("core.fct_resident", "core.fct_parcel_owner", "core.dim_person"):
        found = query(
            f"select count(*), count(*) filter (dim_commune.is_present) from {fact} as fact "
            "inner join core.dim_commune on fact.commune_key = dim_commune.commune_key"
        )
        assert found[0][0] == found[0][1] > 0, fact


def test_an_old_commune_is_known_by_district_and_province_and_by_what_became_of_it(query):
    columns = "commune_name, commune_bare_name, commune_kind, district_name, old_province_name, province_name"
    assert query(f"select {columns}, valid_to from core.dim_commune where commune_key = '02683@1900-01-01'") == [
        ("Thị trấn Bát Xát", "Bát Xát", "township", "Huyện Bát Xát", "Tỉnh Lào Cai", "Tỉnh Lào Cai", REFORM)
    ]
    assert query(f"select {columns}, valid_to from core.dim_commune where commune_key = '04270@1900-01-01'") == [
        ("Xã Minh Bảo", "Minh Bảo", "commune", "Thành phố Yên Bái", "Tỉnh Yên Bái", "Tỉnh Lào Cai", REFORM)
    ]
    went = (
        "select dim_commune.commune_name, bridge_commune.relation from core.bridge_commune "
        "inner join core.dim_commune on bridge_commune.commune_key = dim_commune.commune_key "
        "where bridge_commune.old_commune_key = '{}@1900-01-01' order by 1"
    )
    assert query(went.format("02683")) == [("Xã Bát Xát", "whole")]
    assert query(went.format("22465")) == [("Xã Cam An", "part"), ("Xã Cam Lâm", "part")]


def test_the_overview_counts_each_person_parcel_and_owner_once_per_commune(query):
    columns = (
        "commune_key, commune_name, residents, households, parcels, area_m2, agricultural_area_m2, "
        "non_agricultural_area_m2, unused_area_m2, mixed_area_m2, unknown_area_m2, owners, learners, completions, "
        "completed_persons, coverage_numerator, coverage_denominator, coverage_percent"
    )
    found = query(f"select {columns} from marts.mart_commune_overview where residents > 0 order by commune_code")
    d = Decimal
    assert found == [
        # p1, p10 in households 1 and 5 | M1, M2, the unnumbered, M6 | p1, X1, the firm, n1, n2 | p1 twice, p3 once
        (
            *(A_KEY, "Phường Lào Cai", 2, 2),
            *(4, d("660.5"), d("310"), d("100.5"), d(0), d("250"), d(0), 5),
            *(2, 3, 2, 1, 2, d("50.0")),
        ),
        # p2, p4, p5, p8, who has no household | the unnumbered, M3, M4 | n1, p1 | p2, p4, L1
        (
            *(B_KEY, "Xã Bản Xèo", 4, 3),
            *(3, d("520"), d("50"), d(0), d("400"), d(0), d("70"), 2),
            *(3, 3, 3, 1, 3, d("33.3")),
        ),
    ]


def test_the_overview_has_every_commune_of_the_province_with_zeros_and_no_share_where_nothing_came(query):
    assert query("select count(*), count(distinct commune_code) from marts.mart_commune_overview") == [(99, 99)]
    assert query(
        "select distinct province_code, residents, households, parcels, area_m2, owners, learners, completions, "
        "coverage_denominator, coverage_percent, residents_period_end, parcels_period_end, training_period_end "
        f"from marts.mart_commune_overview where commune_code not in ('{A}', '{B}')"
    ) == [("15", 0, 0, 0, Decimal(0), 0, 0, 0, 0, None, None, None, None)]
    ends = "residents_period_end, parcels_period_end, training_period_end"
    assert query(f"select {ends} from marts.mart_commune_overview where residents > 0 order by commune_code") == [
        (PERIOD_ENDS["2026-10"], PERIOD_ENDS["2026Q4"], PERIOD_ENDS["2026-10"]),
        (PERIOD_ENDS["2026-11"], PERIOD_ENDS["2026Q4"], PERIOD_ENDS["2026-10"]),
    ]


def test_training_coverage_shows_numerator_denominator_and_the_learners_without_a_place(query):
    columns = (
        "geography_level, geography_code, geography_name, commune_key, target_age, coverage_numerator, "
        "coverage_denominator, coverage_percent, learners, unplaced_learners, enrolments, completions, completed_persons"
    )
    found = query(
        f"select {columns} from marts.mart_training_coverage where learners > 0 order by geography_level, geography_code"
    )
    assert found == [
        ("commune", A, "Phường Lào Cai", A_KEY, 15, 1, 2, Decimal("50.0"), 2, 0, 3, 3, 2),
        ("commune", B, "Xã Bản Xèo", B_KEY, 15, 1, 3, Decimal("33.3"), 3, 0, 4, 3, 3),
        ("province", "15", "Tỉnh Lào Cai", None, 15, 2, 5, Decimal("40.0"), 7, 2, 9, 7, 6),
    ]
    assert query("select geography_level, count(*) from marts.mart_training_coverage group by 1 order by 1") == [
        ("commune", 99),
        ("province", 1),
    ]


def test_a_person_counts_in_one_row_of_the_newest_files_and_keeps_its_history(query):
    found = query(
        "select citizen_key, period, commune_code, household_key, residence_type, is_deceased, unit, village, "
        "report_count, is_latest, source_row from core.fct_resident order by citizen_key, period"
    )
    assert found == [
        ("p1", "2026-09", B, f"{B_KEY}/8", "permanent", False, "population", None, 1, False, 2),
        ("p1", "2026-10", A, f"{A_KEY}/1", "permanent", False, A, "Mới", 2, True, 2),
        ("p10", "2026-10", A, f"{A_KEY}/5", "permanent", False, "population", None, 2, True, 8),
        ("p13", "2026-10", ELSEWHERE, f"{ELSEWHERE_KEY}/1", "permanent", False, "population", None, 1, True, 9),
        ("p2", "2026-10", A, f"{A_KEY}/1", "permanent", False, "population", None, 1, False, 3),
        ("p2", "2026-11", B, f"{B_KEY}/9", "permanent", False, B, None, 1, True, 2),
        ("p3", "2026-10", A, f"{A_KEY}/2", "deceased", True, "population", None, 1, True, 4),
        ("p4", "2026-10", B, f"{B_KEY}/1", "permanent", False, "population", None, 1, True, 5),
        ("p5", "2026-10", B, f"{B_KEY}/2", "permanent", False, "population", None, 1, True, 6),
        ("p6", "2026-10", A, f"{A_KEY}/2", "permanent", True, "population", None, 1, True, 7),
        ("p7", "2026-09", A, f"{A_KEY}/3", "permanent", False, "population", None, 1, False, 3),
        ("p8", "2026-11", B, None, "permanent", False, B, None, 1, True, 3),
    ]


def test_a_parcel_keeps_one_key_through_spellings_and_owners_and_not_across_communes(query):
    found = query(
        "select period, parcel_key, owner_key, land_class, owner_no, is_latest from core.fct_parcel_owner "
        "order by period, commune_code, parcel_key, owner_no"
    )
    assert found == [
        ("2026Q3", "id:M1", "person:p1", "non_agricultural", 1, False),
        ("2026Q3", "id:M5", "person:p1", "non_agricultural", 1, False),
        ("2026Q4", "id:M1", "person:p1", "non_agricultural", 1, True),
        ("2026Q4", "id:M1", "person:X1", "non_agricultural", 2, True),
        ("2026Q4", "id:M2", "organisation:0100109106", "mixed", 1, True),
        ("2026Q4", "id:M6", "person:p1", "agricultural", 1, True),
        ("2026Q4", f"map:{A}/xã cũ/1/5", "name:n1", "agricultural", 1, True),
        ("2026Q4", f"map:{A}/xã cũ/1/5", "name:n2", "agricultural", 2, True),
        ("2026Q4", "id:M3", "person:p1", "agricultural", 1, True),
        ("2026Q4", "id:M4", "unknown:unknown", "unknown", 1, True),
        ("2026Q4", f"map:{B}/xã cũ/1/5", "name:n1", "unused", 1, True),
    ]


def test_the_newest_submission_decides_about_a_course_whatever_its_period(query):
    found = query(
        "select citizen_key, course_name, is_completed, period, report_count from core.fct_training_completion "
        "order by citizen_key, course_name"
    )
    assert found == [
        ("L1", "KN1", False, "2026-10", 2),
        ("L1", "KN3", True, "2026-09", 1),
        ("L2", "KN1", False, "2026-09", 1),
        ("L3", "KN1", True, "2026-09", 1),
        ("p1", "KN1", True, "2026-10", 2),
        ("p1", "KN2", True, "2026-08", 2),
        ("p2", "KN1", True, "2026-09", 1),
        ("p3", "KN1", True, "2026-09", 1),
        ("p4", "KN1", True, "2026-08", 1),
    ]


def test_a_person_is_described_by_the_register_first_and_seen_from_the_first_to_the_last_file(query):
    found = query(
        "select citizen_key, sex, birth_year, commune_key, cast(first_seen_date as varchar), "
        "cast(last_seen_date as varchar) from core.dim_person order by citizen_key"
    )
    assert found == [
        ("L1", "male", None, B_KEY, "2026-09-30", "2026-10-31"),
        ("L2", None, None, None, "2026-09-30", "2026-09-30"),
        ("L3", None, None, ELSEWHERE_KEY, "2026-09-30", "2026-09-30"),
        ("X1", None, None, None, "2026-12-31", "2026-12-31"),
        ("p1", "male", 1980, A_KEY, "2026-08-31", "2026-12-31"),
        ("p10", "female", 1970, A_KEY, "2026-10-31", "2026-10-31"),
        ("p13", "female", 1970, ELSEWHERE_KEY, "2026-10-31", "2026-10-31"),
        ("p2", "female", 1985, B_KEY, "2026-09-30", "2026-11-30"),
        ("p3", "female", 1950, A_KEY, "2026-09-30", "2026-10-31"),
        ("p4", "female", 2012, B_KEY, "2026-08-31", "2026-10-31"),
        ("p5", "female", 2011, B_KEY, "2026-10-31", "2026-10-31"),
        ("p6", "female", 1990, A_KEY, "2026-10-31", "2026-10-31"),
        ("p7", "female", 1999, None, "2026-09-30", "2026-09-30"),
        ("p8", "female", 2000, B_KEY, "2026-11-30", "2026-11-30"),
    ]


def test_every_submission_is_shown_with_what_became_of_it(query, built):
    ledger = pl.read_parquet(built.story.bronze / "submission.parquet")
    columns = [
        *("submission_id", "department", "dataset", "unit", "period", "file_name", "file_sha256", "received_at"),
        *("verdict", "rows_read", "rows_accepted", "rows_rejected", "rows_ignored", "superseded_by"),
        *("replays", "days_late"),
    ]
    assert query("select * from marts.mart_submission order by submission_id") == ledger.select(columns).rows()
    described = query("describe marts.mart_submission")
    assert [name for name, *_ in described] == columns
    assert ledger.height == 15


def test_the_register_of_delivery_in_sql_is_the_one_of_the_command(query, built):
    """Nothing of the ledger's last day is missing in either; obligations of later periods stand open in both."""
    rows = pl.read_parquet(built.story.bronze / "submission.parquet").to_dicts()
    owed = obligations(Settings(), datasets().values(), datetime.date(2026, 12, 31))
    found = deliveries(owed, [in_ledger(**each) for each in rows])
    expected = [
        (
            *(each.owed.dataset, each.owed.unit, each.owed.period, each.owed.due_date),
            each.delivered_at.replace(tzinfo=None) if each.delivered_at else None,
            *(each.submission_id, each.rows if each.is_delivered else None, each.days_late, each.is_delivered),
            bool(each.days_late),
        )
        for each in found
    ]
    columns = (
        "dataset, unit, period, due_date, delivered_at, submission_id, accepted_rows, days_late, is_delivered, is_late"
    )
    assert query(f"select {columns} from marts.mart_delivery order by dataset, period") == expected
    at = datetime.datetime(2026, 12, 1, 8)
    assert [row[2:] for row in expected if row[8]] == [
        # refused when it arrived as the 14th, accepted later
        *[("2026-10", datetime.date(2026, 11, 10), at.replace(second=14), f"{15:016x}", 0, 0, True, False)],
        *[("2026Q4", datetime.date(2027, 1, 15), at.replace(second=10), f"{10:016x}", 9, 0, True, False)],
        # the first file was replaced, and was in time
        *[("2026-10", datetime.date(2026, 11, 5), at.replace(second=1), f"{2:016x}", 8, 0, True, False)],
        *[("2026-10", datetime.date(2026, 11, 10), at.replace(second=8), f"{8:016x}", 2, 21, True, True)],
    ]


def test_who_owes_a_file_is_named(query):
    found = query(
        "select dataset_title, owner, unit_name from marts.mart_delivery where dataset = 'land/parcels' and period = '2026Q4'"
    )
    assert found == [("Thửa đất và chủ sử dụng", *["Sở Nông nghiệp và Môi trường"] * 2)]


def test_the_quality_of_a_file_is_six_shares_each_with_its_figures(query):
    d = Decimal
    found = query(
        "select dimension, dimension_title, numerator, denominator, score_percent from marts.mart_quality "
        "where dataset = 'population/residents' and unit = 'population' and period = '2026-10' order by dimension_no"
    )
    assert found == [
        ("accurate", "Đúng", 10 - 2, 10, d("80.0")),
        ("complete", "Đủ", 100, 120, d("83.3")),
        ("clean", "Sạch", 100 - 3 - 2, 100, d("95.0")),
        ("live", "Sống", 1, 1, d("100.0")),
        ("unified", "Thống nhất", 10 - 1, 10 + 1, d("81.8")),
        ("shared", "Dùng chung", 8, 10, d("80.0")),
    ]


def test_a_file_that_came_late_or_not_at_all_scores_nothing_for_timeliness(query):
    found = query(
        "select dataset, period, numerator, denominator from marts.mart_quality where dimension = 'live' order by dataset"
    )
    assert found == [
        ("direction/documents", "2026-10", 1, 1),
        ("land/parcels", "2026Q4", 1, 1),
        ("population/residents", "2026-10", 1, 1),
        ("public_service/dossiers", "2026-10", 0, 1),  # due on 5 November, and the newest file came on 1 December
        ("training/completions", "2026-10", 0, 1),  # 21 days late
    ]


def test_what_lies_behind_a_score_is_listed_by_rule(query):
    columns = "submission_id, period, is_current, rule, dimension, error_count, warning_count, rule_rows"
    assert query(f"select {columns} from marts.mart_quality_reason order by rule") == [
        (f"{2:016x}", "2026-10", True, *reason)
        for reason in [
            ("choice.unknown_optional", "unified", 0, 1, 1),
            ("citizen_id.sex", "accurate", 2, 0, 2),
            ("rule.of.former.days", None, 0, 1, None),
            ("text.pattern", "clean", 1, 1, 1),
        ]
    ]


def test_the_warehouse_is_built_before_anything_was_handed_in(built):
    with duckdb.connect(built.empty.warehouse, read_only=True) as empty:
        tables = empty.sql("select table_schema || '.' || table_name from information_schema.tables").fetchall()
        rows = {name: empty.sql(f"select count(*) from {name}").fetchone()[0] for (name,) in tables}
        totals = empty.sql(
            "select sum(residents), sum(area_m2), max(coverage_percent) from marts.mart_commune_overview"
        )
        province = empty.sql(
            "select learners, coverage_numerator, coverage_denominator, coverage_percent "
            "from marts.mart_training_coverage where geography_level = 'province'"
        )
        assert totals.fetchall() == [(0, Decimal(0), None)]
        assert province.fetchall() == [(0, 0, 0, None)]
    filled = {name: count for name, count in rows.items() if count}
    assert filled == {
        "core.kpi_definition": len(kpis.declared_kpis(MODELS / "kpi")),
        "core.rec_pair": len(reconciliation.declared_pairs(MODELS / "reconciliation")),
        "core.kpi_dataset": (MODELS / "kpi" / "kpi_dataset.sql").read_text().count("as kpi_id"),
        "core.student_t": 30,
        "core.commune": 3321,
        "core.old_commune": 10057,
        "core.old_district": 696,
        "core.old_province": 63,
        "core.commune_successor": 10587,
        "core.dim_commune": 3321 + 10057,
        "core.bridge_commune": 10587,
        "core.geography_share": 2 * (3321 + 10057 - 441),
        "core.geography_withheld": 2 * 441,
        "core.int_commune_of_time": 99 + 319,
        "core.citizen_id_province": 63,
        "core.land_type": 104,
        "core.dim_dataset": len(datasets()),
        "core.dim_quality_dimension": 6,
        **dict.fromkeys(["core.fct_obligation", "core.fct_delivery", "marts.mart_delivery"], FIRST_YEAR),
        "marts.mart_commune_overview": 99,
        "marts.mart_training_coverage": 100,
        **{f"ops.{name}": table.height for name, table in lineage.frames(Settings()).items()},
    }
    # Every other fact and mart is there and empty.
    kinds = {"core": ("dim_", "fct_", "bridge_"), "marts": ("mart_",), "ops": ("lineage",)}
    declared = {
        f"{folder}.{file.stem}"
        for folder, names in kinds.items()
        for file in (MODELS / folder).glob("*.sql")
        if file.stem.startswith(names)
    }
    steps = {
        "kpi_measure",
        "int_dossier_month",
        "int_commune_resident",
        "int_compared_resident",
        "int_learner",
        "int_named_commune",
        "int_resident_reported_twice",
    }
    others = {f"core.{name}" for name in (*steps, "rec_difference", "commune_weight")}
    assert set(rows) == declared | set(filled) | others


def test_everything_is_built_and_holds_but_for_rows_outside_the_province_which_are_warned_of(built):
    outside = "test.kho.everything_lies_in_the_province"
    assert built.outcomes["story"][outside] == ("warn", 3)  # p13, L3, and L2 without any commune
    for outcomes in built.outcomes.values():
        others = {key: outcome for key, (outcome, _) in outcomes.items() if key != outside or outcome != "warn"}
        assert set(others.values()) <= {"success", "pass", "no-op"}, others
    assert outside in {key for key, (outcome, _) in built.outcomes["empty"].items() if outcome == "pass"}


def test_every_unit_test_was_run(built, manifest):
    run = {key for key, outcome in built.outcomes["story"].items() if outcome == ("pass", 0)}
    assert manifest["unit_tests"]
    assert set(manifest["unit_tests"]) <= run


def test_a_build_leaves_nothing_in_the_project_folder(built):
    names = {each.name for each in Settings().dbt_project.iterdir()}
    assert not names & {"target", "logs", "dbt_packages", ".user.yml", "package-lock.yml"}
