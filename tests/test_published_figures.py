"""The questions of five provinces' public reports, each answered by one query on mart_kpi with the published figure.

Small files of each province go through the whole intake and one build; what is expected is what was printed, with
numerator and denominator.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Sequence

import duckdb
import pytest

from orchestration.intake.places import communes
from orchestration.intake.take_in import take_in_dataset
from orchestration.run import prepare_home
from orchestration.settings import Settings
from schemas import dataset
from tests import compiled
from tests.office import Row, as_csv, drop, table

NOW = datetime.datetime(2026, 11, 2, 8, tzinfo=datetime.UTC)
#: The communes that Lào Cai names as being without IT staff.
NAMED = ("03046", "02869", "02725", "04750", "02989", "02890", "02701", "04663", "04288", "04543")
Answers = Callable[[str], list[tuple]]
pytestmark = pytest.mark.xdist_group("compiled")


def province(
    tmp_path_factory: pytest.TempPathFactory, code: str, files: dict[tuple[str, str], Sequence[Row]]
) -> Answers:
    """Take the files of a province in, build, and return what answers queries on the warehouse."""
    home = tmp_path_factory.mktemp(f"province-{code}")
    settings = Settings(home=home / "home", sources=home / "sources", province=code, stable_seconds=0, now=NOW)
    prepare_home(settings)
    for (path, name), rows in files.items():
        declaration = dataset(path)
        drop(settings, declaration, name, as_csv(table(declaration, rows)))
        (submission,) = take_in_dataset(settings, declaration)
        assert (submission.verdict, submission.rows_accepted) == ("accepted", len(rows)), submission.details
    compiled.build(settings)

    def answer(query: str) -> list[tuple]:
        with duckdb.connect(settings.warehouse, read_only=True) as connection:
            return connection.execute(query).fetchall()

    return answer


def own_codes(code: str) -> list[str]:
    return [each.code for each in communes(Settings(province=code)).own]


def official(number: int, **other: str) -> Row:
    """An official; ids differ by number."""
    facts = {"official_id": f"010{number % 2}80{number:06}", "unit_name": "UBND cấp xã", "trained_in_it": "Không"}
    return {**facts, "digital_specialist": "Không", **other}


@pytest.fixture(scope="module")
def lao_cai(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    codes = own_codes("15")
    without = {*NAMED, *[code for code in codes if code not in NAMED][:45]}
    rows = [official(n, commune=code) for n, code in enumerate(codes)]
    rows += [official(200 + n, commune=code, trained_in_it="Có") for n, code in enumerate(codes) if code not in without]
    archives: list[Row] = [
        {"fonds_code": "P01", "unit_name": "UBND", "commune": code, "pages": "1000", "pages_digitised": "250"}
        for code in codes[:4]
    ]
    for number, row in enumerate(archives):
        row["fonds_code"] = f"P{number}"
    return province(
        tmp_path_factory,
        "15",
        {("home_affairs/staffing", "2025Q4.csv"): rows, ("home_affairs/archives", "2025Q4.csv"): archives},
    )


def test_55_of_the_99_communes_of_lao_cai_have_no_official_trained_in_it(lao_cai: Answers) -> None:
    query = "select numerator, denominator, value from marts.mart_kpi where kpi_id = 'it_staff_gap' and geography_level = 'province'"
    assert [tuple(map(float, row)) for row in lao_cai(query)] == [(55, 99, 55.6)]


def test_the_communes_without_it_staff_are_listed_and_hold_the_ten_that_are_named(lao_cai: Answers) -> None:
    query = """select geography_code from marts.mart_kpi
               where kpi_id = 'it_staff_gap' and geography_level = 'commune' and is_latest and numerator = 1"""
    found = {code for (code,) in lao_cai(query)}
    assert len(found) == 55
    assert set(NAMED) <= found


def test_archive_pages_digitised_add_up_from_communes_to_the_province(lao_cai: Answers) -> None:
    query = """select geography_level, count(*), sum(numerator), sum(denominator), min(value) from marts.mart_kpi
               where kpi_id = 'archive_digitised' group by all order by all"""
    assert [(row[0], row[1], *map(float, row[2:])) for row in lao_cai(query)] == [
        ("commune", 4, 1000, 4000, 25.0),
        ("province", 1, 1000, 4000, 25.0),
    ]


@pytest.fixture(scope="module")
def ha_noi(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    codes = own_codes("01")
    rows = [official(n, commune=code, trained_in_it="x") for n, code in enumerate(codes)]
    course = {"course_name": "Kỹ năng số cơ bản", "full_name": "Người học"}
    done, begun = {"completed": "15/08/2025"}, {"enrolled": "15/08/2025"}
    learners: list[Row] = [
        {"citizen_id": rows[0]["official_id"], **course, "completed": "02/10/2025"},  # after the quarter
        *({"citizen_id": row["official_id"], **course, **done} for row in rows[1:]),
        *(
            {"citizen_id": f"001080{n:06}", "person_group": "Tổ CNSCĐ", "commune": code, **course, **done}
            for n, code in enumerate(codes, start=1000)
        ),
        {"citizen_id": "001080009999", "person_group": "Tổ công nghệ số cộng đồng", **course, **begun},
    ]
    files = {("home_affairs/staffing", "2025Q3.csv"): rows, ("training/completions", "2025-10.csv"): learners}
    return province(tmp_path_factory, "01", files)


def test_each_of_the_126_units_of_ha_noi_has_an_official_trained_in_it(ha_noi: Answers) -> None:
    query = """select numerator, denominator, value, gap from marts.mart_kpi
               where kpi_id = 'it_staff_coverage' and geography_level = 'province'"""
    assert [tuple(map(float, row)) for row in ha_noi(query)] == [(126, 126, 100, 0)]


def test_cadres_and_community_digital_teams_of_ha_noi_trained_against_the_target_of_all(ha_noi: Answers) -> None:
    query = """select kpi_id, period, numerator, denominator, value, target, missing_to_target from marts.mart_kpi
               where kpi_id in ('cadres_trained', 'digital_teams_trained') and geography_level = 'province'
               order by kpi_id"""
    assert [(*row[:2], *map(float, row[2:])) for row in ha_noi(query)] == [
        ("cadres_trained", "2025Q3", 125, 126, 99.2, 100, 1),
        ("digital_teams_trained", "2025-10", 126, 127, 99.2, 100, 1),
    ]


def khanh_hoa_dossiers() -> Iterator[Row]:
    """23,700 dossiers received in the third quarter of 2025, 20,750 of them online; 23 of 23,000 finished late."""
    for number in range(23_700):
        day = datetime.date(2025, 7, 1) + datetime.timedelta(days=number % 92)
        facts = {
            "dossier_code": f"000.00.56.H32-{day:%y%m%d}-{number:05}",
            "agency": "Trung tâm PVHCC",
            "channel": "Trực tuyến" if number < 20_750 else "Trực tiếp",
            "received_at": f"{day:%d/%m/%Y}",
            "due_at": f"{day + datetime.timedelta(days=5):%d/%m/%Y}",
        }
        if number < 23_000:
            late = number % 1000 == 999
            facts["finished_at"] = f"{day + datetime.timedelta(days=9 if late else 3):%d/%m/%Y}"
        yield facts


@pytest.fixture(scope="module")
def khanh_hoa(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    codes = own_codes("56")
    ready = [code for code in codes if code != "22736"][:59]
    connectivity: list[Row] = [
        {"commune": code, "special_network": "Có", "ready": "Có" if code in ready else "Không"} for code in codes
    ]
    staff = [official(n, digital_specialist="Có" if n < 158 else "Không") for n in range(10_000)]
    documents: list[Row] = [
        {
            "unit_name": "Văn phòng UBND tỉnh",
            "issued": "1000",
            "electronic": "1000",
            "digitally_signed": "980",
            "exchanged_between_levels": "1000001",
        }
    ]
    files = {
        ("connectivity/communes", "2025Q3.csv"): connectivity,
        ("public_service/dossiers", "2025-09.csv"): list(khanh_hoa_dossiers()),
        ("home_affairs/staffing", "2025Q3.csv"): staff,
        ("direction/documents", "2025-09.csv"): documents,
    }
    return province(tmp_path_factory, "56", files)


def test_59_communes_of_khanh_hoa_are_ready_and_the_denominator_is_named(khanh_hoa: Answers) -> None:
    query = """select breakdown, numerator, denominator, value from marts.mart_kpi
               where kpi_id = 'infra_ready_rate' and geography_level = 'province' order by breakdown"""
    assert [(row[0], *map(float, row[1:])) for row in khanh_hoa(query)] == [
        ("communes_and_wards", 59, 64, 92.2),
        ("with_special_zones", 59, 65, 90.8),
    ]


def test_dossiers_of_khanh_hoa_received_online_and_finished_on_time_in_the_quarter(khanh_hoa: Answers) -> None:
    query = """select kpi_id, numerator, denominator, value from marts.mart_kpi
               where kpi_id = 'online_dossier_rate' and geography_level = 'province' and period = '2025Q3'"""
    assert [(row[0], *map(float, row[1:])) for row in khanh_hoa(query)] == [
        ("online_dossier_rate", 20_750, 23_700, 87.6)
    ]
    query = """select sum(numerator), sum(denominator), round(100 * sum(numerator) / sum(denominator), 1)
               from marts.mart_kpi where kpi_id = 'on_time_rate' and geography_level = 'province' and period like '2025Q%'"""
    assert [tuple(map(float, row)) for row in khanh_hoa(query)] == [(22_977, 23_000, 99.9)]
    query = """select sum(numerator) from marts.mart_kpi
               where kpi_id = 'late_open_dossiers' and geography_level = 'province'"""
    open_late = sum(number % 92 < 86 for number in range(23_000, 23_700))  # due before the end of September
    assert [tuple(map(float, row)) for row in khanh_hoa(query)] == [(open_late,)]


def test_digital_specialists_of_khanh_hoa_against_the_norm_and_how_many_are_missing(khanh_hoa: Answers) -> None:
    query = """select numerator, denominator, value, target, missing_to_target from marts.mart_kpi
               where kpi_id = 'digital_specialist_rate' and geography_level = 'province'"""
    assert [tuple(map(float, row)) for row in khanh_hoa(query)] == [(158, 10_000, 1.58, 10, 842)]


def test_documents_of_khanh_hoa_electronic_signed_and_exchanged(khanh_hoa: Answers) -> None:
    query = """select kpi_id, value from marts.mart_kpi
               where kpi_id like 'documents_%' and geography_level = 'province' and period = '2025-09' order by kpi_id"""
    assert [(kpi, float(value)) for kpi, value in khanh_hoa(query)] == [
        ("documents_electronic", 100),
        ("documents_exchanged", 1_000_001),
        ("documents_signed", 98),
    ]


@pytest.fixture(scope="module")
def quang_tri(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    groups = {"Nhiệm vụ chung": (11, 11), "Chính quyền số": (11, 21), "Kinh tế số": (5, 9), "Xã hội số": (1, 6)}
    rows: list[Row] = [
        {
            "decision_no": "1982/QĐ-UBND",
            "task_no": f"{group[:2]}.{number}",
            "task_group": group,
            "lead_unit": "Sở Khoa học và Công nghệ",
            "status": "Cơ bản hoàn thành" if number < done else "Đang thực hiện",
        }
        for group, (done, total) in groups.items()
        for number in range(total)
    ]
    return province(tmp_path_factory, "44", {("direction/tasks", "2024Q2.csv"): rows})


def test_tasks_of_decision_1982_of_quang_tri_by_group(quang_tri: Answers) -> None:
    query = """select breakdown, numerator, denominator from marts.mart_kpi
               where kpi_id = 'task_completion' and geography_level = 'province' order by breakdown"""
    assert [(row[0], *map(float, row[1:])) for row in quang_tri(query)] == [
        ("economy", 5, 9),
        ("general", 11, 11),
        ("government", 11, 21),
        ("society", 1, 6),
    ]


@pytest.fixture(scope="module")
def lai_chau(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    codes = own_codes("12")
    villages: list[Row] = [
        {
            "village_code": f"V{number:04}",
            "commune": codes[number % len(codes)],
            "very_difficult": "x" if number < 60 else "Không",
            "mobile_coverage": "Không có sóng" if number < 21 or number >= 90 else "4G",
        }
        for number in range(100)
    ]
    learners: list[Row] = [
        {"citizen_id": f"012{n % 2}80{n:06}", "full_name": f"Người {n}", "course_name": course}
        for n in range(120_001)
        for course in (("Kỹ năng số cơ bản", "An toàn thông tin") if n % 4 == 0 else ("Kỹ năng số cơ bản",))
    ]
    files = {("connectivity/villages", "2025Q4.csv"): villages, ("training/completions", "2025-11.csv"): learners}
    return province(tmp_path_factory, "12", files)


def test_21_very_difficult_villages_of_lai_chau_have_no_mobile_coverage(lai_chau: Answers) -> None:
    query = """select numerator, denominator, value from marts.mart_kpi
               where kpi_id = 'villages_without_mobile' and geography_level = 'province'"""
    assert [tuple(map(float, row)) for row in lai_chau(query)] == [(21, 60, 21)]


def test_learners_of_lai_chau_are_persons_and_their_enrolments_are_counted_apart(lai_chau: Answers) -> None:
    query = "select learners, enrolments from marts.mart_training_coverage where geography_level = 'province'"
    assert lai_chau(query) == [(120_001, 120_001 + 30_001)]
