"""``kho trace`` on the demo's province: figures lead to the cells that they were counted from.

What should be found is worked out from the rows that the demo wrote and from its files read by openpyxl and csv; it
shares no code with the intake, the models or the trace.
"""

from __future__ import annotations

import csv
import datetime
import io
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import cache

import openpyxl
import pytest

from orchestration.demo.drafts import PARCELS, RESIDENTS
from orchestration.demo.files import DemoFiles, write_demo_files
from orchestration.intake.ledger import Ledger
from orchestration.intake.privacy_records import PrivacyRecords
from orchestration.intake.take_in import take_in_dataset
from orchestration.run import prepare_home
from orchestration.settings import Settings
from orchestration.sharing.query import QueryError, records
from orchestration.sharing.trace import Fact, trace
from orchestration.sharing.trace_sources import MASKED, Permission, source_files
from schemas import datasets
from tests import compiled

DOSSIERS = "public_service/dossiers"
NOW = datetime.datetime(2026, 11, 2, 8, tzinfo=datetime.UTC)
SEED = 20261128
pytestmark = pytest.mark.xdist_group("compiled")


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("trace")
    return Settings(
        home=folder / "home", sources=folder / "sources", stable_seconds=0, now=NOW, marked_whole=1, marked_rows=1
    )


@pytest.fixture(scope="module")
def files(settings: Settings) -> DemoFiles:
    prepare_home(settings)
    written = write_demo_files(settings, rows=1_000, seed=7, today=NOW.date())
    for declaration in datasets().values():
        take_in_dataset(settings, declaration)
    compiled.build_and_publish(settings)
    return written


@pytest.fixture(scope="module")
def cells_of(settings: Settings, files: DemoFiles) -> Callable[[Fact], list[str]]:
    """The cells of the row that a fact names, read from the bytes that were handed in."""
    hashes = {each.submission_id: each.file_sha256 for each in Ledger(settings.ledger).all()}

    @cache
    def rows(submission: str, sheet: str) -> list[list[str]]:
        file = settings.archive / hashes[submission]
        if sheet == "csv":
            text = file.read_bytes().decode("utf-8-sig")
            return list(csv.reader(text.splitlines(), delimiter=max(";,\t", key=text.splitlines()[0].count)))
        book = openpyxl.load_workbook(io.BytesIO(file.read_bytes()))
        return [[str(cell or "") for cell in row] for row in book[sheet].iter_rows(values_only=True)]

    return lambda fact: rows(fact.submission_id, fact.source_sheet)[fact.source_row - 1]


def numbers(row: Iterable[str]) -> list[str]:
    """Twelve digits, however an office wrote them: citizen ids."""
    digits = (re.sub(r"[ .'’-]", "", each) for each in row)
    return [each.zfill(12) for each in digits if re.fullmatch(r"[0-9]{11,12}", each)]


def living(files: DemoFiles) -> list[dict]:
    return [
        row for row in files.current(RESIDENTS) if row["residence_type"] != "deceased" and row["death_date"] is None
    ]


def test_a_hundred_figures_lead_to_the_source_cells_that_were_counted(settings, files, cells_of) -> None:
    communes = sorted(
        row["commune_code"]
        for row in records(settings, "select commune_code from marts.mart_commune_overview where residents > 0")
    )
    chosen = random.Random(SEED)
    year = files.current(RESIDENTS)[0]["as_of"].year
    sample = chosen.sample(communes, 25)
    rows = trace(
        settings,
        "marts.mart_commune_overview",
        f"commune_code in ({', '.join(map(repr, sample))})",
        limit=26,
        columns=["residents", "households", "coverage_denominator", "area_m2"],
    ).rows
    assert {row.values["commune_code"] for row in rows} == set(sample)
    for row in rows:
        commune = row.values["commune_code"]
        here = [row for row in living(files) if row["commune"] == commune]
        adults = [row["citizen_id"] for row in here if year - int(row["date_of_birth"][:4]) >= 15]
        persons = {
            each.column: sorted(number for fact in each.facts for number in numbers(cells_of(fact)))
            for each in row.columns[:3]
        }
        assert persons == {
            "residents": sorted(each["citizen_id"] for each in here),
            "households": sorted(each["citizen_id"] for each in here),
            "coverage_denominator": sorted(adults),
        }
        areas = [cells_of(fact) for fact in row.columns[3].facts]
        parcels = {_parcel(each): each for each in reversed(files.current(PARCELS)) if each["commune"] == commune}
        assert len(areas) == len(parcels)
        assert row.columns[3].value == sum(each["area_m2"] for each in parcels.values())
        for cells in areas:
            assert any(_same_parcel(each, cells) for each in parcels.values()), cells


def _parcel(row: dict) -> tuple[str, ...]:
    return (row["parcel_id"],) if row["parcel_id"] else (row["old_commune"].lower(), row["map_sheet"], row["parcel_no"])


def _same_parcel(row: dict, cells: list[str]) -> bool:
    return row["area_m2"] in _amounts(cells) and (not row["parcel_id"] or row["parcel_id"] in cells)


def _amounts(cells: list[str]) -> set[Decimal]:
    """What the cells may mean as numbers, with either sign for decimals."""
    texts = {form for each in cells for form in (each.replace(",", ""), each.replace(".", "").replace(",", "."))}
    return {Decimal(each) for each in texts if re.fullmatch(r"[0-9]+(\.[0-9]+)?", each)}


def test_numerator_and_denominator_of_a_kpi_lead_to_their_own_rows(settings, files, cells_of) -> None:
    newest = {
        row["dossier_code"]: row for each in files.expectations if each.dataset == DOSSIERS for row in each.values
    }
    month = Counter(f"{row['received_at']:%Y-%m}" for row in newest.values()).most_common(1)[0][0]
    where = f"kpi_id = 'online_dossier_rate' and geography_level = 'province' and period = '{month}'"
    (row,) = trace(settings, "marts.mart_kpi", where, limit=2, columns=["numerator", "denominator"]).rows
    found = {
        each.column: sorted(cell for fact in each.facts for cell in cells_of(fact) if cell in newest)
        for each in row.columns
    }
    received = [row for row in newest.values() if f"{row['received_at']:%Y-%m}" == month]
    assert found == {
        "numerator": sorted(row["dossier_code"] for row in received if row["channel"] == "online"),
        "denominator": sorted(row["dossier_code"] for row in received),
    }
    assert [each.value for each in row.columns] == [len(each.facts) for each in row.columns]


def test_where_nobody_was_trained_the_files_that_could_have_said_so_are_named(settings, files) -> None:
    where = "kpi_id = 'it_staff_gap' and geography_level = 'commune' and numerator = 1 and is_latest"
    (row,) = trace(settings, "marts.mart_kpi", where, limit=1, columns=["numerator"]).rows
    (column,) = row.columns
    assert column.note == "no row adds anything to it"
    staffing = {each.submission_id for each in Ledger(settings.ledger).of_dataset("home_affairs/staffing")}
    assert column.facts and {each.submission_id for each in column.facts} <= staffing
    assert {each.source_row for each in column.facts} == {0}


def test_what_counts_files_is_traced_to_them_and_no_further(settings, files) -> None:
    (row,) = trace(settings, "marts.mart_quality", "dimension = 'shared'", limit=1, columns=["numerator"]).rows
    ((fact,),) = [each.facts for each in row.columns]
    assert (fact.source_sheet, fact.source_row) == ("", 0)


def test_restricted_cells_are_masked_unless_the_owner_says_what_for_and_that_is_kept(settings, files, cells_of) -> None:
    (row,) = trace(settings, "core.fct_training_completion", "is_completed", limit=1).rows
    ((fact,),) = [each.facts for each in row.columns]
    (person,) = numbers(cells_of(fact))
    (masked,) = source_files(settings, [fact], None)
    by_column = {each.column: each.text for each in masked.rows[0].cells}
    assert (by_column["citizen_id"], by_column["full_name"]) == (MASKED, MASKED)
    assert by_column["course_name"] in cells_of(fact)
    looks = PrivacyRecords(settings.ledger)
    assert looks.accesses() == []
    with pytest.raises(QueryError, match="only that department sees its values"):
        source_files(settings, [fact], Permission("land", "mere curiosity"))
    (shown,) = source_files(settings, [fact], Permission("training", "a learner asks"))
    assert numbers(each.text for each in shown.rows[0].cells) == [person]
    (look,) = looks.accesses()
    assert (look.purpose, look.source_sheet, look.source_row) == ("a learner asks", fact.source_sheet, fact.source_row)
    assert look.who.endswith(" for training")
    assert person not in str(look)


@pytest.mark.parametrize(
    ("relation", "where", "columns", "message"),
    [
        ("marts.nothing", "true", None, "no table 'marts.nothing'"),
        ("bronze.land_parcels", "true", None, "no table"),
        ("marts.mart_kpi", "true", ["nothing"], "has no column nothing"),
        ("marts.mart_kpi", "nothing = 1", None, "nothing"),
    ],
)
def test_what_there_is_not_is_refused(settings, files, relation, where, columns, message) -> None:
    with pytest.raises(QueryError, match=message):
        trace(settings, relation, where, limit=1, columns=columns)
